"""Follows an index by polling its newest end, for layouts without chains.

Each poll begins an overlap before the place that the last successful poll reached, and rows already
yielded are dropped by their keys. That place is the newest entry seen, not the clock's time, so
that a wrong clock skips no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from hashlib import blake2b

import msgspec

from audittui import timestamp
from audittui.investigate.asker import Asker, AskingBudgetError, AskingCancelledError
from audittui.investigate.tail.cursor import MARK_BYTES, TailCursor, WindowPlace
from audittui.investigate.tail.pace import Interval, Pace
from audittui.investigate.tail.source import Backlog, Round
from audittui.layout.row import Row
from audittui.query.execution import Execution
from audittui.query.result import Meter, ResultPage
from audittui.runbook.estimate import LEAST_UNITS
from audittui.runbook.plan import Order, Plan, Window
from audittui.runbook.timerange import duration_text

MARGIN = 10 * timestamp.SECOND
"""The overlap beyond the index lag that the store reports."""
_WIDEST = 15 * 60 * timestamp.SECOND
_AHEAD = 5 * 60 * timestamp.SECOND
"""How far ahead of the clock a poll looks."""
_BACK = timestamp.DAY
"""How far before the present the newest entry is looked for."""
_CLOCK_STEP = 2 * timestamp.SECOND
_PAUSE_WORTH_SAYING = 60 * timestamp.SECOND
MAX_MARKS = 50_000
"""The number of keys remembered, so that no row is yielded twice."""
CURSOR_MARKS = 1_000
_NOWHERE = timestamp.MIN_TIME


class WindowSource:
    """Polls the index of the plan that ``plan_for`` makes of a window and an order.

    ``wanted`` selects the rows to yield. ``since`` (microseconds) says where to begin, None after
    the first poll. ``place`` resumes from a cursor. ``now`` returns the wall clock's microseconds,
    ``clock`` monotonic seconds.
    """

    def __init__(
        self,
        plan_for: Callable[[Window, Order], Plan],
        asker: Asker,
        wanted: Callable[[Row], bool],
        *,
        since: int | None,
        place: WindowPlace | None,
        interval: Interval,
        clock: Callable[[], float],
        now: Callable[[], int],
    ) -> None:
        self._plan_for = plan_for
        self._asker = asker
        self._wanted = wanted
        self._interval = interval
        self._pace = Pace(interval)
        self._clock = clock
        self._now = now
        self._since = since
        self._running: Execution | None = None
        self._marks: dict[bytes, int] = {}
        self._overlap = asker.store.index_lag + MARGIN
        self._horizon = _NOWHERE
        self._newest = _NOWHERE
        self._last_look: tuple[int, float] | None = None
        self._partitions = 1
        self._due = 0.0
        self._baseline = False
        self._unsought = False
        if place is not None:
            self._recall(place)
        elif since is not None:
            self._start = self._begin = since
        else:
            self._start = self._begin = now()
            self._unsought = self._baseline = True
        self._began = now()
        self.label = plan_for(Window(self._start, None), "oldest").index.label

    @property
    def due(self) -> float:
        """When the next poll is."""
        return self._due

    @property
    def floor(self) -> float:
        """Read units per hour while nothing happens: half a unit for each partition and poll."""
        return self._interval.polls_per_hour * self._partitions * 0.5

    @property
    def notes(self) -> tuple[str, ...]:
        """What polling cannot guarantee."""
        return (
            f"{self.label} is polled with an overlap of {duration_text(self._overlap)}: an entry "
            "that appears more than that after a newer one may be missed.",
        )

    def cancel(self) -> None:
        """Abandon the poll in progress."""
        running = self._running
        if running is not None:
            running.cancel()

    def place(self, cursor: TailCursor) -> TailCursor:
        """``cursor`` with where the next poll begins and the keys that it will meet again."""
        start, horizon = self._start, self._horizon
        kept = sorted(
            ((tick, mark) for mark, tick in self._marks.items() if tick >= self._tick_floor(start)),
            reverse=True,
        )
        if len(kept) > CURSOR_MARKS:
            # Whole ticks only: rows of a split tick would come again.
            horizon = max(horizon, kept[CURSOR_MARKS - 1][0])
            kept = [one for one in kept if one[0] >= horizon]
        horizon = max(horizon, self._tick_floor(start))
        place = WindowPlace(
            start=max(start, horizon), begin=self._begin, horizon=horizon, newest=self._newest,
            overlap=self._overlap, marks=b"".join(mark for _, mark in kept),
            ticks=tuple(tick for tick, _ in kept),
        )  # fmt: skip
        return msgspec.structs.replace(cursor, window=place)

    def backlog(self) -> Backlog:
        """The estimate of the plan; nothing is read."""
        if self._unsought:
            return Backlog(0, 0.0)
        estimate = self._plan_for(Window(self._start, None), "oldest").estimate
        if estimate.rcu_likely is None:
            return Backlog(None, estimate.rcu_low)
        return Backlog(None, estimate.rcu_likely)

    def rest(self, room: int | None) -> tuple[Row, ...]:
        """None: a poll yields all that it reads."""
        return ()

    def poll(self, room: int | None) -> Iterator[Round]:
        """Read from the overlap on. A poll that fails leaves the start where it was."""
        present = self._now()
        missed = self._look_at_clock(present)
        if self._unsought:
            self._find_newest(present)
        end = max(present, self._newest, self._start) + _AHEAD
        plan = self._plan_for(Window(self._start, end), "oldest")
        self._partitions = len(plan.shards)
        reached = min(present, self._newest)
        baseline, news = self._baseline, False
        with closing(self._pages(plan)) as pages:
            for rows in pages:
                given: list[Row] = []
                last = _NOWHERE
                for row in rows:
                    if room is not None and len(given) == room:
                        break
                    last = row.tick
                    if self._mark(row) and not baseline:
                        missed += self._lateness(row, reached)
                        if self._is_given(row):
                            given.append(row)
                            news = True
                if plan.index.sorted_by_time:
                    # Rows come in exact order, so all before this one are processed.
                    self._start = max(self._start, min(present, last) - self._overlap)
                if room is not None:
                    room -= len(given)
                if given or missed:
                    yield Round(tuple(given), tuple(missed), more=True)
                    missed = []
                if room == 0:
                    return
        self._start = max(self._next_start(present), self._begin, self._horizon)
        self._baseline = False
        self._due = self._clock() + self._pace.after(news)
        yield Round((), tuple(missed))

    def _is_given(self, row: Row) -> bool:
        if self._since is not None and max(row.time, row.tick) < self._since:
            return False
        return self._wanted(row)

    def _pages(self, plan: Plan) -> Generator[tuple[Row, ...]]:
        """The rows of a plan, unfiltered, so that the newest is known. Metered."""
        everything = msgspec.structs.replace(
            plan, filters=(), row_filters=(), window=Window(None, None)
        )
        for page in self._run(everything, None):
            yield page.rows

    def _run(self, plan: Plan, limit: int | None) -> Iterator[ResultPage]:
        """The pages of a plan, metered. Raises `StoreError`, `AskingCancelledError`,
        `AskingBudgetError`."""
        left = self._asker.left
        if left is not None and left < LEAST_UNITS:
            raise AskingBudgetError
        execution = Execution(
            plan, self._asker.store, limit=limit, max_rcu=left, notify=self._asker.notify,
            now=self._now(),
        )  # fmt: skip
        self._running = execution
        before = Meter()
        try:
            if self._asker.cancelled.is_set():
                raise AskingCancelledError
            for page in execution.pages():
                self._spend(before, page.meter)
                before = page.meter
                yield page
                if page.coverage.stop == "cancelled":
                    raise AskingCancelledError
                if page.coverage.stop == "budget":
                    raise AskingBudgetError
            if execution.error is not None:
                raise execution.error
        finally:
            execution.cancel()
            self._running = None

    def _spend(self, before: Meter, after: Meter) -> None:
        self._asker.spend(
            requests=after.requests - before.requests,
            pages=after.pages - before.pages,
            scanned=after.scanned - before.scanned,
            rcu=after.rcu - before.rcu,
            unmetered=after.unmetered - before.unmetered,
        )

    def _find_newest(self, present: int) -> None:
        """Begin an overlap before the newest entry."""
        plan = self._plan_for(Window(present - _BACK, None), "newest")
        if plan.index.sorted_by_time:
            everything = msgspec.structs.replace(
                plan, filters=(), row_filters=(), window=Window(None, None)
            )
            for page in self._run(everything, 1):
                for row in page.rows:
                    self._newest = max(self._newest, row.tick)
        self._start = self._begin = self._next_start(present)
        self._unsought = False

    def _next_start(self, present: int) -> int:
        reached = max(min(present, self._newest), present - _BACK)
        return reached - self._overlap

    def _mark(self, row: Row) -> bool:
        """Remember a row; False when it was processed before."""
        self._newest = max(self._newest, row.tick)
        if row.tick < self._horizon:
            return False
        mark = blake2b(repr(row.key).encode("utf-8", "surrogatepass"), digest_size=MARK_BYTES)
        key = mark.digest()
        if key in self._marks:
            return False
        self._marks[key] = row.tick
        if len(self._marks) > MAX_MARKS:
            self._forget()
        return True

    def _forget(self) -> None:
        """Drop the older half of the marks, in whole ticks, and ignore earlier rows from now on."""
        ticks = sorted(self._marks.values())
        self._horizon = max(self._horizon, ticks[len(ticks) // 2])
        self._marks = {mark: tick for mark, tick in self._marks.items() if tick >= self._horizon}

    def _lateness(self, row: Row, reached: int) -> list[str]:
        """Widen the overlap when an entry was nearly too late to be seen."""
        late = reached - row.tick
        if late * 2 <= self._overlap or self._overlap >= _WIDEST:
            return []
        was, self._overlap = self._overlap, min(late * 2, _WIDEST)
        return [
            f"An entry appeared {_rounded(late)} after a newer one. The overlap is now "
            f"{duration_text(self._overlap)} instead of {duration_text(was)}; other entries that "
            "late may have been missed."
        ]

    def _look_at_clock(self, present: int) -> list[str]:
        """Report what the clock did since the last poll, if it matters."""
        moment = self._clock()
        before, self._last_look = self._last_look, (present, moment)
        if before is None:
            return []
        passed = int((moment - before[1]) * timestamp.SECOND)
        drift = present - before[0] - passed
        if drift < -_CLOCK_STEP:
            said = f"The clock was set back by {_rounded(-drift)}"
            if -drift <= _BACK:
                self._asker.notify(f"{said}; nothing is lost.")
                return []
            # Even the beginning was off by more than the span that is searched.
            self._begin = min(self._begin, self._began + drift - self._overlap)
            return [f"{said}: earlier entries may have been missed."]
        if max(drift, passed) > _PAUSE_WORTH_SAYING + self._interval.slowest * timestamp.SECOND:
            self._asker.notify(
                f"Nothing was read for {_rounded(max(drift, passed))}; resuming from "
                f"{timestamp.short(self._start)}, where the last poll ended."
            )
        return []

    def _tick_floor(self, micros: int) -> int:
        return micros - micros % timestamp.SECOND

    def _recall(self, place: WindowPlace) -> None:
        self._start, self._begin = place.start, place.begin
        self._horizon, self._newest = place.horizon, place.newest
        self._overlap = place.overlap
        marks = [place.marks[at : at + MARK_BYTES] for at in range(0, len(place.marks), MARK_BYTES)]
        self._marks = dict(zip(marks, place.ticks, strict=False))


def _rounded(micros: int) -> str:
    return duration_text(max(micros - micros % timestamp.SECOND, timestamp.SECOND))
