"""A run's meter is the sum of ConsumedCapacity over every response that the service sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.query.execution import Execution
from audittui.query.result import Meter
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.planner import make_plan
from audittui.writer import AuditLog

from .conftest import make_dynamo_store

NATIVE = load_layout("native")
NOW = timestamp.parse("2026-11-24T12:00:00Z")
BOOKS = load_catalogue([])
pytestmark = pytest.mark.dynamodb_local


class Responses:
    """What the raw responses said, read apart from the code that is tested."""

    def __init__(self) -> None:
        self.count = 0
        self.units: Counter[str] = Counter()

    def take(self, response_dict: dict[str, Any], **_: Any) -> None:
        capacity = json.loads(response_dict["body"]).get("ConsumedCapacity")
        if capacity is None:
            return
        self.count += 1
        self.units[""] += capacity.get("Table", {}).get("CapacityUnits", 0.0)
        for name, spent in capacity.get("GlobalSecondaryIndexes", {}).items():
            self.units[name] += spent["CapacityUnits"]


@pytest.fixture(scope="module")
def connection(local_client: Any) -> Connection:
    store = make_dynamo_store(local_client, NATIVE)
    for chain in ("app/0", "app/1"):
        log = AuditLog(store, chain, clock=lambda: NOW)
        for first in range(0, 200, 50):
            log.append_many(
                [
                    Draft(
                        actor="ann" if at % 3 else "bob", action="door.open",
                        resource=f"door/{'x' * (at * 7 % 700)}",
                        outcome="success" if at % 4 else "denied",
                        time=timestamp.text(NOW - (200 - at) * 60 * timestamp.SECOND),
                    )
                    for at in range(first, first + 50)
                ]
            )  # fmt: skip
    return Connection(Target(table=store.table), store, NATIVE)


@pytest.fixture
def responses(local_client: Any) -> Iterator[Responses]:
    seen = Responses()
    local_client.meta.events.register_first("before-parse.dynamodb.Query", seen.take)
    yield seen
    local_client.meta.events.unregister("before-parse.dynamodb.Query", seen.take)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("time-window", {"window": "-3d..now"}),
        ("time-window", {"window": "-1h..now", "outcome": "denied"}),
        ("actor-activity", {"actor": "bob", "window": "-1d..now"}),
        ("denied-actions", {"window": "-1d..now"}),
        ("resource-lifecycle", {"resource": "door/"}),
    ],
)
@pytest.mark.parametrize(
    "how",
    [{}, {"drain": True}, {"page_rows": 7}, {"limit": 20}, {"count": True}, {"max_rcu": 6.0}],
    ids=str,
)
def test_the_meter_is_the_sum_of_what_the_responses_said(
    connection: Connection, responses: Responses, name: str, texts: dict[str, str],
    how: dict[str, Any],
) -> None:  # fmt: skip
    facts = connection.facts()
    facts = msgspec.structs.replace(facts, now=NOW)
    planned = responses.count
    assert facts.rcu == sum(responses.units.values())
    responses.units.clear()
    plan = make_plan(BOOKS.find(name), texts, NATIVE, facts)
    *_, last = Execution(plan, connection.store, now=NOW, **how).pages()
    meter: Meter = last.meter
    assert meter.rcu - plan.spent_rcu == sum(responses.units.values())
    assert dict(meter.by_index) == +responses.units
    assert meter.pages == responses.count - planned
    assert meter.requests == plan.spent_requests + meter.pages and not meter.unmetered
