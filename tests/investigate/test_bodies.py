"""Whole entries: read in order, at a rate, within a budget; unread ones are reported."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.investigate.bodies import Body, BodyReader
from audittui.layout import Row, load_layout
from audittui.store.port import PATIENT, FoundMany, Key, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering

LAYOUT = load_layout("native")


class Watched(SqliteStore):
    """Records requests; refuses the keys in ``broken`` and, on demand, every Query."""

    def __init__(self, **options: Any) -> None:
        super().__init__(":memory:", LAYOUT, create=True, **options)
        self.gets: list[tuple[int, bool]] = []
        self.queries: list[Query] = []
        self.broken: frozenset[int] = frozenset()
        self.no_queries = False

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        self.queries.append(request)
        if self.no_queries:
            raise StoreError("Not now.", kind="other")
        return super().query(request, patience)

    def get_many(self, keys: Sequence[Key], *, consistent: bool = False) -> FoundMany:
        self.gets.append((len(keys), consistent))
        if any(int(key["sk"]) in self.broken for key in keys):
            raise StoreError("One of them is unreadable.", kind="other")
        return super().get_many(keys, consistent=consistent)


def filled(count: int, size: int = 100, **options: Any) -> tuple[Watched, list[Row]]:
    """A store with ``count`` entries of about ``size`` bytes, and their rows."""
    store = Watched(**options)
    log = AuditLog(store, "c/0")
    for start in range(0, count, 25):
        log.append_many(
            [
                Draft(actor="a", action=f"act.{at}", outcome="success", details={"x": "y" * size})
                for at in range(start, min(start + 25, count))
            ]
        )
    rows: list[Row] = []
    start_key = None
    while True:
        page = SqliteStore.query(
            store,
            Query(index="", partition=("pk", "entry#c/0"), sort="sk", start_key=start_key),
        )
        rows += [LAYOUT.row(item) for item in page.items]
        start_key = page.last_key
        if start_key is None:
            store.queries.clear()
            return store, rows


def told(bodies: Sequence[Body]) -> list[str]:
    return [one.unread for one in bodies]


def test_bodies_come_in_the_order_of_their_rows_and_cost_one_request_together() -> None:
    store, rows = filled(40)
    reader = BodyReader(store, LAYOUT)
    bodies = list(reader.read(rows[::-1]))
    assert [one.row for one in bodies] == rows[::-1]
    assert all(f'"action":"act.{one.row.seq}"' in one.document for one in bodies)
    assert (reader.meter.requests, reader.meter.pages) == (1, 1)
    assert len(store.queries) == 1 and store.gets == []


def test_a_rate_below_what_an_entry_costs_still_reads_it() -> None:
    store, rows = filled(1, size=5000)
    (body,) = BodyReader(store, LAYOUT, rate=0.25, item_bytes=6000).read(rows)
    assert body.document and not body.unread


def test_a_budget_below_what_an_entry_costs_asks_for_nothing() -> None:
    store, rows = filled(2, size=5000)
    reader = BodyReader(store, LAYOUT, max_rcu=0.5, item_bytes=6000)
    bodies = list(reader.read(rows))
    assert told(bodies) == ["budget", "budget"]
    assert bodies[0].fault == "Not read: the budget of 0.5 RCU is used up."
    assert reader.meter.requests == 0 and store.gets == [] and store.queries == []


def test_a_budget_that_one_entry_uses_up_reads_that_one() -> None:
    store, rows = filled(2, size=5000)
    reader = BodyReader(store, LAYOUT, max_rcu=1, item_bytes=6000)
    bodies = list(reader.read(rows))
    assert told(bodies) == ["", "budget"] and bodies[0].document
    assert reader.meter.rcu == 1


def test_what_others_spent_of_the_budget_is_gone() -> None:
    store, rows = filled(1)
    assert told(list(BodyReader(store, LAYOUT, max_rcu=1, spent=0.5).read(rows))) == [""]
    assert told(list(BodyReader(store, LAYOUT, max_rcu=1, spent=0.75).read(rows))) == ["budget"]
    assert told(list(BodyReader(store, LAYOUT, max_rcu=1, spent=2).read(rows))) == ["budget"]


def test_an_entry_is_called_gone_only_after_a_strongly_consistent_look() -> None:
    store, rows = filled(30)
    tampering.delete(store, LAYOUT.key("c/0", 7))
    bodies = list(BodyReader(store, LAYOUT).read(rows[6:9]))
    assert told(bodies) == ["", "fault", ""]
    assert bodies[1].fault == "The entry is no longer in the table."
    assert store.gets == [(1, False), (1, True)]


def test_one_entry_that_cannot_be_read_does_not_hide_the_others() -> None:
    store, rows = filled(31)
    store.broken = frozenset([10])
    reader = BodyReader(store, LAYOUT)
    bodies = list(reader.read(rows[::10]))
    assert told(bodies) == ["", "fault", "", ""]
    assert bodies[1].fault == "One of them is unreadable."
    # All in one request, then each; the cost of the two that failed is unknown.
    assert store.gets == [(4, False), *[(1, False)] * 4]
    assert (reader.meter.requests, reader.meter.pages, reader.meter.unmetered) == (5, 3, 2)
    assert reader.meter.rcu == 1.5


def test_where_nothing_can_be_read_not_everything_is_asked_for() -> None:
    store, rows = filled(600, size=1)
    store.no_queries, store.broken = True, frozenset(range(600))
    bodies = list(BodyReader(store, LAYOUT).read(rows))
    assert [one.row for one in bodies] == rows
    assert set(told(bodies)) == {"fault"}
    assert {one.fault for one in bodies} == {"One of them is unreadable."}
    assert store.gets == [(500, False), *[(1, False)] * 3]


def test_two_that_cannot_be_read_are_no_reason_to_give_up() -> None:
    store, rows = filled(41)
    store.broken = frozenset([0, 10])
    bodies = list(BodyReader(store, LAYOUT).read(rows[::10]))
    assert told(bodies) == ["fault", "fault", "", "", ""]
    store.broken = frozenset([10, 20, 30])
    bodies = list(BodyReader(store, LAYOUT).read(rows[::10]))
    assert told(bodies) == ["", "fault", "fault", "fault", ""]


def test_what_a_budget_has_room_for_is_looked_for_again() -> None:
    store, rows = filled(40)
    for seq in range(0, 40, 10):
        tampering.delete(store, LAYOUT.key("c/0", seq))
    reader = BodyReader(store, LAYOUT, max_rcu=3, item_bytes=1024)
    assert not any(one.document for one in reader.read(rows[::10]))
    assert store.gets == [(4, False), (1, True)]
    assert reader.meter.rcu == 3


def test_nothing_is_asked_for_after_a_cancel() -> None:
    store, rows = filled(3)
    cancelled = threading.Event()
    reader = BodyReader(store, LAYOUT, cancelled=cancelled)
    cancelled.set()
    bodies = list(reader.read(rows))
    assert [one.row for one in bodies] == rows
    assert told(bodies) == ["cancelled"] * 3
    assert bodies[0].fault == "Not read: cancelled."
    assert reader.meter.requests == 0 and store.queries == [] and store.gets == []


def test_what_stands_together_is_read_page_by_page() -> None:
    store, rows = filled(40, page_bytes=4000)
    reader = BodyReader(store, LAYOUT)
    bodies = list(reader.read(rows))
    assert told(bodies) == [""] * 40 and store.gets == []
    assert reader.meter.requests == reader.meter.pages == len(store.queries) > 1


def test_the_estimate_is_what_reading_costs() -> None:
    store, rows = filled(40, size=700)
    for some in (rows, rows[::20], [*rows[:8], rows[39]]):
        reader = BodyReader(store, LAYOUT, item_bytes=1024)
        estimate = reader.estimate(some)
        list(reader.read(some))
        assert estimate == pytest.approx(reader.meter.rcu, rel=0.3)
    reader = BodyReader(store, LAYOUT, item_bytes=1024)
    assert reader.estimate(rows[::20]) == 1.0
    assert reader.estimate(rows[:8]) == 1.0
    assert reader.estimate([*rows[:8], rows[39]]) == 1.5


def test_a_budget_learns_how_large_entries_are_before_it_reads_many() -> None:
    store, rows = filled(100, size=20_000)
    reader = BodyReader(store, LAYOUT, max_rcu=60)
    bodies = list(reader.read(rows))
    read = sum(1 for one in bodies if one.document)
    # The first 16 take about 40 read units; what is left has room for few more.
    assert 16 < read < 30
    assert reader.meter.rcu <= 60
