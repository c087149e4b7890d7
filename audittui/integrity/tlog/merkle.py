"""Merkle trees of RFC 6962: roots, inclusion and consistency proofs, built and verified.

Hashes are 32 bytes of SHA-256. A leaf's hash is ``SHA-256(0x00 ‖ data)``, a node's ``SHA-256(0x01 ‖
left ‖ right)``. A *perfect node* ``(height, index)`` is the root over the leaves ``index ×
2^height`` up to, not including, ``(index + 1) × 2^height``. The module is pure arithmetic; a
function supplies the hashes, so a proof reads only the nodes it needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""

NodeReader = Callable[[int, int], bytes]
"""Returns the hash of the perfect node at (height, index)."""

_sha256 = hashlib.sha256


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node (RFC 6962, section 2.1)."""
    return _sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes, in order."""
    if not leaves:
        return EMPTY_ROOT
    level = list(leaves)
    while len(level) > 1:
        odd = level.pop() if len(level) % 2 else None
        pairs = iter(level)
        level = [
            _sha256(b"\x01" + left + right).digest()
            for left, right in zip(pairs, pairs, strict=True)
        ]
        if odd is not None:
            level.append(odd)
    return level[0]


class CompactRange:
    """A growing tree that keeps one hash for each perfect subtree, which is enough to continue.

    ``size`` is the number of leaves, ``nodes`` their perfect subtrees' roots, largest first.
    """

    def __init__(self, size: int = 0, nodes: Sequence[bytes] = ()) -> None:
        if size < 0 or len(nodes) != size.bit_count():
            raise ValueError("a tree has one subtree for each one bit of its size")
        self.size = size
        self.nodes = list(nodes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        hashed, size = leaf, self.size
        while size & 1:
            hashed = node_hash(self.nodes.pop(), hashed)
            size >>= 1
        self.nodes.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self.nodes:
            return EMPTY_ROOT
        hashed = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            hashed = node_hash(node, hashed)
        return hashed


def perfect_nodes(first: int, end: int) -> list[tuple[int, int]]:
    """The perfect nodes that cover the leaves ``[first, end)``, left to right.

    ``first`` must be a multiple of the largest power of two that fits, as in every subtree that
    RFC 6962 names.
    """
    nodes = []
    while first < end:
        height = (end - first).bit_length() - 1
        nodes.append((height, first >> height))
        first += 1 << height
    return nodes


def range_root(first: int, end: int, node: NodeReader) -> bytes:
    """The root over the leaves ``[first, end)`` of a subtree; see `perfect_nodes`."""
    if first == end:
        return EMPTY_ROOT
    hashes = [node(height, index) for height, index in perfect_nodes(first, end)]
    hashed = hashes[-1]
    for left in reversed(hashes[:-1]):
        hashed = node_hash(left, hashed)
    return hashed


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The leaf ranges whose roots prove leaf ``index`` in a tree of ``size``, nearest the leaf
    first.

    RFC 6962, section 2.1.1. Raises `ValueError` unless ``0 <= index < size``.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of size {size} has no leaf {index}")
    first, end = 0, size
    ranges = []
    while end - first > 1:
        split = first + _split(end - first)
        if index < split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((first, split))
            first = split
    return ranges[::-1]


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The leaf ranges whose roots prove that the tree of ``new`` leaves extends that of ``old``.

    RFC 6962, section 2.1.2. Raises `ValueError` unless ``0 < old <= new``.
    """
    if not 0 < old <= new:
        raise ValueError(f"there is nothing to prove between trees of sizes {old} and {new}")
    first, end, ranges = 0, new, []
    whole = True
    while end != old:
        split = first + _split(end - first)
        if old <= split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((first, split))
            first = split
            whole = False
    if not whole:
        ranges.append((first, end))
    return ranges[::-1]


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """The proof that leaf ``index`` is in the tree of ``size``; see `inclusion_ranges`."""
    return [range_root(first, end, node) for first, end in inclusion_ranges(index, size)]


def consistency_proof(old: int, new: int, node: NodeReader) -> list[bytes]:
    """The proof that the tree of ``new`` leaves extends that of ``old``."""
    return [range_root(first, end, node) for first, end in consistency_ranges(old, new)]


def inclusion_holds(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """True when ``proof`` leads from the leaf's hash to ``root`` (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size or not _well_formed(leaf, root, *proof):
        return False
    place, last, hashed = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            hashed = node_hash(step, hashed)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        place, last = place >> 1, last >> 1
    return last == 0 and hashed == root


def consistency_holds(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> bool:
    """True when ``proof`` shows that the new tree extends the old (RFC 9162, section 2.1.4.2).

    Trees of equal size are consistent when their roots are equal and the proof is empty. No tree
    counts as consistent with an empty one, whose root proves nothing.
    """
    if not 0 < old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if not _well_formed(old_root, new_root, *proof):
        return False
    steps = list(proof)
    if old & (old - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_hash = new_hash = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_hash, new_hash = node_hash(step, old_hash), node_hash(step, new_hash)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new_hash = node_hash(new_hash, step)
        place, last = place >> 1, last >> 1
    return last == 0 and old_hash == old_root and new_hash == new_root


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def _well_formed(*hashes: bytes) -> bool:
    return all(len(one) == HASH_BYTES for one in hashes)
