"""Runs that only count: what they can count, and in which window."""

from __future__ import annotations

from audittui.errors import UsageError
from audittui.runbook.plan import Plan, Window


def refuse_uncountable(plan: Plan) -> None:
    """Raise `UsageError` for a plan whose entries the table alone cannot count."""
    why = ""
    if plan.correlation is not None:
        why = "a correlation needs the entries themselves"
    elif plan.row_filters:
        fields = ", ".join(condition.field for condition in plan.row_filters)
        why = f"{fields} is filtered after reading"
    elif not plan.index.sorted_by_time and plan.window != Window(None, None):
        why = "the window is checked after reading"
    if why:
        raise UsageError(f"The table cannot count this: {why}.", "Run it without counting.")


def counted_window(plan: Plan) -> Window:
    """The plan's window as the sort key can express it: in whole ticks of the index."""
    unit = plan.index.tick
    start, end = plan.window.start, plan.window.end
    return Window(
        None if start is None else start - start % unit,
        None if end is None else -(-end // unit) * unit,
    )
