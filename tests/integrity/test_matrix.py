"""Each way of tampering is named, with a trusted checkpoint and without, and so documented."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from audittui.store.sqlite import SqliteStore
from tests.integrity import tamperings
from tests.integrity.conftest import AWS_KEYS, tampered_table
from tests.integrity.tamperings import (
    LAYOUT,
    TAMPERINGS,
    Tampering,
    evidence_on,
    make_log,
    verdicts_on,
    wrong,
)
from tests.store.conftest import ENDPOINT


@pytest.fixture(
    params=["sqlite", "moto", pytest.param("dynamodb-local", marks=pytest.mark.dynamodb_local)]
)
def new_store(request: pytest.FixtureRequest) -> Iterator[Callable[[], Any]]:
    if request.param == "sqlite":
        yield lambda: SqliteStore(":memory:", LAYOUT, create=True)
    elif request.param == "moto":
        with mock_aws():
            client = boto3.client("dynamodb", **AWS_KEYS)
            yield lambda: tampered_table(client)
    else:
        if not ENDPOINT:
            pytest.skip("AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
        client = boto3.client("dynamodb", endpoint_url=ENDPOINT, **AWS_KEYS)
        yield lambda: tampered_table(client, ENDPOINT)


@pytest.mark.parametrize("trusted", [False, True], ids=["plain", "trusted"])
@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda one: one.name)
def test_tampering_is_named(
    tampering: Tampering, trusted: bool, new_store: Callable[[], Any], tmp_path: Path
) -> None:
    store = new_store()
    make_log(store)
    verdicts = verdicts_on(store, tampering, tmp_path, trusted=trusted)
    assert wrong(verdicts) == (tampering.trusted if trusted else tampering.plain)
    evidence_on(store, tampering, tmp_path, verdicts, trusted=trusted)
    store.close()


def test_an_untouched_log_is_proven_as_far_as_it_is_sealed(tmp_path: Path) -> None:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    make_log(store)
    nothing = Tampering("nothing", lambda table: None, {}, {})
    verdicts = verdicts_on(store, nothing, tmp_path, trusted=True)
    assert [one.verdict for one in verdicts] == ["ANCHORED"] * 10 + ["CHAINED"] * 2
    assert not any(one.failed for one in verdicts)
    store.close()


def test_the_documented_table_is_what_the_tampering_shows() -> None:
    text = tamperings.DOCUMENT.read_text(encoding="utf-8")
    start, end = (text.index(mark) for mark in tamperings.MARKS)
    table = text[start + len(tamperings.MARKS[0]) : end]
    assert table == tamperings.table_of(tamperings.rows_on_sqlite()), (
        "renew it: python -m tests.integrity.tamperings"
    )
