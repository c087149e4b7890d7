"""The examples in docs/formats.md are what the code writes, and its text agrees with them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sqlite3
import struct
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audittui.entry import (
    LIST_FIELDS,
    MAX_BODY_BYTES,
    MAX_DEPTH,
    MAX_PARTITION_KEY_BYTES,
    VERSION,
    Entry,
)
from audittui.export.evidence.archive import MAX_BYTES
from audittui.export.evidence.manifest import MOST, BundledEntry, Manifest, decode_manifest
from audittui.idempotency import MAX_KEY_BYTES
from audittui.integrity.sealing.gap_conditions import MAX_ENTRIES, MAX_REASON
from audittui.integrity.tlog.note import MAX_NOTE_BYTES, MAX_SIGNATURES
from audittui.investigate.tail.cursor import decode_tail_cursor
from audittui.layout import load_layout
from audittui.query.cursor import Cursor, decode_cursor
from audittui.query.cursor_text import _MAX_BYTES
from audittui.store.sqlite import SqliteStore
from audittui.tui.model.memory import Memory, State
from tests import format_examples

PAGE = format_examples.DOCUMENT.read_text(encoding="utf-8")
TOLD = format_examples.told()
MADE = format_examples.made()
RENEW = "renew it: python -m tests.format_examples"
BUNDLE = ("manifest", "manifest-digest", "manifest-note")
"""A bundle also states its cost, which may change: these are compared in parts."""
CURSORS = ("cursor", "tail-cursor")
"""Compressed differently by different versions of zlib."""


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def note_parts(name: str) -> tuple[str, str, bytes, bytes]:
    """A note's text, and of its one signature the key's name, the key ID and the signature."""
    text, _, line = TOLD[name].rpartition("\n\n")
    dash, key, encoded = line.split(" ")
    assert dash == "\N{EM DASH}"
    data = base64.b64decode(encoded)
    return text + "\n", key, data[:4], data[4:]


def test_every_example_is_made() -> None:
    assert TOLD.keys() - MADE.keys() == {"terminal"}
    assert not MADE.keys() - TOLD.keys()


@pytest.mark.parametrize("name", sorted(TOLD.keys() & MADE.keys() - {*BUNDLE, *CURSORS}))
def test_an_example_is_what_the_code_writes(name: str) -> None:
    assert TOLD[name] == MADE[name], RENEW


@pytest.mark.parametrize("number", [0, 1])
def test_a_body_is_spelled_as_the_rules_say(number: int) -> None:
    text = TOLD[f"body-{number}"]
    body = json.loads(text)
    spelled = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert text == spelled
    assert len(body["prev_hash"]) == 64


def test_the_hash_is_that_of_the_body_and_the_link_of_the_next() -> None:
    digest = sha256(b"\0", TOLD["body-0"].encode()).hex()
    assert TOLD["hash-0"] == digest == json.loads(TOLD["body-1"])["prev_hash"]
    leaves = TOLD["leaves"].split("\n")
    assert leaves[:2] == [digest, sha256(b"\0", TOLD["body-1"].encode()).hex()]
    tile = json.loads(TOLD["item-tile"])["hashes"]["B"]
    assert base64.b64decode(tile).hex() == "".join(leaves)


def test_the_root_is_that_of_the_leaves() -> None:
    first, second, third = map(bytes.fromhex, TOLD["leaves"].split("\n"))
    root = sha256(b"\1", sha256(b"\1", first, second), third)
    origin, size, encoded = TOLD["checkpoint"].split("\n\n", maxsplit=1)[0].split("\n")
    assert (origin, size) == ("audit.example.com/payments/0", "3")
    assert base64.b64decode(encoded) == root


@pytest.mark.parametrize(
    ("note", "key"),
    [
        ("checkpoint", "log-verifier-key"), ("retention", "log-verifier-key"),
        ("prune", "log-verifier-key"), ("gap", "log-verifier-key"), ("manifest-note", ""),
    ],
)  # fmt: skip
def test_a_note_is_signed_by_the_key_that_is_told(note: str, key: str) -> None:
    text, signer, key_id, signature = note_parts(note)
    told = TOLD[key] if key else decode_manifest(TOLD["manifest"].encode() + b"\n").collector
    name, hex_id, encoded = told.split("+", 2)
    data = base64.b64decode(encoded)
    assert (signer, key_id.hex(), data[0], len(data)) == (name, hex_id, 1, 33)
    assert key_id == sha256(name.encode(), b"\n", data)[:4]
    Ed25519PublicKey.from_public_bytes(data[1:]).verify(signature, text.encode())


def test_the_signer_key_is_the_verifier_keys_seed() -> None:
    prefix = "PRIVATE+KEY+"
    assert TOLD["signer-key"].startswith(prefix)
    name, key_id, encoded = TOLD["signer-key"].removeprefix(prefix).split("+", 2)
    seed = base64.b64decode(encoded)
    assert seed == bytes([1, *range(32)])
    public = Ed25519PrivateKey.from_private_bytes(seed[1:]).public_key().public_bytes_raw()
    told = base64.b64encode(b"\1" + public).decode()
    assert TOLD["verifier-key"] == f"{name}+{key_id}+{told}"


def test_the_leaf_of_a_gap_is_its_text_and_the_seq() -> None:
    text = note_parts("gap")[0]
    assert TOLD["gap-leaf"] == sha256(b"\0", text.encode(), b"seq 121\n").hex()


def test_the_proof_leads_from_the_body_to_the_root() -> None:
    head, _, checkpoint = TOLD["proof"].partition("\n\n")
    header, extra, index, left, right = head.split("\n")
    assert (header, index) == ("c2sp.org/tlog-proof@v1", "index 1")
    body = base64.b64decode(extra.removeprefix("extra "))
    assert body.decode() == TOLD["body-1"]
    hashed = sha256(b"\1", base64.b64decode(left), sha256(b"\0", body))
    root = sha256(b"\1", hashed, base64.b64decode(right))
    assert checkpoint == TOLD["checkpoint"]
    assert base64.b64encode(root).decode() == checkpoint.split("\n")[2]


def test_a_bundle_of_entries_is_lengths_and_entries() -> None:
    data = bytes.fromhex(TOLD["entry-bundle"])
    found = []
    while data:
        (length,) = struct.unpack(">H", data[:2])
        found.append(data[2 : 2 + length])
        data = data[2 + length :]
    assert found == [b"{}", b'{"a":1}']


def test_the_manifest_is_one_and_names_the_examples() -> None:
    data = TOLD["manifest"].encode() + b"\n"
    manifest = decode_manifest(data)
    now = decode_manifest(MADE["manifest"].encode() + b"\n")
    assert manifest.files.keys() == now.files.keys()
    assert (manifest.entries, manifest.checkpoints) == (now.entries, now.checkpoints)
    (entry,), (point,) = manifest.entries, manifest.checkpoints
    for file, text in (
        (entry.file, TOLD["body-1"]), (entry.proof, TOLD["proof"] + "\n"),
        (point.file, TOLD["checkpoint"] + "\n"),
    ):  # fmt: skip
        assert manifest.files[file] == sha256(text.encode()).hex()
    digest = sha256(data).hex()
    assert TOLD["manifest-digest"] == f"{digest}  manifest.json"
    assert note_parts("manifest-note")[0] == f"audittui-evidence/v1\nsha256 {digest}\n"
    assert set(json.loads(data)) == set(Manifest.__struct_fields__)
    assert set(json.loads(data)["entries"][0]) == set(BundledEntry.__struct_fields__)


@pytest.mark.parametrize(
    ("name", "decode"), [("cursor", decode_cursor), ("tail-cursor", decode_tail_cursor)]
)
def test_a_cursor_says_the_parts_that_are_shown(name: str, decode: object) -> None:
    assert callable(decode)
    assert format_examples.as_shown(decode(TOLD[name])) == TOLD[f"{name}-parts"]
    assert TOLD[f"{name}-parts"] == MADE[f"{name}-parts"], RENEW


def test_every_part_of_a_cursor_is_told_at_its_place() -> None:
    rows = re.findall(r"^\| (\d+) \| (\w+) \| ", PAGE, re.MULTILINE)
    assert [name for _, name in rows] == list(Cursor.__struct_fields__)
    assert [int(at) for at, _ in rows] == list(range(len(rows)))


def test_the_file_of_the_terminal_can_be_read_and_is_written_so(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.path.write_text(TOLD["terminal"], encoding="utf-8")
    state = memory.load()
    assert state.runs and state.saved and state.sessions[0].steps and state.sessions[0].marks
    memory.change(lambda state: state)
    assert memory.path.read_text(encoding="utf-8") == TOLD["terminal"]


def test_every_field_of_a_body_and_every_index_is_told() -> None:
    part = PAGE[PAGE.index("## The body") : PAGE.index("## Hash and leaf")]
    rows = "".join(re.findall(r"^\| (`[^|]+) \|", part, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", rows)) == set(Entry.__struct_fields__)
    (order,) = re.findall(r"order\s+of\s+the\s+fields\s+is\s+`([^`]+)`", part)
    assert order.split() == sorted(Entry.__struct_fields__)
    assert " ".join(f"`{name}`" for name in LIST_FIELDS) in PAGE
    for index in load_layout("native").indexes:
        keys = f"| `{index.name}` | `{index.partition.attribute}` | `{index.sort.attribute}` |"
        assert keys in PAGE


def test_limits_are_those_of_the_code() -> None:
    for limit in (
        MAX_BODY_BYTES, MAX_PARTITION_KEY_BYTES, MAX_KEY_BYTES, MOST, MAX_BYTES, MAX_REASON,
        MAX_ENTRIES, MAX_NOTE_BYTES, _MAX_BYTES,
    ):  # fmt: skip
        assert f"{limit:,}" in PAGE, limit
    for limit in (MAX_DEPTH, MAX_SIGNATURES):
        assert re.search(rf"\b{limit}\b", PAGE), limit


def test_the_versions_are_those_of_the_code() -> None:
    assert f"| [entry](#the-body) | {VERSION} |" in PAGE
    assert f"| [terminal.json](#terminaljson) | {State().version} |" in PAGE
    assert f"| [cursor of a run](#cursors) | {decode_cursor(TOLD['cursor']).version} |" in PAGE
    kind = msgspec.to_builtins(decode_tail_cursor(TOLD["tail-cursor"]))[0]
    assert kind == "tail-1" and f"first element, `{kind}`" in PAGE


def test_an_embedded_store_has_the_tables_that_are_told(tmp_path: Path) -> None:
    SqliteStore(str(tmp_path / "case.db"), load_layout("native"), create=True).close()
    file = sqlite3.connect(tmp_path / "case.db")
    meta = dict(file.execute("SELECT name, value FROM meta"))
    tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    columns = {
        re.sub("^ix_.*", "ix_<index>", table): {
            name for _, name, *_ in file.execute(f'PRAGMA table_info("{table}")')
        }
        for table in tables
    }
    file.close()
    assert f"| [embedded store](#the-embedded-store) | {meta['version']} |" in PAGE
    part = PAGE[PAGE.index("## The embedded store") :]
    told = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", part, re.MULTILINE))
    assert told.keys() == columns.keys()
    for table, names in columns.items():
        assert names <= set(re.findall(r"`(\w+)`", told[table])), table
    assert set(meta) <= set(re.findall(r"`(\w+)`", told["meta"]))


def test_links_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}
    for link in re.findall(r"\]\(([^)]+)\)", PAGE):
        if link.startswith("#"):
            assert link[1:] in anchors, link
        elif not link.startswith("https://"):
            assert (format_examples.DOCUMENT.parent / link).exists(), link
