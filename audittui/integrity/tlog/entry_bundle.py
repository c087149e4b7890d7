"""Entry bundles (C2SP tlog-tiles): the entries of up to 256 leaves, one after another.

Format: https://c2sp.org/tlog-tiles. Each entry stands after its length in two bytes, big-endian.
"""

from __future__ import annotations

from collections.abc import Iterable

from audittui.integrity.tlog.malformed import malformed
from audittui.integrity.tlog.tile import TILE_HASHES

MAX_ENTRY_BYTES = 0xFFFF


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """The bundle of at most 256 ``entries``. Raises `ValueError` for one over 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry of {len(entry)} bytes does not fit into a bundle")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


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
