"""A table is known again by its ARN and TableId, a file by what is inside it and where it lies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from audittui.aws.place import Place
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.integrity.sealing.sealer import Sealer
from audittui.layout import load_layout
from audittui.store.dynamodb.store import DynamoStore
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering
from tests.integrity.bench import KEY, Bench
from tests.integrity.conftest import AWS_KEYS, tampered_table
from tests.store.conftest import ENDPOINT, REGION, make_table

LAYOUT = load_layout("native")


def identity_of(client: Any, table: str, endpoint: str = "") -> Any:
    return DynamoStore(client, Place(table, REGION, endpoint), LAYOUT).identity()


def described(store: DynamoStore, monkeypatch: pytest.MonkeyPatch, **table: str) -> Any:
    monkeypatch.setattr(store._sender, "ask", lambda *given, **named: ({"Table": table}, 0))
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

        monkeypatch.setattr(refusing._sender, "ask", refuse)
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


@pytest.mark.dynamodb_local
def test_a_chain_that_a_table_lost_is_named_by_the_command(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not ENDPOINT:
        pytest.skip("AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
    client = boto3.client("dynamodb", endpoint_url=ENDPOINT, **AWS_KEYS)
    store = tampered_table(client, ENDPOINT)
    for chain in ("a/0", "b/0"):
        AuditLog(store, chain).append_many([Draft(actor="a", action="b")] * 3)
        Sealer(store, LAYOUT, chain, KEY).seal()
    for name, value in (
        ("AUDITTUI_TABLE", store.table), ("AUDITTUI_REGION", REGION),
        ("AWS_ENDPOINT_URL_DYNAMODB", ENDPOINT), ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AUDITTUI_STORE")
    bench.trust(KEY)
    bench("verify", "--all", "--require-anchored", "--max-unsealed", 0)
    assert "0 chains" not in bench("verify", "--all", "--since", "last")[1]
    for sk in range(3):
        tampering.delete(store, LAYOUT.key("b/0", sk))
    for key in (
        {"pk": "chains", "sk": "b/0"}, {"pk": "checkpoint#b/0", "sk": f"{3:020d}"},
        {"pk": "tile#b/0", "sk": "tile/0/000.p/3"},
    ):  # fmt: skip
        tampering.delete(store, key)
    out, err = bench("verify", "--all", code=4)
    assert "b/0 0: TRUNCATED." in out
    assert "b/0 is NOT as it was written" in err and "a/0 is as it was written" in err
