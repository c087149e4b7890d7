"""What was asked of a store is noted, by partition."""

from __future__ import annotations

import pytest

from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.asked import AskedStore
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore

LAYOUT = load_layout("native")


class Slow(SqliteStore):
    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        patience.wait(StoreError("gone", kind="network"), 2, 0.0)
        return super().query(request, patience)


def request(partition: str, low: str | None = None, high: str | None = None) -> Query:
    return Query(index="by-actor", partition=("actor", partition), sort="time", low=low, high=high)


def test_requests_are_summed_by_partition() -> None:
    store = AskedStore(SqliteStore(":memory:", LAYOUT, create=True))
    for low, high in (("b", "c"), ("a", "b"), ("c", "d")):
        store.query(request("x", low, high))
    store.query(request("y"))
    first, second = store.asked()
    assert (first.partition, first.low, first.high) == ("x", "a", "d")
    assert (first.requests, first.pages) == (3, 3)
    assert first.rcu == 3 * second.rcu > 0
    assert (second.low, second.high) == (None, None)


def test_waits_and_answers_are_told() -> None:
    told: list[StoreError | None] = []
    inner = Slow(":memory:", LAYOUT, create=True)
    AskedStore(inner, told.append).query(request("x"))
    assert [one and one.kind for one in told] == ["network", None]


def test_a_request_that_failed_was_asked_and_brought_no_page() -> None:
    class Failing(SqliteStore):
        def query(self, request: Query, patience: Patience = PATIENT) -> Page:
            raise StoreError("no")

    store = AskedStore(Failing(":memory:", LAYOUT, create=True))
    with pytest.raises(StoreError):
        store.query(request("x"))
    assert [(one.requests, one.pages, one.rcu) for one in store.asked()] == [(1, 0, 0.0)]
