"""Verifies one entry: what is read for it, and in which order.

Eventually consistent reads come first. Anything wrong or absent is only reported after strongly
consistent reads of the base table.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from audittui import timestamp
from audittui.errors import StoreError, UsageError
from audittui.integrity.chain_reader import MAX_SEQ, ChainReader
from audittui.integrity.gap import Gaps
from audittui.integrity.pruned import signed_gaps
from audittui.integrity.registrations import Registrations
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.stored_entry import StoredEntry
from audittui.integrity.tile_reader import TileReader
from audittui.integrity.tlog.inclusion import Inclusion, prove, tiles_for
from audittui.integrity.verifying.absence import Absence
from audittui.integrity.verifying.found_checkpoint import (
    FoundCheckpoint,
    find_checkpoint,
    hold_against_pins,
)
from audittui.integrity.verifying.lifetimes import Lifetimes, lifetimes
from audittui.integrity.verifying.links import unverifiable, verify_links, with_registry
from audittui.integrity.verifying.sealed_leaves import SealedLeaves
from audittui.integrity.verifying.store_indexes import StoreIndexes
from audittui.integrity.verifying.under_checkpoint import verify_under_checkpoint, with_proof
from audittui.integrity.verifying.verdict import Verdict
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.store.port import Store


def verify_entry(
    store: Store,
    layout: Layout,
    chain: str,
    seq: int,
    *,
    settings: VerificationSettings | None = None,
    clock: Callable[[], int] = timestamp.now,
    registrations: Registrations | None = None,
) -> Verdict:
    """The verdict on one entry, with all its steps and the read units it took.

    With trusted keys in ``settings`` it is held against the newest checkpoint. ``clock`` is the
    reader's, in microseconds, and decides what has expired. Sharing ``registrations`` between calls
    reads the registry once for each chain. Raises `UsageError` for a seq beyond the end of the
    chain and for an unknown chain, `StoreError` for a table that does not exist. Any other error of
    the store becomes UNVERIFIABLE.
    """
    return verify_stored(
        store, layout, chain, seq, settings=settings, clock=clock, registrations=registrations
    )[0]


def verify_stored(
    store: Store,
    layout: Layout,
    chain: str,
    seq: int,
    *,
    settings: VerificationSettings | None = None,
    clock: Callable[[], int] = timestamp.now,
    registrations: Registrations | None = None,
) -> tuple[Verdict, Item | None]:
    """Like `verify_entry`, with the stored item that the verdict is about; None if there was none.

    Show no other item beside the verdict: the next read may return a different one. Raises like
    `verify_entry`.
    """
    if not layout.chained:
        why = f"UNVERIFIABLE: the layout {layout.name} has no hash chain."
        return unverifiable(chain, seq, why), None
    if not 0 <= seq <= MAX_SEQ:
        raise UsageError(f"{seq} is not an entry number.", "Entries are numbered from 0.")
    if settings is not None and not settings.trust:
        settings = None
    rcu = pin_rcu = 0.0
    item: Item | None = None
    try:
        for consistent in (False, True):
            look = _Look(store, layout, chain, seq, settings, consistent, clock, registrations)
            try:
                verdict = look.verdict()
            finally:
                rcu, pin_rcu = rcu + look.take(), pin_rcu + look.pin_rcu
            item = look.item
            if verdict is not None and not (
                verdict.failed or verdict.unsettled or verdict.verdict == "UNVERIFIABLE"
            ):
                break
        assert verdict is not None
    except StoreError as error:
        if error.exit_code == UsageError.exit_code:
            raise  # what was named does not exist, so no entry of it can be verified
        verdict = unverifiable(chain, seq, f"UNVERIFIABLE: {error}")
        item = None
    return msgspec.structs.replace(verdict, rcu=rcu, pin_rcu=pin_rcu), item


class _Look:
    """One read of an entry, its neighbours, and what proves it."""

    def __init__(
        self, store: Store, layout: Layout, chain: str, seq: int,
        settings: VerificationSettings | None, consistent: bool, clock: Callable[[], int],
        registrations: Registrations | None,
    ) -> None:  # fmt: skip
        self.pin_rcu = 0.0
        self._store = store
        self._layout = layout
        self.item: Item | None = None
        self._chain = chain
        self._seq = seq
        self._settings = settings
        self._consistent = consistent
        self._now = clock() // timestamp.SECOND
        self._reader = ChainReader(
            store, layout, chain, consistent=consistent, registrations=registrations
        )
        self._sealed = SealedLog(store, chain, consistent=consistent)

    def take(self) -> float:
        """The read units, without those for the pinned checkpoint."""
        return self._reader.take() + self._sealed.take()

    def verdict(self) -> Verdict | None:
        """The verdict; None if an eventually consistent read found no entry."""
        seq = self._seq
        places = self._places()
        place = places.get(seq)
        if place is None and not self._consistent:
            return None
        found: FoundCheckpoint | None = None
        inclusion: Inclusion | None = None
        if self._settings is not None:
            found, inclusion = self._under_checkpoint(self._settings)
        if place is None:
            tip = self._reader.tip()
            if tip is not None and seq <= tip:
                # A writer may have appended it after the first read; then it is not missing.
                places = self._places()
                place = places.get(seq)
            if place is None:
                return self._absent(-1 if tip is None else tip, found, inclusion)
        self.item = place.item
        verdict = verify_links(place, places.get(seq - 1), places.get(seq + 1), steps=True)
        verdict = with_registry(verdict, self._reader.registered(), steps=True)
        indexes = StoreIndexes(self._store, self._layout, self._chain)
        indexes.compare(seq)
        if place.expired(self._now):
            verdict = msgspec.structs.replace(verdict, expired=True)
        if found is not None:
            region = self._reader.write_region() if found.rewritten else ""
            verdict = verify_under_checkpoint(verdict, place, found, inclusion, region)
        verdict = indexes.with_faults(verdict, place)
        return verdict if found is None else with_proof(verdict, place, found, inclusion)

    def _places(self) -> dict[int, StoredEntry]:
        first, last = max(self._seq - 1, 0), min(self._seq + 1, MAX_SEQ)
        return {place.seq: place for place in self._reader.between(first, last)}

    def _under_checkpoint(
        self, settings: VerificationSettings
    ) -> tuple[FoundCheckpoint, Inclusion | None]:
        pinned = settings.pinned(self._sealed)
        found = find_checkpoint(self._sealed, settings.trust)
        checkpoint = found.checkpoint
        # Cached tiles were proven once; the second read bypasses them all the same.
        cache = None if self._consistent else settings.cache
        read = TileReader(self._sealed, settings.origin(self._chain, checkpoint), cache)
        inclusion = None
        if checkpoint is not None and self._seq < checkpoint.size:
            read.fetch(tiles_for(self._seq, checkpoint.size))
            inclusion = prove(self._seq, checkpoint, read)
            if inclusion.fault and self._consistent:
                # Find out which tile it is, from the root downwards.
                leaf = SealedLeaves(checkpoint, read).leaf(self._seq)
                if isinstance(leaf, str):
                    inclusion = Inclusion(self._seq, fault=leaf)
        before = self._sealed.take()
        found = hold_against_pins(found, settings, self._sealed, read, pinned)
        self.pin_rcu = self._sealed.take()
        self._sealed.add(before)
        if inclusion is not None and not inclusion.fault and not found.rewritten:
            read.keep(settings.cache)
        return found, inclusion

    def _absent(
        self, tip: int, found: FoundCheckpoint | None, inclusion: Inclusion | None
    ) -> Verdict:
        seq, trust = self._seq, None if self._settings is None else self._settings.trust
        lives = Lifetimes(self._now) if trust is None else lifetimes(self._sealed, trust, self._now)
        gaps = Gaps() if trust is None else signed_gaps(self._sealed, trust)
        known = found.known_size if found is not None else 0
        if seq > tip and seq >= max(lives.recorded, known) and gaps.covering(seq) is None:
            self._demand_reached(tip, known)

        def leaf(at: int) -> bytes | str | None:
            if at != seq or inclusion is None:
                return None
            return inclusion.fault or inclusion.leaf

        absence = Absence(
            self._chain, lives, gaps, leaf,
            before=self._reader.beside(seq, after=False),
            after=self._reader.beside(seq, after=True),
            tip=tip, found=found, write_region=self._reader.write_region(),
        )  # fmt: skip
        return next(absence.verdicts(seq, seq))

    def _demand_reached(self, tip: int, known: int) -> None:
        """Refuse a seq beyond the end of the chain; of an empty chain only seq 0 is verified."""
        if tip >= 0 or known:
            end = max(tip, known - 1)
            raise UsageError(f"The chain ends at {end}.", f"Give a seq from 0 to {end}.")
        self._reader.demand_registered()
        if self._seq:
            raise UsageError(f"The chain {self._chain} is empty.")
