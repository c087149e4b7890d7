"""The embedded store meters what the table would have charged."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from audittui.layout import load_layout
from audittui.store.port import Key, Page, Query, Store
from audittui.store.sqlite import SqliteStore

from .conftest import make_dynamo_store

NATIVE = load_layout("native")
pytestmark = pytest.mark.dynamodb_local


def items() -> list[dict[str, Any]]:
    made = []
    for seq in range(60):
        made.append(
            {
                "pk": "entry#app/0", "sk": f"{seq:020d}", "body": "x" * (seq * 211 % 9000),
                "hash": bytes(32), "time": f"2026-11-24T14:00:{seq:02d}.000000Z",
                "actor": "zoë", "action": "s3:Get", "resource": "r" * (seq * 37 % 900),
                "outcome": "denied" if seq % 3 else "success",
                "bucket": "app/0#2026-11-24", "expires_at": 1_800_000_000 + seq,
                "numbers": [0, 1, -1, 10, 12345, Decimal("1.5"), Decimal("0.001"), 10**20],
                "map": {"a": [True, None, b"xyz"], "b": {"c": {"d", "e"}}},
            }
        )  # fmt: skip
        if not made[-1]["resource"]:
            del made[-1]["resource"]
    return made


@pytest.fixture(scope="module")
def stores(local_client: Any) -> tuple[Store, Store]:
    both = SqliteStore(":memory:", NATIVE), make_dynamo_store(local_client, NATIVE)
    for item in items():
        for store in both:
            store.put_new(item)
    return both


@pytest.mark.parametrize("consistent", [True, False])
def test_gets_cost_the_same(stores: tuple[Store, Store], consistent: bool) -> None:
    for item in items():
        ours, theirs = (store.get(item, consistent=consistent).rcu for store in stores)
        assert ours == theirs, item["sk"]


def empty_query_that_dynamodb_local_meters_as_nothing(page: Page) -> bool:
    """AWS charges half a unit for a query that evaluates no item, DynamoDB Local 0.0."""
    return page.scanned == 0


def paged_costs(store: Store, limit: int | None, **more: Any) -> list[float]:
    costs = []
    start: Key | None = None
    while True:
        page = store.query(Query(**more, limit=limit, start_key=start))
        if not empty_query_that_dynamodb_local_meters_as_nothing(page):
            costs.append(page.rcu)
        start = page.last_key
        if start is None:
            return costs


@pytest.mark.parametrize("limit", [None, 1, 7, 20])
@pytest.mark.parametrize("consistent", [True, False])
def test_queries_of_the_table_cost_the_same(
    stores: tuple[Store, Store], limit: int | None, consistent: bool
) -> None:
    more = {"index": "", "partition": ("pk", "entry#app/0"), "sort": "sk", "consistent": consistent}
    ours, theirs = (paged_costs(store, limit, **more) for store in stores)
    assert ours == theirs


@pytest.mark.parametrize("limit", [None, 1, 7, 20])
@pytest.mark.parametrize(
    ("index", "attribute", "value"),
    [("by-actor", "actor", "zoë"), ("by-time", "bucket", "app/0#2026-11-24")],
)
def test_queries_of_an_index_cost_the_same(
    stores: tuple[Store, Store], limit: int | None, index: str, attribute: str, value: str
) -> None:
    more = {"index": index, "partition": (attribute, value), "sort": "time"}
    ours, theirs = (paged_costs(store, limit, **more) for store in stores)
    assert ours == theirs


def test_an_empty_query_costs_half_a_unit_as_on_aws_and_nothing_on_dynamodb_local(
    stores: tuple[Store, Store],
) -> None:
    nobody = Query(index="by-actor", partition=("actor", "nobody"), sort="time")
    pages = [store.query(nobody) for store in stores]
    assert all(map(empty_query_that_dynamodb_local_meters_as_nothing, pages))
    assert [page.rcu for page in pages] == [0.5, 0.0]
