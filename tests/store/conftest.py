"""The engines that the storage contract holds on: SQLite, moto, DynamoDB Local."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from audittui.aws.place import Place
from audittui.layout import load_layout
from audittui.layout.model import Layout
from audittui.store.dynamodb.admin import table_definition
from audittui.store.dynamodb.store import DynamoStore
from audittui.store.port import Store
from audittui.store.sqlite import SqliteStore

REGION = "eu-west-1"
ENDPOINT = os.environ.get("AUDITTUI_TEST_ENDPOINT", "")
_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}

MakeStore = Callable[[Layout], Store]
"""Makes a fresh, empty store of a layout."""


@pytest.fixture(scope="session")
def moto_client() -> Any:
    return boto3.client("dynamodb", **_KEYS)


@pytest.fixture(scope="session")
def local_client() -> Any:
    """The client of a DynamoDB Local; tests that need one are skipped where there is none."""
    if not ENDPOINT:
        pytest.skip("AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
    return boto3.client(
        "dynamodb", endpoint_url=ENDPOINT, config=Config(retries={"mode": "standard"}), **_KEYS
    )


def make_table(client: Any, layout: Layout) -> str:
    """A new table for any layout; its name."""
    name = f"log-{uuid.uuid4().hex}"
    definition = table_definition(name, layout, [one for one in layout.indexes if one.name])
    client.create_table(**definition)
    return name


def make_dynamo_store(client: Any, layout: Layout, endpoint: str = "") -> DynamoStore:
    place = Place(make_table(client, layout), REGION, endpoint)
    return DynamoStore(client, place, layout)


@pytest.fixture(autouse=True)
def no_aws_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine's AWS configuration reaches a test."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(
    params=[
        "sqlite-memory",
        "sqlite-file",
        "moto",
        pytest.param("dynamodb-local", marks=pytest.mark.dynamodb_local),
    ]
)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine that a test runs on."""
    return str(request.param)


@pytest.fixture
def make_store(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    """Makes fresh stores on the engine."""
    if engine == "moto":
        with mock_aws():
            client = request.getfixturevalue("moto_client")
            yield lambda layout: make_dynamo_store(client, layout)
    elif engine == "dynamodb-local":
        client = request.getfixturevalue("local_client")
        yield lambda layout: make_dynamo_store(client, layout, ENDPOINT)
    else:
        opened: list[SqliteStore] = []
        numbers = itertools.count()

        def make(layout: Layout) -> Store:
            path = str(tmp_path / f"{next(numbers)}.db")
            path = path if engine == "sqlite-file" else ":memory:"
            opened.append(SqliteStore(path, layout, create=True, seed=7))
            return opened[-1]

        yield make
        for store in opened:
            store.close()


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    """A fresh store with the native layout."""
    return make_store(load_layout("native"))
