"""A plan in words: every line that informs a decision, and the equivalent AWS CLI command."""

from __future__ import annotations

import json
import shlex
from typing import Any

import msgspec
import pytest

from audittui import timestamp
from audittui.layout import load_layout
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.describe import aws_command, describe_plan
from audittui.runbook.model import NotIn, Runbook
from audittui.runbook.plan import Facts, Plan, Sample
from audittui.runbook.planner import make_plan
from audittui.store.port import IndexDescription

NATIVE, TELEPORT = load_layout("native"), load_layout("teleport")
BOOKS = load_catalogue([])
NOW = timestamp.parse("2026-11-24T12:00:00Z")
FACTS = Facts(("app/0",), None, NOW)
START, LAST = "2026-11-22T00:00:00.000000Z", "2026-11-23T23:59:59.999999Z"


def asked(runbook: str, *, order: str = "", where: Any = None, **texts: str) -> Plan:
    return planned(BOOKS.find(runbook), order=order, where=where, **texts)


def planned(
    book: Runbook, *, order: str = "", where: Any = None, facts: Facts = FACTS,
    layout: Any = NATIVE, **texts: str,
) -> Plan:  # fmt: skip
    query = msgspec.structs.replace(
        book.query, order=order or book.query.order, where=where or book.query.where
    )
    return make_plan(msgspec.structs.replace(book, query=query), texts, layout, facts)


def lines_of(plan: Plan, label: str, **options: Any) -> list[str]:
    """The lines under ``label``."""
    found, under = [], ""
    for line in describe_plan(plan, **options).splitlines():
        under = line[:14].strip() or under
        if under == label:
            found.append(line[14:])
    return found


def command(plan: Plan, *options: str) -> dict[str, str]:
    """The words of the AWS CLI command of the first partition, each option with its value."""
    words = shlex.split(aws_command(plan, plan.shards[0], "log", options))
    assert words[:3] == ["aws", "dynamodb", "query"]
    told: dict[str, str] = {}
    for word in words[3:]:
        if word.startswith("--"):
            told[name := word] = ""
        else:
            told[name] = word
    return told


def test_a_window_is_told_with_its_open_sides() -> None:
    def told(window: str) -> str:
        return lines_of(asked("actor-activity", actor="ann", window=window), "Window")[0]

    start, end = "2026-11-22T00:00:00Z", "2026-11-24T00:00:00Z"
    assert told("2026-11-22..2026-11-24") == f"from {start} to {end} (end excluded)"
    assert told("2026-11-22..") == f"from {start} to the end (end excluded)"
    assert told("..2026-11-24") == f"from the beginning to {end} (end excluded)"


@pytest.mark.parametrize(
    ("window", "range_", "condition", "bounds"),
    [
        ("all", "", "#p = :p", {}),
        ("2026-11-22..2026-11-24", f", time between {START} and {LAST}",
         "#p = :p AND #s BETWEEN :low AND :high", {":low": START, ":high": LAST}),
        ("2026-11-22..", f", time >= {START}", "#p = :p AND #s >= :low", {":low": START}),
        ("..2026-11-24", f", time <= {LAST}", "#p = :p AND #s <= :high", {":high": LAST}),
    ],
)  # fmt: skip
def test_what_is_read_is_told_and_the_aws_cli_reads_the_same(
    window: str, range_: str, condition: str, bounds: dict[str, str]
) -> None:
    plan = asked("actor-activity", actor="ann", window=window)
    assert lines_of(plan, "Partitions") == ["1, in reading order:", f"actor = ann{range_}"]
    told = command(plan, "--region", "eu-west-1")
    assert told["--table-name"] == "log" and told["--index-name"] == "by-actor"
    assert told["--key-condition-expression"] == condition
    names = {"#p": "actor"} | ({"#s": "time"} if bounds else {})
    assert json.loads(told["--expression-attribute-names"]) == names
    values = {":p": {"S": "ann"}} | {name: {"S": value} for name, value in bounds.items()}
    assert json.loads(told["--expression-attribute-values"]) == values
    assert "--filter-expression" not in told
    assert told["--return-consumed-capacity"] == "TOTAL" and told["--region"] == "eu-west-1"


def test_an_index_that_is_not_sorted_by_time_has_no_range() -> None:
    session = msgspec.structs.replace(
        BOOKS.find("request-trace"),
        query=msgspec.structs.replace(BOOKS.find("request-trace").query, during="2026-11-22"),
    )
    plan = planned(session, layout=TELEPORT, request_id="s-1")
    assert lines_of(plan, "Index") == ["the base table, answers request_id"]
    assert lines_of(plan, "Partitions")[1] == "SessionID = s-1"
    told = command(plan)
    assert told["--key-condition-expression"] == "#p = :p" and "--index-name" not in told
    assert json.loads(told["--expression-attribute-names"]) == {"#p": "SessionID"}


@pytest.mark.parametrize(
    ("order", "said", "other"),
    [("oldest", "--scan-index-forward", "--no-scan-index-forward"),
     ("newest", "--no-scan-index-forward", "--scan-index-forward")],
)  # fmt: skip
def test_the_order_is_that_of_the_command(order: str, said: str, other: str) -> None:
    plan = asked("actor-activity", order=order, actor="ann")
    assert lines_of(plan, "Order") == [f"{order} first"]
    told = command(plan)
    assert said in told and other not in told


