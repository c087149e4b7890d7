"""Runs a plan on a store and yields its pages lazily.

Rows come in exact order: by time, then chain, then seq. Items with equal sort keys arrive in an
undefined order, so a row is given only once every unfinished stream has strictly passed it.

The reader's thread schedules and merges; pool threads ask and decode. Whatever lands is taken at
once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from audittui import timestamp
from audittui.errors import AuditError, UsageError
from audittui.layout.row import Row
from audittui.query.cost import STEP, Costs, TokenBucket
from audittui.query.count_only import counted_window, refuse_uncountable
from audittui.query.cursor import Cursor, check_cursor, decode_cursor, encode_cursor, plan_digest
from audittui.query.decode import Decoder
from audittui.query.front import Front
from audittui.query.position import beginning, chains_of, far_edge, taken_up
from audittui.query.requests import Arrival, Requests
from audittui.query.result import Coverage, Meter, ResultPage, Stop, Tied
from audittui.query.stream import END, NOWHERE
from audittui.query.tally import Tally
from audittui.runbook.plan import Plan
from audittui.store.port import Store

MOST_ROWS = 8192
"""A page for the reader has rarely more rows."""
_BEAT = 0.25
_GRACE = 1.0


class Execution:
    """One run of a plan. ``latest`` is the last page given.

    ``limit`` is a number of rows, ``max_rcu`` a budget in read units, ``rate`` a rate in read units
    per second, ``cursor`` where an earlier run stopped. ``page_rows`` asks for small first pages
    (for a screen); None for pages as large as the store gives. ``drain``: everything is wanted, so
    a partition is read at several places at once. ``count``: pages carry no rows,
    ``meter.matched`` counts, and ``tally`` says of which chains. ``notify`` is told in a sentence
    about waits, from any thread. Raises `UsageError` for a cursor that is damaged or belongs to
    another run, for a plan that cannot be counted, and for a rate that is not above 0.
    """

    def __init__(
        self,
        plan: Plan,
        store: Store,
        *,
        limit: int | None = None,
        max_rcu: float | None = None,
        cursor: str = "",
        page_rows: int | None = None,
        notify: Callable[[str], None] | None = None,
        now: int | None = None,
        rate: float | None = None,
        drain: bool = False,
        count: bool = False,
    ) -> None:
        self.plan = plan
        self.error: AuditError | None = None
        self.latest: ResultPage
        self.tally = Tally()
        self._store = store
        self._limit = limit
        self._counts = count
        if count:
            refuse_uncountable(plan)
        if rate is not None and rate <= 0:
            raise UsageError("A rate of 0 RCU/s reads nothing.", "Give a number above 0.")
        self._newest = plan.order == "newest"
        self._digest = plan_digest(plan, count=count)
        self._now = timestamp.now() if now is None else now
        resume = None
        if cursor:
            resume = decode_cursor(cursor)
            check_cursor(resume, self._digest)
        self._resume = resume
        # Clocks differ, and a run that goes on knows of its first rows only as they were then.
        self._as_of = max(self._now, plan.now)
        if resume is not None and self._newest:
            self._as_of = resume.now
        self._present = (plan.now or self._now) if resume is None else resume.now
        after = resume.last_order if resume else None
        start = beginning(plan) if resume is None else taken_up(plan, resume)
        self._late = start.late
        self._front = Front(plan, start)
        self._start = self._front.barrier
        bucket = TokenBucket(rate, time.monotonic()) if rate is not None else None
        self._costs = Costs(max_rcu, bucket, plan.spent_rcu)
        self._requests = Requests(
            plan, store, self._front, Decoder(plan, after, count=count), self._costs,
            page_rows=page_rows, limit=limit, count=count, notify=notify or (lambda _: None),
        )  # fmt: skip
        self._requests.everywhere = drain
        self._meter = Meter(requests=plan.spent_requests, rcu=plan.spent_rcu)
        self._last: Row | None = None
        self._last_order = after
        self._given = 0
        self._far: float = NOWHERE
        if resume is not None and resume.reached is not None:
            self._far = -resume.reached if self._newest else resume.reached
        self._more = False
        self._cancelled = False

    def cancel(self) -> None:
        """Stop at once; what was read is kept. Callable from any thread and signal handler."""
        self._cancelled = True
        self._requests.close()

    def drain(self) -> None:
        """From now on everything is wanted. Callable from any thread."""
        self._requests.everywhere = True
        self._requests.wake()

    def pages(self) -> Iterator[ResultPage]:
        """The pages of the result, read as they are asked for. The last one says why it ended.

        Pages may be empty while the run is searching. Errors of the store do not raise: they end
        the run with ``coverage.stop == "error"`` and are kept in ``error``.
        """
        try:
            yield from self._run()
        finally:
            self._abandon()

    def _run(self) -> Iterator[ResultPage]:
        shown, pages_shown = time.monotonic(), self._meter.pages
        deadline = END
        ending: Stop = ""
        while True:
            while (arrival := self._requests.receive(0.0)) is not None:
                self._take(arrival)
            rows, cut = self._give()
            ending = stop = ending or self._ending(cut)
            now = time.monotonic()
            done = not self._front.unfinished
            if stop and self._more and not self._cancelled:
                stop = ""
            elif stop and self._requests.flying and not self._cancelled:
                # What is in flight is paid: a moment for its rows and its cost.
                deadline = min(deadline, now + _GRACE)
                stop = "" if now < deadline else stop
            over = done or bool(stop)
            if over:
                self._abandon()
            beat = self._meter.pages != pages_shown and now - shown >= _BEAT
            if rows or over or beat:
                if not ending and not over and self._limit is None:
                    # The next page is on its way while this one is read.
                    self._launch()
                yield self._page(rows, "" if done else stop)
                if over:
                    return
                if rows:
                    self._requests.grow()
                shown, pages_shown = time.monotonic(), self._meter.pages
            elif ending or self._launch() or self._requests.flying or self._requests.paused_until:
                self._wait(deadline, shown if self._meter.pages != pages_shown else None)
            else:
                ending = "budget"

    def _launch(self) -> bool:
        sent = self._requests.launch(self._given)
        self._plus(requests=sent)
        return sent > 0

    def _ending(self, cut: bool) -> Stop:
        """Why the run must end, or nothing."""
        if self._cancelled:
            return "cancelled"
        if self.error is not None:
            return "error"
        if cut or (self._limit is not None and self._given >= self._limit):
            return "limit"
        return ""

    def _wait(self, deadline: float, shown: float | None) -> None:
        """Wait until something lands, or somebody calls, or it is time to show or to send."""
        moments = [deadline]
        if shown is not None:
            moments.append(shown + _BEAT)
        if self._requests.paused_until is not None:
            moments.append(self._requests.paused_until)
        until = min(moments)
        arrival = self._requests.receive(
            None if until == END else max(until - time.monotonic(), 0.0)
        )
        if arrival is not None:
            self._take(arrival)

    def _take(self, arrival: Arrival) -> None:
        """Count what an answer cost; an error ends the run."""
        landed = arrival.landed
        self._plus(unmetered=arrival.unmetered)
        if landed is None:
            self.error = self.error or arrival.error
            return
        spent = dict(self._meter.by_index)
        for name, units in landed.by_index:
            spent[name] = spent.get(name, 0.0) + units
        self._plus(pages=1, scanned=landed.scanned, rcu=landed.rcu, by_index=tuple(spent.items()))
        if self._counts:
            counted = arrival.stream.counted()
            self.tally.add(counted)
            self._plus(matched=counted.matched)

    def _give(self) -> tuple[list[Row], bool]:
        """The rows that may be given now, and whether the limit cut some off."""
        rows, barrier = self._front.ready(MOST_ROWS)
        self._more = barrier < self._front.barrier
        if not rows:
            return rows, False
        left = len(rows) if self._limit is None else max(self._limit - self._given, 0)
        cut = len(rows) > left
        if cut:
            self._more = False
            rows = rows[:left]
            timed = self.plan.index.sorted_by_time
            barrier = NOWHERE
            if rows and timed:
                # Ties of the last row are read again, and those that were given skipped.
                barrier = -rows[-1].tick if self._newest else rows[-1].tick
        if rows:
            self._last = rows[-1]
            self._last_order = rows[-1].order
            self._given += len(rows)
            self._plus(returned=len(rows))
        self._front.drop(barrier)
        return rows, cut

    def _abandon(self) -> None:
        """Leave what is in flight alone: nobody waits for it, its cost stays unknown."""
        unsent, unmetered = self._requests.abandon()
        self._plus(requests=-unsent, unmetered=unmetered)

    def _plus(self, **changes: Any) -> None:
        meter = self._meter
        for name, value in changes.items():
            if name != "by_index":
                changes[name] = getattr(meter, name) + value
        self._meter = msgspec.structs.replace(meter, **changes)

    def _page(self, rows: list[Row], stop: Stop) -> ResultPage:
        coverage = self._coverage(stop)
        # A cursor that only leads back here helps nobody.
        cursor = "" if coverage.finished or coverage.tied is not None else self._cursor(coverage)
        self.latest = ResultPage(tuple(rows), coverage, self._meter, cursor)
        return self.latest

    def _coverage(self, stop: Stop) -> Coverage:
        window = counted_window(self.plan) if self._counts else self.plan.window
        unfinished = self._front.unfinished
        lag = self._store.index_lag if self.plan.index.name else 0
        settled = self._as_of - lag
        unsettled = None
        if lag and (window.end is None or window.end > settled):
            unsettled = settled
            resume = self._resume
            if resume is not None and not self._newest and resume.last is not None:
                # What was given before was read when its indexes may have lagged.
                unsettled = min(unsettled, max(resume.now - lag, 0))
            if window.start is not None:
                unsettled = max(unsettled, window.start)
        return Coverage(
            window=window,
            order=self.plan.order,
            partitions=len(self.plan.shards),
            partitions_read=len(self.plan.shards) - unfinished,
            reached=self._reached() if unfinished else None,
            stop=stop,
            error=self.error.message if self.error is not None else "",
            as_of=self._as_of,
            ahead=self.plan.window.end is not None and self.plan.window.end > self._as_of,
            unsettled=unsettled,
            budget=self._costs.budget if stop == "budget" else None,
            rcu=self._meter.rcu,
            tied=self._tied() if stop == "budget" else None,
            begun=None if self._resume is None else self._resume.now,
            late=self._late,
        )

    def _tied(self) -> Tied | None:
        """What keeps a cursor from getting anywhere with this budget; None where it does."""
        if self._given or self._front.moved(self._meter.rcu - self.plan.spent_rcu):
            return None
        barrier = self._front.barrier
        rows, behind = self._front.tied(barrier)
        time = None
        if self.plan.index.sorted_by_time and rows:
            time = int(-barrier if self._newest else barrier)
        else:
            rows = self._front.waiting
        return Tied(rows, time, self._meter.rcu + max(behind, 1) * STEP)

    def _reached(self) -> int | None:
        """The time up to which every row was given, in this run and those before it."""
        barrier = self._front.barrier
        sign = -1 if self._newest else 1
        if self._last is not None:
            last: float = sign * self._last.time
        elif self._last_order is not None:
            last = sign * self._last_order[1]
        else:
            last = NOWHERE
        if barrier in (END, NOWHERE) or (self._limit is not None and self._given >= self._limit):
            reached = last
        elif self._front.holds_at(barrier):
            # Ties are held back: the last row given is what people see.
            reached = last
        elif barrier <= self._start and (last == NOWHERE or not self._meter.pages):
            reached = last
        else:
            # Entries of the barrier's own tick are still to come, wherever in it they lie.
            reached = barrier - (self.plan.index.tick - 1 if self._newest else 0)
        self._far = max(self._far, reached)
        return None if self._far == NOWHERE else sign * int(self._far)

    def _cursor(self, coverage: Coverage) -> str:
        position, shards = self._front.position, self.plan.shards
        return encode_cursor(
            Cursor(
                version=2,
                plan=self._digest,
                last=None if self._last_order is None else list(self._last_order),
                now=self._present,
                index=self.plan.index.name,
                chains=chains_of(self.plan),
                shards={shards[place].partition: key for place, key in position.keys.items()},
                unread=shards[position.unread].partition if position.unread < len(shards) else None,
                edge=far_edge(self.plan),
                begins={shards[place].partition: at for place, at in position.begins.items()},
                heads={shards[place].partition: at for place, at in position.heads.items()},
                reached=coverage.reached,
                late=self._late,
            )
        )
