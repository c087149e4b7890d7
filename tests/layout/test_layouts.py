"""Layouts: the two that ship, and what a row says of an item."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.errors import UsageError
from audittui.layout import Row, layout_names, load_layout
from audittui.layout.template import parse_template
from audittui.query.execution import Execution
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.planner import make_plan
from audittui.store.sqlite import SqliteStore
from tests.shared_data import shared_file

TELEPORT = load_layout("teleport")


def teleport_item(number: int, event: dict[str, Any]) -> dict[str, Any]:
    """The item that Teleport's backend stores for an event (lib/events/dynamoevents)."""
    # One sample has a time that is none; Teleport itself keeps CreatedAt beside it.
    moment = timestamp.parse(event["time"].replace(":000.", ":00."))
    return {
        "SessionID": event.get("sid") or event.get("uid") or f"none-{number}",
        "EventIndex": event.get("ei") or number,
        "EventType": event["event"],
        "EventNamespace": "default",
        "CreatedAt": moment // timestamp.SECOND,
        "CreatedAtDate": timestamp.text(moment)[:10],
        "Expires": moment // timestamp.SECOND + 10**7,
        "Fields": json.dumps(event),
    }


@pytest.fixture
def teleport() -> tuple[Connection, list[dict[str, Any]]]:
    lines = shared_file("teleport/events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines if line]
    store = SqliteStore(":memory:", TELEPORT, create=True)
    items: dict[Any, dict[str, Any]] = {}
    for number, event in enumerate(events):
        item = teleport_item(number, event)
        if (item["SessionID"], item["EventIndex"]) in items:
            item["EventIndex"] = 1000 + number
        items[item["SessionID"], item["EventIndex"]] = event
        store.put_new(item)
    target = Target(store=":memory:", layout="teleport")
    return Connection(target, store, TELEPORT), list(items.values())


def ask(connection: Connection, runbook: str, **parameters: str) -> list[Row]:
    plan = make_plan(
        load_catalogue().find(runbook), parameters, connection.layout, connection.facts()
    )
    return [
        row for page in Execution(plan, connection.store, page_rows=3).pages() for row in page.rows
    ]


def test_teleport_answers_by_time(teleport: tuple[Connection, list[dict[str, Any]]]) -> None:
    connection, events = teleport
    rows = ask(connection, "time-window", window="2020-08-01..2020-09-01")
    inside = [event for event in events if "2020-08" <= event["time"][:7] < "2020-09"]
    assert sorted(row.action for row in rows) == sorted(event["event"] for event in inside)
    assert rows and [row.time for row in rows] == sorted((row.time for row in rows), reverse=True)


def test_teleport_answers_an_actor_by_falling_back(
    teleport: tuple[Connection, list[dict[str, Any]]],
) -> None:
    connection, events = teleport
    rows = ask(connection, "actor-activity", actor="panther", window="2020-08-01..2020-09-01")
    theirs = [e for e in events if e.get("user") == "panther" and e["time"].startswith("2020-08")]
    assert len(rows) == len(theirs) > 0


def test_teleport_answers_a_session_from_the_base_table(
    teleport: tuple[Connection, list[dict[str, Any]]],
) -> None:
    connection, events = teleport
    session = next(event["sid"] for event in events if event.get("sid"))
    rows = ask(connection, "request-trace", request_id=session)
    assert len(rows) == sum(event.get("sid") == session for event in events)
    assert [row.time for row in rows] == sorted(row.time for row in rows)


def test_a_question_that_needs_all_of_time_says_what_to_give(
    teleport: tuple[Connection, list[dict[str, Any]]],
) -> None:
    connection, _ = teleport
    with pytest.raises(UsageError, match=r"no index by resource.*window with a start"):
        ask(connection, "resource-lifecycle", resource="x")


def test_failure_outcomes_come_from_the_payload() -> None:
    row = TELEPORT.row(
        teleport_item(1, {"event": "auth", "time": "2020-08-13T18:39:42Z", "success": False})
    )
    assert row.outcome == "failure"
    row = TELEPORT.row(teleport_item(1, {"event": "exec", "time": "2020-08-13T18:39:42Z"}))
    assert row.outcome == "unknown"


ATTRIBUTES = ["SessionID", "EventIndex", "CreatedAt", "Fields", "EventType", "pk", "sk", "time"]
anything = (
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.lists(st.integers())
)


# A busy machine makes items slowly; that is no fault of a layout.
@given(st.dictionaries(st.sampled_from(ATTRIBUTES), anything))
def test_no_item_can_crash_a_row(item: dict[str, Any]) -> None:
    for name in layout_names():
        layout = load_layout(name)
        for index in (None, *layout.indexes):
            layout.row(item, index)
        layout.document(item)


@given(st.from_regex(r"[a-z]{1,8}/[0-9]", fullmatch=True), st.integers(0, timestamp.MAX_TIME))
def test_templates_read_back_what_they_wrote(chain: str, time: int) -> None:
    template = parse_template("entry#{chain}")
    assert template.read(template.fill({"chain": chain})) == {"chain": chain}
    bucket = parse_template("{chain}#{time:%Y-%m-%d}").fill({"chain": chain}, time)
    assert bucket == f"{chain}#{timestamp.text(time)[:10]}"


@pytest.mark.parametrize("source", ["{", "a}b", "{time:%H}", "{actor:%Y}", "{a{b}}"])
def test_a_template_that_is_none_is_refused(source: str) -> None:
    with pytest.raises(ValueError):
        parse_template(source)


def test_a_layout_file_that_is_broken_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("name = 3", encoding="utf-8")
    with pytest.raises(UsageError, match=r"mine\.toml:1: name: this must be a quoted string"):
        load_layout(str(path))
    with pytest.raises(UsageError, match="There is no layout 'nope'"):
        load_layout("nope")
