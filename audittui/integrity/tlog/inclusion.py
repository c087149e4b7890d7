"""The inclusion of one entry in a checkpoint: which tiles prove it, and the result."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.merkle import (
    inclusion_holds,
    inclusion_proof,
    inclusion_ranges,
    perfect_nodes,
)
from audittui.integrity.tlog.tile import Tile, TileNodes, split_tile, tile_of_node


class Inclusion(msgspec.Struct, frozen=True):
    """The proof of the entry ``seq`` under a checkpoint.

    ``leaf`` is the sealed hash, ``hashes`` lead from it to the root. ``fault`` says why the tiles
    prove nothing; then ``leaf`` is empty.
    """

    seq: int
    leaf: bytes = b""
    hashes: tuple[bytes, ...] = ()
    fault: str = ""


def tiles_for(seq: int, size: int) -> list[Tile]:
    """The tiles that prove entry ``seq`` in a tree of ``size``, at most five up to 16 M entries."""
    nodes = [(0, seq)]
    for first, end in inclusion_ranges(seq, size):
        nodes += perfect_nodes(first, end)
    tiles = (tile_of_node(height, index, size)[0] for height, index in nodes)
    return list(dict.fromkeys(tiles))


def prove(seq: int, checkpoint: Checkpoint, read: Callable[[Tile], bytes]) -> Inclusion:
    """The sealed hash of entry ``seq``, proven to be under ``checkpoint``."""
    size = checkpoint.size
    try:
        tile, place, _ = tile_of_node(0, seq, size)
        leaf = split_tile(tile, read(tile))[place]
        hashes = inclusion_proof(seq, size, TileNodes(size, read))
    except MalformedError as error:
        return Inclusion(seq, fault=f"The tiles cannot prove it: {error}")
    if not inclusion_holds(leaf, seq, size, hashes, checkpoint.root):
        paths = ", ".join(tile.path for tile in tiles_for(seq, size))
        return Inclusion(
            seq, fault=f"The tiles do not lead to the signed root; one was changed: {paths}"
        )
    return Inclusion(seq, leaf, tuple(hashes))
