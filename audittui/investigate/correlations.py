"""Repeated events: groups of rows inside a sliding window (Sigma 2.1 correlations)."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from audittui import timestamp
from audittui.layout.row import Row
from audittui.runbook.plan import Correlation

_BOUNDS: dict[str, Callable[[int, int], bool]] = {
    "gte": operator.ge, "gt": operator.gt, "lte": operator.le, "lt": operator.lt,
    "eq": operator.eq,
}  # fmt: skip


class Group(msgspec.Struct, frozen=True):
    """Rows that repeat.

    ``key`` is the values grouped by. ``count`` is the number of events in the windows that
    satisfy the condition, ``peak`` the most that one of them holds (events, or distinct values).
    ``first`` and ``last`` are in microseconds. ``sources`` counts distinct source addresses.
    ``rows`` are the events in time order.
    """

    key: tuple[tuple[str, str], ...]
    count: int
    peak: int
    first: int
    last: int
    sources: int
    rows: tuple[Row, ...]


class Correlator:
    """Finds the groups of a correlation in rows that arrive in any order.

    A window holds every event from one moment to ``timespan`` later, both included; windows that
    lie inside a larger one are not looked at, so that ``eq`` and ``lte`` speak of whole bursts.
    Rows without a value to count do not raise a ``value_count``.
    """

    def __init__(self, correlation: Correlation) -> None:
        self._correlation = correlation
        self._rows: dict[tuple[str, ...], list[Row]] = {}
        self._groups: dict[tuple[str, ...], Group | None] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Take in more rows."""
        for row in rows:
            key = tuple(_value(row, name) for name in self._correlation.group_by)
            self._rows.setdefault(key, []).append(row)
            self._groups.pop(key, None)

    def groups(self) -> list[Group]:
        """The groups among the rows so far, largest first, then earliest."""
        for key, rows in self._rows.items():
            if key not in self._groups:
                rows.sort(key=_time_order)
                self._groups[key] = self._group(key, rows)
        found = [group for group in self._groups.values() if group is not None]
        return sorted(found, key=lambda group: (-group.count, group.first, group.key))

    def _group(self, key: tuple[str, ...], rows: list[Row]) -> Group | None:
        chosen: list[Row] = []
        peak = taken = start = size = 0
        values: Counter[str] = Counter()
        for end, row in enumerate(rows):
            while row.time - rows[start].time > self._correlation.timespan:
                size -= self._weigh(values, rows[start], -1)
                start += 1
            size += self._weigh(values, row, 1)
            later = end + 1
            # The window is whole once the next event no longer fits beside its first.
            if (
                later < len(rows)
                and rows[later].time - rows[start].time <= self._correlation.timespan
            ):
                continue
            if all(_BOUNDS[name](size, bound) for name, bound in self._correlation.condition):
                peak = max(peak, size)
                chosen += rows[max(start, taken) : later]
                taken = later
        if not chosen:
            return None
        return Group(
            key=tuple(zip(self._correlation.group_by, key, strict=True)),
            count=len(chosen),
            peak=peak,
            first=chosen[0].time,
            last=chosen[-1].time,
            sources=len({row.source_ip for row in chosen if row.source_ip}),
            rows=tuple(chosen),
        )

    def _weigh(self, values: Counter[str], row: Row, change: int) -> int:
        """By how much the window's measure moves when ``row`` enters (1) or leaves (-1)."""
        if self._correlation.type == "event_count":
            return 1
        value = _value(row, self._correlation.field)
        if not value:
            return 0
        had = values[value] > 0
        values[value] += change
        return int(had != (values[value] > 0))


def _time_order(row: Row) -> tuple[int, str, int]:
    return row.time, row.chain, row.seq


def _value(row: Row, name: str) -> str:
    value = getattr(row, name)
    return timestamp.text(value) if name == "time" else str(value)
