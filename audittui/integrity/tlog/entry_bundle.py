"""Entry bundles (C2SP tlog-tiles): the entries of up to 256 leaves, one after another.

Format: https://c2sp.org/tlog-tiles. Each entry is preceded by its length in two bytes, big-endian.
"""

from __future__ import annotations

from collections.abc import Iterable

MAX_ENTRY_BYTES = 0xFFFF


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """The bundle of at most 256 ``entries``. Raises `ValueError` for one over 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry of {len(entry)} bytes does not fit in a bundle")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)
