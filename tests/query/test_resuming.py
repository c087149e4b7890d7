"""Resumed runs: budgets that always make progress, and chains and days that began meanwhile."""

from __future__ import annotations

from typing import Any

import boto3
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import timestamp
from audittui.errors import UsageError
from audittui.layout.row import Row
from audittui.query.cursor import decode_cursor, facts_to_go_on
from audittui.query.execution import Execution
from audittui.query.result import ResultPage
from audittui.runbook.plan import Plan
from audittui.runbook.planner import make_plan
from audittui.store.port import Store
from audittui.store.sqlite import SqliteStore
from tests.query.logs import (
    CATALOGUE,
    CHAINS,
    DAY0,
    MOMENTS,
    NATIVE,
    brute_force,
    event_lists,
    events,
    facts,
    filled,
    names,
    one_partition,
    plan_for,
    run,
    window,
)
from tests.store.conftest import ENDPOINT, REGION, make_dynamo_store

END = DAY0 + 4 * timestamp.DAY
EVERYTHING = window(DAY0, END)
# Few distinct whole seconds, so that most entries share their time with others.
seconds = st.builds(
    lambda day, second: DAY0 + day * timestamp.DAY + second * timestamp.SECOND,
    st.integers(0, 3), st.integers(0, 2),
)  # fmt: skip
tied_events = event_lists(seconds, most=120)
budgets = st.lists(st.sampled_from([0.5, 1.0, 1.5, 3.0, 8.0]), min_size=1, max_size=4)


def ordered(store: Any, rows: list[Any], order: str, actor: bool) -> Plan:
    if actor:
        return one_partition(store, rows, order, EVERYTHING)
    book = CATALOGUE.find("time-window")
    query = msgspec.structs.replace(book.query, order=order)
    book = msgspec.structs.replace(book, query=query)
    return make_plan(book, {"window": EVERYTHING}, NATIVE, facts(store, rows))


def read_by_budgets(plan: Plan, store: Any, given_budgets: list[float]) -> list[Row]:
    """Read everything under one budget after another. When one is reported as too small, the next
    has what is reported as needed, or more if that is too little."""
    got: list[Row] = []
    cursor, positions, budget, at = "", set(), given_budgets[0], 0
    for _ in range(2000):
        part, last = run(plan, store, max_rcu=budget, cursor=cursor)
        got += part
        if last.coverage.complete:
            return got
        assert last.coverage.stop == "budget"
        if last.coverage.tied is not None:
            assert not last.cursor and not part
            assert "RCU are needed in one run" in last.coverage.text()
            assert last.coverage.tied.units > last.meter.rcu - 0.01
            budget = max(2 * budget, last.coverage.tied.units)
            continue
        decoded = decode_cursor(last.cursor)
        position = repr((decoded.last, decoded.shards, decoded.begins, decoded.heads,
                         decoded.unread))  # fmt: skip
        assert position not in positions, "a cursor that leads back to where the run was"
        positions.add(position)
        if cursor:
            assert "before the first row" not in last.coverage.text()
        cursor = last.cursor
        at += 1
        budget = given_budgets[at % len(given_budgets)]
    raise AssertionError("the budgets never come to an end")


@settings(max_examples=150)
@given(tied_events, budgets, st.sampled_from(["newest", "oldest"]), st.booleans())
def test_every_budget_gets_somewhere_or_says_what_would(
    rows: list[Any], given_budgets: list[float], order: str, actor: bool
) -> None:
    store = filled(rows, page_bytes=2048)
    plan = ordered(store, rows, order, actor)
    got = read_by_budgets(plan, store, given_budgets)
    wanted = {"actor": "alice"} if actor else {}
    assert names(got) == brute_force(rows, DAY0, END, order == "newest", **wanted)


