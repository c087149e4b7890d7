"""The facts that a plan needs about a table: read together, cached, and every request counted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from audittui import table_facts, timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.planner import make_plan
from audittui.store.port import PATIENT, Page, Patience, Query, TableDescription
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

NATIVE = load_layout("native")


class Table(SqliteStore):
    """A table that records requests, and calls ``meanwhile`` during each."""

    def __init__(self, layout: str = "native") -> None:
        super().__init__(":memory:", load_layout(layout), create=True)
        self.asked: list[str] = []
        self.meanwhile: Callable[[str], None] = lambda _: None

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        self.asked.append("registry")
        self.meanwhile("registry")
        return super().query(request, patience)

    def describe(self) -> TableDescription:
        self.asked.append("describe")
        self.meanwhile("describe")
        return super().describe()


def connected(table: Table) -> Connection:
    return Connection(Target(table="audit-log", region="eu-west-1"), table, table.layout)


def begin_chain(table: Table, chain: str) -> None:
    meanwhile, table.meanwhile = table.meanwhile, lambda _: None
    AuditLog(table, chain).append(Draft(actor="ann", action="begin"))
    table.meanwhile = meanwhile
    table.asked.clear()


@pytest.fixture
def table() -> Iterator[Table]:
    table = Table()
    begin_chain(table, "app/0")
    yield table
    table.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A clock that only moves on demand."""
    now = [1000.0]
    monkeypatch.setattr(table_facts, "monotonic", lambda: now[0])

    def passed(seconds: float) -> None:
        now[0] += seconds

    return passed


def test_both_questions_are_under_way_at_the_same_time(table: Table) -> None:
    both = threading.Barrier(2)
    table.meanwhile = lambda _: (both.wait(10), None)[1]
    facts = connected(table).facts()
    assert facts.chains == ("app/0",)
    assert facts.base is not None and facts.base.item_count == 2
    assert (facts.requests, facts.rcu) == (2, 0.5)


def test_the_description_is_remembered_for_a_minute_and_not_counted_again(
    table: Table, clock: Callable[[float], None]
) -> None:
    connection = connected(table)
    first = connection.facts()
    begin_chain(table, "web/0")
    clock(60)
    again = connection.facts()
    assert table.asked == ["registry"]
    assert (again.requests, again.rcu) == (1, 0.5)
    assert again.chains == ("app/0", "web/0")
    assert (again.base, again.indexes) == (first.base, first.indexes)
    clock(1)
    assert connection.facts().base != first.base
    assert sorted(table.asked[1:]) == ["describe", "registry"]


def test_what_was_fetched_in_advance_serves_one_plan_and_is_counted_there(
    table: Table, clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamp, "now", lambda: 1_000)
    connection = connected(table)
    connection.prefetch()
    assert len(table.asked) == 2
    clock(5)
    monkeypatch.setattr(timestamp, "now", lambda: 5_001_000)
    first = connection.facts()
    assert len(table.asked) == 2
    assert (first.requests, first.rcu) == (2, 0.5)
    # Its present is when the registry was read: newer entries are not claimed.
    assert first.now == 1_000
    begin_chain(table, "web/0")
    again = connection.facts()
    assert again.chains == ("app/0", "web/0")
    assert again.now == 5_001_000
    assert (again.requests, again.rcu) == (1, 0.5)


def test_a_registry_that_has_aged_is_asked_again_and_both_are_counted(
    table: Table, clock: Callable[[float], None]
) -> None:
    connection = connected(table)
    connection.prefetch()
    begin_chain(table, "web/0")
    clock(5.1)
    facts = connection.facts()
    assert table.asked == ["registry"]
    assert facts.chains == ("app/0", "web/0")
    assert (facts.requests, facts.rcu) == (3, 1.0)
    assert connection.facts().requests == 1


def test_a_table_without_chains_is_described_and_its_present_is_now(
    clock: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table("teleport")
    connection = connected(table)
    connection.prefetch()
    clock(3)
    monkeypatch.setattr(timestamp, "now", lambda: 7)
    facts = connection.facts()
    assert table.asked == ["describe"]
    assert (facts.requests, facts.rcu, facts.now) == (1, 0.0, 7)


def refusing(what: str, kind: str) -> Callable[[str], None]:
    def meanwhile(asked: str) -> None:
        if asked == what:
            raise StoreError(f"No {what}.", kind=kind)

    return meanwhile


def test_who_may_not_describe_the_table_still_gets_its_chains(table: Table) -> None:
    table.meanwhile = refusing("describe", "permission")
    connection = connected(table)
    connection.prefetch()
    for _ in range(2):
        facts = connection.facts()
        assert facts.chains == ("app/0",)
        assert facts.indexes is None and facts.base is None
    assert table.asked.count("describe") == 1


@pytest.mark.parametrize(
    ("what", "kind"),
    [("describe", "credentials"), ("registry", "permission"), ("registry", "network")],
)
def test_other_failures_are_told_and_nothing_is_remembered(
    table: Table, what: str, kind: str
) -> None:
    connection = connected(table)
    table.meanwhile = refusing(what, kind)
    for ask in (connection.prefetch, connection.facts):
        with pytest.raises(StoreError, match=f"No {what}") as told:
            ask()
        assert told.value.kind == kind
    for thread in threading.enumerate():
        if thread.name == "audittui-describe":
            thread.join()
    table.meanwhile = lambda _: None
    table.asked.clear()
    assert connection.facts().requests == 2
    assert sorted(table.asked) == ["describe", "registry"]


def test_a_plan_does_without_a_description_that_fails(table: Table) -> None:
    table.meanwhile = refusing("describe", "network")
    connection = connected(table)
    facts = connection.facts()
    assert facts.chains == ("app/0",) and facts.silent
    assert facts.indexes is None and facts.requests == 2
    table.meanwhile = lambda _: None
    again = connection.facts()
    assert not again.silent and again.base is not None


def test_a_plan_does_not_wait_for_a_description_and_the_next_one_takes_it(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_facts, "DESCRIBE_SECONDS", 0.05)
    released = threading.Event()

    def hangs(asked: str) -> None:
        if asked == "describe":
            assert released.wait(30)

    table.meanwhile = hangs
    connection = connected(table)
    facts = connection.facts()
    assert facts.silent and facts.chains == ("app/0",) and facts.requests == 2
    plan = make_plan(load_catalogue([]).find("actor-activity"), {"actor": "ann"}, NATIVE, facts)
    assert any("DescribeTable did not answer in time" in note for note in plan.notes)
    assert plan.index.name == "by-actor" and "did not answer in time" in plan.estimate.how
    released.set()
    for thread in threading.enumerate():
        if thread.name == "audittui-describe":
            thread.join(30)
    again = connection.facts()
    assert not again.silent and again.base is not None
    assert again.requests == 1 and table.asked.count("describe") == 1


def test_without_chains_the_description_is_the_proof_that_the_table_answers() -> None:
    table = Table("teleport")
    table.meanwhile = refusing("describe", "network")
    with pytest.raises(StoreError, match="No describe"):
        connected(table).prefetch()


def test_an_embedded_store_is_always_asked(table: Table) -> None:
    connection = Connection(Target(store="case.db"), table, NATIVE)
    connection.prefetch()
    assert table.asked == []
    for _ in range(2):
        facts = connection.facts()
        assert facts.exact and facts.requests == 2
    assert table.asked == ["registry", "describe"] * 2
