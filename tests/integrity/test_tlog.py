"""Tiles, notes, checkpoints and proofs, held against a C2SP tile log and the formats' examples."""

from __future__ import annotations

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.entry import hash_body
from audittui.integrity.tlog.checkpoint import Checkpoint, parse_checkpoint
from audittui.integrity.tlog.entry_bundle import encode_bundle
from audittui.integrity.tlog.keys import (
    SignerKey,
    VerifierKey,
    new_signer_key,
    parse_signer_key,
    parse_verifier_key,
)
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.merkle import (
    HASH_BYTES,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    root_of,
)
from audittui.integrity.tlog.note import NoteSignature, parse_note, sign_note, verified_by
from audittui.integrity.tlog.proof import TlogProof, parse_tlog_proof
from audittui.integrity.tlog.tile import (
    Tile,
    TileNodes,
    bundle_path,
    parse_tile_path,
    split_tile,
    tiles_of_size,
)
from tests.integrity.tile_logs import decode_bundle, new_tiles

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "data" / "vectors" / "tlog-tiles.json"
LOG_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
# The example of golang.org/x/mod/sumdb/note.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngot"
    "pRZb6KE6RyyBwJnAM=\n"
)
# The example of c2sp.org/signed-note.
QUASIMODO = (
    "Ognuno sta solo sul cuor della terra\n"
    "trafitto da un raggio di sole:\n"
    "\n"
    "ed \u00e8 subito sera.\n"
    "\n"
    "\u2014 quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrM"
    "ouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
)


@pytest.fixture(scope="module")
def log() -> dict[str, bytes]:
    if not VECTORS.exists():
        pytest.skip("../shared/data/vectors is not here")
    return {path: base64.b64decode(text) for path, text in json.loads(VECTORS.read_text()).items()}


def checkpoint_of(log: dict[str, bytes], size: int) -> Checkpoint:
    note = parse_note(log[f"checkpoint.{size}"])
    assert verified_by(note, [parse_verifier_key(LOG_KEY)])
    return parse_checkpoint(note.text)


def tile_bytes(log: dict[str, bytes]) -> Any:
    """Reads tiles of any size of the log: it keeps the widest partial one for each place."""

    def read(tile: Tile) -> bytes:
        for width in range(tile.width, 257):
            data = log.get(Tile(tile.level, tile.index, width).path)
            if data is not None:
                return data[: tile.width * HASH_BYTES]
        raise AssertionError(tile.path)

    return read


def test_all_16_checkpoints_are_verified_and_spelled_as_they_were(log: dict[str, bytes]) -> None:
    for size in range(16):
        data = log[f"checkpoint.{size}"]
        note = parse_note(data)
        checkpoint = checkpoint_of(log, size)
        assert (checkpoint.origin, checkpoint.size) == ("example.com/log/testdata", size)
        assert note.encoded() == data
        assert checkpoint.text == note.text


def test_the_roots_follow_from_the_tiles_and_the_entries(log: dict[str, bytes]) -> None:
    entries: list[bytes] = []
    for path, data in log.items():
        if path.startswith("tile/entries/"):
            found = decode_bundle(data)
            assert encode_bundle(found) == data
            assert path == bundle_path(0, len(found))
            entries = max(entries, found, key=len)
    leaves = [hash_body(entry) for entry in entries]
    assert len(leaves) == 15
    for size in range(16):
        assert root_of(leaves[:size]) == checkpoint_of(log, size).root
        for tile in tiles_of_size(size):
            assert split_tile(tile, tile_bytes(log)(tile)) == leaves[:size]


def test_every_proof_of_the_log_is_made_from_its_tiles(log: dict[str, bytes]) -> None:
    read = tile_bytes(log)
    for size in range(1, 16):
        nodes = TileNodes(size, read)
        new = checkpoint_of(log, size)
        leaves = split_tile(Tile(0, 0, size), read(Tile(0, 0, size)))
        for index in range(size):
            proof = inclusion_proof(index, size, nodes)
            assert inclusion_holds(leaves[index], index, size, proof, new.root)
            old = checkpoint_of(log, index + 1)
            steps = consistency_proof(index + 1, size, nodes)
            assert consistency_holds(index + 1, size, steps, old.root, new.root)