@pytest.mark.dynamodb_local
@pytest.mark.skipif(not ENDPOINT, reason="AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
@settings(max_examples=6)
@given(st.data())
def test_every_budget_gets_somewhere_on_a_table(data: st.DataObject) -> None:
    rows = data.draw(tied_events)
    client = boto3.client(
        "dynamodb", endpoint_url=ENDPOINT, region_name=REGION,
        aws_access_key_id="test", aws_secret_access_key="test",
    )  # fmt: skip
    store: Store = make_dynamo_store(client, NATIVE, ENDPOINT)
    copy = filled(rows)
    items = [item for chain in CHAINS for item in _items(copy, f"entry#{chain}")]
    for start in range(0, len(items), 100):
        store.put_new_many(items[start : start + 100])
    plan = ordered(copy, rows, "newest", False)
    got = read_by_budgets(plan, store, data.draw(budgets))
    assert names(got) == brute_force(rows, DAY0, END, True)


def _items(store: SqliteStore, partition: str) -> list[Any]:
    from audittui.store.port import Query

    return list(store.query(Query(index="", partition=("pk", partition), sort="sk")).items)


def test_a_tie_that_a_budget_cannot_pay_is_said_and_offers_no_cursor() -> None:
    moment = timestamp.parse("2026-11-20T15:06:13Z")
    rows = [("app/0", moment, "alice", "success")] * 60
    store = filled(rows)
    plan = one_partition(store, rows, "newest")
    got, last = run(plan, store, max_rcu=1.0)
    assert got == [] and last.cursor == "" and last.coverage.tied is not None
    said = last.coverage.text()
    assert "have the same time, 2026-11-20T15:06:13Z; at least " in said
    assert "RCU are needed in one run" in said and "stopped by the budget" in said


def test_empty_partitions_are_not_paid_again_and_again() -> None:
    chains = [f"app/{number}" for number in range(9)]
    rows = [(chain, DAY0 + 3 * timestamp.DAY + at, "alice", "success")
            for at, chain in enumerate(chains)]  # fmt: skip
    store = filled(rows)
    plan = ordered(store, rows, "oldest", False)
    cursor, runs, got = "", 0, []
    while True:
        part, last = run(plan, store, max_rcu=1.0, cursor=cursor)
        got += part
        runs += 1
        if last.coverage.complete:
            break
        assert last.cursor not in ("", cursor)
        cursor = last.cursor
    assert len(got) == 9 and runs <= len(plan.shards)


def test_how_far_it_read_never_moves_backwards_over_resumes() -> None:
    rows = [(CHAINS[at % 3], DAY0 + at * 1000, "alice", "success") for at in range(300)]
    store = filled(rows, page_bytes=4096)
    plan = plan_for(store, rows, "time-window", window=EVERYTHING)
    cursor, reached = "", None
    for _ in range(200):
        for page in Execution(plan, store, max_rcu=2.0, cursor=cursor).pages():
            if page.coverage.finished:
                return
            now = page.coverage.reached
            assert reached is None or (now is not None and now <= reached)
            reached = now
        cursor = page.cursor
    raise AssertionError("it never ends")


later_events = st.lists(
    st.tuples(
        st.sampled_from(["app/00", "web/9", "aaa/0"]), st.sampled_from(MOMENTS),
        st.just("alice"), st.just("success"),
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=100)
@given(events, later_events, st.integers(1, 7), st.sampled_from(["newest", "oldest"]))
def test_a_chain_that_is_born_meanwhile_joins_behind_what_was_given(
    rows: list[Any], later: list[Any], limit: int, order: str
) -> None:
    store = filled(rows)
    plan = ordered(store, rows, order, False)
    got, last = run(plan, store, limit=limit)
    if last.coverage.complete:
        return
    newest = order == "newest"
    every = rows + later
    born = filled(every)
    known = facts_to_go_on(facts(born, every), decode_cursor(last.cursor))
    book = CATALOGUE.find("time-window")
    query = msgspec.structs.replace(book.query, order=order)
    again = make_plan(
        msgspec.structs.replace(book, query=query), {"window": EVERYTHING}, NATIVE, known
    )
    rest, end = run(again, born, cursor=last.cursor)
    truth = brute_force(every, DAY0, END, newest)
    border = names(got)[-1]
    fresh = {chain for chain, *_ in later}
    passed = [one for one in truth if (one > border if newest else one < border)]
    missing = set(truth) - set(names(got + rest))
    assert all(one[1] in fresh and one in passed for one in missing)
    assert names(rest) == [one for one in truth if (one < border if newest else one > border)]
    assert end.coverage.complete
    assert "as of 2026-11-25T00:00:00Z" in end.coverage.text()


def test_days_that_begin_meanwhile_join_a_run_that_reads_forward() -> None:
    rows = [("app/0", DAY0 + at * timestamp.DAY, "alice", "success") for at in range(6)]
    store = filled(rows)
    book = CATALOGUE.find("time-window")
    query = msgspec.structs.replace(book.query, order="oldest")
    book = msgspec.structs.replace(book, query=query)
    early = msgspec.structs.replace(facts(store, rows), now=DAY0 + timestamp.DAY + 5)
    texts = {"window": f"{timestamp.text(DAY0)}.."}
    plan = make_plan(book, texts, NATIVE, early)
    got, last = run(plan, store, limit=1, now=early.now)
    late = msgspec.structs.replace(early, now=DAY0 + 5 * timestamp.DAY + 9)
    again = make_plan(
        book, texts, NATIVE, facts_to_go_on(late, decode_cursor(last.cursor)), through="by-time"
    )
    rest, end = run(again, store, cursor=last.cursor, now=late.now)
    assert names(got + rest) == brute_force(rows, DAY0, timestamp.MAX_TIME, False)
    assert end.coverage.complete


@pytest.mark.parametrize(
    "change", [{"outcome": "denied"}, {"severity": "high"}, {"window": window(DAY0, END + 1)}]
)
def test_a_cursor_is_refused_with_other_filters(change: dict[str, str]) -> None:
    rows = [("app/0", DAY0 + at, "alice", "denied") for at in range(9)]
    store = filled(rows)
    plan = plan_for(store, rows, "time-window", window=EVERYTHING)
    last: ResultPage
    _, last = run(plan, store, limit=3)
    other = plan_for(store, rows, "time-window", **{"window": EVERYTHING, **change})
    with pytest.raises(UsageError, match="another run"):
        Execution(other, store, cursor=last.cursor)


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_what_a_new_chain_had_before_is_said_to_the_end_of_the_run(order: str) -> None:
    rows: list[Any] = [
        ("app/0", DAY0 + at * timestamp.SECOND, "alice", "success") for at in range(6)
    ]
    meanwhile = [*rows, ("web/0", DAY0 + 1, "bob", "denied"),
                 ("web/0", DAY0 + 5 * timestamp.SECOND + 1, "bob", "denied")]  # fmt: skip
    cursor, last = "", None
    for seen, limit in ((rows, 3), (meanwhile, 1), (meanwhile, 1), (meanwhile, None)):
        store = filled(seen)
        known = facts(store, seen)
        if cursor:
            known = facts_to_go_on(known, decode_cursor(cursor))
        book = CATALOGUE.find("time-window")
        query = msgspec.structs.replace(book.query, order=order)
        plan = make_plan(
            msgspec.structs.replace(book, query=query), {"window": EVERYTHING}, NATIVE, known
        )
        _, last = run(plan, store, cursor=cursor, limit=limit)
        cursor = last.cursor
        told = "without the earlier entries of chains created since then" in last.coverage.text()
        assert told == (seen is meanwhile and last.coverage.complete)
        assert bool(last.coverage.late) == (seen is meanwhile)
    assert last is not None and last.coverage.complete
