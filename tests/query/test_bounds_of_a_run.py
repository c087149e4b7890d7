"""What a run learns from pages and items, and how it uses that."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from audittui import timestamp
from audittui.query.cost import PAGE_UNITS, Costs
from audittui.query.execution import Execution
from audittui.runbook.plan import Facts, RowFilter, Window
from audittui.runbook.planner import make_plan
from audittui.store.port import PATIENT, Page, Patience, Query
from tests.query.logs import CATALOGUE, DAY0, NATIVE, facts, filled, one_partition, plan_for, run


def log(count: int) -> list[Any]:
    return [("app/0", DAY0 + at * 1000, "alice", "success") for at in range(count)]


def test_a_page_is_taken_for_a_full_one_until_one_is_seen() -> None:
    costs = Costs(None, None, spent=0.0)
    assert costs.page_units == PAGE_UNITS
    costs.observe(100, 90.0, full=False)
    assert costs.page_units == PAGE_UNITS
    costs.observe(100, 90.0, full=True)
    costs.observe(10, 9.0, full=True)
    assert costs.page_units == 90.0


class Large:
    """A store whose items are of 40 KB: a page of ten costs 50 RCU."""

    index_lag = 0

    def __init__(self, store: Any) -> None:
        self._store = store

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        page = self._store.query(request, patience)
        return Page(page.items, page.last_key, page.scanned, 5.0 * page.scanned)


def test_once_a_page_was_seen_the_budget_holds_for_large_items() -> None:
    rows = log(200)
    plan = one_partition(filled(rows), rows, "newest")
    given, last = run(plan, Large(filled(rows)), page_rows=10, max_rcu=60)
    assert last.coverage.stop == "budget" and len(given) >= 10
    assert last.meter.rcu <= 60


@pytest.mark.parametrize(("operator", "actor"), [("in", "alice"), ("not_in", "bob")])
def test_rows_that_do_not_meet_a_condition_are_left_out(operator: Any, actor: str) -> None:
    rows = [("app/0", DAY0 + at, ("alice", "bob")[at % 2], "success") for at in range(10)]
    store = filled(rows)
    day = f"{timestamp.text(DAY0)}..{timestamp.text(DAY0 + timestamp.DAY)}"
    plan = msgspec.structs.replace(
        plan_for(store, rows, "time-window", window=day),
        row_filters=(RowFilter("actor", operator, ("alice",)),),
    )
    given, _ = run(plan, store)
    assert [row.actor for row in given] == [actor] * 5


class Lagging(Large):
    index_lag = 10 * timestamp.SECOND

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        page: Page = self._store.query(request, patience)
        return page


@pytest.mark.parametrize("order", ["oldest", "newest"])
def test_what_was_read_before_its_index_was_settled_stays_unsettled(order: str) -> None:
    """Rows of the first part of a run were read when an entry before them may have been missing."""
    now = DAY0 + 3600 * timestamp.SECOND
    rows = [("app/0", now - at * timestamp.SECOND, "alice", "success") for at in range(30, 0, -1)]
    store = filled(rows)
    plan = msgspec.structs.replace(
        one_partition(store, rows, order), now=now, window=Window(DAY0, None)
    )
    *_, first = Execution(plan, Lagging(store), limit=3, now=now).pages()
    later = now + 100 * timestamp.SECOND
    *_, last = Execution(plan, Lagging(store), cursor=first.cursor, now=later).pages()
    assert last.coverage.unsettled == now - 10 * timestamp.SECOND


def test_a_key_as_long_as_a_key_may_be_chooses_its_index() -> None:
    def index(actor: str) -> str:
        book = CATALOGUE.find("time-window")
        query = msgspec.structs.replace(book.query, where={"actor": actor})
        rows = log(3)
        known: Facts = facts(filled(rows), rows)
        plan = make_plan(
            msgspec.structs.replace(book, query=query), {"window": "2026-11-20"}, NATIVE, known
        )
        return plan.index.name

    assert index("é" * 1024) == "by-actor"
    assert index("é" * 1024 + "x") == "by-time"
    assert index("") == "by-time"
