"""The runbooks that ship: each answers the question that its name promises."""

from __future__ import annotations

import pytest

from audittui import timestamp
from audittui.layout.row import ROW_FIELDS
from audittui.runbook.binding import ParameterErrors, bind
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.model import Runbook
from audittui.runbook.plan import Correlation, RowFilter, Window
from audittui.runbook.resolved_query import (
    resolved_correlation,
    resolved_equals,
    resolved_where,
    resolved_window,
)

NOW = timestamp.parse("2026-11-24T15:30:00Z")
HOUR = 3600 * timestamp.SECOND
CATALOGUE = load_catalogue()
EXPLAINED = [
    (runbook.id, parameter.name) for runbook in CATALOGUE.runbooks for parameter in runbook.params
]


def answers(runbook: Runbook, **texts: str) -> tuple[str, Window, tuple[RowFilter, ...]]:
    bound = bind(runbook, texts, NOW)
    return (
        resolved_equals(runbook, bound),
        resolved_window(runbook, bound),
        resolved_where(runbook, bound),
    )


@pytest.mark.parametrize(
    ("name", "by", "order", "window", "given"),
    [
        ("time-window", "time", "newest", Window(NOW - HOUR, NOW), {}),
        ("actor-activity", "actor", "newest", Window(NOW - 24 * HOUR, NOW), {"actor": "a b"}),
        ("action-history", "action", "newest", Window(NOW - 168 * HOUR, NOW), {"action": "s3:X"}),
        ("resource-lifecycle", "resource", "oldest", Window(None, None), {"resource": "arn:x"}),
        ("request-trace", "request_id", "oldest", Window(None, None), {"request_id": "r-1"}),
    ],
)
def test_what_a_runbook_asks(
    name: str, by: str, order: str, window: Window, given: dict[str, str]
) -> None:
    runbook = CATALOGUE.find(name)
    assert (runbook.query.by, runbook.query.order) == (by, order)
    assert answers(runbook, **given) == ("".join(given.values()), window, ())
    if given:
        with pytest.raises(ParameterErrors) as caught:
            bind(runbook, {}, NOW)
        assert list(caught.value.errors) == list(given)


def test_filters_of_the_time_window() -> None:
    runbook = CATALOGUE.find("time-window")
    _, _, where = answers(runbook, outcome="denied", severity="critical")
    assert where == (
        RowFilter("outcome", "in", ("denied",)),
        RowFilter("severity", "in", ("critical",)),
    )


def test_denied_actions_of_everyone_or_of_one() -> None:
    runbook = CATALOGUE.find("denied-actions")
    assert runbook.query.by == "failure"
    denied = RowFilter("outcome", "in", ("denied",))
    assert answers(runbook)[2] == (denied,)
    assert answers(runbook, actor="alice")[2] == (denied, RowFilter("actor", "in", ("alice",)))


def test_repeated_failures_take_their_threshold_and_timespan() -> None:
    runbook = CATALOGUE.find("repeated-failures")
    assert runbook.query.by == "failure"

    def rule(**texts: str) -> Correlation | None:
        return resolved_correlation(runbook, bind(runbook, texts, NOW))

    assert rule() == Correlation("event_count", ("actor", "action"), HOUR // 6, (("gte", 5),))
    changed = rule(threshold="20", timespan="1h30m")
    assert changed == Correlation(
        "event_count", ("actor", "action"), HOUR + HOUR // 2, (("gte", 20),)
    )
    with pytest.raises(ParameterErrors):
        rule(threshold="1")


@pytest.mark.parametrize("runbook", CATALOGUE.runbooks, ids=lambda runbook: str(runbook.id))
def test_a_stranger_understands_it(runbook: Runbook) -> None:
    assert runbook.tags
    assert runbook.description.endswith(".")
    assert runbook.columns[0] == "time"
    assert set(runbook.columns) <= set(ROW_FIELDS)
    # A value that all rows share is not a column.
    assert runbook.query.by not in runbook.columns or runbook.query.by == "time"
    assert all(parameter.help for parameter in runbook.params)
