"""Writes a chain as a C2SP tile log: its checkpoint, tiles and entry bundles, as files.

Format: https://c2sp.org/tlog-tiles. What is written was proven first: the tiles lead to the signed
root, and each entry is the one that was sealed.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from audittui.errors import IntegrityError, UsageError
from audittui.integrity.anchor import TileReader, find_anchor
from audittui.integrity.entry_bundle import encode_bundle
from audittui.integrity.pruned import pruned_below, signed_gaps
from audittui.integrity.reader import ChainReader
from audittui.integrity.sealed import SealedLog
from audittui.integrity.sealed_leaves import SealedLeaves
from audittui.integrity.tile import TILE_HASHES, bundle_path, tiles_of_size
from audittui.integrity.trust import Trust
from audittui.layout.model import Layout
from audittui.store.port import Store


class TlogExport(msgspec.Struct, frozen=True):
    """What was written: the log's origin and size, files, and entries left out as expired."""

    origin: str
    size: int
    files: int
    expired: int


def export_tlog(store: Store, layout: Layout, chain: str, trust: Trust, folder: Path) -> TlogExport:
    """Write the log of ``chain`` under its newest trusted checkpoint into ``folder``.

    Bundles that hold only entries below the signed prune point are left out when one of theirs
    is gone. The checkpoint is written last. Raises `UsageError` when there is no trusted
    checkpoint or the folder is not empty, `IntegrityError` when an entry or a tile is not what was
    sealed, `StoreError`, `OSError`.
    """
    sealed = SealedLog(store, chain, consistent=True)
    found = find_anchor(sealed, trust)
    point = found.checkpoint
    if point is None:
        raise UsageError(
            f"{chain} has no checkpoint that a trusted key signed.",
            found.doubt or "audittui seal makes one.",
        )
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty.", "Give a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    read = TileReader(sealed, point.origin, None)
    leaves = SealedLeaves(point, read)
    below = pruned_below(sealed, trust)
    gaps = signed_gaps(sealed, trust)
    entries = ChainReader(store, layout, chain)
    files = expired = 0
    for first in range(0, point.size, TILE_HASHES):
        width = min(TILE_HASHES, point.size - first)
        bodies = {
            place.seq: str(place.item.get("body", "")).encode()
            for place in entries.between(first, first + width - 1)
            if gaps.covering(place.seq) is None
            and _demand_sealed(chain, place.seq, place.digest, leaves)
        }
        for seq in range(first, first + width):
            gap = gaps.covering(seq)
            if gap is not None and _demand_sealed(chain, seq, gap.leaf(seq).hex(), leaves):
                bodies[seq] = gap.leaf_data(seq)
        absent = [seq for seq in range(first, first + width) if seq not in bodies]
        if absent:
            if absent[-1] >= below:
                raise IntegrityError(
                    f"Entry {absent[-1]} of {chain} is not in the table.",
                    f"Look with audittui verify --chain {chain}.",
                )
            expired += width
            continue
        bundle = encode_bundle(bodies[seq] for seq in range(first, first + width))
        files += _write(folder / bundle_path(first // TILE_HASHES, width), bundle)
    for tile in tiles_of_size(point.size):
        files += _write(folder / tile.path, read(tile))
        read.forget()
    files += _write(folder / "checkpoint", found.note.encode())
    return TlogExport(point.origin, point.size, files, expired)


def _demand_sealed(chain: str, seq: int, digest: str, leaves: SealedLeaves) -> bool:
    leaf = leaves.leaf(seq)
    if isinstance(leaf, str):
        raise IntegrityError(f"{chain}: {leaf}.", f"Look with audittui verify --chain {chain}.")
    if leaf.hex() != digest:
        raise IntegrityError(
            f"Entry {seq} of {chain} is not the one that was sealed.",
            f"Look with audittui verify {chain} {seq}.",
        )
    return True


def _write(path: Path, data: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return 1
