"""Our logs and those of software that we did not write: each verifies the other.

``data/tlog_made_outside.json`` was made by aics-tlog 0.2.1 (on PyPI, Apache-2.0): a log of 260
entries, signed with the Ed25519 seed 0, 1, … 31. Where that package is installed (it needs Python
3.12) it also verifies a log that we export.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from audittui.entry import Draft, hash_body
from audittui.export.tlog import export_tlog
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tlog.checkpoint import Checkpoint, parse_checkpoint
from audittui.integrity.tlog.entry_bundle import encode_bundle
from audittui.integrity.tlog.keys import LogSigner, SignerKey, parse_verifier_key
from audittui.integrity.tlog.merkle import consistency_proof, inclusion_proof
from audittui.integrity.tlog.note import parse_note, sign_note, verified_by
from audittui.integrity.tlog.tile import TileNodes, bundle_path
from audittui.integrity.tlog.tile_tree import TileTree
from audittui.integrity.trust import Trust
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.integrity.tile_logs import decode_bundle

OUTSIDE = json.loads((Path(__file__).parent / "data" / "tlog_made_outside.json").read_text())
FILES = {path: base64.b64decode(text) for path, text in OUTSIDE["files"].items()}
ENTRIES = [f"entry {number}".encode() for number in range(260)]
SIGNER = SignerKey("outside.example/log", bytes(range(32)))


def test_the_same_entries_give_the_same_files() -> None:
    tree, tiles = TileTree(), {}
    for entry in ENTRIES:
        tiles.update({tile.path: data for tile, data in tree.append(hash_body(entry))})
    tiles.update({tile.path: data for tile, data in tree.partial_tiles()})
    bundles = {
        bundle_path(0): encode_bundle(ENTRIES[:256]),
        bundle_path(1, 4): encode_bundle(ENTRIES[256:]),
    }
    assert {**tiles, **bundles} == FILES
    assert decode_bundle(FILES["tile/entries/000"]) == ENTRIES[:256]


def test_the_same_key_signs_the_same_checkpoints() -> None:
    assert SIGNER.verifier == parse_verifier_key(OUTSIDE["key"])
    for size, text in OUTSIDE["checkpoints"].items():
        note = parse_note(base64.b64decode(text))
        assert verified_by(note, [SIGNER.verifier]) == (SIGNER.verifier,)
        tree = TileTree()
        for entry in ENTRIES[: int(size)]:
            tree.append(hash_body(entry))
        checkpoint = Checkpoint("outside.example/log", int(size), tree.root())
        assert parse_checkpoint(note.text) == checkpoint
        assert sign_note(checkpoint.text, [SIGNER]) == note


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_the_same_tiles_give_the_same_proofs(kind: str) -> None:
    build = inclusion_proof if kind == "inclusion" else consistency_proof
    leaves = [hash_body(entry) for entry in ENTRIES]
    for name, hashes in OUTSIDE[kind].items():
        first, size = map(int, name.split("/"))
        tree, tiles = TileTree(), {}
        for leaf in leaves[:size]:
            tiles.update(tree.append(leaf))
        tiles.update(tree.partial_tiles())
        proof = build(first, size, TileNodes(size, tiles.__getitem__))
        assert proof == [base64.b64decode(one) for one in hashes], name


def test_an_exported_log_is_verified_by_others(tmp_path: Path) -> None:
    outside: Any = pytest.importorskip(
        "aics_tlog", reason="aics-tlog is not installed; it needs Python 3.12"
    )
    layout = load_layout("native")
    store = SqliteStore(":memory:", layout, create=True)
    AuditLog(store, "payments/0").append_many([Draft(actor="a", action="b")] * 700)
    key = SignerKey("audit.example.com", bytes(range(32)))
    Sealer(store, layout, "payments/0", key).seal()
    folder = tmp_path / "log"
    export_tlog(store, layout, "payments/0", VerificationSettings(Trust((key.verifier,))), folder)
    signer = LogSigner("audit.example.com/payments/0", key)
    note = outside.parse_note((folder / "checkpoint").read_bytes())
    told = outside.verify_checkpoint(
        note, outside.parse_vkey(signer.verifier.text),
        expected_origin="audit.example.com/payments/0",
    )  # fmt: skip
    assert told.ok, told
    point = outside.parse_checkpoint(note.text)
    reader = outside.VerifiedTileReader(
        outside.FileSystemTileReader(folder), point.size, point.root
    )
    for seq in (0, 255, 256, 511, 512, 699):
        item = store.get(layout.key("payments/0", seq)).item
        assert item is not None
        assert reader.entry(seq) == item["body"].encode()
        proof = outside.inclusion_proof_from_tiles(reader, seq, point.size)
        assert outside.verify_leaf_inclusion(
            item["body"].encode(), seq, point.size, proof, point.root
        )
    store.close()
