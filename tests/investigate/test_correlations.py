"""Correlations that are updated as rows arrive: the same groups, at the cost of the new rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.investigate.correlations import Correlator
from audittui.layout.row import Row
from audittui.runbook.plan import Correlation


def row(seq: int, time: int, **fields: str) -> Row:
    return Row(tick=time, time=time, key=("p", seq), chain="c/0", seq=seq, **fields)


def seqs(groups: Any) -> list[tuple[str, list[int], int, int]]:
    return [
        (group.key[0][1], sorted(row.seq for row in group.rows), group.peak, group.sources)
        for group in groups
    ]


EVENTS = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from("ab"), st.sampled_from(["", "1", "2"])),
    max_size=40,
)
CONDITIONS = st.sampled_from(
    [(("gte", 2),), (("gt", 1), ("gte", 3)), (("eq", 2),), (("lte", 2),), (("gte", 2), ("lt", 4))]
)


@given(
    EVENTS, st.sampled_from(["event_count", "value_count"]), st.integers(0, 10), CONDITIONS,
    st.sampled_from([1, -1]), st.integers(1, 9),
)  # fmt: skip
def test_page_by_page_is_the_same_as_all_at_once(
    events: Any, kind: Any, timespan: int, condition: Any, sign: int, page: int
) -> None:
    rows = [row(n, t, actor=a, source_ip=ip) for n, (t, a, ip) in enumerate(sorted(events))]
    rule = Correlation(kind, ("actor",), timespan, condition, field="source_ip")
    whole = Correlator(rule)
    whole.add(rows)
    paged = Correlator(rule)
    given_before: list[tuple[Any, Any]] = []
    ordered = rows[::sign]
    for start in range(0, len(ordered), page):
        paged.add(ordered[start : start + page])
        groups = paged.groups()
        given_before.append((groups, seqs(groups)))
        for group in groups:
            assert group.count == len(group.rows) == sum(group.rate(5))
            assert [one.time for one in group.rows] == sorted(one.time for one in group.rows)
            assert (group.first, group.last) == (group.rows[0].time, group.rows[-1].time)
    assert sorted(seqs(paged.groups())) == sorted(seqs(whole.groups()))
    for groups, told in given_before:
        assert seqs(groups) == told


@given(EVENTS, st.integers(1, 4), st.integers(1, 10), st.sampled_from([1, -1]))
def test_other_thresholds_on_the_same_rows(
    events: Any, least: int, timespan: int, sign: int
) -> None:
    rows = [row(n, t, actor=a) for n, (t, a, _) in enumerate(sorted(events))][::sign]
    first = Correlator(Correlation("event_count", ("actor",), 3, (("gte", 3),)))
    half = len(rows) // 2
    first.add(rows[:half])
    first.groups()
    changed = first.with_thresholds(least, timespan)
    changed.add(rows[half:])
    fresh = Correlator(Correlation("event_count", ("actor",), timespan, (("gte", least),)))
    fresh.add(rows)
    assert seqs(changed.groups()) == seqs(fresh.groups())


@pytest.mark.parametrize(
    ("group_by", "key"),
    [
        (("actor",), (("actor", "ann"),)),
        (("actor", "action"), (("actor", "ann"), ("action", "door.open"))),
        (("time",), (("time", "1970-01-01T00:00:00.000005Z"),)),
        (("time", "actor"), (("time", "1970-01-01T00:00:00.000005Z"), ("actor", "ann"))),
    ],
)
def test_a_group_is_named_by_the_whole_values_of_its_fields(group_by: Any, key: Any) -> None:
    correlator = Correlator(Correlation("event_count", group_by, 10, (("gte", 2),)))
    correlator.add(row(seq, 5, actor="ann", action="door.open") for seq in range(2))
    assert [group.key for group in correlator.groups()] == [key]


@pytest.mark.parametrize("sign", [1, -1])
def test_events_between_two_bursts_belong_to_neither(sign: int) -> None:
    correlator = Correlator(Correlation("event_count", ("actor",), 10, (("gte", 3),)))
    times = [0, 1, 2, 3, 40, 41, 80, 81, 82]
    correlator.add([row(seq, time, actor="ann") for seq, time in enumerate(times)][::sign])
    (group,) = correlator.groups()
    assert [one.seq for one in group.rows] == [0, 1, 2, 3, 6, 7, 8]
    assert (group.count, group.peak, group.rate(2)) == (7, 4, [4, 3])


def test_the_rate_is_that_of_the_stretches_from_first_to_last() -> None:
    correlator = Correlator(Correlation("event_count", ("actor",), 100, (("gte", 2),)))
    correlator.add(row(n, time, actor="a") for n, time in enumerate([0, 1, 2, 50, 99]))
    assert correlator.groups()[0].rate(4) == [3, 0, 1, 1]


@pytest.mark.parametrize("sign", [1, -1])
def test_the_first_success_after_the_last_failure(sign: int) -> None:
    outcomes = ["failure", "success", "failure", "denied", "success", "success"]
    rows = [row(n, n * 2, actor="a", outcome=outcome) for n, outcome in enumerate(outcomes)]
    correlator = Correlator(Correlation("event_count", ("actor",), 100, (("gte", 2),)))
    correlator.add(rows[::sign])
    found = correlator.groups()[0].success
    assert found is not None and found.seq == 4
    none = Correlator(Correlation("event_count", ("actor",), 100, (("gte", 2),)))
    none.add(rows[:4][::sign])
    assert none.groups()[0].success is None


def test_what_a_page_costs_does_not_grow_with_what_came_before() -> None:
    looked = 0

    class Counting(Row, frozen=True, gc=False):
        @property
        def field(self) -> str:
            nonlocal looked
            looked += 1
            return "v"

    rule = Correlation("value_count", ("actor",), 10, (("gte", 1),), field="field")
    correlator = Correlator(rule)
    for page in range(20):
        rows = [
            Counting(tick=0, time=-(page * 50 + n), key=("p", n), chain="c", seq=n, actor="a")
            for n in range(50)
        ]
        correlator.add(rows)
        correlator.groups()
    # Each row enters the window once and leaves it once.
    assert looked <= 2 * 20 * 50


@pytest.mark.parametrize("sign", [1, -1])
def test_a_window_that_outgrows_its_condition_at_its_very_end_is_none(sign: int) -> None:
    correlator = Correlator(Correlation("event_count", ("actor",), 10, (("eq", 2),)))
    correlator.add([row(seq, time, actor="ann") for seq, time in enumerate([0, 5, 10])][::sign])
    assert correlator.groups() == []
