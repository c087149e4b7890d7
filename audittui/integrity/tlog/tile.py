"""Tiles of C2SP tlog-tiles: 256 consecutive hashes of every eighth level of the tree.

Format: https://c2sp.org/tlog-tiles. The tile ``n`` of level ``l`` holds, for ``i`` from 0 to 255,
the perfect node at height ``8 × l`` with index ``n × 256 + i``: 32 bytes each, one after another.
A tile of fewer than 256 hashes is *partial*. Paths: ``tile/<L>/<N>[.p/<W>]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import msgspec

from audittui.integrity.tlog.malformed import malformed
from audittui.integrity.tlog.merkle import HASH_BYTES, root_of

TILE_HASHES = 256
HEIGHT = 8
"""Tree levels that one tile spans."""
MAX_LEVEL = 63
_PATH = re.compile(
    r"tile/(0|[1-9][0-9]?|entries)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
)


class Tile(msgspec.Struct, frozen=True):
    """Which tile: its level, its index in the level, and how many hashes it holds (1 to 256)."""

    level: int
    index: int
    width: int = TILE_HASHES

    @property
    def path(self) -> str:
        """``tile/<L>/<N>[.p/<W>]``."""
        return f"tile/{self.level}/{_number_path(self.index)}{_width_path(self.width)}"

    @property
    def full(self) -> bool:
        """True when it holds all 256 hashes, for ever."""
        return self.width == TILE_HASHES


def bundle_path(index: int, width: int = TILE_HASHES) -> str:
    """The path of an entry bundle: ``tile/entries/<N>[.p/<W>]``."""
    return f"tile/entries/{_number_path(index)}{_width_path(width)}"


def parse_tile_path(path: str) -> Tile:
    """The tile that ``path`` names. Raises `MalformedError` unless the path is canonical."""
    match = _PATH.fullmatch(path)
    if match is None or match[1] == "entries":
        raise malformed("tile path", "it is not tile/<level>/<index>[.p/<width>]")
    tile = Tile(
        int(match[1]), int(match[2].replace("x", "").replace("/", "")), int(match[3] or TILE_HASHES)
    )
    if tile.level > MAX_LEVEL or tile.path != path:
        raise malformed("tile path", "it is not canonical")
    return tile


def split_tile(tile: Tile, data: bytes) -> list[bytes]:
    """The hashes of a tile. Raises `MalformedError` if the length is not the tile's."""
    if len(data) != tile.width * HASH_BYTES:
        raise malformed("tile", f"{tile.path} has {len(data)} bytes")
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def tiles_of_size(size: int) -> Iterator[Tile]:
    """Every tile of a tree of ``size``, level by level, left to right."""
    level, hashes = 0, size
    while hashes:
        full, rest = divmod(hashes, TILE_HASHES)
        yield from (Tile(level, index) for index in range(full))
        if rest:
            yield Tile(level, full, rest)
        level, hashes = level + 1, full


def tile_of_node(height: int, index: int, size: int) -> tuple[Tile, int, int]:
    """Locate the perfect node (height, index) of a tree of ``size``.

    Returns the tile, and the half-open range of its hashes whose root is the node's hash.
    """
    level = height // HEIGHT
    count = 1 << (height % HEIGHT)
    first = index * count
    place, start = divmod(first, TILE_HASHES)
    hashes = size >> (level * HEIGHT)
    if first + count > hashes:
        raise ValueError(f"a tree of size {size} has no node {index} at height {height}")
    return Tile(level, place, min(hashes - place * TILE_HASHES, TILE_HASHES)), start, start + count


class TileNodes:
    """Reads the nodes of a tree of ``size`` from its tiles; every tile is read and split once."""

    def __init__(self, size: int, read: Callable[[Tile], bytes]) -> None:
        self._size = size
        self._read = read
        self._tiles: dict[Tile, list[bytes]] = {}

    def __call__(self, height: int, index: int) -> bytes:
        """The hash of the perfect node. Raises what ``read`` raises, and `MalformedError`."""
        tile, start, end = tile_of_node(height, index, self._size)
        hashes = self._tiles.get(tile)
        if hashes is None:
            hashes = self._tiles[tile] = split_tile(tile, self._read(tile))
        return root_of(hashes[start:end])


def _number_path(number: int) -> str:
    digits = f"{number:d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    return "/".join([*("x" + part for part in parts[:-1]), parts[-1]])


def _width_path(width: int) -> str:
    return "" if width == TILE_HASHES else f".p/{width}"
