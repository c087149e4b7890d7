"""Verifies a whole chain, entry by entry, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from audittui import timestamp
from audittui.errors import AuditError, StoreError, UsageError
from audittui.integrity.chain_reader import ChainReader
from audittui.integrity.gap import Gaps
from audittui.integrity.pruned import signed_gaps
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.stored_entry import StoredEntry
from audittui.integrity.tile_reader import TileReader
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.inclusion import Inclusion
from audittui.integrity.verifying.absence import Absence
from audittui.integrity.verifying.found_checkpoint import (
    FoundCheckpoint,
    contradiction,
    find_checkpoint,
    hold_against_pins,
)
from audittui.integrity.verifying.lifetimes import Lifetimes, lifetimes
from audittui.integrity.verifying.links import (
    chained,
    links_hold,
    unforeseen,
    unverifiable,
    verify_links,
    with_registry,
)
from audittui.integrity.verifying.older_checkpoints import older_flaws
from audittui.integrity.verifying.page_limit import PageLimit, Room
from audittui.integrity.verifying.progress_mark import Mark, another, shorter
from audittui.integrity.verifying.sealed_leaves import SealedLeaves
from audittui.integrity.verifying.store_indexes import StoreIndexes
from audittui.integrity.verifying.tiles_ahead import TilesAhead
from audittui.integrity.verifying.under_checkpoint import ANCHORED, verify_under_checkpoint
from audittui.integrity.verifying.verdict import Verdict
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.store.port import Store

_LEAST, _MOST = 2, 100
"""The smallest page after which a budget may end the sweep: at least one entry can be verified,
because the last one waits for its successor."""

Progress = Callable[[int, int | None], None]
"""Called with the number of entries read, and the total (None if unknown)."""


def verify_chain(
    store: Store,
    layout: Layout,
    chain: str,
    *,
    settings: VerificationSettings | None = None,
    since: int = 0,
    progress: Progress | None = None,
    steps: bool = False,
    clock: Callable[[], int] = timestamp.now,
) -> Iterator[Verdict]:
    """The verdicts on every entry of a chain from seq ``since`` on; see `Sweep`."""
    sweep = Sweep(store, layout, chain, settings=settings, since=since, steps=steps, clock=clock)
    return sweep.verdicts(progress)


class Sweep:
    """Verifies a chain from seq ``since`` on, in order, page by page.

    With trusted keys in ``settings`` each entry is held against the newest checkpoint. ``mark`` is
    where an earlier sweep ended; the entry before ``since`` must be the one seen then. The log must
    extend the ``demanded`` checkpoints; ``contradicted`` says why it does not. ``steps`` fills in
    the steps of sound entries, too.

    ``clock`` is the reader's, in microseconds, and decides what has expired. With ``room`` short
    pages are read one after another while the next one is expected to fit; then the sweep ends, and
    ``stopped`` is the seq to continue from. A sweep always gets past ``since``.

    Once it is done, ``last`` is the last entry present, ``found`` the checkpoint (None if no key is
    trusted), ``unsealed`` the number of entries beyond the checkpoint, and ``oldest`` when the
    first of them was recorded by its writer's clock (microseconds; None if there are none).
    """

    def __init__(
        self,
        store: Store,
        layout: Layout,
        chain: str,
        *,
        settings: VerificationSettings | None = None,
        since: int = 0,
        mark: Mark | None = None,
        demanded: Sequence[Checkpoint] = (),
        steps: bool = False,
        clock: Callable[[], int] = timestamp.now,
        room: Room | None = None,
    ) -> None:
        self.last: StoredEntry | None = None
        self.stopped: int | None = None
        self.found: FoundCheckpoint | None = None
        self.unsealed = 0
        self.oldest: int | None = None
        self.contradicted = ""
        self._verified = since
        self._reached = since
        self._since = since
        self._mark = mark
        self._demanded = demanded
        self._chain = chain
        self._layout = layout
        self._steps = steps
        self._quick = not steps
        self._settings = settings if settings is not None and settings.trust else None
        self._reader = ChainReader(store, layout, chain)
        self._sealed = SealedLog(store, chain, consistent=True)
        self._indexes = StoreIndexes(store, layout, chain)
        self._registered = True
        self._before: StoredEntry | None = None
        self._place: StoredEntry | None = None
        self._leaves: SealedLeaves | None = None
        self._lives: Lifetimes | None = None
        self._gaps = Gaps()
        self._write_region = ""
        self._ahead: TilesAhead | None = None
        self._tip: int | None = None
        self._now = clock() // timestamp.SECOND
        self._limit = None if room is None else PageLimit(room, _LEAST, _MOST)

    def verdicts(self, progress: Progress | None = None) -> Iterator[Verdict]:
        """The verdicts, in order.

        The read units of a page are counted in the first verdict after it, so the verdicts sum to
        the cost. Entries under malformed keys have seq -1. If the store fails, the last verdict is
        UNVERIFIABLE at the first seq not reached. After an unexpected exception it is that too, and
        a failure: a sweep that ends early must not look complete. Raises `UsageError` for an
        unknown chain and for a ``since`` beyond its end.
        """
        if not self._layout.chained:
            why = f"UNVERIFIABLE: the layout {self._layout.name} has no hash chain."
            yield unverifiable(self._chain, 0, why)
            return
        try:
            yield from self._run(progress)
        except StoreError as error:
            why = f"UNVERIFIABLE: {error}"
            yield self._paid(unverifiable(self._chain, self._verified, why))
        except AuditError:
            raise
        except Exception as error:
            yield self._paid(unforeseen(self._chain, self._verified, error))

    def _run(self, progress: Progress | None) -> Iterator[Verdict]:
        if self._settings is not None:
            self._look_for_anchor(self._settings)
        self._indexes.compare()
        self._tip = self._reader.tip()
        total = None if self._tip is None else self._tip + 1 - self._since
        if self._since:
            yield from self._begin_at(self._since)
        read = 0
        for page in self._pages():
            if page and not read:
                # Read after the entries: the record is written together with the first one.
                self._registered = self._reader.registered()
                self._quick = self._quick and self._registered
            for place in map(self._reader.stored_entry, page):
                if place.seq > self._reached:
                    # A page is not a snapshot: an entry may have been written after it was read.
                    for late in self._reader.between(self._reached, place.seq - 1):
                        yield from self._take(late)
                held = self._place
                if self._ahead is not None and place.seq >= 0:
                    yield from self._ahead.append(place.seq, place.digest)
                if place.seq == self._reached and held is not None:
                    yield self._verify_quickly(held, place) or self._verify(held, place)
                    self._before, self._place = held, place
                    self._reached += 1
                else:
                    yield from self._take(place)
            read += len(page)
            if progress is not None:
                progress(read, total)
            if self._stop(read):
                return
        self._end()
        if self._place is not None:
            yield self._verify(self._place, None)
        known = self.found.known_size if self.found is not None else 0
        if not read and not self._since and not known:
            self._reader.demand_registered()
            known = 1
        if self._reached < known:
            yield from self._absent(self._reached, known - 1, self._reached - 1, None)
        if self._ahead is not None:
            yield from self._ahead.rest()

    def _pages(self) -> Iterator[Sequence[Item]]:
        if self._limit is None:
            return self._reader.pages(self._since, self._tip)
        self._limit.begin(self._reader.spent + self._sealed.spent)
        # Pages read ahead are charged whether they are used or not.
        return self._reader.pages(self._since, None, limit=self._limit.limit)

    def _stop(self, read: int) -> bool:
        """True when there is more to read after ``read`` entries, but the budget does not allow
        it."""
        if self._limit is None:
            return False
        fits = self._limit.fits(read, self._reader.spent + self._sealed.spent)
        if fits or self._tip is None or self._reached > self._tip:
            return False
        # The entry that is held back is verified by the sweep that continues.
        at = self._reached - (self._place is not None)
        if self._before is None or at <= self._since:
            # Nothing to remember or to continue from.
            return False
        self.stopped, self.last = at, self._before
        return True

    def left(self) -> float:
        """The read units that no verdict includes: those after the last one."""
        return self._reader.take() + self._sealed.take()

    def _paid(self, verdict: Verdict) -> Verdict:
        """``verdict`` with the read units used for it."""
        rcu = self._reader.take() + self._sealed.take()
        return msgspec.structs.replace(verdict, rcu=rcu) if rcu else verdict

    def _look_for_anchor(self, settings: VerificationSettings) -> None:
        pinned = settings.pinned(self._sealed)
        found = find_checkpoint(self._sealed, settings.trust)
        read = TileReader(self._sealed, settings.origin(self._chain, found.checkpoint), None)
        if found.checkpoint is not None:
            flaws = older_flaws(self._sealed, found, settings.trust, read, self._since)
            found = msgspec.structs.replace(found, flaws=(*found.flaws, *flaws))
        found = hold_against_pins(found, settings, self._sealed, read, pinned)
        self.found = found
        for point in self._demanded:
            why = contradiction(point, found.checkpoint, read, "is required")
            self.contradicted = self.contradicted or why
        if found.rewritten or found.flawed:
            self._quick = False
        if found.rewritten:
            self._write_region = self._reader.write_region()
        if found.checkpoint is not None and not found.rewritten:
            self._leaves = SealedLeaves(found.checkpoint, read)
        ahead = TilesAhead(self._sealed, found.checkpoint, read)
        if ahead.any and not found.rewritten:
            self._ahead, self._quick = ahead, False

    def _begin_at(self, since: int) -> Iterator[Verdict]:
        """Check the entry before the first, which must be the last one seen."""
        before = self._before = self._reader.get(since - 1)
        mark, end = self._mark, -1 if self._tip is None else self._tip
        gone = mark is not None and mark.expires_at is not None and mark.expires_at <= self._now
        if mark is not None and not gone and end + 1 < mark.size:
            yield self._paid(shorter(mark, end))
            return
        if mark is not None and mark.size == since and before is not None:
            if before.digest != mark.head:
                yield self._paid(another(mark, before.digest))
        elif mark is not None and mark.size == since and not gone:
            yield self._paid(another(mark, ""))
        if not gone and (self._tip is None or since > self._tip + 1):
            self._reader.demand_registered()
            where = "is empty" if self._tip is None else f"ends at {self._tip}"
            raise UsageError(f"The chain {self._chain} {where}.", "Give a smaller --since.")

    def _end(self) -> None:
        """Count what is not sealed, including entries that were not read."""
        self.last = self._place or self._before
        point = self.found.checkpoint if self.found is not None else None
        size = 0 if point is None else point.size
        if self.last is not None:
            self.unsealed = max(self.last.seq + 1 - size, 0)
        if self.unsealed and size < self._since:
            place = self._reader.get(size)
            if place is not None:
                self._unsealed(place)

    def _unsealed(self, place: StoredEntry) -> None:
        """Note when an entry beyond the checkpoint was recorded."""
        if place.entry is not None:
            try:
                recorded = timestamp.parse(place.entry.recorded_at)
            except ValueError:
                recorded = 0  # an invalid time counts as older than any limit
            self.oldest = recorded if self.oldest is None else min(self.oldest, recorded)

    def _take(self, place: StoredEntry) -> Iterator[Verdict]:
        """The verdicts that are final once ``place`` is known."""
        if place.seq < 0:
            yield self._paid(verify_links(place, None, None, steps=self._steps))
            return
        gap = place.seq > self._reached
        if self._place is not None:
            yield self._verify(self._place, None if gap else place)
        if gap:
            yield from self._absent(self._reached, place.seq - 1, place.seq, place)
            self._before = None
        else:
            self._before = self._place or self._before
        self._place = place
        self._reached = place.seq + 1

    def _verify_quickly(self, place: StoredEntry, after: StoredEntry) -> Verdict | None:
        """Like `_verify`, for a sound entry; None if there is more to report."""
        expires = place.entry.expires_at if place.entry is not None else None
        if (
            not self._quick
            or self._reader.spent
            or self._sealed.spent
            or (expires is not None and expires <= self._now)
            or place.seq in self._indexes.faults
            or not links_hold(place, self._before, after)
        ):
            return None
        seq, leaves = place.seq, self._leaves
        if leaves is None or seq >= leaves.size:
            self._unsealed(place)
            verdict = chained(place)
        else:
            leaf = leaves.leaf(seq)
            if isinstance(leaf, str) or leaf.hex() != place.digest:
                return None
            verdict = Verdict(place.chain, seq, "ANCHORED", ANCHORED)
        self._verified = seq + 1
        return verdict

    def _verify(self, place: StoredEntry, after: StoredEntry | None) -> Verdict:
        """The verdict on the entry held back."""
        seq, leaves = place.seq, self._leaves
        leaf = leaves.leaf(seq) if leaves is not None and seq < leaves.size else None
        if leaf is None:
            self._unsealed(place)
        verdict = self._linked(place, after, self._steps)
        if self.found is not None:
            verdict = self._under_checkpoint(verdict, place, after, leaf, self.found)
        verdict = self._indexes.with_faults(verdict, place)
        if place.expired(self._now):
            verdict = msgspec.structs.replace(verdict, expired=True)
        self._verified = seq + 1
        return self._paid(verdict) if self._reader.spent or self._sealed.spent else verdict

    def _linked(self, place: StoredEntry, after: StoredEntry | None, steps: bool) -> Verdict:
        verdict = verify_links(place, self._before, after, steps=steps)
        return with_registry(verdict, self._registered, steps=steps)

    def _under_checkpoint(
        self, verdict: Verdict, place: StoredEntry, after: StoredEntry | None,
        leaf: bytes | str | None, found: FoundCheckpoint,
    ) -> Verdict:  # fmt: skip
        if not self._steps and verdict.verdict in ("CHAINED", "UNANCHORED"):
            if leaf is None and not (found.rewritten or found.flawed):
                return verdict
            if isinstance(leaf, bytes) and leaf.hex() == place.digest and not found.flawed:
                return Verdict(place.chain, place.seq, "ANCHORED", ANCHORED)
            verdict = self._linked(place, after, True)
        if leaf is None:
            return verify_under_checkpoint(verdict, place, found, None, self._write_region)
        inclusion = (
            Inclusion(place.seq, fault=leaf)
            if isinstance(leaf, str)
            else Inclusion(place.seq, leaf)
        )
        return verify_under_checkpoint(verdict, place, found, inclusion, self._write_region)

    def _absent(
        self, first: int, last: int, tip: int, after: StoredEntry | None
    ) -> Iterator[Verdict]:
        """Verdicts on a run of absent entries that begins after the last one verified."""
        if self._lives is None:
            self._read_signed()
        assert self._lives is not None
        absence = Absence(
            self._chain, self._lives, self._gaps, self._leaf, before=self._place or self._before,
            after=after, tip=tip, found=self.found, write_region=self._write_region,
        )  # fmt: skip
        for verdict in absence.verdicts(first, last):
            yield self._paid(verdict)
        self._verified = last + 1

    def _read_signed(self) -> None:
        """Read what decides about absent entries, besides their neighbours."""
        self._lives = Lifetimes(self._now)
        self._write_region = self._reader.write_region()
        if self._settings is not None:
            self._lives = lifetimes(self._sealed, self._settings.trust, self._now)
            self._gaps = signed_gaps(self._sealed, self._settings.trust)

    def _leaf(self, seq: int) -> bytes | str | None:
        leaves = self._leaves
        return leaves.leaf(seq) if leaves is not None and seq < leaves.size else None
