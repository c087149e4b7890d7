"""Measures reading a table, compared with other clients in one run against one DynamoDB Local.

``python benchmarks/drain.py`` with AUDITTUI_TEST_ENDPOINT; ``make bench`` runs it too. The AWS CLI
and aiodynamo need a separate environment (they require a different botocore). AUDITTUI_BENCH_BIN
names its ``bin`` folder; without it they are omitted.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from boto3.dynamodb.conditions import Key
from boto3.dynamodb.types import TypeDeserializer

from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.query.execution import Execution
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.plan import Plan
from audittui.runbook.planner import make_plan
from audittui.store.dynamodb import create_table, open_table
from audittui.store.port import Store
from audittui.writer import AuditLog

REGION = "eu-west-1"
ITEMS = 10_000
ROUNDS = 5
LATENCY = 0.01
DAY = "2026-11-20"
MIDNIGHT = 1_795_132_800
AIODYNAMO = Path(__file__).with_name("with_aiodynamo.py")


def teleport_item(number: int) -> dict[str, Any]:
    """An event of about 1.37 KB, as in Teleport's table."""
    moment = MIDNIGHT + number * 8
    fields = {
        "ei": number, "event": "session.command", "code": "T4000I",
        "cluster_name": "teleport.example", "login": "root", "sid": str(uuid.UUID(int=number)),
        "time": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(moment)),
        "user": f"user-{number % 97}@example.com",
        "server_id": str(uuid.UUID(int=number % 31)), "addr.remote": f"10.0.{number % 200}.7:4321",
        "argv": ["-c", "x" * 740], "path": "/usr/bin/bash", "success": number % 9 != 0,
    }  # fmt: skip
    return {
        "SessionID": fields["sid"], "EventIndex": number, "EventType": fields["event"],
        "CreatedAt": moment, "CreatedAtDate": DAY, "EventNamespace": "default",
        "Expires": moment + 31_536_000, "Fields": json.dumps(fields),
    }  # fmt: skip


def make_teleport_table(endpoint: str) -> str:
    """Create and fill a table with its index; returns its name."""
    name = f"teleport-{uuid.uuid4().hex[:8]}"
    service: Any = boto3.resource("dynamodb", region_name=REGION, endpoint_url=endpoint)
    table = service.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": one, "AttributeType": kind}
            for one, kind in (
                ("SessionID", "S"), ("EventIndex", "N"), ("CreatedAtDate", "S"), ("CreatedAt", "N"),
            )
        ],
        KeySchema=[
            {"AttributeName": "SessionID", "KeyType": "HASH"},
            {"AttributeName": "EventIndex", "KeyType": "RANGE"},
        ],
        GlobalSecondaryIndexes=[{
            "IndexName": "timesearchV2", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [
                {"AttributeName": "CreatedAtDate", "KeyType": "HASH"},
                {"AttributeName": "CreatedAt", "KeyType": "RANGE"},
            ],
        }],
    )  # fmt: skip
    with table.batch_writer() as batch:
        for number in range(ITEMS):
            batch.put_item(Item=teleport_item(number))
    return name