def test_the_paths_of_tiles_are_those_of_the_specification() -> None:
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(63, 0, 1).path == "tile/63/000.p/1"
    assert bundle_path(1234067, 7) == "tile/entries/x001/x234/067.p/7"
    assert list(tiles_of_size(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    sizes: dict[int, list[int]] = {}
    for tile in tiles_of_size(70_000):
        sizes.setdefault(tile.level, []).append(tile.width)
    assert sizes == {0: [256] * 273 + [112], 1: [256, 17], 2: [1]}


@given(st.integers(0, 63), st.integers(0, 10**12), st.integers(1, 256))
def test_a_path_names_its_tile(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert parse_tile_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "", "tile/0/0", "tile/0/00", "tile/00/000", "tile/64/000", "tile/0/000.p/0",
        "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/x000/001", "tile/0/001/002", "tile/0/x001",
        "tile/entries/000", "/tile/0/000", "tile/0/000/", "tile/0/000\n",
        "tile/0/\u0660\u0660\u0660",
    ],
)  # fmt: skip
def test_other_spellings_of_a_path_are_refused(path: str) -> None:
    with pytest.raises(MalformedError):
        parse_tile_path(path)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_new_tiles_are_those_that_the_smaller_tree_has_not(one: int, two: int) -> None:
    old, new = sorted((one, two))
    assert set(new_tiles(old, new)) == set(tiles_of_size(new)) - set(tiles_of_size(old))


@given(st.integers(1, 200_000), st.data())
def test_a_proof_needs_few_tiles(size: int, data: st.DataObject) -> None:
    read: list[Tile] = []

    def tile(one: Tile) -> bytes:
        assert one in set(tiles_of_size(size)) if size < 3000 else True
        read.append(one)
        return bytes(HASH_BYTES * one.width)

    index = data.draw(st.integers(0, size - 1))
    inclusion_proof(index, size, TileNodes(size, tile))
    assert len(read) == len(set(read)) <= 5


def test_tiles_and_bundles_of_a_wrong_length_are_refused() -> None:
    with pytest.raises(MalformedError):
        split_tile(Tile(0, 0, 2), bytes(63))
    for data in (b"\x00", b"\x00\x05abc", b"\x00\x01a\x00", encode_bundle([b""] * 257)):
        with pytest.raises(MalformedError):
            decode_bundle(data)
    with pytest.raises(ValueError, match="does not fit"):
        encode_bundle([bytes(65_536)])


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == entries


def test_the_example_of_the_note_format_is_signed_and_verified() -> None:
    signer, verifier = parse_signer_key(PETER_SECRET), parse_verifier_key(PETER)
    assert signer.verifier == verifier
    assert (signer.text, verifier.text) == (PETER_SECRET, PETER)
    note = parse_note(PETER_NOTE.encode())
    assert verified_by(note, [verifier]) == (verifier,)
    assert sign_note(note.text, [signer]).encoded() == PETER_NOTE.encode()
    assert PETER_SECRET not in repr(signer)
    assert signer.seed.hex() not in repr(signer)


def test_the_example_of_the_specification_is_read() -> None:
    note = parse_note(QUASIMODO.encode())
    assert note.text.endswith("sole:\n\ned \u00e8 subito sera.\n")
    (signature,) = note.signatures
    assert signature.name == "quasimodo.example/salvatore"
    assert (signature.key_id.hex(), len(signature.signature)) == ("367ba04b", 64)
    assert note.encoded() == QUASIMODO.encode()


def test_the_first_vector_of_rfc_8032() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    signer = SignerKey("a", seed)
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert signer.verifier.public_key.hex() == public
    assert signer.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
        "f9b46bd25bf5f0595bbe24655141438e7a100b"
    )


def test_unknown_signatures_are_ignored_and_false_ones_refuse_the_note() -> None:
    one, two = new_signer_key("one"), new_signer_key("two")
    note = sign_note("text\n", [one, two])
    assert verified_by(note, [one.verifier]) == (one.verifier,)
    assert verified_by(note, [two.verifier, one.verifier]) == (one.verifier, two.verifier)
    assert verified_by(note, []) == ()
    same_name = new_signer_key("one")
    assert verified_by(note, [same_name.verifier]) == ()
    false = NoteSignature("one", one.key_id, two.sign(b"text\n"))
    forged = parse_note(note.encoded() + false.line.encode())
    assert verified_by(forged, [one.verifier]) == ()
    assert verified_by(forged, [two.verifier]) == (two.verifier,)


LINE = PETER_NOTE.split("\n\n")[1]


@pytest.mark.parametrize(
    "text",
    [
        "", "a\n", f"a\n{LINE}", f"a{LINE}", f"a\n\n{LINE[:-1]}", f"a\n\n{LINE}\n",
        f"a\n\n{LINE.replace(' x08', '  x08')}", f"a\n\n{LINE.replace('—', '-')}",
        f"a\n\n{LINE.replace('AM=', 'AN=')}", f"a\n\n{LINE.replace('AM=', 'AM')}",
        f"a\n\n{LINE.replace('Peter', 'Pe+ter')}", f"a\n\n{LINE.replace('PeterNeumann', '')}",
        f"a\x00\n\n{LINE}", f"a\r\n\n{LINE}", f"a\t\n\n{LINE}", "a\n\n\u2014 a AAAAAA==\n",
        f"a\n\n{LINE}b\n", f"a\n\n{LINE * 101}",
    ],
)  # fmt: skip
def test_malformed_notes_are_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="malformed note"):
        parse_note(text.encode())


