"""Tiles in a table that no checkpoint covers yet.

A sealer that was killed leaves some, which match the entries. Any other was planted, and would
block the sealer for good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.tile import TILE_HASHES, Tile
from audittui.integrity.tlog.tile_tree import TileTree
from audittui.integrity.verifying.verdict import Step, Verdict


class TilesAhead:
    """The tiles of a chain beyond ``point`` (None: all of them), compared with its entries.

    ``read`` returns the tiles of the signed tree.
    """

    def __init__(
        self, sealed: SealedLog, point: Checkpoint | None, read: Callable[[Tile], bytes]
    ) -> None:
        self._chain = sealed.chain
        self._size = size = 0 if point is None else point.size
        self._found: dict[Tile, bytes] = {}
        level, hashes = 0, size
        while True:
            for tile, data in sealed.tiles_from(level, hashes // TILE_HASHES):
                if _end(tile) > size:
                    self._found[tile] = data
            if not hashes:
                break
            level, hashes = level + 1, hashes // TILE_HASHES
        self._tree: TileTree | None = None
        if self._found:
            try:
                self._tree = TileTree.load(size, read)
            except MalformedError:
                return
            if point is not None and self._tree.root() != point.root:
                self._tree = None

    @property
    def any(self) -> bool:
        """True when there are such tiles."""
        return bool(self._found)

    def append(self, seq: int, digest: str) -> Iterator[Verdict]:
        """The verdicts on tiles that the entry ``seq`` completes."""
        tree = self._tree
        if tree is None or seq < tree.size or not digest:
            return
        if seq > tree.size:
            self._tree = None
            return
        filled = dict(tree.append(bytes.fromhex(digest)))
        filled.update(tree.partial_tiles())
        for tile, data in filled.items():
            if tile in self._found and self._found.pop(tile) != data:
                yield self._planted(tile, "Its hashes are not those of the entries")

    def rest(self) -> Iterator[Verdict]:
        """The verdicts on the tiles that no entry completed."""
        for tile in self._found if self._tree is not None else ():
            yield self._planted(tile, "The chain has fewer entries than it covers")

    def _planted(self, tile: Tile, why: str) -> Verdict:
        summary = (
            f"The tile {tile.path} was planted or changed. {why}. Run "
            f"audittui seal --chain {self._chain} --replace-tile {tile.path} to rewrite it."
        )
        step = Step("tile", "fails", "the hashes of the entries", tile.path, why)
        return Verdict(self._chain, -1, "MODIFIED", summary, (step,))


def _end(tile: Tile) -> int:
    """The least number of entries in a tree that has the tile."""
    size: int = (tile.index * TILE_HASHES + tile.width) * TILE_HASHES**tile.level
    return size
