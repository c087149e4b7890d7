"""Recomputes a tile from the entries or tiles below it."""

from __future__ import annotations

from collections.abc import Callable

from audittui.errors import IntegrityError
from audittui.integrity.chain_reader import ChainReader
from audittui.integrity.gap import Gaps
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.inclusion import prove
from audittui.integrity.tlog.merkle import root_of
from audittui.integrity.tlog.tile import TILE_HASHES, Tile, split_tile


def recomputed_tile(
    tile: Tile,
    point: Checkpoint,
    reader: ChainReader,
    gaps: Gaps,
    read: Callable[[Tile], bytes],
) -> bytes:
    """The bytes of a tile of the tree of ``point``, proven to lead to its root.

    The lowest tiles are computed from the entries, the others from the tiles below them. Raises
    `IntegrityError` if those are gone or do not lead to the root, and what ``read`` raises.
    """
    first = tile.index * TILE_HASHES
    if tile.level:
        below = [Tile(tile.level - 1, first + at) for at in range(tile.width)]
        hashes = [root_of(split_tile(one, read(one))) for one in below]
    else:
        hashes = _leaves(first, tile.width, reader, gaps)
    data = b"".join(hashes)
    seq = first * TILE_HASHES**tile.level
    inclusion = prove(seq, point, lambda one: data if one == tile else read(one))
    if inclusion.fault:
        raise IntegrityError(
            f"{tile.path} of {reader.chain}, recomputed, does not lead to the signed root. "
            "Nothing was written.",
            f"Run audittui verify --chain {reader.chain}; repair the tiles below it first.",
        )
    return data


def _leaves(first: int, width: int, reader: ChainReader, gaps: Gaps) -> list[bytes]:
    found = {
        place.seq: bytes.fromhex(place.digest)
        for place in reader.between(first, first + width - 1)
        if place.digest
    }
    leaves = []
    for seq in range(first, first + width):
        gap = gaps.covering(seq)
        leaf = found.get(seq) if gap is None else gap.leaf(seq)
        if leaf is None:
            raise IntegrityError(
                f"Entry {seq} of {reader.chain} is gone, so its tile cannot be computed. "
                "Nothing was written.",
                "A tile log exported earlier contains it.",
            )
        leaves.append(leaf)
    return leaves