def test_a_note_that_is_not_utf_8_is_refused() -> None:
    with pytest.raises(MalformedError):
        parse_note(b"\xff" + PETER_NOTE.encode())


@pytest.mark.parametrize(
    "text",
    [
        PETER + "\n", PETER.replace("ARpc", "AhpC"), PETER.replace("c74f20a3", "c74f20a4"),
        PETER.replace("c74f20a3", "C74F20A3"), PETER.replace("Peter", "Pe ter"), PETER[:-4], "",
        PETER.replace("PeterNeumann", ""), PETER.replace("10TW", "10TX"), PETER_SECRET,
    ],
)  # fmt: skip
def test_malformed_verifier_keys_are_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="malformed verifier key"):
        parse_verifier_key(text)


@pytest.mark.parametrize("text", [PETER, PETER_SECRET + "\n", PETER_SECRET.replace("c7", "c8"), ""])
def test_malformed_signer_keys_are_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="malformed signer key") as caught:
        parse_signer_key(text)
    assert "AYEKFALVFGyN" not in str(caught.value)


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "", "a\n1\n", f"a\n1\n{ROOT}", f"\n1\n{ROOT}\n", f"a\n01\n{ROOT}\n", f"a\n-1\n{ROOT}\n",
        f"a\n+1\n{ROOT}\n", f"a\n 1\n{ROOT}\n", f"a\n1.0\n{ROOT}\n", f"a\n\u0661\n{ROOT}\n",
        f"a\n9223372036854775808\n{ROOT}\n", "a\n1\nAAAA\n", f"a\n1\n{ROOT[:-1]}\n",
        f"a\n1\n{ROOT} \n", f"a\n1\n{ROOT}\n\n", f"a\n1\n{ROOT}\n\nx\n",
        f"a\n1\n{ROOT[:-2]}B=\n",
    ],
)  # fmt: skip
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(MalformedError, match="malformed checkpoint"):
        parse_checkpoint(text)


def test_a_checkpoint_keeps_its_extension_lines() -> None:
    checkpoint = Checkpoint("log", 5, bytes(32), ("one", "two"))
    assert parse_checkpoint(checkpoint.text) == checkpoint


@given(st.text(max_size=40).map(lambda text: text + "\n"))
def test_what_a_checkpoint_parser_takes_it_spells_the_same(text: str) -> None:
    for candidate in (text, f"{text}1\n{ROOT}\n"):
        with contextlib.suppress(MalformedError):
            assert parse_checkpoint(candidate).text == candidate


def proof_of(extra: bytes | None = None) -> TlogProof:
    note = sign_note(Checkpoint("log", 2, bytes(32)).text, [parse_signer_key(PETER_SECRET)])
    return TlogProof(1, (bytes(32), b"\x01" * 32), note, extra)


@pytest.mark.parametrize("extra", [None, b"", b"something"])
def test_a_proof_gives_back_what_it_was_made_of(extra: bytes | None) -> None:
    assert parse_tlog_proof(proof_of(extra).encoded()) == proof_of(extra)


def test_the_example_of_the_proof_format_is_spelled_like_that() -> None:
    lines = proof_of(b"x").encoded().decode().split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", "extra eA==", "index 1"]
    assert lines[5:8] == ["", "log", "2"]


def test_malformed_proofs_are_refused() -> None:
    good = proof_of(b"x").encoded().decode()
    parts = [
        ("@v1", "@v2"), ("index 1", "index 01"), ("index 1", "Index 1"), ("index 1\n", ""),
        ("extra eA==", "extra eA="), ("extra ", "extra  "), ("AAAA=\n", "AAA==\n"),
        ("\n\nlog", "\nlog"), ("c2sp", "\nc2sp"), ("c2sp", "\u00e9"), ("index 1", "index 1\n\n"),
    ]  # fmt: skip
    for old, new in parts:
        bent = good.replace(old, new, 1)
        assert bent != good
        with pytest.raises(MalformedError):
            parse_tlog_proof(bent.encode())
    many = TlogProof(0, (bytes(32),) * 64, proof_of().note)
    with pytest.raises(MalformedError):
        parse_tlog_proof(many.encoded())


def test_a_verifier_key_of_a_wrong_length_verifies_nothing() -> None:
    assert not VerifierKey("a", b"short").holds(b"text", bytes(64))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb"])
def test_a_key_needs_a_name_that_notes_can_carry(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        new_signer_key(name)
