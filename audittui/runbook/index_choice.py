"""Which indexes can answer a question, what each would cost, and which is cheapest. Pure.

An index can answer when the question's conditions are false for every entry that it leaves out,
and when it holds the fields of the other conditions and of the rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from audittui.errors import UsageError
from audittui.layout.model import Layout
from audittui.layout.parts import Index
from audittui.runbook.estimate import Estimate
from audittui.runbook.partitions import partitions
from audittui.runbook.plan import Facts, Probe, RowFilter, Shard, Window
from audittui.runbook.plan_estimate import estimated, item_bytes
from audittui.runbook.ternary import truth

NOT_A_SUCCESS = RowFilter("outcome", "not_in", ("success",))
"""What ``by: failure`` asks for, and what an index of failures holds."""
WHOLE = ("time", "failure")
"""What indexes answer whose partitions hold every entry of a span of time."""
STAKE = 20.0
"""Read units that must be at stake before an index is probed."""
MOST_PROBES = 3
_MOST_VALUES = 8
_KEY_BYTES = 2048
"""A longer partition key is refused. Source: DynamoDB developer guide, "Constraints"."""
_PROBE_BYTES, _PROBE_ITEMS = 4096, 10


class Question(msgspec.Struct, frozen=True):
    """What is asked: ``by`` and ``equals`` of a runbook with the further conditions."""

    by: str
    equals: str
    where: tuple[RowFilter, ...]
    window: Window

    @property
    def key(self) -> tuple[RowFilter, ...]:
        """What ``by`` asks for, as conditions."""
        if self.by == "failure":
            return (NOT_A_SUCCESS,)
        return () if self.by == "time" else (RowFilter(self.by, "in", (self.equals,)),)


class Candidate(msgspec.Struct, frozen=True):
    """An index that can answer. ``keyed`` are the conditions that its partition key answers,
    ``rest`` the others."""

    index: Index
    keyed: tuple[RowFilter, ...]
    rest: tuple[RowFilter, ...]
    shards: tuple[Shard, ...]
    estimate: Estimate

    @property
    def expected(self) -> float:
        """The read units that it will probably take; infinite if nothing is known."""
        estimate = self.estimate
        if estimate.rcu_likely is not None:
            return estimate.rcu_likely
        if estimate.rcu_high is None:
            return math.inf
        if self.index.answers in WHOLE:
            return estimate.rcu_high
        # One actor's share may be anything between nothing and everything.
        return math.sqrt(max(estimate.rcu_low, 0.5) * max(estimate.rcu_high, 0.5))


def candidates(question: Question, layout: Layout, facts: Facts) -> list[Candidate]:
    """Every index that can answer, the cheapest first.

    If it is not known which indexes exist, the one made for the question is the only candidate.
    Raises `UsageError` when none can answer.
    """
    own = layout.index_answering(question.by, facts.present)
    found, faults = [], []
    for index in layout.indexes:
        if index.name and facts.present is not None and index.name not in facts.present:
            continue
        if facts.present is None and own is not None and index is not own:
            continue
        parts = _parts(question, layout, index, own)
        if parts is None:
            continue
        keyed, rest = parts
        lacking = [one.field for one in rest if not layout.shows(one.field, index)]
        if lacking:
            faults.append(
                UsageError(
                    f"{index.label[0].upper()}{index.label[1:]} does not hold "
                    f"{', '.join(lacking)}, which the query filters by.",
                    "Leave out the condition, or query by it.",
                )
            )
            continue
        try:
            shards = partitions(index, question.window, keyed, layout, facts)
        except UsageError as fault:
            faults.append(fault)
            continue
        estimate = estimated(index, question.window, shards, index.answers in WHOLE, facts)
        found.append(Candidate(index, keyed, rest, shards, estimate))
    if not found:
        raise _unanswered(question, layout, facts, faults)
    # An index by time reads everything that the others would.
    others = len(found) > 1
    return sorted(
        found,
        key=lambda one: (
            one.index.answers == "time" and others,
            one.expected,
            one.index is not own,
        ),
    )


def probes(found: Sequence[Candidate], facts: Facts) -> tuple[Probe, ...]:
    """What to probe before choosing a candidate: nothing if it is clear which one is cheapest, or
    if little is at stake."""
    rivals = [one for one in found if one.index.answers != "time"]
    if facts.samples or len(rivals) < 2:
        return ()
    most = min(_most(one) for one in rivals)
    rivals = [one for one in rivals if one.estimate.rcu_low < most]
    if most <= STAKE or len(rivals) < 2:
        return ()
    wanted = [one for one in rivals if one.shards and one.estimate.rcu_likely is None]
    return tuple(
        Probe(one.index, one.shards[len(one.shards) // 2], _probe_items(one.index, facts))
        for one in wanted[:MOST_PROBES]
    )


def _most(one: Candidate) -> float:
    return math.inf if one.estimate.rcu_high is None else one.estimate.rcu_high


def _probe_items(index: Index, facts: Facts) -> int:
    size = item_bytes(index, facts)
    return max(int(_PROBE_BYTES / size), 1) if size else _PROBE_ITEMS


def _parts(
    question: Question, layout: Layout, index: Index, own: Index | None
) -> tuple[tuple[RowFilter, ...], tuple[RowFilter, ...]] | None:
    """The conditions that the index's key answers, and the rest; None if it cannot answer."""
    if index is own:
        return question.key, question.where
    if own is not None and not (_shows_the_same(layout, own, index) and _says_key(layout, own)):
        return None
    conditions = (*question.key, *question.where)
    if index.answers == "time":
        return (), conditions
    if not index.sorted_by_time:
        return None
    if index.answers == "failure":
        if truth(conditions, {"outcome": "success"}) is not False:
            return None
        keyed = NOT_A_SUCCESS
    else:
        fitting = (one for one in conditions if _is_key(one, layout, index))
        equality = next(fitting, None)
        if equality is None:
            return None
        keyed = equality
    return (keyed,), tuple(one for one in conditions if one != keyed)


