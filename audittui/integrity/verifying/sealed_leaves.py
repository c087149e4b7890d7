"""The sealed hashes of a chain's entries, in order, each proven to be under a checkpoint."""

from __future__ import annotations

from audittui.integrity.tile_reader import TileReader
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.merkle import root_of
from audittui.integrity.tlog.tile import TILE_HASHES, Tile, split_tile
from audittui.integrity.tlog.tile_tree import TileTree

_AHEAD = 64
"""Tiles in one read."""


class SealedLeaves:
    """Returns sealed hashes by seq; meant for reading them in order, in bounded memory."""

    def __init__(self, checkpoint: Checkpoint, read: TileReader) -> None:
        self.size = checkpoint.size
        self._read = read
        self._fault = ""
        self._tree = TileTree()
        try:
            self._tree = TileTree.load(checkpoint.size, read)
            if self._tree.root() != checkpoint.root:
                partial = ", ".join(tile.path for tile, _ in self._tree.partial_tiles())
                self._fault = f"The tiles do not lead to the signed root; changed: {partial}"
        except MalformedError as error:
            self._fault = f"The tiles cannot prove it: {error}"
        self._proven: dict[tuple[int, int], list[bytes] | str] = {}
        self._fetched = 0
        self._index = -1
        self._current: list[bytes] | str = self._fault

    def leaf(self, seq: int) -> bytes | str:
        """The sealed hash of entry ``seq``, or why the tiles do not prove one."""
        index, place = divmod(seq, TILE_HASHES)
        if index != self._index and not self._fault:
            self._index, self._current = index, self._hashes(0, index)
        current = self._current
        return current if isinstance(current, str) else current[place]

    def _hashes(self, level: int, index: int) -> list[bytes] | str:
        """The proven hashes of a tile, or what is wrong with it."""
        if index == self.size // TILE_HASHES ** (level + 1):
            return self._tree.rightmost(level)
        known = self._proven.get((level, index))
        if known is None:
            if level == 0:
                self._make_room(index)
            known = self._proven[level, index] = self._prove(level, index)
        return known

    def _prove(self, level: int, index: int) -> list[bytes] | str:
        parent, place = divmod(index, TILE_HASHES)
        above = self._hashes(level + 1, parent)
        if isinstance(above, str):
            return above
        tile = Tile(level, index)
        try:
            hashes = split_tile(tile, self._read(tile))
        except MalformedError as error:
            return f"The tiles cannot prove it: {error}"
        if root_of(hashes) != above[place]:
            return f"{tile.path} does not lead to the signed root; it was changed"
        return hashes

    def _make_room(self, index: int) -> None:
        """Drop the lowest tiles already passed, and read those that come next."""
        for key in [key for key in self._proven if key[0] == 0]:
            del self._proven[key]
        if index >= self._fetched:
            self._read.forget()
            end = min(index + _AHEAD, self.size // TILE_HASHES)
            self._read.fetch([Tile(0, one) for one in range(index, end)])
            self._fetched = end
