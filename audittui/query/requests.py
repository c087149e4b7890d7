"""The requests of one run: which are due, which are in flight, and how much they may cost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from audittui.errors import AuditError, StoreError
from audittui.query import pool
from audittui.query.cost import BYTES_PER_UNIT, PAGE_UNITS, Costs
from audittui.query.decode import Decoder, Landed, StartKey
from audittui.query.front import Front
from audittui.query.patience import RunPatience, Waits
from audittui.query.stream import Slice, Stream
from audittui.runbook.plan import Plan
from audittui.store.port import Query, Store, cost_unknown

MAX_IN_FLIGHT = pool.MAX_THREADS
"""Requests in flight at the same time."""
MAX_HELD_BYTES = 48_000_000
"""Memory for rows that are read ahead of those that may be yielded."""
_ROW_BYTES = 800
_TOLD = 0.25
_FILTER_MARGIN = 100


@dataclass(slots=True)
class _Flight:
    """A request in flight for at most ``limit`` items. ``units`` are reserved for it."""

    stream: Stream
    part: Slice
    units: float
    limit: int | None
    patience: RunPatience
    job: pool.Job | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """An answer, or why there is none. ``unmetered`` counts the attempts whose cost is unknown."""

    stream: Stream
    landed: Landed | None
    error: AuditError | None
    unmetered: int


class Requests:
    """Reads the pages of ``plan`` from ``store`` into ``front``.

    ``page_rows`` asks for small first pages, ``limit`` is the number of rows wanted in all,
    ``count`` asks for numbers only. ``everywhere`` reads everything, each shard at several places
    in parallel. ``notify`` is called about waits.
    """

    def __init__(
        self, plan: Plan, store: Store, front: Front, decoder: Decoder, costs: Costs, *,
        page_rows: int | None, limit: int | None, count: bool, notify: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.everywhere = False
        self.paused_until: float | None = None
        self._plan = plan
        self._store = store
        self._front = front
        self._decoder = decoder
        self._costs = costs
        self._page_rows = page_rows
        self._page_size = page_rows
        self._limit = limit
        self._counts = count
        self._notify = notify
        self._closed = threading.Event()
        self._waits = Waits(notify, self._closed)
        self._channel: pool.Channel[_Flight] = pool.Channel()
        self._flights: dict[int, _Flight] = {}
        self._ahead = 1
        self._empties = 0
        self._most = float(MAX_IN_FLIGHT)
        self._blamed = 0
        self._page_weight = PAGE_UNITS * BYTES_PER_UNIT * 2

    @property
    def flying(self) -> int:
        """Requests in flight."""
        return len(self._flights)

    def wake(self) -> None:
        """End a `receive`. Callable from any thread and signal handler."""
        self._channel.wake()

    def close(self) -> None:
        """End every wait. Callable from any thread and signal handler."""
        self._closed.set()
        self._channel.wake()

    def grow(self) -> None:
        """Make the next pages larger: the reader wants more."""
        if self._page_size is not None:
            self._page_size *= 2

    def launch(self, given: int) -> int:
        """Send the requests due after ``given`` rows; return how many were sent."""
        self.paused_until = None
        before = len(self._flights)
        if self._counts or (self.everywhere and self._limit is None):
            self._launch_everywhere()
        else:
            self._launch_near(given)
        return len(self._flights) - before

    def receive(self, timeout: float | None) -> Arrival | None:
        """Receive the next answer; None after ``timeout`` seconds, or when woken."""
        arrived = self._channel.receive(timeout)
        if arrived is None:
            return None
        flight, outcome = arrived
        if self._flights.pop(id(flight), None) is None:
            return None
        self._notice_throttling()
        if isinstance(outcome, Landed):
            self._costs.settle(flight.units, outcome.rcu)
            full = outcome.next_key is not None and flight.limit is None
            self._costs.observe(outcome.scanned, outcome.rcu, full=full)
            chunk = outcome.chunk
            chunk.weight = len(chunk.rows) * (self._costs.item_bytes + _ROW_BYTES)
            self._page_weight += (chunk.weight - self._page_weight) / 8
            self._look_ahead(flight, outcome)
            self._front.take(flight.stream, flight.part, outcome, self._costs.page_units)
            return Arrival(flight.stream, outcome, None, outcome.unmetered)
        self._costs.settle(flight.units, 0.0)
        if not isinstance(outcome, AuditError):
            raise outcome
        lost = flight.patience.lost
        if isinstance(outcome, StoreError) and not flight.patience.gave_up:
            lost += cost_unknown(outcome)
        return Arrival(flight.stream, None, outcome, lost)

    def abandon(self) -> tuple[int, int]:
        """Abandon the requests in flight; their cost stays unknown.

        Returns the number of requests that were never sent, and of the attempts that were.
        """
        self._closed.set()
        unsent = attempts = 0
        flights, self._flights = self._flights, {}
        for flight in flights.values():
            if flight.job is not None and pool.abandon(flight.job):
                attempts += flight.patience.lost + (not flight.patience.resting)
            else:
                unsent += 1
        return unsent, attempts

    def _notice_throttling(self) -> None:
        """Send fewer in parallel when the table throttles, slowly more when it does not."""
        throttled, self._waits.throttled = self._waits.throttled, False
        blamed, self._blamed = self._blamed, max(self._blamed - 1, 0)
        if not throttled:
            self._most = min(self._most + 1 / self._most, MAX_IN_FLIGHT)
        elif not blamed:
            # The other requests in flight were sent before the throttling: do not halve again.
            self._blamed = len(self._flights)
            self._most = max(len(self._flights) / 2, 1.0)

    def _look_ahead(self, flight: _Flight, landed: Landed) -> None:
        """Look further ahead while answers are empty, back to the first bucket when rows come."""
        if landed.chunk.rows:
            self._ahead = 1
            self._empties = 0
            return
        self._empties += 1
        asked = max(self._ahead, self._front.first_bucket)
        if self._empties >= asked:
            self._ahead = min(asked * 2, MAX_IN_FLIGHT)
            self._empties = 0
        if self._page_size is not None and landed.scanned and landed.scanned == flight.limit:
            # The search finds nothing: larger pages do no harm.
            self._page_size = max(self._page_size, flight.limit * 2)

    def _launch_near(self, given: int) -> None:
        """Send for the shards that hold up the others, and as far ahead as answers were empty."""
        barrier = self._front.barrier
        chosen = [
            stream
            for stream in self._front.near(self._ahead)
            if not stream.slices[0].flying and (stream.frontier == barrier or not stream.waiting)
        ]
        chosen.sort(key=lambda stream: stream.frontier != barrier)
        for stream in chosen:
            if len(self._flights) >= self._most:
                return
            must = stream.frontier == barrier
            if not self._send(stream, stream.slices[0], self._request_limit(given, must), must):
                return

    def _launch_everywhere(self) -> None:
        """Send wherever something is left, nearest first, as far as memory allows."""
        self._front.open_first()
        barrier = self._front.barrier
        idle = self._front.idle()
        weight = self._front.weight
        while len(self._flights) < self._most:
            weight_ahead = weight + len(self._flights) * self._page_weight
            full = weight_ahead >= MAX_HELD_BYTES
            nearest = idle.next()
            if nearest is None:
                return
            stream, part = nearest
            must = part.frontier <= barrier
            if full and not must:
                return
            units = self._costs.page_units
            if not full and stream.splits(part):
                rest = stream.split(part, units)
                if rest is not None:
                    idle.add(stream, rest)
            if not self._send(stream, part, None, must):
                return

    def _send(self, stream: Stream, part: Slice, wanted: int | None, must: bool) -> bool:
        """Send one request; False when it may not be sent now."""
        grant = self._costs.grant(wanted, self._front.first_bucket, must=must)
        if grant is None:
            return False
        bucket = self._costs.bucket
        if bucket is not None:
            now = time.monotonic()
            delay = bucket.delay(grant.units, now)
            if delay > 0:
                self.paused_until = now + delay
                if not self._flights and delay >= _TOLD:
                    self._notify(f"at {bucket.rate:g} RCU/s: next request in {delay:.1f} s")
                return False
        self._costs.reserve(grant.units)
        part.flying = True
        request = stream.request(part, grant.limit, count=self._counts)
        start = None if part.key is None else dict(part.key)
        flight = _Flight(stream, part, grant.units, grant.limit, RunPatience(self._waits))
        self._flights[id(flight)] = flight
        ask = partial(_ask, self._store, request, flight.patience, self._decoder, start, part.begin)
        flight.job = self._channel.send(flight, ask)
        return True

    def _request_limit(self, given: int, must: bool) -> int | None:
        limits = []
        if self._page_rows is not None and self._page_size is not None:
            size = self._page_size if must else self._page_rows
            if size < self._costs.items_for(PAGE_UNITS):
                limits.append(size)
        if self._limit is not None:
            wanted = self._limit - given + 1
            filtered = self._plan.filters or self._plan.row_filters
            limits.append(max(wanted, _FILTER_MARGIN) if filtered else wanted)
        return min(limits) if limits else None


def _ask(
    store: Store, request: Query, patience: RunPatience, decoder: Decoder, start: StartKey | None,
    begin: int | None,
) -> Landed:  # fmt: skip
    try:
        page = store.query(request, patience)
    except BaseException:
        patience.end(answered=False)
        raise
    patience.end(answered=True)
    return decoder.decode(page, start, begin)
