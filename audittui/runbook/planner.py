"""The planner: runbook + parameters + layout + facts → `Plan`. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from audittui import timestamp
from audittui.errors import UsageError
from audittui.layout.model import Layout
from audittui.layout.parts import Index
from audittui.runbook.binding import bind
from audittui.runbook.index_choice import Candidate, Question, candidates, probes
from audittui.runbook.model import Runbook
from audittui.runbook.partitions import newest_first
from audittui.runbook.plan import Facts, NotTaken, Plan, RowFilter
from audittui.runbook.resolved_query import (
    resolved_correlation,
    resolved_equals,
    resolved_where,
    resolved_window,
)
from audittui.store.port import Condition


def make_plan(
    runbook: Runbook,
    texts: Mapping[str, str],
    layout: Layout,
    facts: Facts,
    *,
    through: str | None = None,
    own: bool = False,
) -> Plan:
    """Plan how to answer ``runbook`` with the parameters ``texts`` on a table of ``layout``.

    The cheapest index is taken, unless ``through`` names another one ("" for the base table) or
    ``own`` asks for the one made for the question. Raises `ParameterErrors` for invalid parameters,
    `UsageError` when the table cannot answer.
    """
    bound = bind(runbook, texts, facts.now or timestamp.now())
    window = resolved_window(runbook, bound)
    by = runbook.query.by
    question = Question(by, resolved_equals(runbook, bound), resolved_where(runbook, bound), window)
    found = candidates(question, layout, facts)
    taken = _taken(found, by, through, own)
    index = taken.index
    newest = runbook.query.order == "newest"
    filters, row_filters = _split(taken.rest, layout, index)
    others = tuple(NotTaken(one.index.label, one.estimate) for one in found if one is not taken)
    wanted = probes(found, facts) if through is None and not own else ()
    return Plan(
        runbook=runbook.id,
        title=runbook.name,
        parameters=tuple(bound.texts.items()),
        window_parameter=runbook.query.during.strip("{}"),
        layout=layout,
        index=index,
        shards=newest_first(taken.shards) if newest else taken.shards,
        window=window,
        order=runbook.query.order,
        filters=filters,
        row_filters=row_filters,
        columns=runbook.columns,
        notes=tuple(_notes(by, layout, taken, row_filters, facts)),
        correlation=resolved_correlation(runbook, bound),
        estimate=taken.estimate,
        now=bound.now,
        spent_requests=facts.requests,
        spent_rcu=facts.rcu,
        keyed=taken.keyed,
        not_taken=others,
        probes=wanted,
        chains=facts.chains,
    )


def _taken(found: Sequence[Candidate], by: str, through: str | None, own: bool) -> Candidate:
    """The candidate to use. Raises `UsageError` when the requested index is not a candidate."""
    if through is not None:
        for one in found:
            if one.index.name == through:
                return one
        label = f"The index {through}" if through else "The base table"
        raise UsageError(f"{label} cannot answer this query.", "Run it again without the cursor.")
    if own:
        made = (one for answers in (by, "time") for one in found if one.index.answers == answers)
        return next(made, found[0])
    return found[0]


def _notes(
    by: str, layout: Layout, taken: Candidate, row_filters: Sequence[RowFilter], facts: Facts
) -> list[str]:
    """What the plan costs or cannot see, in sentences."""
    index, notes = taken.index, []
    if layout.index_answering(by, facts.present) is None:
        what = "every entry of the window" if index.answers == "time" else "more than needed"
        notes.append(
            f"No index answers {by} here: {what} is read from "
            f"{index.label} and filtered, and all of it is charged."
        )
    if row_filters and index.name:
        fields = ", ".join(condition.field for condition in row_filters)
        notes.append(f"Filtered after reading: {fields}.")
    if not index.sorted_by_time:
        notes.append(
            f"{index.label[0].upper()}{index.label[1:]} is not sorted by time: the whole partition "
            "is read before the first row is shown."
        )
    if by == "resource":
        notes.append("Only an entry's main resource is indexed; the others are in its details.")
    if facts.samples:
        names = ", ".join(dict.fromkeys(one.index or "the base table" for one in facts.samples))
        notes.append(f"The index was chosen after reading a few items of {names}.")
    if facts.silent:
        notes.append(
            "DescribeTable did not answer in time: index sizes, and which indexes exist, are not "
            "known."
        )
    return notes


def _split(
    conditions: Sequence[RowFilter], layout: Layout, index: Index
) -> tuple[tuple[Condition, ...], tuple[RowFilter, ...]]:
    """The conditions that the service can filter by, and those checked after reading."""
    filters: list[Condition] = []
    row_filters: list[RowFilter] = []
    for condition in conditions:
        attribute = layout.filterable(condition.field, index)
        if attribute is None:
            row_filters.append(condition)
        else:
            filters.append(Condition(attribute, condition.operator, condition.values))
    return tuple(filters), tuple(row_filters)
