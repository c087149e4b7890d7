"""A lifecycle step by step: what each event changed, and what is not known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audittui.investigate.bodies import Body
from audittui.investigate.correlations import Correlator
from audittui.investigate.diff import DiffLine, diff
from audittui.investigate.steps import LifecycleStep, steps_of
from audittui.layout.row import Row
from audittui.runbook.plan import Correlation

Event = tuple[str, dict[str, Any]]


def body(at: int, action: str, states: dict[str, Any], unread: Any = "") -> Body:
    row = Row(0, at, ("p", at), "c/0", at, action=action, resource="door/1", outcome="success",
              actor="ann")  # fmt: skip
    return Body(row, "" if unread else json.dumps(states), unread)


def life(*events: Event, **options: Any) -> list[LifecycleStep]:
    bodies = [body(at, action, states) for at, (action, states) in enumerate(events)]
    return list(steps_of(bodies, **options))


def told(step: LifecycleStep) -> list[tuple[Any, Any]] | str:
    if step.lines is None:
        return step.unknown
    return [(line.before, line.after) for line in step.lines]


MADE: Event = ("door.create", {"after": {"n": 1}})


def test_what_an_event_found_is_known_and_laid_to_nobody() -> None:
    steps = life(
        ("door.read", {"after": {"n": 1}}),
        ("door.update", {"after": {"n": 2}}),
        ("door.read", {}),
        ("door.read", {"before": {"n": 7}}),
        ("door.read", {"before": {"n": 2}, "after": {"n": 3}}),
        ("door.update", {"after": {"n": 4}}),
    )
    assert list(map(told, steps)) == [[], [(1, 2)], [], [], [(2, 3)], [(3, 4)]]


def test_after_a_deletion_everything_is_new() -> None:
    steps = life(MADE, ("door.delete", {}), ("door.create", {"after": {"n": 2}}))
    assert list(map(told, steps)) == [[(None, 1)], "", [(None, 2)]]
    steps = life(MADE, ("door.delete", {"before": {"n": 1}}), ("door.restore", {"after": {"n": 1}}))
    assert list(map(told, steps))[1:] == [[(1, None)], "it restored what had been deleted"]


def test_an_event_that_tells_half_of_it_says_what_is_missing() -> None:
    steps = life(MADE, ("door.update", {"before": {"n": 1}}), ("door.update", {"after": {"n": 3}}))
    assert told(steps[1]) == "it does not record the resulting state"
    assert told(steps[2]) == "door.update by ann at 1970-01-01T00:00:00.000001Z records no state"
    assert told(life(MADE, ("door.update", {}))[1]) == ""


@pytest.mark.parametrize(
    ("unread", "why"),
    [
        ("fault", "an earlier entry could not be read"),
        ("budget", "an earlier entry was not read"),
    ],
)
def test_nothing_is_laid_to_anyone_across_what_was_not_read(unread: Any, why: str) -> None:
    bodies = [
        body(0, *MADE),
        body(1, "door.update", {}, unread),
        body(2, "door.update", {"after": {"n": 2}}),
        body(3, "door.update", {"after": {"n": 3}}),
    ]
    steps = list(steps_of(bodies))
    assert list(map(told, steps))[2:] == [why, [(2, 3)]]
    assert (steps[1].unread, steps[1].lines) == (unread, None)


def test_a_stranger_changes_nothing_for_the_others() -> None:
    events = MADE, ("door.update", {"after": {"n": 66}}), ("door.update", {"after": {"n": 2}})
    steps = life(*events, stranger=lambda row: "planted" if row.seq == 1 else "")
    assert list(map(told, steps)) == [
        [(None, 1)], "nothing vouches for this entry (planted)", [(1, 2)],
    ]  # fmt: skip
    assert steps[1].after == {"n": 66}
    (step,) = life(("door.update", {}), stranger=lambda _: "planted")
    assert told(step) == ""


def test_whole_values_and_ends_of_lists_differ_too() -> None:
    assert diff(None, 7) == (DiffLine("", "added", None, 7),)
    assert diff(7, None) == (DiffLine("", "removed", 7, None),)
    assert diff(None, None) == ()
    assert diff([1, 2, 3], [1]) == (
        DiffLine("[1]", "removed", 2, None), DiffLine("[2]", "removed", 3, None),
    )  # fmt: skip
    assert diff({"tür auf": 1}, {"tür auf": 2}) == (DiffLine('["tür auf"]', "changed", 1, 2),)


def test_other_thresholds_need_as_many_rows_as_they_say() -> None:
    rule = Correlation("event_count", ("actor",), 10, (("gte", 2),))
    correlator = Correlator(rule)
    correlator.add(Row(0, at, ("p", at), "c/0", at, actor="ann") for at in range(3))
    assert [group.count for group in correlator.with_thresholds(3, 10).groups()] == [3]
    assert correlator.with_thresholds(4, 10).groups() == []


def test_a_group_that_outgrows_its_condition_is_gone() -> None:
    correlator = Correlator(Correlation("event_count", ("actor",), 10, (("lte", 2),)))
    rows = [Row(0, at, ("p", at), "c/0", at, actor="ann") for at in range(3)]
    correlator.add(rows[:2])
    assert [group.count for group in correlator.groups()] == [2]
    correlator.add(rows[2:])
    assert correlator.groups() == []
