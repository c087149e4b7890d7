"""What is reported about a group's success: found, none up to a time, or not read to the end."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.investigate import aftermath
from audittui.investigate.aftermath import HORIZON, Aftermath, first_success, reads_success
from audittui.investigate.correlations import Correlator
from audittui.layout import load_layout
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.model import NotIn
from audittui.runbook.plan import Correlation
from audittui.runbook.planner import make_plan
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

MINUTE = 60 * timestamp.SECOND
NOW = timestamp.parse("2026-11-24T15:00:00Z")


def looked_after(*later: tuple[int, str], ago: int = 60) -> Aftermath:
    """The aftermath of three failures ``ago`` minutes ago and the ``later`` events (minutes after
    them, outcome)."""
    store = SqliteStore(":memory:", load_layout("native"), create=True)
    start = NOW - ago * MINUTE
    events = [(start, "failure")] * 3 + [(start + at * MINUTE, outcome) for at, outcome in later]
    AuditLog(store, "c/0").append_many(
        [
            Draft(actor="ann", action="door.open", outcome=outcome, time=timestamp.text(time))
            for time, outcome in events
        ]
    )
    connection = Connection(Target(store=":memory:"), store, load_layout("native"))
    rows = [
        connection.layout.row(store.get(connection.layout.key("c/0", seq)).item or {})
        for seq in range(3)
    ]
    correlator = Correlator(Correlation("event_count", ("actor",), MINUTE, (("gte", 3),)))
    correlator.add(rows)
    (group,) = correlator.groups()
    facts: Any = connection.facts()
    facts = msgspec.structs.replace(facts, now=NOW)
    return first_success(group, connection, facts, threading.Event())


def test_the_first_success_after_the_last_failure() -> None:
    found = looked_after((1, "failure"), (2, "success"), (3, "success"))
    assert found.success is not None and found.success.time == NOW - 58 * MINUTE


def test_none_until_now_and_no_further_than_the_horizon() -> None:
    found = looked_after((1, "denied"))
    assert (found.success, found.until, found.complete) == (None, NOW, True)
    days = 3 * 24 * 60
    found = looked_after((days - 1, "success"), ago=days)
    assert (found.success, found.complete) == (None, True)
    assert found.until == NOW - days * MINUTE + HORIZON


def test_a_look_that_ended_early_is_not_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aftermath, "BUDGET", 1.0)
    found = looked_after(*[(at % 50 + 1, "denied") for at in range(97)])
    assert found.success is None and found.rcu <= 2
    assert not found.complete and found.until < NOW


@pytest.mark.parametrize(
    ("said", "reads"),
    [
        (None, True),
        ("success", True),
        (("failure", "success"), True),
        ("failure", False),
        (("failure", "denied"), False),
        (NotIn("success"), False),
        (NotIn(("denied", "success")), False),
        (NotIn("denied"), True),
    ],
)
@pytest.mark.parametrize("by", ["time", "failure"])
def test_whether_rows_hold_successes_is_told_by_their_conditions(
    said: Any, reads: bool, by: Any
) -> None:
    store = SqliteStore(":memory:", load_layout("native"), create=True)
    connection = Connection(Target(store=":memory:"), store, load_layout("native"))
    runbook = load_catalogue().find("time-window")
    where = {} if said is None else {"outcome": said}
    query = msgspec.structs.replace(runbook.query, by=by, where=where)
    runbook = msgspec.structs.replace(
        runbook, query=query, params=tuple(one for one in runbook.params if one.name == "window")
    )
    plan = make_plan(runbook, {}, connection.layout, connection.facts())
    assert reads_success(plan) == (reads and by == "time")
