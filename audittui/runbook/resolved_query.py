"""The query of a runbook with the values of its parameters.

Values only replace whole values: nothing that a user typed becomes part of an expression.
"""

from __future__ import annotations

import re
from typing import Literal

from audittui.errors import UsageError
from audittui.runbook.binding import Bound
from audittui.runbook.model import ANY, COMPARISONS, PLACE, PLACES, NotIn, Runbook
from audittui.runbook.plan import Correlation, RowFilter, Window
from audittui.runbook.timerange import parse_duration, parse_window


def resolved_equals(runbook: Runbook, bound: Bound) -> str:
    """The value of ``equals``. Raises `UsageError` when a parameter in it has no value."""

    def value(match: re.Match[str]) -> str:
        found = bound.values.get(match.group(1))
        if found is None:
            raise UsageError(f"{runbook.id} needs the parameter {match.group(1)}.")
        return str(found)

    return PLACE.sub(value, runbook.query.equals)


def resolved_window(runbook: Runbook, bound: Bound) -> Window:
    """The window of ``during``; all of time if neither the runbook nor its user gives one."""
    during = runbook.query.during
    if not during:
        return Window(None, None)
    pair = PLACES.fullmatch(during)
    if pair:
        start, end = (bound.values.get(name) for name in pair.groups())
        return Window(
            start if isinstance(start, int) else None, end if isinstance(end, int) else None
        )
    place = PLACE.fullmatch(during)
    if not place:
        return parse_window(during, bound.now)
    value = bound.values.get(place.group(1))
    return value if isinstance(value, Window) else Window(None, None)


def resolved_where(runbook: Runbook, bound: Bound) -> tuple[RowFilter, ...]:
    """The conditions of ``where``, without those whose value is empty or ``any``."""
    filters = []
    for field, said in runbook.query.where.items():
        operator: Literal["in", "not_in"] = "not_in" if isinstance(said, NotIn) else "in"
        parts = said.values if isinstance(said, NotIn) else said
        values: list[str] = []
        for part in (parts,) if isinstance(parts, str) else parts:
            place = PLACE.fullmatch(part)
            value = bound.values.get(place.group(1)) if place else part
            if isinstance(value, tuple):
                values += value
            elif isinstance(value, bool):
                values.append("true" if value else "false")
            elif value is not None:
                values.append(str(value))
        if values and ANY not in values:
            filters.append(RowFilter(field, operator, tuple(dict.fromkeys(values))))
    return tuple(filters)


def resolved_correlation(runbook: Runbook, bound: Bound) -> Correlation | None:
    """The correlation with its timespan (microseconds) and bounds as numbers."""
    rule = runbook.correlation
    if rule is None:
        return None

    def value(said: object) -> object:
        place = PLACE.fullmatch(str(said))
        return bound.values.get(place.group(1)) if place else said

    timespan = value(rule.timespan)
    bounds = []
    for name in COMPARISONS:
        if name in rule.condition:
            number = value(rule.condition[name])
            if not isinstance(number, int):
                raise UsageError(f"{runbook.id} needs a whole number for its condition {name}.")
            bounds.append((name, number))
    if rule.type not in ("event_count", "value_count"):
        raise UsageError(f"{runbook.id}: the correlation {rule.type} is not supported yet.")
    return Correlation(
        type=rule.type,
        group_by=rule.group_by,
        timespan=timespan if isinstance(timespan, int) else parse_duration(str(timespan)),
        condition=tuple(bounds),
        field=str(rule.condition.get("field", "")),
    )
