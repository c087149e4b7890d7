"""A small log on DynamoDB Local: three days, two chains, and the answer by brute force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import boto3
import msgspec
import pytest

from audittui import timestamp
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.layout.row import Row
from audittui.query.execution import Execution
from audittui.query.result import ResultPage
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.plan import Facts, Order, Plan
from audittui.runbook.planner import make_plan
from audittui.store.asked import AskedStore
from audittui.store.dynamodb import DynamoStore, open_table
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.writer import AuditLog
from tests.faults.proxy import Proxy, proxied
from tests.store.conftest import ENDPOINT, REGION, make_dynamo_store, no_aws_settings

__all__ = ["no_aws_settings"]

NATIVE = load_layout("native")
DAY0 = timestamp.parse("2026-11-20T00:00:00Z")
DAYS, CHAINS, PER_DAY = 3, ("app/0", "web/0"), 20
WINDOW = f"{timestamp.text(DAY0)}..{timestamp.text(DAY0 + DAYS * timestamp.DAY)}"
PAGE_ITEMS = 9
"""Items in a page of the store: a run has some fifteen requests."""

Name = tuple[int, str, int]
"""A row's time, chain and seq: what rows are ordered by, and none has twice."""


class Log(NamedTuple):
    """The table, and the names of all its rows, oldest first."""

    table: str
    names: list[Name]

    def truth(self, order: Order) -> list[Name]:
        return self.names if order == "oldest" else self.names[::-1]


def _moments(chain: int) -> list[int]:
    """Rising times; some are the other chain's too, and some follow each other at once."""
    step = timestamp.DAY // PER_DAY
    return [
        DAY0 + day * timestamp.DAY + (number - number % 3) * step + (number % 3) * chain
        for day in range(DAYS)
        for number in range(PER_DAY)
    ]


def _made() -> DynamoStore:
    """A new, empty table, reached without the proxy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        client = boto3.client(
            "dynamodb", endpoint_url=ENDPOINT, region_name=REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip
        return make_dynamo_store(client, NATIVE, ENDPOINT)


@pytest.fixture(scope="session")
def empty_table() -> str:
    """A table to append to."""
    return _made().table


@pytest.fixture(scope="session")
def log() -> Log:
    """The log, written once without a fault."""
    store = _made()
    names = []
    for number, chain in enumerate(CHAINS):
        moments = _moments(number)
        AuditLog(store, chain, clock=lambda: DAY0).append_many(
            [
                Draft(actor="ann", action="act", outcome="success", time=timestamp.text(moment))
                for moment in moments
            ]
        )
        names += [(moment, chain, seq) for seq, moment in enumerate(moments)]
    store.close()
    return Log(store.table, sorted(names))


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """A proxy before DynamoDB Local that does nothing yet."""
    with proxied(ENDPOINT) as proxy:
        yield proxy


@pytest.fixture
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits before a request is tried again."""
    monkeypatch.setattr("audittui.store.dynamodb.retry.delay", lambda *_: 0.0)
    monkeypatch.setattr("audittui.store.dynamodb.retry.LASTING_SECONDS", 0.0)


def reach(table: str, proxy: Proxy) -> DynamoStore:
    """A reader's store through ``proxy``."""
    return open_table(table, NATIVE, region=REGION, endpoint_url=proxy.url, read_only=True)


class SmallPages(AskedStore):
    """A store whose pages are full after `PAGE_ITEMS` items."""

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        limit = min(request.limit or PAGE_ITEMS, PAGE_ITEMS)
        return super().query(msgspec.structs.replace(request, limit=limit), patience)


def plan_of(order: Order, *, one_partition: bool = False) -> Plan:
    """Everything in the window: from a partition for each chain and day, or from a single one,
    which a drain reads in slices."""
    runbook = load_catalogue().find("actor-activity" if one_partition else "time-window")
    query = msgspec.structs.replace(runbook.query, order=order)
    book = msgspec.structs.replace(runbook, query=query)
    facts = Facts(CHAINS, None, DAY0 + 5 * timestamp.DAY)
    parameters = {"window": WINDOW} | ({"actor": "ann"} if one_partition else {})
    return make_plan(book, parameters, NATIVE, facts)


def names_of(rows: list[Row]) -> list[Name]:
    return [(row.time, row.chain, row.seq) for row in rows]


class Ran(NamedTuple):
    """What a run gave: its rows' names, its last page, the error that ended it."""

    names: list[Name]
    last: ResultPage
    execution: Execution


def run(
    plan: Plan, store: AskedStore, *, drain: bool, cursor: str = "", limit: int | None = None,
    notify: Callable[[str], None] = lambda _: None,
) -> Ran:  # fmt: skip
    """Read ``plan`` to its end, whatever ends it."""
    execution = Execution(
        plan, store, cursor=cursor, notify=notify, drain=drain, limit=limit,
        page_rows=None if drain else 8,
    )  # fmt: skip
    rows: list[Row] = []
    for page in execution.pages():
        rows += page.rows
    return Ran(names_of(rows), execution.latest, execution)


def check_complete(ran: Ran, truth: list[Name]) -> None:
    """The run gave the truth, and says so."""
    assert ran.execution.error is None
    assert ran.names == truth
    assert ran.last.coverage.complete and not ran.last.cursor
