"""Tables as a tamperer sees them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from audittui.aws.place import Place
from audittui.layout import load_layout
from audittui.store.dynamodb.store import DynamoStore
from audittui.store.dynamodb.wire import encoded_item
from tests.integrity.bench import Bench
from tests.store.conftest import REGION, make_table

AWS_KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Bench:
    """The command line in an empty folder."""
    return Bench(tmp_path, monkeypatch, capfd)


class TamperedTable(DynamoStore):
    """A table with what a tamperer does to it: raw calls without conditions."""

    def overwrite(self, item: Mapping[str, Any]) -> None:
        self._sender.client.put_item(TableName=self.table, Item=encoded_item(item))

    def delete(self, key: Mapping[str, Any]) -> None:
        self._sender.client.delete_item(TableName=self.table, Key=encoded_item(key))


def tampered_table(client: Any, endpoint: str = "") -> TamperedTable:
    """A new, empty table."""
    layout = load_layout("native")
    return TamperedTable(client, Place(make_table(client, layout), REGION, endpoint), layout)