def test_filters_are_told_with_who_applies_them_and_stand_in_the_command() -> None:
    plan = asked(
        "actor-activity", actor="ann",
        where={"outcome": ("denied", "failure"), "severity": NotIn("info"), "action": "read"},
    )  # fmt: skip
    assert lines_of(plan, "Filter") == [
        "outcome is denied or failure (by the service, same cost)",
        "severity is not info (by the service, same cost)",
        "action is read (by the service, same cost)",
    ]
    told = command(plan)
    assert told["--filter-expression"] == (
        "#f0 IN (:f0_0, :f0_1) AND (attribute_not_exists(#f1) OR NOT #f1 IN (:f1_0)) "
        "AND #f2 IN (:f2_0)"
    )
    names = json.loads(told["--expression-attribute-names"])
    assert names == {"#p": "actor", "#f0": "outcome", "#f1": "severity", "#f2": "action"} | (
        {"#s": "time"} if "#s" in names else {}
    )
    values = json.loads(told["--expression-attribute-values"])
    assert [values[name]["S"] for name in (":f0_0", ":f0_1", ":f1_0", ":f2_0")] == [
        "denied", "failure", "info", "read",
    ]  # fmt: skip


def test_what_the_service_cannot_filter_is_told_as_filtered_after_reading() -> None:
    plan = planned(BOOKS.find("time-window"), layout=TELEPORT, window="2026-11-23",
                   outcome="denied")  # fmt: skip
    assert lines_of(plan, "Filter") == ["outcome is denied (after reading, same cost)"]
    assert "Filtered after reading: outcome." in lines_of(plan, "Note")


def test_six_partitions_are_shown_and_the_number_of_the_others() -> None:
    def told(days: int) -> list[str]:
        plan = asked("time-window", window=f"2026-11-01..2026-11-{days + 1:02}")
        return lines_of(plan, "Partitions")

    assert told(6)[0] == "6, in reading order:"
    assert [line.split(",")[0] for line in told(6)[1:]] == [
        f"bucket = app/0#2026-11-{day:02}" for day in range(6, 0, -1)
    ]
    assert len(told(8)) == 8 and told(8)[-1] == "… and 2 more"


@pytest.mark.parametrize(
    ("commands", "which", "number"),
    [
        (1, "first partition", 1), (2, "2 of 3", 2), (3, "one per partition", 3),
        (9, "one per partition", 3),
    ],
)  # fmt: skip
def test_it_is_said_which_partitions_the_commands_read(
    commands: int, which: str, number: int
) -> None:
    plan = asked("time-window", window="2026-11-01..2026-11-04")
    lines = describe_plan(plan, commands=commands).splitlines()
    noun = "command" if number == 1 else "commands"
    at = lines.index(f"Equivalent AWS CLI {noun}, {which}:")
    assert [line.split()[:3] for line in lines[at + 1 :]] == [["aws", "dynamodb", "query"]] * number


def test_a_single_partition_is_the_first_one() -> None:
    plan = asked("actor-activity", actor="ann")
    assert "Equivalent AWS CLI command, first partition:" in describe_plan(plan)


def test_a_log_without_a_chain_is_said_to_have_none_and_has_no_command() -> None:
    plan = planned(BOOKS.find("time-window"), facts=Facts((), None, NOW), window="2026-11-23")
    assert lines_of(plan, "Partitions") == [
        "0, in reading order:", "none: the table has no chains yet",
    ]  # fmt: skip
    assert "AWS CLI" not in describe_plan(plan)


def test_a_correlation_is_told_with_its_bounds() -> None:
    plan = asked("repeated-failures", window="2026-11-23", threshold="7", timespan="90s")
    assert lines_of(plan, "Correlation") == ["event_count by actor, action within 90 s, gte 7"]


def test_other_indexes_are_told_with_what_they_would_cost() -> None:
    sizes = tuple(IndexDescription(one.name, 1000, 800_000) for one in NATIVE.indexes if one.name)
    known = Facts(("app/0",), sizes, NOW)
    plan = planned(BOOKS.find("actor-activity"), facts=known, actor="ann", window="2026-11-23")
    assert lines_of(plan, "Alternative") == ["by-time: 0.5 to about 98.5 RCU"]


def test_what_a_plan_could_not_learn_or_looked_at_is_noted() -> None:
    notes = lines_of(asked("resource-lifecycle", resource="door/1"), "Note")
    assert "Only an entry's main resource is indexed; the others are in its details." in notes
    silent = msgspec.structs.replace(FACTS, silent=True)
    plan = planned(BOOKS.find("actor-activity"), facts=silent, actor="ann")
    assert (
        "DescribeTable did not answer in time: index sizes, and which indexes exist, are not known."
        in plan.notes
    )
    looked = msgspec.structs.replace(FACTS, samples=(Sample("by-actor", "ann", 3.0, True),) * 2)
    plan = planned(BOOKS.find("actor-activity"), facts=looked, actor="ann")
    assert plan.notes == ("The index was chosen after reading a few items of by-actor.",)
    assert asked("actor-activity", actor="ann").notes == ()


def test_it_is_said_what_an_index_holds_and_where_none_is_sorted_by_time() -> None:
    plan = asked("actor-activity", actor="ann")
    assert lines_of(plan, "Projection") == ["the list columns, not the body"]
    session = planned(BOOKS.find("request-trace"), layout=TELEPORT, request_id="s-1")
    assert lines_of(session, "Projection") == ["everything"]
    assert (
        "The base table is not sorted by time: the whole partition is read before the first row "
        "is shown."
    ) in lines_of(session, "Note")


def test_a_missing_index_is_told_with_what_is_paid_instead() -> None:
    by_time = (IndexDescription("by-time", 1000, 800_000),)
    known = Facts(("app/0",), by_time, NOW)
    plan = planned(BOOKS.find("actor-activity"), facts=known, actor="ann", window="2026-11-23")
    assert (
        "No index answers actor here: every entry of the window is read from by-time and filtered, "
        "and all of it is charged."
    ) in lines_of(plan, "Note")