def seconds(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median seconds of each call; the calls alternate, so that load affects all of them."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            started = time.perf_counter()
            given = call()
            spent = time.perf_counter() - started
            times[name].append(given if isinstance(given, float) else spent)
    return {name: statistics.median(one) for name, one in times.items()}


def table_of(title: str, measured: dict[str, float], ours: str) -> list[str]:
    """The lines of a table: the time of each client, and its ratio to ours."""
    lines = [f"### {title}", "", "| client | seconds | ratio to ours |", "|---|---|---|"]
    for name, spent in measured.items():
        lines.append(f"| {name} | {spent:.3f} | {spent / measured[ours]:.2f} |")
    return [*lines, ""]


class Bench:
    """The ways to read everything of one day from one table."""

    def __init__(self, endpoint: str, tools: Path | None) -> None:
        self.endpoint = endpoint
        self.tools = tools
        self.table = make_teleport_table(endpoint)
        self.layout = load_layout("teleport")
        self.store = open_table(
            self.table, self.layout, region=REGION, endpoint_url=endpoint, read_only=True
        )
        self.client = boto3.client("dynamodb", region_name=REGION, endpoint_url=endpoint)
        window = f"{DAY}..2026-11-21"
        facts = Connection(Target(table=self.table), self.store, self.layout).facts()
        self.plan = make_plan(
            load_catalogue().find("time-window"), {"window": window}, self.layout, facts
        )
        self.pages = 0

    def ours(self, *, drain: bool = True) -> None:
        count = 0
        for page in Execution(self.plan, self.store, drain=drain).pages():
            count += len(page.rows)
            self.pages = page.meter.pages
        assert count == ITEMS, count

    def query(self) -> dict[str, Any]:
        return {
            "TableName": self.table, "IndexName": "timesearchV2",
            "KeyConditionExpression": "CreatedAtDate = :d",
            "ExpressionAttributeValues": {":d": {"S": DAY}},
        }  # fmt: skip

    def paginator(self) -> None:
        plain = TypeDeserializer()
        count = 0
        for page in self.client.get_paginator("query").paginate(**self.query()):
            for item in page["Items"]:
                {name: plain.deserialize(value) for name, value in item.items()}
                count += 1
        assert count == ITEMS

    def resource(self) -> None:
        table = boto3.resource("dynamodb", region_name=REGION, endpoint_url=self.endpoint).Table(
            self.table
        )
        count = 0
        more: dict[str, Any] = {}
        while True:
            page = table.query(
                IndexName="timesearchV2",
                KeyConditionExpression=Key("CreatedAtDate").eq(DAY),
                **more,
            )
            count += len(page["Items"])
            if "LastEvaluatedKey" not in page:
                break
            more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        assert count == ITEMS

    def floor(self) -> None:
        """Transfer only: the same requests in sequence, without parsing."""
        address = urlsplit(self.endpoint)
        wire = http.client.HTTPConnection(str(address.hostname), address.port)
        headers = {
            "X-Amz-Target": "DynamoDB_20120810.Query", "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=x/20260101/{REGION}/dynamodb/"
            "aws4_request, SignedHeaders=host, Signature=x",
        }  # fmt: skip
        asked = self.query()
        while True:
            wire.request("POST", "/", json.dumps(asked), headers)
            body = wire.getresponse().read()
            found = re.search(rb'"LastEvaluatedKey":(\{.*?\}\})', body)
            if not found:
                return
            asked["ExclusiveStartKey"] = json.loads(found[1])

    def command_line(self, *words: str) -> Callable[[], None]:
        assert self.tools is not None
        given = [
            str(self.tools / "aws"), "dynamodb", "query", "--table-name", self.table,
            "--index-name", "timesearchV2", "--key-condition-expression", "CreatedAtDate = :d",
            "--expression-attribute-values", json.dumps({":d": {"S": DAY}}),
            "--endpoint-url", self.endpoint, "--region", REGION, *words,
        ]  # fmt: skip
        return lambda: _run(given)

    def our_command(self, *words: str) -> Callable[[], None]:
        given = [
            sys.executable, "-m", "audittui", "run", "time-window", "--table", self.table,
            "--layout", "teleport", "--region", REGION, "--endpoint-url", self.endpoint,
            "-p", f"window={DAY}..2026-11-21", *words,
        ]  # fmt: skip
        return lambda: _run(given)

    def aiodynamo(self) -> float:
        assert self.tools is not None
        ended = subprocess.run(
            [str(self.tools / "python"), str(AIODYNAMO), self.endpoint, REGION, self.table, DAY],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        count, spent = ended.stdout.split()
        assert int(count) == ITEMS
        return float(spent)

    def first_rows(self) -> None:
        pages = Execution(self.plan, self.store, page_rows=200).pages()
        assert next(page for page in pages if page.rows)
        pages.close()  # type: ignore[attr-defined]

    def first_page(self) -> None:
        plain = TypeDeserializer()
        for item in self.client.query(**self.query())["Items"]:
            {name: plain.deserialize(value) for name, value in item.items()}


def _run(words: Iterable[str]) -> None:
    subprocess.run(list(words), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Far:
    """A distant store: every request takes ``LATENCY`` seconds longer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def query(self, *request: Any) -> Any:
        time.sleep(LATENCY)
        return self._store.query(*request)


class Year:
    """A year on four chains without a single entry."""

    def __init__(self, endpoint: str) -> None:
        layout = load_layout("native")
        self.table = f"year-{uuid.uuid4().hex[:8]}"
        create_table(self.table, layout, region=REGION, endpoint_url=endpoint, wait=True)
        self.store = open_table(self.table, layout, region=REGION, endpoint_url=endpoint)
        for shard in range(4):
            AuditLog(self.store, f"payments/{shard}").append(Draft(actor="a", action="b"))
        connection = Connection(Target(table=self.table), self.store, layout)
        self.plan: Plan = make_plan(
            load_catalogue().find("time-window"), {"window": "2024-01-01..2025-01-01"}, layout,
            connection.facts(),
        )  # fmt: skip
        self.client = boto3.client("dynamodb", region_name=REGION, endpoint_url=endpoint)

    def ours(self, store: Any) -> None:
        assert not sum(len(page.rows) for page in Execution(self.plan, store).pages())

    def stock(self, latency: float) -> None:
        for shard in self.plan.shards:
            time.sleep(latency)
            self.client.query(
                TableName=self.table, IndexName="by-time", KeyConditionExpression="#p = :p",
                ExpressionAttributeNames={"#p": "bucket"},
                ExpressionAttributeValues={":p": {"S": shard.partition}},
            )  # fmt: skip

    def measured(self) -> dict[str, float]:
        delay = f"{LATENCY * 1000:.0f} ms"
        return seconds(
            {
                "audittui": lambda: self.ours(self.store),
                "boto3, in sequence": lambda: self.stock(0.0),
                f"audittui, {delay} latency": lambda: self.ours(Far(self.store)),
                f"boto3, {delay} latency": lambda: self.stock(LATENCY),
            }
        )


def report(endpoint: str, tools: Path | None) -> str:
    """All results, as Markdown."""
    bench = Bench(endpoint, tools)
    bench.ours()
    lines = [
        f"{os.cpu_count()} cores, Python {platform.python_version()}, boto3 {boto3.__version__}, "
        f"DynamoDB Local; {ITEMS:,} items, {ITEMS * 1.37 / 1000:.1f} MB; medians of {ROUNDS} "
        "alternating rounds.",
        "",
    ]
    ways: dict[str, Callable[[], object]] = {
        "audittui": bench.ours,
        "audittui, page by page": lambda: bench.ours(drain=False),
        "boto3 paginator + TypeDeserializer": bench.paginator,
        "boto3 Table resource": bench.resource,
        "transfer only, page by page (the server's share)": bench.floor,
    }
    if tools is not None:
        ways["aiodynamo"] = bench.aiodynamo
    lines += table_of("Draining, in one process", seconds(ways), "audittui")
    client = {}
    for name, call in (("audittui", bench.ours), ("boto3 paginator", bench.paginator)):
        started = time.process_time()
        call()
        client[name] = (time.process_time() - started) / bench.pages * 1000
    each = ", ".join(f"{name} {spent:.1f} ms" for name, spent in client.items())
    lines += [f"Client CPU per 1 MB page: {each}.", ""]
    commands: dict[str, Callable[[], object]] = {
        "audittui run --format jsonl": bench.our_command("--format", "jsonl")
    }
    if tools is not None:
        commands["aws dynamodb query --output json"] = bench.command_line("--output", "json")
        commands["aws dynamodb query --output text"] = bench.command_line("--output", "text")
    lines += table_of("Draining, as a command", seconds(commands), "audittui run --format jsonl")
    lines += table_of(
        "The first rows",
        seconds({"audittui, one screen": bench.first_rows, "boto3, one page": bench.first_page}),
        "audittui, one screen",
    )
    counts: dict[str, Callable[[], object]] = {"audittui run --count": bench.our_command("--count")}
    if tools is not None:
        counts["aws dynamodb query --select COUNT"] = bench.command_line("--select", "COUNT")
    lines += table_of("Counting, as a command", seconds(counts), "audittui run --count")
    year = Year(endpoint)
    title = f"An empty year on four chains ({len(year.plan.shards):,} partitions)"
    lines += table_of(title, year.measured(), "audittui")
    return "\n".join(lines)


def main() -> None:
    endpoint = os.environ.get("AUDITTUI_TEST_ENDPOINT")
    if not endpoint:
        sys.exit("AUDITTUI_TEST_ENDPOINT is not set. It must name a DynamoDB Local.")
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "x")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "x")
    os.environ["AWS_PAGER"] = ""
    tools = os.environ.get("AUDITTUI_BENCH_BIN")
    print(report(endpoint, Path(tools) if tools else None))


if __name__ == "__main__":
    main()