def _is_key(condition: RowFilter, layout: Layout, index: Index) -> bool:
    """True when the index's partitions hold exactly what meets the condition."""
    return (
        condition.field == index.answers
        and condition.operator == "in"
        and 0 < len(condition.values) <= _MOST_VALUES
        and all(0 < len(value.encode()) <= _KEY_BYTES for value in condition.values)
        and _says_key(layout, index)
    )


def _says_key(layout: Layout, index: Index) -> bool:
    """True when the field that the index answers is its partition key and nothing else, so that a
    filter on the field finds what the key finds."""
    if index.answers in WHOLE:
        return True
    field = layout.fields.get(index.answers)
    return (
        field is not None
        and field.sources == (index.partition.attribute,)
        and not field.values
        and not field.default
        and index.partition.template == f"{{{index.answers}}}"
        and index.partition.type == "S"
    )


def _shows_the_same(layout: Layout, own: Index, other: Index) -> bool:
    """True when rows read through ``other`` have no fewer fields."""
    return all(
        layout.shows(field, other) for field in layout.fields if layout.shows(field, own)
    ) and (own.tick, own.time_format) == (other.tick, other.time_format)


def _unanswered(
    question: Question, layout: Layout, facts: Facts, faults: Sequence[UsageError]
) -> UsageError:
    by, start = question.by, question.window.start
    own = layout.index_answering(by, facts.present)
    if own is None and layout.index_answering("time", facts.present) is None:
        return UsageError(
            f"Nothing in this table answers a query by {by}: "
            "it has no such index, and none by time.",
            "Only a scan could answer it, and audittui never scans.",
        )
    if own is None and start is None:
        return UsageError(
            f"This table has no index by {by}; entries would have to be read by time.",
            "Give a window with a start, such as -24h..now.",
        )
    return faults[0]
