"""The verdict on one entry: what is read for it, and in which order (DESIGN §6).

Eventually consistent reads come first; whatever they show to be wrong or absent is only said after
strongly consistent ones of the base table.
"""

from __future__ import annotations

import msgspec

from audittui import timestamp
from audittui.errors import StoreError, UsageError
from audittui.integrity.anchor import (
    Anchored,
    AnchorSettings,
    TileReader,
    find_anchor,
    hold_against_pin,
)
from audittui.integrity.check import Examined, check, unverifiable, with_registry
from audittui.integrity.inclusion import Inclusion, prove, tiles_for
from audittui.integrity.judge import absent, judged, with_proof
from audittui.integrity.pruned import pruned_below
from audittui.integrity.reader import MAX_SEQ, ChainReader
from audittui.integrity.sealed import SealedLog
from audittui.integrity.sealed_leaves import SealedLeaves
from audittui.integrity.verdict import Verdict
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.store.port import Store


def verify_entry(
    store: Store,
    layout: Layout,
    chain: str,
    seq: int,
    *,
    settings: AnchorSettings | None = None,
) -> Verdict:
    """The verdict on one entry, with all its steps and the read units that it took.

    With trusted keys in ``settings`` it is held against the newest checkpoint. Raises
    `UsageError` for a seq that the chain does not reach and for an unknown chain. What the store
    refuses comes back as UNVERIFIABLE.
    """
    return judge_entry(store, layout, chain, seq, settings=settings)[0]


def judge_entry(
    store: Store,
    layout: Layout,
    chain: str,
    seq: int,
    *,
    settings: AnchorSettings | None = None,
) -> tuple[Verdict, Item | None]:
    """As `verify_entry`, with the stored item that the verdict is about; None where none was there.

    Nothing else may be shown beside the verdict: the next read may bring another item. Raises like
    `verify_entry`.
    """
    if not layout.chained:
        why = f"UNVERIFIABLE: the layout {layout.name} keeps no hash chain."
        return unverifiable(chain, seq, why), None
    if not 0 <= seq <= MAX_SEQ:
        raise UsageError(f"{seq} is not the number of an entry.", "Entries count from 0.")
    if settings is not None and not settings.trust:
        settings = None
    rcu = pin_rcu = 0.0
    item: Item | None = None
    try:
        for consistent in (False, True):
            look = _Look(store, layout, chain, seq, settings, consistent)
            try:
                verdict = look.verdict()
            finally:
                rcu, pin_rcu = rcu + look.take(), pin_rcu + look.pin_rcu
            item = look.item
            if verdict is not None and not verdict.failed and verdict.verdict != "UNVERIFIABLE":
                break
        assert verdict is not None
    except StoreError as error:
        verdict = unverifiable(chain, seq, f"UNVERIFIABLE: {error}")
        item = None
    return msgspec.structs.replace(verdict, rcu=rcu, pin_rcu=pin_rcu), item


class _Look:
    """One look at an entry, its neighbours, and what proves it."""

    def __init__(
        self, store: Store, layout: Layout, chain: str, seq: int,
        settings: AnchorSettings | None, consistent: bool,
    ) -> None:  # fmt: skip
        self.pin_rcu = 0.0
        self.item: Item | None = None
        self._chain = chain
        self._seq = seq
        self._settings = settings
        self._consistent = consistent
        self._reader = ChainReader(store, layout, chain, consistent=consistent)
        self._sealed = SealedLog(store, chain, consistent=consistent)

    def take(self) -> float:
        """The read units, without those for the pinned checkpoint."""
        return self._reader.take() + self._sealed.take()

    def verdict(self) -> Verdict | None:
        """The verdict; None where an eventually consistent read found no entry."""
        seq = self._seq
        places = self._places()
        place = places.get(seq)
        if place is None and not self._consistent:
            return None
        found: Anchored | None = None
        inclusion: Inclusion | None = None
        if self._settings is not None:
            found, inclusion = self._anchored(self._settings)
        if place is None:
            tip = self._reader.tip()
            if tip is not None and seq <= tip:
                # A writer may have appended it after the first read: then it is not missing.
                places = self._places()
                place = places.get(seq)
            if place is None:
                return self._absent(-1 if tip is None else tip, found)
        self.item = place.item
        verdict = check(place, places.get(seq - 1), places.get(seq + 1), steps=True)
        if seq == 0:
            verdict = with_registry(verdict, self._reader.registered(), steps=True)
        if place.expired(timestamp.now() // timestamp.SECOND):
            verdict = msgspec.structs.replace(verdict, expired=True)
        if found is None:
            return verdict
        return with_proof(judged(verdict, place, found, inclusion), place, found, inclusion)

    def _places(self) -> dict[int, Examined]:
        first, last = max(self._seq - 1, 0), min(self._seq + 1, MAX_SEQ)
        return {place.seq: place for place in self._reader.between(first, last)}

    def _anchored(self, settings: AnchorSettings) -> tuple[Anchored, Inclusion | None]:
        found = find_anchor(self._sealed, settings.trust)
        checkpoint = found.checkpoint
        # What the cache holds was proven once; the second look does without it all the same.
        cache = None if self._consistent else settings.cache
        read = TileReader(self._sealed, settings.origin(self._chain, checkpoint), cache)
        inclusion = None
        if checkpoint is not None and self._seq < checkpoint.size:
            read.fetch(tiles_for(self._seq, checkpoint.size))
            inclusion = prove(self._seq, checkpoint, read)
            if inclusion.fault and self._consistent:
                # Which of the tiles it is: found from the root downwards.
                leaf = SealedLeaves(checkpoint, read).leaf(self._seq)
                if isinstance(leaf, str):
                    inclusion = Inclusion(self._seq, fault=leaf)
        before = self._sealed.take()
        found = hold_against_pin(found, settings, self._chain, read)
        self.pin_rcu = self._sealed.take()
        self._sealed.add(before)
        if inclusion is not None and not inclusion.fault and not found.rewritten:
            read.keep(settings.cache)
        return found, inclusion

    def _absent(self, tip: int, found: Anchored | None) -> Verdict:
        seq = self._seq
        below = 0 if self._settings is None else pruned_below(self._sealed, self._settings.trust)
        known = found.known_size if found is not None else 0
        if seq > tip and seq >= max(below, known):
            if tip < 0 and not known:
                if not self._reader.registered():
                    raise UsageError(
                        f"There is no chain {self._chain}.",
                        "audittui verify --all goes through the chains that there are.",
                    )
                if seq:
                    raise UsageError(f"The chain {self._chain} holds no entries.")
            else:
                end = max(tip, known - 1)
                raise UsageError(f"The chain ends at {end}.", f"Give a seq from 0 to {end}.")
        return absent(self._chain, seq, seq, below=below, tip=tip, found=found)
