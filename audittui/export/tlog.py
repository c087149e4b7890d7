"""Writes a chain as a C2SP tile log: its checkpoint, tiles and entry bundles, as files.

Format: https://c2sp.org/tlog-tiles. Only a chain that verifies is written, and everything written
is proven: the tiles lead to the signed root, and each entry is the one that was sealed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from audittui.errors import IntegrityError, StoreError, UsageError
from audittui.integrity.chain_reader import ChainReader
from audittui.integrity.gap import Gaps
from audittui.integrity.pruned import pruned_below, signed_gaps
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tile_reader import TileReader
from audittui.integrity.tlog.entry_bundle import encode_bundle
from audittui.integrity.tlog.tile import TILE_HASHES, bundle_path, tiles_of_size
from audittui.integrity.verifying.found_checkpoint import (
    FoundCheckpoint,
    find_checkpoint,
    hold_against_pins,
)
from audittui.integrity.verifying.sealed_leaves import SealedLeaves
from audittui.integrity.verifying.single_entry import verify_entry
from audittui.integrity.verifying.sweep import verify_chain
from audittui.layout.model import Layout
from audittui.store.port import Store

Progress = Callable[[int, int | None], None]
"""Receives the number of entries verified, and their total (None: unknown)."""


class TlogExport(msgspec.Struct, frozen=True):
    """What was written: the log's origin and size, and the number of files.

    ``expired`` entries are omitted as the signed prune record allows; ``kept_out`` of them are
    still in the table. ``unwritten`` entries have not expired, but their bundles have holes:
    ``holes`` are the first and last seq of each such bundle. ``rcu`` is the read units used.
    """

    origin: str
    size: int
    files: int
    expired: int
    kept_out: int
    unwritten: int
    holes: tuple[tuple[int, int], ...]
    rcu: float


def export_tlog(
    store: Store,
    layout: Layout,
    chain: str,
    settings: VerificationSettings,
    folder: Path,
    *,
    progress: Progress | None = None,
) -> TlogExport:
    """Write the log of ``chain`` under its newest trusted checkpoint into ``folder``.

    The whole chain is verified first, with the trusted keys and pins of ``settings``. A bundle of
    256 entries is omitted if one of them is gone; if it ends above the signed prune point, it is
    reported. Files are readable only by their owner; the checkpoint is written last. Raises
    `UsageError` if there is no trusted checkpoint or the folder is not empty, `IntegrityError` if
    the chain does not verify, `StoreError`, `OSError`.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty.", "Give a new folder.")
    rcu = _demand_genuine(store, layout, chain, settings, progress)
    sealed = SealedLog(store, chain, consistent=True)
    found = _anchor(sealed, chain, settings)
    point = found.checkpoint
    assert point is not None
    read = TileReader(sealed, point.origin, None)
    leaves = SealedLeaves(point, read)
    below = pruned_below(sealed, settings.trust)
    gaps = signed_gaps(sealed, settings.trust)
    entries = ChainReader(store, layout, chain)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = expired = kept_out = unwritten = 0
    holes: list[tuple[int, int]] = []
    for first in range(0, point.size, TILE_HASHES):
        end = min(first + TILE_HASHES, point.size)
        texts = _leaf_texts(entries, first, end, leaves, gaps)
        absent = [seq for seq in range(first, end) if seq not in texts]
        if not absent:
            bundle = encode_bundle(texts[seq] for seq in range(first, end))
            files += _write(folder / bundle_path(first // TILE_HASHES, end - first), bundle)
        elif end <= below:
            expired += end - first
            kept_out += len(texts)
        else:
            for seq in absent:
                if seq >= below:
                    rcu += _demand_expired(store, layout, chain, seq, settings)
            unwritten += len(texts)
            expired += len(absent)
            holes.append((first, end - 1))
    for tile in tiles_of_size(point.size):
        files += _write(folder / tile.path, read(tile))
        read.forget()
    files += _write(folder / "checkpoint", found.note.encode())
    rcu += sealed.take() + entries.take()
    return TlogExport(
        point.origin, point.size, files, expired, kept_out, unwritten, tuple(holes), rcu
    )


def _leaf_texts(
    entries: ChainReader, first: int, end: int, leaves: SealedLeaves, gaps: Gaps
) -> dict[int, bytes]:
    """By seq, from ``first`` up to ``end``: the bytes that hash to the sealed leaf, if present: an
    entry's body, or the statement that it is gone. Raises `IntegrityError` for any other bytes."""
    texts = {}
    for seq in range(first, end):
        gap = gaps.covering(seq)
        if gap is not None:
            _demand_sealed(entries.chain, seq, gap.leaf(seq).hex(), leaves)
            texts[seq] = gap.leaf_data(seq)
    for place in entries.between(first, end - 1):
        if place.seq in texts:
            continue
        _demand_sealed(entries.chain, place.seq, place.digest, leaves)
        texts[place.seq] = str(place.item.get("body", "")).encode()
    return texts


def _demand_genuine(
    store: Store,
    layout: Layout,
    chain: str,
    settings: VerificationSettings,
    progress: Progress | None,
) -> float:
    """Raise unless every entry of the chain verifies; return the read units used."""
    look = f"Run audittui verify --chain {chain}."
    rcu = 0.0
    for verdict in verify_chain(store, layout, chain, settings=settings, progress=progress):
        rcu += verdict.rcu
        if verdict.failed:
            failing = [step.note for step in verdict.steps if step.result == "fails" and step.note]
            place = chain if verdict.seq < 0 else f"Entry {verdict.seq} of {chain}"
            why = verdict.summary.rstrip(".")
            if failing and verdict.verdict in ("ANCHORED", "CHAINED", "UNANCHORED"):
                why = failing[0]
            raise IntegrityError(f"{place} is {verdict.verdict}: {why}. Nothing was written.", look)
        if verdict.verdict == "UNVERIFIABLE":
            why = verdict.summary.removeprefix("UNVERIFIABLE: ").rstrip(".")
            raise StoreError(f"{chain} could not be verified: {why}. Nothing was written.", look)
    return rcu


def _anchor(sealed: SealedLog, chain: str, settings: VerificationSettings) -> FoundCheckpoint:
    """The checkpoint to export: trusted, and an extension of the pinned one."""
    pinned = settings.pinned(sealed)
    found = find_checkpoint(sealed, settings.trust)
    read = TileReader(sealed, settings.origin(chain, found.checkpoint), None)
    found = hold_against_pins(found, settings, sealed, read, pinned)
    if found.rewritten or found.doubt:
        raise IntegrityError(
            f"{chain}: {found.rewritten or found.doubt}. Nothing was written.",
            f"Run audittui verify --chain {chain}.",
        )
    if found.checkpoint is None:
        raise UsageError(
            f"{chain} has no checkpoint that a trusted key signed.", "audittui seal makes one."
        )
    return found


def _demand_sealed(chain: str, seq: int, digest: str, leaves: SealedLeaves) -> None:
    leaf = leaves.leaf(seq)
    if isinstance(leaf, str):
        raise IntegrityError(f"{chain}: {leaf}.", f"Run audittui verify --chain {chain}.")
    if leaf.hex() != digest:
        raise IntegrityError(
            f"Entry {seq} of {chain} is not the one that was sealed.",
            f"Run audittui verify {chain} {seq}.",
        )


def _demand_expired(
    store: Store, layout: Layout, chain: str, seq: int, settings: VerificationSettings
) -> float:
    """Raise unless the absent entry at or above the prune point may be gone; return the read units
    used."""
    verdict = verify_entry(store, layout, chain, seq, settings=settings)
    if verdict.failed or verdict.verdict != "EXPIRED":
        raise IntegrityError(
            f"Entry {seq} of {chain} is not in the table.",
            f"Run audittui verify {chain} {seq}.",
        )
    return verdict.rcu + verdict.pin_rcu


def _write(path: Path, data: bytes) -> int:
    """Write a new file, readable only by its owner, and its parent folders; return 1."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return 1
