"""The query of a runbook with its parameters' values in place. Whole values only: nothing a user
typed ever becomes part of an expression."""

from __future__ import annotations

import re

from audittui.errors import UsageError
from audittui.runbook.bind import Bound
from audittui.runbook.model import ANY, Runbook
from audittui.runbook.plan import Correlation, RowFilter, Window
from audittui.runbook.timerange import parse_duration

PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
COMPARISONS = ("gte", "gt", "lte", "lt", "eq")


def resolved_equals(runbook: Runbook, bound: Bound) -> str:
    """The value of ``equals``. Raises `UsageError` when a parameter in it has no value."""

    def value(match: re.Match[str]) -> str:
        found = bound.values.get(match.group(1))
        if found is None:
            raise UsageError(f"{runbook.id} needs the parameter {match.group(1)}.")
        return str(found)

    return PLACE.sub(value, runbook.query.equals)


def resolved_window(runbook: Runbook, bound: Bound) -> Window:
    """The window of ``during``; everything where the runbook names none."""
    place = PLACE.fullmatch(runbook.query.during)
    value = bound.values.get(place.group(1)) if place else None
    return value if isinstance(value, Window) else Window(None, None)


def resolved_where(runbook: Runbook, bound: Bound) -> tuple[RowFilter, ...]:
    """The conditions of ``where``. One whose value is empty or ``any`` is dropped."""
    filters = []
    for field, said in runbook.query.where.items():
        parts = (said,) if isinstance(said, str) else said
        negated = bool(parts) and parts[0].startswith("!")
        values: list[str] = []
        for position, part in enumerate(parts):
            text = part[1:] if negated and position == 0 else part
            place = PLACE.fullmatch(text)
            if place is None:
                values.append(text)
                continue
            value = bound.values.get(place.group(1))
            if isinstance(value, tuple):
                values += value
            elif value is not None:
                values.append(str(value))
        if values and ANY not in values:
            operator = "not_in" if negated else "in"
            filters.append(RowFilter(field, operator, tuple(values)))  # type: ignore[arg-type]
    return tuple(filters)


def resolved_correlation(runbook: Runbook, bound: Bound) -> Correlation | None:
    """The correlation with its timespan and bounds as numbers. Raises `UsageError`."""
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
                raise UsageError(f"{runbook.id}: the condition {name} must be a whole number.")
            bounds.append((name, number))
    return Correlation(
        type=rule.type,  # type: ignore[arg-type]
        group_by=rule.group_by,
        timespan=timespan if isinstance(timespan, int) else parse_duration(str(timespan)),
        condition=tuple(bounds),
        field=str(rule.condition.get("field", "")),
    )
