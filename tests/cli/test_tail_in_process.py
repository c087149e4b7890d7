"""What ``audittui tail`` refuses, and what it writes of entries that are there already."""

from __future__ import annotations

import csv
import io
import json
import shlex

import pytest

from audittui.entry import Draft
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.cli.bench import LAYOUT, Bench

TAIL = ("tail", "actor-activity", "-p", "actor=a", "--interval", "0.1")
SINCE = (*TAIL, "--since", "-1h")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tail", "time-window", "-p", "window=-1h..now"),
         "A tail has no end, so it does not accept the window window."),
        ((*SINCE, "--resume", "x"), "--since and --resume exclude each other."),
        ((*TAIL, "--since", "soon"), "--since "),
        ((*TAIL, "--since", "2999-01-01"), "--since 2999-01-01 is in the future."),
        ((*TAIL, "--resume", "x"), "cursor"),
        (("tail", "actor-activity"), "actor"),
        (("tail", "actor-activty", "-p", "actor=a"), "Did you mean actor-activity?"),
        ((*TAIL[:4], "--interval", "fast"), "--interval fast is not two numbers of seconds."),
        ((*TAIL[:4], "--interval", "5..1"), "--interval 5..1 is not an ascending range"),
        ((*TAIL[:4], "--interval", "0.01"), "--interval 0.01 is not an ascending range within 0.1"),
        ((*TAIL, "--store", "gone.db"), "There is no store gone.db."),
        ((*TAIL, "-p", "actor=b"), "The parameter actor is given twice."),
        ((*TAIL, "-p", "outcome"), "-p outcome is not a parameter."),
    ],
)  # fmt: skip
def test_what_makes_no_tail_is_usage(bench: Bench, words: tuple[str, ...], said: str) -> None:
    out, err = bench(*words, code=2)
    assert said in err
    assert out == ""


def test_what_was_there_is_caught_up_with_oldest_first_in_every_format(bench: Bench) -> None:
    out, err = bench(*SINCE, "--limit", 3, "--format", "jsonl")
    assert [json.loads(line)["seq"] for line in out.splitlines()] == [0, 1, 2]
    assert "3 rows. " in err
    out, _ = bench(*SINCE, "--limit", 3, "--format", "csv")
    assert [row["seq"] for row in csv.DictReader(io.StringIO(out))] == ["0", "1", "2"]
    out, _ = bench(*SINCE, "--limit", 3)
    assert out.split()[:2] == ["time", "action"]
    assert len(out.splitlines()) == 4


def test_a_cursor_goes_on_after_the_last_row(bench: Bench) -> None:
    _, err = bench(*SINCE, "--limit", 3, "--format", "jsonl")
    (again,) = (line for line in err.splitlines() if line.startswith("Continue with: "))
    words = shlex.split(again.removeprefix("Continue with: audittui "))
    out, _ = bench(*words, "--limit", 2, "--format", "jsonl", "--interval", "0.1")
    assert [json.loads(line)["seq"] for line in out.splitlines()] == [3, 4]


def test_a_budget_ends_a_tail_and_says_where_it_goes_on(bench: Bench) -> None:
    out, err = bench(*SINCE, "--format", "jsonl", "--max-rcu", 15, code=3)
    assert 0 < len(out.splitlines()) < 300
    assert "To catch up, " in err
    assert "The budget of 15 RCU will end it first." in err
    assert "Stopped by the budget (" in err
    assert "Continue with: audittui tail actor-activity -p actor=a" in err


def test_a_budget_that_cannot_find_the_beginning_says_that_nothing_was_read(bench: Bench) -> None:
    out, err = bench(*SINCE, "--format", "jsonl", "--max-rcu", 1, code=3)
    assert out == ""
    assert "before the starting point was found; nothing was read." in err
    assert "Continue with" not in err


def test_the_events_that_make_groups_are_told_to_be_events(bench: Bench) -> None:
    store = SqliteStore(str(bench.store), LAYOUT)
    AuditLog(store, "payments/0").append(Draft(actor="u", action="x", outcome="failure"))
    store.close()
    words = ("tail", "repeated-failures", "--since", "-1h", "--limit", 1, "--interval", "0.1")
    out, err = bench(*words, "--format", "jsonl")
    assert json.loads(out)["actor"] == "u"
    assert "These are the events that repeated-failures counts" in err
    assert "1 row. " in err
