"""Proven tiles on this machine. They never change, so each is read from the table once."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from audittui.integrity.tlog.merkle import HASH_BYTES
from audittui.integrity.tlog.tile import Tile
from audittui.whole_file import replace


class TileCache:
    """Tiles in ``folder``, one file each, named by their log and path.

    The cache is not trusted and may fail: a file that cannot be read or written counts as absent,
    and tiles are proven again at every use.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, origin: str, tile: Tile) -> bytes | None:
        """The bytes of a tile, or None."""
        try:
            data = self._path(origin, tile).read_bytes()
        except OSError:
            return None
        return data if len(data) == tile.width * HASH_BYTES else None

    def save(self, origin: str, tile: Tile, data: bytes) -> None:
        """Keep a tile, if possible."""
        with contextlib.suppress(OSError):
            replace(self._path(origin, tile), data, durable=False)

    def _path(self, origin: str, tile: Tile) -> Path:
        log = hashlib.sha256(origin.encode()).hexdigest()[:32]
        return self._folder / log / tile.path
