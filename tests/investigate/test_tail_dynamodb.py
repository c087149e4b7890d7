"""Tails on DynamoDB Local: real transactions beside real reads."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import boto3
import pytest

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.investigate.tail import Tail
from audittui.investigate.tail.pace import Interval
from audittui.layout.row import Row
from audittui.runbook.catalogue import load_catalogue
from audittui.store.dynamodb.store import DynamoStore
from audittui.writer import AuditLog
from tests.investigate.tailing import NATIVE, TELEPORT, teleport_item
from tests.store.conftest import ENDPOINT, REGION, make_dynamo_store

pytestmark = [
    pytest.mark.dynamodb_local,
    pytest.mark.skipif(
        not ENDPOINT, reason="AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local"
    ),
]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return boto3.client("dynamodb", endpoint_url=ENDPOINT, region_name=REGION, **keys)


def rows_while(store: DynamoStore, count: int, write: Callable[[], None]) -> list[Row]:
    """The first ``count`` rows that a tail yields while ``write`` runs."""
    target = Target(table=store.table, layout=store.layout.name)
    tail = Tail(
        load_catalogue().find("time-window"), {}, Connection(target, store, store.layout),
        interval=Interval(0.02, 0.1), limit=count,
    )  # fmt: skip
    batches = tail.batches()
    next(batches)
    writer = threading.Thread(target=write)
    writer.start()
    rows: list[Row] = []
    for batch in batches:
        rows += batch.rows
        assert batch.missed == ()
    writer.join()
    return rows


def test_a_chain_is_followed_while_transactions_write_it(client: Any) -> None:
    store = make_dynamo_store(client, NATIVE, ENDPOINT)
    AuditLog(store, "app/0").append(Draft(actor="ann", action="begin"))

    def write(number: int) -> None:
        log = AuditLog(store, "app/0")
        for at in range(5):
            log.append_many([Draft(actor=f"w{number}", action=str(at))] * 19)
            log.append(Draft(actor=f"w{number}", action=str(at)))

    def write_all() -> None:
        writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()

    rows = rows_while(store, 200, write_all)
    assert [row.seq for row in rows] == list(range(1, 201))


def test_another_layout_is_polled(client: Any) -> None:
    store = make_dynamo_store(client, TELEPORT, ENDPOINT)
    store.put_new(teleport_item(1, timestamp.now()))

    def write() -> None:
        for number in range(2, 102):
            store.put_new(teleport_item(number, timestamp.now()))

    rows = rows_while(store, 100, write)
    assert sorted(row.seq for row in rows) == list(range(2, 102))
