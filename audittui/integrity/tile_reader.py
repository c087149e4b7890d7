"""Reads a chain's tiles: from this machine if they were proven before, else from the table."""

from __future__ import annotations

from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.tile_cache import TileCache
from audittui.integrity.tlog.malformed import malformed
from audittui.integrity.tlog.tile import Tile


class TileReader:
    """Reads the tiles of a chain from the cache, else from the table.

    Raises `MalformedError` for a tile that the table does not have. Tiles from the table go into
    the cache when `keep` is called, after they were proven.
    """

    def __init__(self, sealed: SealedLog, origin: str, cache: TileCache | None) -> None:
        self._sealed = sealed
        self._origin = origin
        self._cache = cache
        self._read: dict[Tile, bytes] = {}

    def __call__(self, tile: Tile) -> bytes:
        """The bytes of ``tile``."""
        data = self._read.get(tile)
        if data is None and self._cache is not None:
            data = self._cache.load(self._origin, tile)
        if data is None:
            data = self._sealed.tiles([tile])[tile]
            if data is None:
                raise malformed("log", f"{tile.path} is absent")
            self._read[tile] = data
        return data

    def fetch(self, tiles: list[Tile]) -> None:
        """Read ``tiles`` in one go, for later calls."""
        absent = [
            tile
            for tile in dict.fromkeys(tiles)
            if tile not in self._read
            and (self._cache is None or self._cache.load(self._origin, tile) is None)
        ]
        for tile, data in self._sealed.tiles(absent).items():
            if data is not None:
                self._read[tile] = data

    def forget(self) -> None:
        """Drop what was read."""
        self._read.clear()

    def keep(self, cache: TileCache | None) -> None:
        """Put what was read, and is now proven, into ``cache``."""
        if cache is not None:
            for tile, data in self._read.items():
                cache.save(self._origin, tile, data)
