"""How a live tail's requests are metered, and what fits into a budget."""

from __future__ import annotations

import threading

import pytest

from audittui.errors import StoreError
from audittui.investigate.asker import Asker, AskingBudgetError, AskingCancelledError
from audittui.layout import load_layout
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from tests.investigate.tailing import Flaky

REQUEST = Query(index="", partition=("pk", "entry#c/0"), sort="sk")


def asker(max_rcu: float | None = None) -> tuple[Flaky, Asker]:
    flaky = Flaky(SqliteStore(":memory:", load_layout("native"), create=True))
    return flaky, Asker(flaky, threading.Event(), lambda _: None, max_rcu)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 16, 17, 40])
def test_every_request_and_every_page_is_counted(count: int) -> None:
    flaky, asking = asker()
    assert len(asking.ask_all([REQUEST] * count)) == len(flaky.queries) == count
    assert (asking.meter.requests, asking.meter.pages) == (count, count)
    assert (asking.meter.rcu, asking.meter.unmetered) == (count * 0.5, 0)


def test_a_request_that_fails_is_counted_and_its_cost_is_not_known() -> None:
    flaky, asking = asker()
    error = StoreError("Not now.", kind="other")
    flaky.fail = lambda request: error if request.consistent else None
    bad = Query(index="", partition=("pk", "x"), sort="sk", consistent=True)
    assert asking.ask_all([bad, REQUEST])[0] is error
    assert (asking.meter.requests, asking.meter.pages, asking.meter.unmetered) == (2, 1, 1)
    with pytest.raises(StoreError, match="Not now"):
        asking.ask(bad)


def test_nothing_is_asked_where_not_all_fits_into_the_budget() -> None:
    flaky, asking = asker(max_rcu=1.0)
    assert asking.left == 1.0
    with pytest.raises(AskingBudgetError):
        asking.ask_all([REQUEST] * 3)
    assert flaky.queries == [] and asking.meter.requests == 0
    asking.ask_all([REQUEST] * 2)
    assert asking.left == 0.0
    with pytest.raises(AskingBudgetError):
        asking.ask(REQUEST)


def test_a_strongly_consistent_request_takes_twice_the_room() -> None:
    consistent = Query(index="", partition=("pk", "x"), sort="sk", consistent=True)
    _, asking = asker(max_rcu=0.5)
    with pytest.raises(AskingBudgetError):
        asking.ask(consistent)
    asking.ask(REQUEST)


def test_a_cancel_leaves_a_request_alone_whose_answer_does_not_come() -> None:
    _, asking = asker()
    answered = threading.Event()
    asking.cancelled.set()
    try:
        with pytest.raises(AskingCancelledError):
            asking.call(answered.wait)
    finally:
        answered.set()
