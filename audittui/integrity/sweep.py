"""Verifies a whole chain, entry by entry, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from audittui import timestamp
from audittui.errors import StoreError, UsageError
from audittui.integrity.absence import Absence
from audittui.integrity.ahead import TilesAhead
from audittui.integrity.anchor import (
    Anchored,
    AnchorSettings,
    TileReader,
    find_anchor,
    hold_against_pin,
)
from audittui.integrity.check import (
    Examined,
    chained,
    check,
    holds,
    unverifiable,
    with_registry,
)
from audittui.integrity.gap import Gaps
from audittui.integrity.inclusion import Inclusion
from audittui.integrity.judge import ANCHORED, judged
from audittui.integrity.lifetimes import Lifetimes, lifetimes
from audittui.integrity.pruned import signed_gaps
from audittui.integrity.reader import ChainReader
from audittui.integrity.sealed import SealedLog
from audittui.integrity.sealed_leaves import SealedLeaves
from audittui.integrity.verdict import Verdict
from audittui.layout.model import Layout
from audittui.store.port import Store

Progress = Callable[[int, int | None], None]
"""Told how many entries were read, and of how many (None: unknown)."""


def verify_chain(
    store: Store,
    layout: Layout,
    chain: str,
    *,
    settings: AnchorSettings | None = None,
    since: int = 0,
    progress: Progress | None = None,
    steps: bool = False,
    clock: Callable[[], int] = timestamp.now,
) -> Iterator[Verdict]:
    """The verdicts on every entry of a chain from seq ``since`` on, in order, page by page.

    With trusted keys in ``settings`` each entry is held against the newest checkpoint. The read
    units of a page are in the first verdict after it, so that the verdicts sum to the cost.
    Entries under malformed keys have seq -1. When the store fails, the last verdict is
    UNVERIFIABLE at the first seq that was not reached. ``steps`` fills in the steps of entries
    that are as they should be, too. ``clock`` is the reader's, in microseconds: what may have
    expired is judged by it. Raises `UsageError` for an unknown chain.
    """
    if not layout.chained:
        why = f"UNVERIFIABLE: the layout {layout.name} keeps no hash chain."
        yield unverifiable(chain, 0, why)
        return
    sweep = _Sweep(store, layout, chain, settings, since, steps, clock)
    try:
        yield from sweep.run(progress)
    except StoreError as error:
        yield sweep.paid(unverifiable(chain, sweep.judged, f"UNVERIFIABLE: {error}"))


class _Sweep:
    """Holds each entry back until its successor has come. ``judged`` is the next seq to judge."""

    def __init__(
        self, store: Store, layout: Layout, chain: str, settings: AnchorSettings | None,
        since: int, steps: bool, clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self.judged = since
        self._reached = since
        self._since = since
        self._chain = chain
        self._steps = steps
        self._quick = not steps
        self._settings = settings if settings is not None and settings.trust else None
        self._reader = ChainReader(store, layout, chain)
        self._sealed = SealedLog(store, chain, consistent=True)
        self._registered = True
        self._before: Examined | None = None
        self._place: Examined | None = None
        self._found: Anchored | None = None
        self._leaves: SealedLeaves | None = None
        self._lives: Lifetimes | None = None
        self._gaps = Gaps()
        self._write_region = ""
        self._ahead: TilesAhead | None = None
        self._tip: int | None = None
        self._now = clock() // timestamp.SECOND

    def run(self, progress: Progress | None) -> Iterator[Verdict]:
        """Every verdict, from the first seq on."""
        if self._settings is not None:
            self._look_for_anchor(self._settings)
        self._tip = self._reader.tip()
        total = None if self._tip is None else self._tip + 1 - self._since
        if self._since:
            self._begin_at(self._since)
        read = 0
        for page in self._reader.pages(self._since, self._tip):
            if page and not read:
                # After the entries, which are written together with the record: never too early.
                self._registered = self._reader.registered()
                self._quick = self._quick and self._registered
            for place in map(self._reader.examined, page):
                if place.seq > self._reached:
                    # A page is no snapshot: an entry may have been written behind the reading.
                    for late in self._reader.between(self._reached, place.seq - 1):
                        yield from self._take(late)
                held = self._place
                if self._ahead is not None and place.seq >= 0:
                    yield from self._ahead.append(place.seq, place.digest)
                if place.seq == self._reached and held is not None:
                    yield self._judge_quickly(held, place) or self._judge(held, place)
                    self._before, self._place = held, place
                    self._reached += 1
                else:
                    yield from self._take(place)
            read += len(page)
            if progress is not None:
                progress(read, total)
        if self._place is not None:
            yield self._judge(self._place, None)
        known = self._found.known_size if self._found is not None else 0
        if not read and not self._since and not known:
            self._reader.demand_registered()
            known = 1
        if self._reached < known:
            yield from self._absent(self._reached, known - 1, self._reached - 1, None)

        if self._ahead is not None:
            yield from self._ahead.rest()

    def paid(self, verdict: Verdict) -> Verdict:
        """``verdict`` with what was read for it."""
        rcu = self._reader.take() + self._sealed.take()
        return msgspec.structs.replace(verdict, rcu=rcu) if rcu else verdict

    def _look_for_anchor(self, settings: AnchorSettings) -> None:
        found = find_anchor(self._sealed, settings.trust)
        read = TileReader(self._sealed, settings.origin(self._chain, found.checkpoint), None)
        self._found = found = hold_against_pin(found, settings, self._chain, read)
        if found.rewritten or found.doubt:
            self._quick = False
        if found.rewritten:
            self._write_region = self._reader.write_region()
        if found.checkpoint is not None and not found.rewritten:
            self._leaves = SealedLeaves(found.checkpoint, read)
        ahead = TilesAhead(self._sealed, found.checkpoint, read)
        if ahead.any and not found.rewritten:
            self._ahead, self._quick = ahead, False

    def _begin_at(self, since: int) -> None:
        self._before = self._reader.get(since - 1)
        if self._tip is None or since > self._tip + 1:
            self._reader.demand_registered()
            end = "is empty" if self._tip is None else f"ends at {self._tip}"
            raise UsageError(f"The chain {self._chain} {end}.", "Give a smaller --since.")

    def _take(self, place: Examined) -> Iterator[Verdict]:
        """The verdicts that are certain once ``place`` is known."""
        if place.seq < 0:
            yield self.paid(check(place, None, None, steps=self._steps))
            return
        gap = place.seq > self._reached
        if self._place is not None:
            yield self._judge(self._place, None if gap else place)
        if gap:
            yield from self._absent(self._reached, place.seq - 1, place.seq, place)
            self._before = None
        else:
            self._before = self._place or self._before
        self._place = place
        self._reached = place.seq + 1

    def _judge_quickly(self, place: Examined, after: Examined) -> Verdict | None:
        """As `_judge`, of an entry that is as it should be; None where more is to be said."""
        expires = place.entry.expires_at if place.entry is not None else None
        if (
            not self._quick
            or self._reader.spent
            or self._sealed.spent
            or (expires is not None and expires <= self._now)
            or not holds(place, self._before, after)
        ):
            return None
        seq, leaves = place.seq, self._leaves
        if leaves is None or seq >= leaves.size:
            verdict = chained(place)
        else:
            leaf = leaves.leaf(seq)
            if isinstance(leaf, str) or leaf.hex() != place.digest:
                return None
            verdict = Verdict(place.chain, seq, "ANCHORED", ANCHORED)
        self.judged = seq + 1
        return verdict

    def _judge(self, place: Examined, after: Examined | None) -> Verdict:
        """The verdict on the entry that was held back."""
        seq, leaves = place.seq, self._leaves
        leaf = leaves.leaf(seq) if leaves is not None and seq < leaves.size else None
        verdict = self._linked(place, after, self._steps)
        if self._found is not None:
            verdict = self._anchored(verdict, place, after, leaf, self._found)
        if place.expired(self._now):
            verdict = msgspec.structs.replace(verdict, expired=True)
        self.judged = seq + 1
        return self.paid(verdict) if self._reader.spent or self._sealed.spent else verdict

    def _linked(self, place: Examined, after: Examined | None, steps: bool) -> Verdict:
        verdict = check(place, self._before, after, steps=steps)
        return with_registry(verdict, self._registered, steps=steps)

    def _anchored(
        self, verdict: Verdict, place: Examined, after: Examined | None,
        leaf: bytes | str | None, found: Anchored,
    ) -> Verdict:  # fmt: skip
        if not self._steps and verdict.verdict in ("CHAINED", "UNANCHORED"):
            if leaf is None and not found.rewritten and not found.doubt:
                return verdict
            if isinstance(leaf, bytes) and leaf.hex() == place.digest and not found.doubt:
                return Verdict(place.chain, place.seq, "ANCHORED", ANCHORED)
            verdict = self._linked(place, after, True)
        if leaf is None:
            return judged(verdict, place, found, None, self._write_region)
        inclusion = (
            Inclusion(place.seq, fault=leaf)
            if isinstance(leaf, str)
            else Inclusion(place.seq, leaf)
        )
        return judged(verdict, place, found, inclusion, self._write_region)

    def _absent(self, first: int, last: int, tip: int, after: Examined | None) -> Iterator[Verdict]:
        """Verdicts on a run of absent entries, the first of which follows the last one judged."""
        if self._lives is None:
            self._read_signed()
        assert self._lives is not None
        absence = Absence(
            self._chain, self._lives, self._gaps, self._leaf, before=self._place or self._before,
            after=after, tip=tip, found=self._found, write_region=self._write_region,
        )  # fmt: skip
        for verdict in absence.verdicts(first, last):
            yield self.paid(verdict)
        self.judged = last + 1

    def _read_signed(self) -> None:
        """What absent entries are judged by, besides their neighbours."""
        self._lives = Lifetimes(self._now)
        self._write_region = self._reader.write_region()
        if self._settings is not None:
            self._lives = lifetimes(self._sealed, self._settings.trust, self._now)
            self._gaps = signed_gaps(self._sealed, self._settings.trust)

    def _leaf(self, seq: int) -> bytes | str | None:
        leaves = self._leaves
        return leaves.leaf(seq) if leaves is not None and seq < leaves.size else None
