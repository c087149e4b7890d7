"""A runbook without its window: what a live tail asks.

A tail has a beginning and no end, so parameters that only define the window are dropped. What a
plan requires becomes conditions on rows, wherever they come from. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from audittui.layout.row import Row
from audittui.runbook.model import PLACE, NotIn, Runbook
from audittui.runbook.plan import Order, Plan, RowFilter, Window
from audittui.runbook.timerange import window_text


def window_parameters(runbook: Runbook) -> frozenset[str]:
    """The names of the parameters that only define the window."""
    used = set(PLACE.findall(runbook.query.equals))
    for said in runbook.query.where.values():
        parts = said.values if isinstance(said, NotIn) else said
        for part in (parts,) if isinstance(parts, str) else parts:
            used.update(PLACE.findall(part))
    return frozenset(PLACE.findall(runbook.query.during)) - used


def within(runbook: Runbook, window: Window, order: Order = "oldest") -> Runbook:
    """``runbook`` for ``window`` in ``order``; it asks for events even if it groups them."""
    dropped = window_parameters(runbook)
    query = msgspec.structs.replace(runbook.query, during=window_text(window), order=order)
    return msgspec.structs.replace(
        runbook,
        query=query,
        params=tuple(one for one in runbook.params if one.name not in dropped),
        correlation=None,
    )


def key_conditions_of(plan: Plan) -> tuple[RowFilter, ...]:
    """What the partition key of ``plan``'s index answers, as conditions on fields."""
    return plan.keyed


def conditions_of(plan: Plan) -> tuple[RowFilter, ...]:
    """What ``plan`` requires of a row besides its keys, as conditions on fields."""
    index = plan.index
    fields = {
        place.sources[0]: name
        for name, place in plan.layout.fields.items()
        if plan.layout.filterable(name, index) is not None
    }
    filters = tuple(
        RowFilter(fields[condition.attribute], condition.operator, condition.values)
        for condition in plan.filters
    )
    return (*filters, *plan.row_filters)


def holds(conditions: Sequence[RowFilter], row: Row) -> bool:
    """True when ``row`` meets every one of ``conditions``."""
    return all(
        (getattr(row, condition.field) in condition.values) == (condition.operator == "in")
        for condition in conditions
    )
