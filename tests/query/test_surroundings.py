"""How an empty result is explained."""

from __future__ import annotations

import pytest

from audittui import timestamp
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.query.surroundings import look_around, near_names, sentences
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.plan import Facts, Plan
from audittui.runbook.planner import make_plan
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

NATIVE = load_layout("native")
BEGAN = timestamp.parse("2023-11-01T10:00:00Z")
NOW = timestamp.parse("2026-11-24T12:00:00Z")
LONG = "arn:aws:iam::123456789012:user/alice"


def log(chains: int = 1) -> SqliteStore:
    store = SqliteStore(":memory:", NATIVE, create=True)
    for number in range(chains):
        AuditLog(store, f"app/{number}").append_many(
            [
                Draft(actor=actor, action="s3:GetObject", resource="bucket/a", outcome="success",
                      time=timestamp.text(BEGAN + at * timestamp.SECOND))
                for at, actor in enumerate((LONG, "Bob", "carol"))
            ]
        )  # fmt: skip
    return store


def plan_of(runbook: str, chains: int = 1, **texts: str) -> Plan:
    facts = Facts(tuple(f"app/{number}" for number in range(chains)), None, NOW)
    return make_plan(load_catalogue([]).find(runbook), texts, NATIVE, facts)


def said_of(plan: Plan, chains: int = 1) -> str:
    return "\n".join(sentences(plan, look_around(plan, log(chains))))


def test_a_longer_spelling_is_close_and_what_was_compared_is_said() -> None:
    said = said_of(plan_of("actor-activity", actor="alice", window="all"))
    assert (
        "No entry matches actor is 'alice'; values are compared in full, and case matters." in said
    )
    assert f"Similar to 'alice': '{LONG}'." in said
    assert "Checking this took 5 more requests, 2.5 RCU." in said


@pytest.mark.parametrize(
    ("window", "word"),
    [("-1h..now", "the window begins after the last"),
     ("2020-01-01", "the window ends before the first"),
     ("2023-11-01T10:00:01..10:00:02", "")],
)  # fmt: skip
def test_a_window_beside_the_log_is_said(window: str, word: str) -> None:
    said = said_of(plan_of("time-window", window=window, severity="critical"))
    assert (
        "The log's first entry is from 2023-11-01T10:00:00Z, "
        "its last is from 2023-11-01T10:00:02Z" in said
    )
    assert word in said and "severity is 'critical'" in said
    assert ("begins after" in said) == (word == "the window begins after the last")


@pytest.mark.parametrize(
    ("name", "names", "near"),
    [
        ("bob", ["Bob", "alice"], ["Bob"]),
        ("alice", ["role/alice-admin", "alic", "zoe"], ["alic", "role/alice-admin"]),
        ("caroll", ["carol", "bob"], ["carol"]),
        ("al", ["alice", "bob"], []),
        ("x", [], []),
        ("alice", ["alice", ""], []),
        ("ALCIE", ["alice", "zoe"], ["alice"]),
        ("alcie", [LONG, "zoe"], [LONG]),
        ("i-0abd", ["arn:aws:ec2:eu-west-1:1:instance/i-0abc", "zoe"],
         ["arn:aws:ec2:eu-west-1:1:instance/i-0abc"]),
    ],
)  # fmt: skip
def test_close_names(name: str, names: list[str], near: list[str]) -> None:
    assert near_names(name, names)[: len(near) or None] == near


@pytest.mark.parametrize(("asked", "is_"), [("BOB", "Bob"), ("bob", "Bob"), ("CAROL", "carol")])
def test_another_case_is_looked_for_in_the_whole_log(asked: str, is_: str) -> None:
    store = log()
    AuditLog(store, "app/0").append_many(
        [Draft(actor=f"zz{number:03}", action="a", outcome="success",
               time=timestamp.text(BEGAN + 3 * timestamp.DAY + number)) for number in range(60)]
    )  # fmt: skip
    plan = plan_of("actor-activity", actor=asked, window="all")
    assert f"Similar to {asked!r}: {is_!r}." in sentences(plan, look_around(plan, store))


@pytest.mark.parametrize(
    "more", [{"window": "-1h..now"}, {"window": "all", "outcome": "denied"}], ids=str
)
def test_a_name_that_has_entries_is_not_said_to_have_none(more: dict[str, str]) -> None:
    plan = plan_of("actor-activity", 1, actor="carol", **more)
    said = said_of(plan)
    assert (
        "'carol' has entries, the last at 2023-11-01T10:00:02Z: "
        "the window or the other conditions exclude them." in said
    )
    assert "Similar to" not in said


def test_a_window_that_holds_no_entry_is_not_taken_for_the_log() -> None:
    plan = plan_of("actor-activity", actor="alice", window="-1h..now")
    assert "No entry in the window matches actor is 'alice'" in said_of(plan)


def test_what_follows_from_another_condition_is_not_said() -> None:
    plan = plan_of("denied-actions", actor="alice", window="-1h..now")
    assert "outcome is 'denied'" in said_of(plan) and "is not 'success'" not in said_of(plan)


def test_names_met_elsewhere_count_too() -> None:
    plan = plan_of("actor-activity", actor="dorthea", window="all")
    said = sentences(plan, look_around(plan, log()), {"actor": ["dorothea"]})
    assert "Similar to 'dorthea': 'dorothea'." in said


def test_a_log_of_many_chains_or_a_small_rest_of_a_budget_is_not_looked_at() -> None:
    many = plan_of("actor-activity", chains=5, actor="alice", window="all")
    assert look_around(many, log(5)).requests == 0
    one = plan_of("actor-activity", actor="alice", window="all")
    assert look_around(one, log(), left=3.0).requests == 0
    assert "actor is 'alice'" in sentences(one, look_around(one, log(), left=3.0))[0]


def test_what_cannot_be_read_is_said() -> None:
    class Denied(SqliteStore):
        def query(self, request: Query, patience: Patience = PATIENT) -> Page:
            raise StoreError("You may not.", kind="permission")

    plan = plan_of("actor-activity", actor="alice", window="all")
    around = look_around(plan, Denied(":memory:", NATIVE, create=True))
    assert "The rest of the log could not be checked: You may not." in sentences(plan, around)


def test_hostile_names_act_on_nothing() -> None:
    plan = plan_of("actor-activity", actor="ali\x1b[2Jce", window="all")
    assert "\x1b" not in "\n".join(sentences(plan, look_around(plan, log())))
