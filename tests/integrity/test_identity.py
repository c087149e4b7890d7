"""A table is known again by its ARN and TableId, a file by what is inside it and where it lies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.dynamodb.errors import Place
from audittui.store.dynamodb.store import DynamoStore
from audittui.store.sqlite import SqliteStore
from tests.integrity.conftest import AWS_KEYS
from tests.store.conftest import ENDPOINT, REGION, make_table

LAYOUT = load_layout("native")


def identity_of(client: Any, table: str, endpoint: str = "") -> Any:
    return DynamoStore(client, Place(table, REGION, endpoint), LAYOUT).identity()


def described(store: DynamoStore, monkeypatch: pytest.MonkeyPatch, **table: str) -> Any:
    monkeypatch.setattr(store, "_ask", lambda *given, **named: ({"Table": table}, 0))
    return store.identity()


def test_a_table_has_its_id_and_lies_at_its_arn(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock_aws():
        client = boto3.client("dynamodb", **AWS_KEYS)
        place = Place("log", REGION, "")
        stores = [DynamoStore(client, place, LAYOUT) for _ in range(4)]
        ids, arns = ("one", "two", "one", "two"), ("arn:1", "arn:1", "arn:2", "arn:2")
        first, anew, moved, other = (
            described(store, monkeypatch, TableId=each, TableArn=arn)
            for store, each, arn in zip(stores, ids, arns, strict=True)
        )
    assert (first.id, first.place) == ("one", "arn:1")
    assert first.same(anew), "it was deleted, and made again under its name"
    assert first.same(moved)
    assert not first.same(other), "another table of that name, in another account"


def test_tables_of_one_account_are_told_apart() -> None:
    with mock_aws():
        client = boto3.client("dynamodb", **AWS_KEYS)
        one, other = make_table(client, LAYOUT), make_table(client, LAYOUT)
        found = identity_of(client, one)
        assert found.place == client.describe_table(TableName=one)["Table"]["TableArn"]
        assert found.same(identity_of(client, one))
        assert not found.same(identity_of(client, other))


@pytest.mark.dynamodb_local
def test_tables_of_one_name_in_two_emulators_are_two() -> None:
    if not ENDPOINT:
        pytest.skip("AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
    client = boto3.client("dynamodb", endpoint_url=ENDPOINT, **AWS_KEYS)
    table = make_table(client, LAYOUT)
    found = identity_of(client, table, ENDPOINT)
    assert found.same(identity_of(client, table, ENDPOINT))
    assert found.place != identity_of(client, table, "http://127.0.0.1:1").place


@pytest.mark.parametrize("kind", ["permission", "network", "throttled"])
def test_a_table_that_may_not_be_described_is_known_by_its_name(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock_aws():
        client = boto3.client("dynamodb", **AWS_KEYS)
        table = make_table(client, LAYOUT)
        store = DynamoStore(client, Place(table, REGION, ""), LAYOUT)
        known = store.identity()
        refusing = DynamoStore(client, Place(table, REGION, ""), LAYOUT)

        def refuse(*given: Any, **named: Any) -> Any:
            raise StoreError("no", kind=kind)

        monkeypatch.setattr(refusing, "_ask", refuse)
        found = refusing.identity()
        assert (found.id, found.place) == ("", "")
        assert found.same(known) and known.same(found)


def test_a_file_is_known_again_wherever_it_is_moved(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    SqliteStore(str(path), LAYOUT, create=True).close()
    first = SqliteStore(str(path), LAYOUT, read_only=True)
    shutil.copy(path, tmp_path / "copy.db")
    copy = SqliteStore(str(tmp_path / "copy.db"), LAYOUT)
    other = SqliteStore(str(tmp_path / "other.db"), LAYOUT, create=True)
    assert first.identity().same(copy.identity())
    assert not first.identity().same(other.identity())
    assert first.identity().place == str(path.resolve())
    for store in (first, copy, other):
        store.close()
