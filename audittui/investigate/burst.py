"""The rows of one group key, and those among them that are close enough together in time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from audittui.layout.row import Row

Span = tuple[int, int, int]
"""Rows from one place up to another, and the number of rows in the spans before it."""


class Group:
    """Repeated events: a snapshot of a `Burst`, which later rows do not change.

    ``key`` is the values grouped by. ``count`` is the number of events in the windows that
    satisfy the condition, ``peak`` the most that one of them holds (events, or distinct values).
    ``first`` and ``last`` are in microseconds. ``sources`` counts distinct source addresses.
    """

    __slots__ = (
        "_backwards", "_before", "_rows", "_spans", "_successes", "_tail", "count", "first", "key",
        "last", "peak", "sources",
    )  # fmt: skip

    def __init__(
        self, key: tuple[tuple[str, str], ...], rows: Sequence[Row], successes: Sequence[Row],
        spans: Sequence[Span], count: int, peak: int, sources: int, *, backwards: bool,
    ) -> None:  # fmt: skip
        self.key = key
        self.count = count
        self.peak = peak
        self.sources = sources
        self._rows = rows
        self._successes = successes
        # The burst keeps growing; only the last of its spans can change.
        self._spans = spans
        self._before = len(spans) - 1
        self._tail = spans[-1]
        self._backwards = backwards
        one, other = rows[spans[0][0]].time, rows[spans[-1][1] - 1].time
        self.first, self.last = (other, one) if backwards else (one, other)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The events in time order."""
        spans = (*self._spans[: self._before], self._tail)
        chosen = tuple(row for start, end, _ in spans for row in self._rows[start:end])
        return chosen[::-1] if self._backwards else chosen

    @property
    def last_failure(self) -> int | None:
        """The time of the last event that was not a success, in microseconds."""
        spans = (*self._spans[: self._before], self._tail)
        sign = 1 if self._backwards else -1
        return next(
            (
                row.time
                for start, end, _ in spans[::sign]
                for row in self._rows[start:end][::sign]
                if row.outcome != "success"
            ),
            None,
        )

    @property
    def success(self) -> Row | None:
        """The first success of the same key after the last event that was not one, among the rows
        read."""
        failed = self.last_failure
        if failed is None:
            return None
        if self._backwards:
            at = bisect_left(self._successes, -failed, key=lambda row: -row.time) - 1
        else:
            at = bisect_right(self._successes, failed, key=lambda row: row.time)
        return self._successes[at] if 0 <= at < len(self._successes) else None

    def rate(self, parts: int) -> list[int]:
        """The number of events in each of ``parts`` equal intervals from first to last."""
        length = self.last - self.first + 1
        inner = [self._earlier(self.first + length * part // parts) for part in range(1, parts)]
        edges = [0, *inner, self.count]
        return [after - before for before, after in pairwise(edges)]

    def _earlier(self, time: int) -> int:
        """How many of the events are earlier than ``time``."""
        if self._backwards:
            later = bisect_right(self._rows, -time, key=lambda row: -row.time)
            return self.count - self._up_to(later)
        return self._up_to(bisect_left(self._rows, time, key=lambda row: row.time))

    def _up_to(self, at: int) -> int:
        """How many of the first ``at`` rows are events of this group."""
        span = self._tail
        if at < span[0]:
            place = bisect_right(self._spans, at, hi=self._before, key=lambda one: one[0]) - 1
            if place < 0:
                return 0
            span = self._spans[place]
        start, end, before = span
        return before + min(end, at) - start


class Burst:
    """Rows of one ``key``. ``timespan`` is in microseconds; ``satisfied`` tests a window's size;
    ``counted`` returns the value of a row when distinct values are counted (None: events are).

    ``growing``: a window that satisfies the condition still does when it grows.
    """

    def __init__(
        self, key: tuple[tuple[str, str], ...], timespan: int, satisfied: Callable[[int], bool],
        counted: Callable[[Row], str] | None, *, growing: bool,
    ) -> None:  # fmt: skip
        self._key = key
        self._timespan = timespan
        self._satisfied = satisfied
        self._counted = counted
        self._growing = growing
        self._rows: list[Row] = []
        self._sign = 0
        self._sorted = True
        self._reset()

    def __len__(self) -> int:
        return len(self._rows)

    def _reset(self) -> None:
        self._values: Counter[str] = Counter()
        self._successes: list[Row] = []
        self._spans: list[Span] = []
        self._sources: set[str] = set()
        self._looked = self._start = self._size = self._peak = self._count = self._taken = 0

    def add(self, row: Row) -> None:
        """Add one row."""
        rows = self._rows
        if rows and self._sorted and row.time != rows[-1].time:
            sign = 1 if row.time > rows[-1].time else -1
            if not self._sign:
                self._sign = sign
            elif sign != self._sign:
                self._sorted = False
        rows.append(row)

    def take_over(self, other: Burst, *, look: bool) -> None:
        """Take over the rows of ``other``, in its order; ``look`` False: too few to matter."""
        self._rows = list(other._rows)
        self._sign, self._sorted = other._sign, other._sorted
        if look:
            self._look()

    def group(self) -> Group | None:
        """The group that these rows make now, if they make one."""
        if not self._sorted:
            # A new list, because earlier groups keep theirs.
            self._rows = sorted(self._rows, key=_time_order)
            self._sign, self._sorted = 1, True
            self._reset()
        self._look()
        spans: Sequence[Span] = self._spans
        peak, count, sources = self._peak, self._count, len(self._sources)
        if not self._growing and self._rows and self._satisfied(self._size):
            # The last window may still grow out of the condition, so it is not kept.
            begin, end = max(self._start, self._taken), len(self._rows)
            spans = [*spans, (begin, end, count)]
            peak = max(peak, self._size)
            count += end - begin
            sources = len(self._sources.union(_addresses(self._rows[begin:end])))
        if not count:
            return None
        return Group(
            self._key, self._rows, self._successes, spans, count, peak, sources,
            backwards=self._sign < 0,
        )  # fmt: skip

    def _look(self) -> None:
        """Slide the window over the new rows."""
        rows, timespan, sign = self._rows, self._timespan, self._sign or 1
        for end in range(self._looked, len(rows)):
            row = rows[end]
            late = (row.time - rows[self._start].time) * sign > timespan
            if late and not self._growing:
                self._choose(end)
            while (row.time - rows[self._start].time) * sign > timespan:
                self._size += self._weigh(rows[self._start], -1)
                self._start += 1
            self._size += self._weigh(row, 1)
            if row.outcome == "success":
                self._successes.append(row)
            if self._growing:
                self._choose(end + 1)
        self._looked = len(rows)

    def _choose(self, end: int) -> None:
        """Keep the window that ends before the row ``end``, if it satisfies the condition."""
        if not self._satisfied(self._size):
            return
        self._peak = max(self._peak, self._size)
        begin = max(self._start, self._taken)
        if begin >= end:
            return
        self._sources.update(_addresses(self._rows[begin:end]))
        last = self._spans[-1] if self._spans else None
        if last is not None and last[1] == begin:
            self._spans[-1] = (last[0], end, last[2])
        else:
            self._spans.append((begin, end, self._count))
        self._count += end - begin
        self._taken = end

    def _weigh(self, row: Row, change: int) -> int:
        """By how much the window's measure moves when ``row`` enters (1) or leaves (-1)."""
        if self._counted is None:
            return change
        value = self._counted(row)
        if not value:
            return 0
        had = self._values[value] > 0
        self._values[value] += change
        return change * int(had != (self._values[value] > 0))


def _addresses(rows: Sequence[Row]) -> Iterator[str]:
    return (row.source_ip for row in rows if row.source_ip)


def _time_order(row: Row) -> tuple[int, str, int]:
    return row.time, row.chain, row.seq
