"""Repeated events: groups of rows inside a sliding window (Sigma 2.1 correlations).

Rows arrive page by page, in either order of time. Each row is examined once: the cost of a page
does not grow with the number of earlier rows.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable

import msgspec

from audittui import timestamp
from audittui.investigate.burst import Burst, Group
from audittui.layout.row import Row
from audittui.runbook.plan import Correlation

_BOUNDS: dict[str, Callable[[int, int], bool]] = {
    "gte": operator.ge, "gt": operator.gt, "lte": operator.le, "lt": operator.lt,
    "eq": operator.eq,
}  # fmt: skip


class Correlator:
    """Finds the groups of a correlation in rows that arrive in any order.

    Rows in either order of time are added at constant cost; any others make their group be
    examined again. A window holds every event from one moment to ``timespan`` later, both
    included; windows inside a larger one are ignored, so that ``eq`` and ``lte`` apply to whole
    bursts. Rows without a value to count do not raise a ``value_count``.
    """

    def __init__(self, correlation: Correlation) -> None:
        self.correlation = correlation
        self._key_of = _key_of(correlation.group_by)
        self._bursts: dict[tuple[str, ...], Burst] = {}
        self._changed: set[tuple[str, ...]] = set()
        self._groups: dict[tuple[str, ...], Group] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Add rows."""
        key_of = self._key_of
        for row in rows:
            key = key_of(row)
            burst = self._bursts.get(key)
            if burst is None:
                burst = self._bursts[key] = self._burst(key)
            burst.add(row)
            self._changed.add(key)

    def groups(self) -> list[Group]:
        """The groups among the rows so far, largest first, then earliest."""
        for key in self._changed:
            group = self._bursts[key].group()
            if group is not None:
                self._groups[key] = group
            else:
                self._groups.pop(key, None)
        self._changed.clear()
        return sorted(self._groups.values(), key=_largest_first)

    def with_thresholds(self, least: int, timespan: int) -> Correlator:
        """The same rows under ``gte`` ``least`` and another ``timespan`` (microseconds)."""
        condition = (("gte", least),)
        other = Correlator(
            msgspec.structs.replace(self.correlation, condition=condition, timespan=timespan)
        )
        for key, burst in self._bursts.items():
            # A count never exceeds the number of rows, so groups that are too small are skipped.
            fresh = other._bursts[key] = other._burst(key)
            fresh.take_over(burst, look=len(burst) >= least)
            if len(burst) >= least:
                other._changed.add(key)
        return other

    def _burst(self, key: tuple[str, ...]) -> Burst:
        rule = self.correlation

        def satisfied(size: int) -> bool:
            return all(_BOUNDS[name](size, bound) for name, bound in rule.condition)

        counted: Callable[[Row], str] | None = None
        if rule.type == "value_count":
            counted = _counting(rule.field)
        growing = all(name in ("gte", "gt") for name, _ in rule.condition)
        named = tuple(zip(rule.group_by, key, strict=True))
        return Burst(named, rule.timespan, satisfied, counted, growing=growing)


def _largest_first(group: Group) -> tuple[int, int, tuple[tuple[str, str], ...]]:
    return -group.count, group.first, group.key


def _key_of(names: tuple[str, ...]) -> Callable[[Row], tuple[str, ...]]:
    if len(names) > 1 and not {"time", "seq"} & set(names):
        texts: Callable[[Row], tuple[str, ...]] = operator.attrgetter(*names)
        return texts
    return lambda row: tuple([_value(row, name) for name in names])


def _counting(field: str) -> Callable[[Row], str]:
    return lambda row: _value(row, field)


def _value(row: Row, name: str) -> str:
    value = getattr(row, name)
    return timestamp.text(value) if name == "time" else str(value)


__all__ = ["Correlator", "Group"]
