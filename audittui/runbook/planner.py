"""The planner: runbook + parameters + layout + facts → `Plan`. Pure (DESIGN §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from audittui import timestamp
from audittui.errors import UsageError
from audittui.layout.model import Index, Layout
from audittui.runbook.bind import bind
from audittui.runbook.estimating import estimated
from audittui.runbook.model import Runbook
from audittui.runbook.plan import Facts, Plan, RowFilter, Shard, Window
from audittui.runbook.resolve import (
    resolved_correlation,
    resolved_equals,
    resolved_where,
    resolved_window,
)
from audittui.store.port import Condition

MAX_PARTITIONS = 50_000
_FAILED = ("failure", "denied")
_WHOLE = ("time", "failure")
"""What partitions answer that hold every entry of a stretch of time."""


def make_plan(runbook: Runbook, texts: Mapping[str, str], layout: Layout, facts: Facts) -> Plan:
    """How to answer ``runbook`` with the parameters ``texts`` on a table of ``layout``.

    Raises `ParameterErrors` for parameters, `UsageError` when the table cannot answer.
    """
    bound = bind(runbook, texts, facts.now or timestamp.now())
    window = resolved_window(runbook, bound)
    question = runbook.query.by
    equals = resolved_equals(runbook, bound)
    conditions = list(resolved_where(runbook, bound))
    notes: list[str] = []
    index = layout.index_answering(question, facts.present)
    if index is None:
        index = layout.index_answering("time", facts.present)
        if index is None:
            raise UsageError(
                f"Nothing in this table answers a query by {question}: "
                "it has neither such an index nor one by time.",
                "Only a scan could, and audittui never scans.",
            )
        if window.start is None:
            raise UsageError(
                f"This table has no index by {question}; entries would have to be read by time.",
                "Give a window with a start, such as -24h..now.",
            )
        conditions.append(
            RowFilter("outcome", "in", _FAILED)
            if question == "failure"
            else RowFilter(question, "in", (equals,))
        )
        notes.append(
            f"No index answers {question} here: every entry of the window is read by "
            f"{index.label} and filtered, and all of it is paid for."
        )
    shards = _shards(index, window, equals, layout, facts)
    filters, row_filters = _split(conditions, layout, index)
    if row_filters and index.name:
        fields = ", ".join(condition.field for condition in row_filters)
        notes.append(f"Filtered after reading: {fields}.")
    if not index.sorted_by_time:
        notes.append(
            f"{index.label[0].upper()}{index.label[1:]} is not sorted by time: the whole partition "
            "is read before the first row is shown."
        )
    if question == "resource":
        notes.append("Only an entry's main resource is indexed; further ones are in its details.")
    return Plan(
        runbook=runbook.id,
        title=runbook.name,
        parameters=tuple(bound.texts.items()),
        window_parameter=runbook.query.during.strip("{}"),
        layout=layout,
        index=index,
        shards=shards if runbook.query.order == "oldest" else _numbered(reversed(shards)),
        window=window,
        order=runbook.query.order,
        filters=filters,
        row_filters=row_filters,
        columns=runbook.columns,
        notes=tuple(notes),
        correlation=resolved_correlation(runbook, bound),
        estimate=estimated(index, window, len(shards), index.answers in _WHOLE, facts),
        now=bound.now,
        spent_requests=facts.requests,
        spent_rcu=facts.rcu,
    )


def _numbered(shards: Iterator[Shard]) -> tuple[Shard, ...]:
    """The same shards with their buckets numbered from 0 in this order."""
    numbers: dict[int, int] = {}
    return tuple(
        Shard(
            shard.partition, numbers.setdefault(shard.bucket, len(numbers)), shard.low, shard.high
        )
        for shard in shards
    )


def _shards(
    index: Index, window: Window, equals: str, layout: Layout, facts: Facts
) -> tuple[Shard, ...]:
    """The partitions to read, oldest first."""
    template = index.template
    tick = index.tick
    values: dict[str, str] = {index.answers: equals}
    owners: list[dict[str, str]] = [values]
    if "chain" in template.fields:
        owners = [{**values, "chain": chain} for chain in facts.chains]
    if not template.by_day:
        low, high = _ticks(window.start, window.end, tick)
        if not index.sorted_by_time:
            low = high = None
        return tuple(Shard(template.fill(owner), 0, low, high) for owner in owners)
    if window.start is None:
        raise UsageError(
            f"{index.label} is read day by day, so the window needs a start.",
            "Write such as -30d..now.",
        )
    now = facts.now or timestamp.now()
    # Clocks differ: entries may carry a time a little ahead of ours.
    end = window.end if window.end is not None else max(now, window.start) + timestamp.DAY
    days = range(timestamp.day_start(window.start), end, timestamp.DAY)
    if len(days) * len(owners) > MAX_PARTITIONS:
        raise UsageError(
            f"The window has {len(days):,} days, {len(days) * len(owners):,} partitions.",
            "Give a narrower window.",
        )
    shards = []
    for bucket, day in enumerate(days):
        low, high = _ticks(max(day, window.start), min(day + timestamp.DAY, end), tick)
        shards += [Shard(template.fill(owner, day), bucket, low, high) for owner in owners]
    return tuple(shards)


def _ticks(start: int | None, end: int | None, tick: int) -> tuple[int | None, int | None]:
    """``[start, end)`` as a closed range of ticks: ``to`` minus one tick of the index."""
    low = None if start is None else start - start % tick
    high = None if end is None else -(-end // tick) * tick - tick
    return low, high


def _split(
    conditions: list[RowFilter], layout: Layout, index: Index
) -> tuple[tuple[Condition, ...], tuple[RowFilter, ...]]:
    """Conditions that the service can filter by, and those left to us."""
    filters: list[Condition] = []
    row_filters: list[RowFilter] = []
    for condition in conditions:
        attribute = layout.filterable(condition.field, index)
        if attribute is None:
            row_filters.append(condition)
        else:
            filters.append(Condition(attribute, condition.operator, condition.values))
    return tuple(filters), tuple(row_filters)
