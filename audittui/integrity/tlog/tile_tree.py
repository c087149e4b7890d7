"""A growing tree in tiles, of which only the rightmost tile of each level is kept."""

from __future__ import annotations

from collections.abc import Callable

from audittui.integrity.tlog.malformed import malformed
from audittui.integrity.tlog.merkle import CompactRange, root_of
from audittui.integrity.tlog.tile import TILE_HASHES, Tile, split_tile


class TileTree:
    """Appends leaves and returns every tile as soon as it is full.

    ``size`` is the number of leaves.
    """

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[list[bytes]] = [[]]

    @classmethod
    def load(cls, size: int, read: Callable[[Tile], bytes]) -> TileTree:
        """The tree of ``size`` leaves, from its partial tiles. The tiles are not verified until
        `root` is compared with a checkpoint. Raises `MalformedError`."""
        tree = cls()
        tree.size = size
        tree._levels = []
        hashes = size
        while hashes or not tree._levels:
            full, rest = divmod(hashes, TILE_HASHES)
            tile = Tile(len(tree._levels), full, rest)
            tree._levels.append(split_tile(tile, read(tile)) if rest else [])
            hashes = full
        return tree

    def append(self, leaf: bytes) -> list[tuple[Tile, bytes]]:
        """Add one leaf hash; return the tiles that it filled, with their bytes."""
        self.size += 1
        filled: list[tuple[Tile, bytes]] = []
        hashed, level = leaf, 0
        while True:
            if level == len(self._levels):
                self._levels.append([])
            hashes = self._levels[level]
            hashes.append(hashed)
            if len(hashes) < TILE_HASHES:
                return filled
            index = self.size // TILE_HASHES ** (level + 1) - 1
            filled.append((Tile(level, index), b"".join(hashes)))
            hashed = root_of(hashes)
            self._levels[level] = []
            level += 1

    def partial_tiles(self) -> list[tuple[Tile, bytes]]:
        """The rightmost tiles that are not full, with their bytes."""
        return [
            (
                Tile(level, self.size // TILE_HASHES ** (level + 1), len(hashes)),
                b"".join(hashes),
            )
            for level, hashes in enumerate(self._levels)
            if hashes
        ]

    def rightmost(self, level: int) -> list[bytes]:
        """The hashes of the tile of ``level`` that is not full; empty if there is none."""
        return self._levels[level] if level < len(self._levels) else []

    def root(self) -> bytes:
        """The root over all leaves."""
        nodes: list[bytes] = []
        for hashes in reversed(self._levels):
            start = 0
            while start < len(hashes):
                count = 1 << ((len(hashes) - start).bit_length() - 1)
                nodes.append(root_of(hashes[start : start + count]))
                start += count
        return CompactRange(self.size, nodes).root()

    def last_leaf(self, read: Callable[[Tile], bytes]) -> bytes:
        """The hash of the last leaf, proven to be under the root.

        Read from the last full tiles if no partial tile holds it. Raises `MalformedError` if those
        do not lead to the hashes of this tree.
        """
        if not self.size:
            raise ValueError("an empty tree has no leaf")
        level = next(level for level, hashes in enumerate(self._levels) if hashes)
        hashed = self._levels[level][-1]
        while level:
            level -= 1
            tile = Tile(level, self.size // TILE_HASHES ** (level + 1) - 1)
            hashes = split_tile(tile, read(tile))
            if root_of(hashes) != hashed:
                raise malformed("tile", f"{tile.path} does not lead to the root")
            hashed = hashes[-1]
        return hashed
