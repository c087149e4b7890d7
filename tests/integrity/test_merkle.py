"""Merkle trees, held against the vectors of RFC 6962's implementers and against the definition."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.entry import hash_body
from audittui.integrity.tlog.merkle import (
    EMPTY_ROOT,
    CompactRange,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    node_hash,
    root_of,
)

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "data" / "vectors" / "rfc6962.json"


def vectors(kind: str) -> list[Any]:
    if not VECTORS.exists():
        reason = pytest.mark.skip(reason="../shared/data/vectors is not here")
        return [pytest.param("", {}, marks=reason)]
    return list(json.loads(VECTORS.read_text())[kind].items())


def plain(text: str | None) -> bytes:
    return base64.b64decode(text or "")


@pytest.mark.parametrize(("name", "case"), vectors("inclusion"))
def test_inclusion_vectors(name: str, case: dict[str, Any]) -> None:
    held = inclusion_holds(
        plain(case["leafHash"]), case["leafIdx"], case["treeSize"],
        [plain(one) for one in case["proof"] or ()], plain(case["root"]),
    )  # fmt: skip
    assert held is not case["wantErr"], name


@pytest.mark.parametrize(("name", "case"), vectors("consistency"))
def test_consistency_vectors(name: str, case: dict[str, Any]) -> None:
    held = consistency_holds(
        case["size1"], case["size2"], [plain(one) for one in case["proof"] or ()],
        plain(case["root1"]), plain(case["root2"]),
    )  # fmt: skip
    assert held is not case["wantErr"], name


def test_there_are_98_vectors_of_each_kind() -> None:
    if not VECTORS.exists():
        pytest.skip("../shared/data/vectors is not here")
    assert (len(vectors("inclusion")), len(vectors("consistency"))) == (98, 98)


def leaves(size: int) -> list[bytes]:
    return [hash_body(str(number).encode()) for number in range(size)]


def defined_root(hashes: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(
        b"\x01" + defined_root(hashes[:split]) + defined_root(hashes[split:])
    ).digest()


def node_of(hashes: list[bytes]) -> Any:
    return lambda height, index: defined_root(hashes[index << height : (index + 1) << height])


@given(st.integers(0, 600))
@settings(max_examples=60)
def test_roots_are_as_defined_however_they_are_made(size: int) -> None:
    hashes = leaves(size)
    grown = CompactRange()
    for leaf in hashes:
        grown.append(leaf)
    assert grown.root() == root_of(hashes) == defined_root(hashes)
    assert CompactRange(size, grown.nodes).root() == grown.root()


@given(st.integers(1, 300), st.data())
def test_what_is_in_a_tree_can_be_proven_and_nothing_else(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, node_of(hashes))
    root = defined_root(hashes)
    assert inclusion_holds(hashes[index], index, size, proof, root)
    assert not inclusion_holds(node_hash(root, root), index, size, proof, root)
    assert not inclusion_holds(hashes[index], index + 1, size, proof, root)
    assert not inclusion_holds(hashes[index], index, size, [*proof, root], root)
    if proof:
        assert not inclusion_holds(hashes[index], index, size, proof[:-1], root)
        cut = data.draw(st.integers(0, len(proof) - 1))
        bent = [*proof[:cut], root, *proof[cut + 1 :]]
        assert not inclusion_holds(hashes[index], index, size, bent, root)


@given(st.integers(1, 300), st.data())
def test_a_tree_that_grew_is_consistent_and_no_other(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    old = data.draw(st.integers(1, size))
    proof = consistency_proof(old, size, node_of(hashes))
    before, after = defined_root(hashes[:old]), defined_root(hashes)
    assert consistency_holds(old, size, proof, before, after)
    assert not consistency_holds(old, size, [*proof, after], before, after)
    forged = [*hashes]
    forged[data.draw(st.integers(0, old - 1))] = hash_body(b"forged")
    other = defined_root(forged)
    assert not consistency_holds(old, size, proof, before, other)
    assert not consistency_holds(
        old, size, consistency_proof(old, size, node_of(forged)), before, other
    )


def test_the_smallest_trees() -> None:
    assert CompactRange().root() == EMPTY_ROOT == root_of([])
    (leaf,) = leaves(1)
    assert root_of([leaf]) == leaf
    assert inclusion_holds(leaf, 0, 1, [], leaf)
    assert not inclusion_holds(leaf, 0, 0, [], EMPTY_ROOT)
    assert not consistency_holds(0, 1, [], EMPTY_ROOT, leaf)
    with pytest.raises(ValueError, match="no leaf 1"):
        inclusion_proof(1, 1, node_of([leaf]))
    with pytest.raises(ValueError, match="there is nothing to prove"):
        consistency_proof(0, 1, node_of([leaf]))
    with pytest.raises(ValueError, match="one bit"):
        CompactRange(3, [leaf])


@pytest.mark.parametrize("wrong", [b"", b"x" * 31, b"x" * 33])
def test_hashes_of_other_lengths_prove_nothing(wrong: bytes) -> None:
    one, two = leaves(2)
    root = root_of([one, two])
    assert not inclusion_holds(wrong, 0, 2, [two], root)
    assert not inclusion_holds(one, 0, 2, [wrong], root)
    assert not inclusion_holds(one, 0, 2, [two], wrong)
    assert not consistency_holds(1, 2, [wrong], one, root)
