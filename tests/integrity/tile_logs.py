"""Reads back what a tile log holds, and says what a larger one has besides."""

from __future__ import annotations

from collections.abc import Iterator

from audittui.integrity.tlog.malformed import malformed
from audittui.integrity.tlog.tile import TILE_HASHES, Tile


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises `MalformedError`."""
    entries = []
    place = 0
    while place < len(data):
        start = place + 2
        end = start + int.from_bytes(data[place:start], "big")
        if start > len(data) or end > len(data):
            raise malformed("entry bundle", "it is cut off")
        entries.append(data[start:end])
        place = end
    if len(entries) > TILE_HASHES:
        raise malformed("entry bundle", f"it holds {len(entries)} entries")
    return entries


def new_tiles(old: int, new: int) -> Iterator[Tile]:
    """The tiles of a tree of size ``new`` that one of size ``old`` does not have."""
    level, before, hashes = 0, old, new
    while hashes:
        full, rest = divmod(hashes, TILE_HASHES)
        yield from (Tile(level, index) for index in range(before // TILE_HASHES, full))
        if rest and hashes != before:
            yield Tile(level, full, rest)
        level, before, hashes = level + 1, before // TILE_HASHES, full
