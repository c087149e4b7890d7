"""Runs a plan on a store and yields its pages lazily (DESIGN §5).

Rows come in exact order: by time, then chain, then seq. Items with equal sort keys arrive in an
undefined order, so a row is given only once every unfinished stream has strictly passed it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from functools import partial

from audittui import timestamp
from audittui.errors import AuditError, StoreError
from audittui.layout.row import Row
from audittui.query.cursor import Cursor, check_cursor, decode_cursor, encode_cursor, plan_digest
from audittui.query.pool import submit
from audittui.query.result import Coverage, Meter, ResultPage, Stop
from audittui.query.stream import Stream
from audittui.runbook.plan import Plan
from audittui.store.port import Page, Query, Store

MAX_IN_FLIGHT = 16
"""Requests at once."""
_WAITS = (0.5, 1.0, 2.0, 4.0)
_POLL = 0.05
_FILTER_MARGIN = 100
_GUESSED_ITEM_BYTES = 1024
_BYTES_PER_UNIT = 8192


class Execution:
    """One run of a plan. ``latest`` is the last page given.

    ``limit`` is a number of rows, ``max_rcu`` a budget in read units, ``cursor`` where an earlier
    run stopped. ``page_rows`` asks for small pages (for a screen); None for pages as large as the
    store gives. ``notify`` is told in a sentence about waits. Raises `UsageError` for a cursor that
    is damaged or belongs to another plan.
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
    ) -> None:
        self.plan = plan
        self.error: AuditError | None = None
        self.latest: ResultPage
        self._store = store
        self._limit = limit
        self._max_rcu = max_rcu
        self._page_rows = page_rows
        self._notify = notify or (lambda _: None)
        self._cancelled = threading.Event()
        self._newest = plan.order == "newest"
        self._digest = plan_digest(plan)
        self._now = timestamp.now() if now is None else now
        self._last: Row | None = None
        resume = None
        if cursor:
            resume = decode_cursor(cursor)
            check_cursor(resume, plan)
        after = resume.last_order if resume else None
        self._streams = [
            Stream(plan, place, resume.shards[place] if resume else None, after)
            for place in range(len(plan.shards))
            if resume is None or place in resume.shards
        ]
        self._last_order = after
        self._meter = Meter(requests=plan.spent_requests, rcu=plan.spent_rcu)
        self._width = 1
        self._flights: dict[Stream, Future[Page]] = {}

    def cancel(self) -> None:
        """Stop as soon as may be; what was read is kept. Callable from any thread."""
        self._cancelled.set()

    def pages(self) -> Iterator[ResultPage]:
        """The pages of the result, read as they are asked for. The last one says why it ended.

        Pages may be empty while the run is searching. Errors of the store do not raise: they end
        the run with ``coverage.stop == "error"`` and are kept in ``error``.
        """
        given = 0
        while True:
            stop = self._read_round(given)
            rows = self._ready()
            if stop == "" and self._limit is not None and given + len(rows) >= self._limit:
                rows = rows[: self._limit - given]
                stop = "limit"
            self._mark(rows)
            given += len(rows)
            done = all(stream.finished for stream in self._streams)
            if done and stop == "limit":
                stop = ""
            self._width = 1 if rows else min(self._width * 2, MAX_IN_FLIGHT)
            over = bool(stop) or done
            if over:
                self._abandon()
            elif self._limit is None:
                # The next page is on its way while this one is read.
                self._launch(given)
            self.latest = self._page(rows, stop)
            yield self.latest
            if over:
                return

    def _page(self, rows: list[Row], stop: Stop) -> ResultPage:
        meter = self._meter
        coverage = self._coverage(stop)
        complete = coverage.complete
        return ResultPage(tuple(rows), coverage, meter, "" if complete else self._cursor())

    def _read_round(self, given: int) -> Stop:
        """Read until some stream moved on; why the run must end, or nothing."""
        if self._cancelled.is_set():
            return "cancelled"
        if not self._flights and not self._launch(given):
            return "budget" if any(not stream.ended for stream in self._streams) else ""
        while True:
            done, _ = wait(self._flights.values(), timeout=_POLL, return_when=FIRST_COMPLETED)
            if self._cancelled.is_set():
                return "cancelled"
            if len(done) == len(self._flights):
                break
        stop: Stop = ""
        flights, self._flights = self._flights, {}
        for stream, flight in flights.items():
            failure = flight.exception()
            if failure is None:
                page = flight.result()
                self._count(page)
                stream.take(page, self._wanted)
            elif isinstance(failure, AuditError):
                self.error = failure
                self._meter = _plus(self._meter, unmetered=1)
                stop = "error"
            else:
                raise failure
        return stop

    def _launch(self, given: int) -> bool:
        """Send the next round of requests; False when the budget allows none."""
        if self._cancelled.is_set():
            return False
        chosen = self._choose()
        if not chosen:
            return False
        limit = self._request_limit(given, len(chosen))
        if limit == 0:
            return False
        self._meter = _plus(self._meter, requests=len(chosen))
        for stream in chosen:
            request = stream.request(limit)
            self._flights[stream] = submit(partial(self._ask, request))
        return True

    def _choose(self) -> list[Stream]:
        """The streams to read next: those that hold the others up, in the nearest buckets."""
        unread = [stream for stream in self._streams if not stream.ended]
        if not unread:
            return []
        buckets: list[int] = []
        for stream in unread:
            if stream.shard.bucket not in buckets:
                buckets.append(stream.shard.bucket)
            if len(buckets) == self._width:
                break
        near = [stream for stream in unread if stream.shard.bucket in buckets]
        first = min(stream.frontier for stream in near)
        chosen = [stream for stream in near if stream.frontier == first or not stream.waiting]
        return chosen[:MAX_IN_FLIGHT]

    def _request_limit(self, given: int, requests: int) -> int | None:
        limits = []
        if self._page_rows is not None:
            limits.append(self._page_rows)
        if self._limit is not None:
            wanted = self._limit - given + 1
            filtered = self.plan.filters or self.plan.row_filters
            limits.append(max(wanted, _FILTER_MARGIN) if filtered else wanted)
        if self._max_rcu is not None:
            left = self._max_rcu - self._meter.rcu
            if left < 0.5 * requests and self._meter.requests:
                return 0
            each = left / requests * _BYTES_PER_UNIT
            limits.append(max(int(each / self._item_bytes()), 1))
        return min(limits) if limits else None

    def _item_bytes(self) -> float:
        if not self._meter.scanned:
            return _GUESSED_ITEM_BYTES
        return max(self._meter.rcu * _BYTES_PER_UNIT / self._meter.scanned, 64)

    def _ask(self, request: Query) -> Page:
        for seconds in (*_WAITS, None):
            try:
                return self._store.query(request)
            except StoreError as error:
                if error.kind not in ("throttled", "network") or seconds is None:
                    raise
                self._notify(f"{error.message} Trying again in {seconds:g} s.")
                if self._cancelled.wait(seconds):
                    raise
        raise AssertionError("the last wait is None")

    def _wanted(self, row: Row) -> bool:
        if not self.plan.window.contains(row.time):
            return False
        for condition in self.plan.row_filters:
            inside = getattr(row, condition.field) in condition.values
            if inside != (condition.operator == "in"):
                return False
        return True

    def _barrier(self) -> float:
        return min((stream.frontier for stream in self._streams), default=float("inf"))

    def _ready(self) -> list[Row]:
        barrier = self._barrier()
        rows = [row for stream in self._streams if stream.waiting for row in stream.give(barrier)]
        rows.sort(key=lambda row: row.order, reverse=self._newest)
        return rows

    def _mark(self, rows: list[Row]) -> None:
        if not rows:
            return
        self._last = rows[-1]
        self._last_order = rows[-1].order
        for stream in self._streams:
            if stream.waiting:
                stream.given(self._last_order)
        self._meter = _plus(self._meter, returned=len(rows))

    def _count(self, page: Page) -> None:
        self._meter = _plus(
            self._meter, pages=1, scanned=page.scanned, rcu=page.rcu, unmetered=page.unmetered
        )

    def _abandon(self) -> None:
        """Leave what is in flight alone: nobody waits for it, its cost stays unknown."""
        flights, self._flights = self._flights, {}
        for flight in flights.values():
            if flight.done() and flight.exception() is None:
                self._count(flight.result())
            else:
                self._meter = _plus(self._meter, unmetered=1)

    def _coverage(self, stop: Stop) -> Coverage:
        window = self.plan.window
        waiting = [stream for stream in self._streams if not stream.finished]
        reached: int | None = None
        if waiting and self._meter.pages:
            barrier = self._barrier()
            if any(stream.waiting for stream in waiting) or barrier in (float("inf"), _NOWHERE):
                reached = self._last.time if self._last is not None else None
            else:
                reached = int(barrier) * (-1 if self._newest else 1)
        lag = self._store.index_lag if self.plan.index.name else 0
        unsettled = None
        if lag and (window.end is None or window.end > self._now - lag):
            unsettled = self._now - lag
            if window.start is not None:
                unsettled = max(unsettled, window.start)
        return Coverage(
            window=window,
            order=self.plan.order,
            partitions=len(self.plan.shards),
            partitions_read=len(self.plan.shards) - len(waiting),
            reached=reached,
            stop=stop,
            error=self.error.message if self.error is not None else "",
            as_of=self._now,
            unsettled=unsettled,
        )

    def _cursor(self) -> str:
        return encode_cursor(
            Cursor(
                version=1,
                plan=self._digest,
                last=None if self._last_order is None else list(self._last_order),
                shards={
                    stream.place: stream.safe_key for stream in self._streams if not stream.finished
                },
                now=self.plan.now or self._now,
            )
        )


_NOWHERE = float("-inf")


def _plus(
    meter: Meter,
    *,
    requests: int = 0,
    pages: int = 0,
    scanned: int = 0,
    returned: int = 0,
    rcu: float = 0.0,
    unmetered: int = 0,
) -> Meter:
    return Meter(
        requests=meter.requests + requests,
        pages=meter.pages + pages,
        scanned=meter.scanned + scanned,
        returned=meter.returned + returned,
        rcu=meter.rcu + rcu,
        unmetered=meter.unmetered + unmetered,
    )
