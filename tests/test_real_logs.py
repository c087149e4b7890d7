"""Every runbook on the real CloudTrail file, compared with a computation from the raw JSON."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.ingest.cloudtrail.read import read_cloudtrail
from audittui.ingest.run import Ingestion, Summary
from audittui.investigate.correlations import Correlator
from audittui.layout import load_layout
from audittui.layout.row import Row
from audittui.query.execution import Execution
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.planner import make_plan
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.shared_data import shared_file

CHAIN = "cloudtrail/0"
DAY = "2023-07-10"
DENIED = {"AccessDenied", "Client.UnauthorizedOperation"}
Log = tuple[Connection, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def log() -> Iterator[Log]:
    path = shared_file("cloudtrail/invictus.json.gz")
    with gzip.open(path) as stream:
        records = json.load(stream)["Records"]
    # A file is imported by time, creations first within one second (docs/cloudtrail.md).
    records.sort(key=lambda one: (one["eventTime"], not one["eventName"].startswith("Create")))
    layout = load_layout("native")
    store = SqliteStore(":memory:", layout, create=True)
    summary = Ingestion(AuditLog(store, CHAIN)).run(read_cloudtrail([path]), lambda *_: None)
    assert summary == Summary(read=2900, added=2900, already_there=0, rejected=0)
    yield Connection(Target(store=":memory:"), store, layout), records
    store.close()


def ask(log: Log, runbook: str, **parameters: str) -> list[Row]:
    connection, _ = log
    plan = make_plan(
        load_catalogue().find(runbook), parameters, connection.layout, connection.facts()
    )
    rows: list[Row] = []
    page = None
    for page in Execution(plan, connection.store, page_rows=97).pages():
        rows += page.rows
    assert page is not None and page.coverage.complete
    return rows


def expected(records: list[dict[str, Any]], newest: bool, wanted: Any) -> list[str]:
    """Event ids of the records that ``wanted`` picks, by time, then by place in the file."""
    found = [(record["eventTime"], at) for at, record in enumerate(records) if wanted(record)]
    return [records[at]["eventID"] for _, at in sorted(found, reverse=newest)]


def ids(log: Log, rows: list[Row]) -> list[str]:
    # A row's seq is its record's place in the order of the import.
    return [log[1][row.seq]["eventID"] for row in rows]


def test_time_window(log: Log) -> None:
    rows = ask(log, "time-window", window=f"{DAY}T11:50..12:10")
    low, high = f"{DAY}T11:50:00Z", f"{DAY}T12:10:00Z"
    assert ids(log, rows) == expected(log[1], True, lambda r: low <= r["eventTime"] < high)
    assert len(rows) > 500


def test_actor_activity(log: Log) -> None:
    arn = "arn:aws:iam::123837392027:user/benjamin"
    rows = ask(log, "actor-activity", actor=arn, window=DAY)
    assert ids(log, rows) == expected(log[1], True, lambda r: r["userIdentity"].get("arn") == arn)
    assert len(rows) == 105


def test_an_assumed_role_is_its_role(log: Log) -> None:
    role = "arn:aws:iam::123837392027:role/stratus-red-team-ec2-enumerate-role"
    rows = ask(log, "actor-activity", actor=role, window=DAY)

    def assumed(record: dict[str, Any]) -> bool:
        arn = record["userIdentity"].get("arn", "")
        return ":assumed-role/stratus-red-team-ec2-enumerate-role/" in arn

    assert ids(log, rows) == expected(log[1], True, assumed) and rows


def bucket_of(record: dict[str, Any]) -> str | None:
    if record["eventSource"] != "s3.amazonaws.com":
        return None
    parameters = record.get("requestParameters") or {}
    return None if "key" in parameters else parameters.get("bucketName")


def test_every_created_bucket_has_its_creation_first_in_its_lifecycle(log: Log) -> None:
    created = {bucket_of(r) for r in log[1] if r["eventName"] == "CreateBucket"}
    assert len(created) == 5
    for bucket in created:
        rows = ask(log, "resource-lifecycle", resource=f"arn:aws:s3:::{bucket}")
        assert ids(log, rows) == expected(log[1], False, lambda r, b=bucket: bucket_of(r) == b)
        assert rows[0].action == "s3:CreateBucket"


def test_started_instances_are_found_in_the_response(log: Log) -> None:
    started = [
        (record["eventID"], item["instanceId"])
        for record in log[1]
        if record["eventName"] == "RunInstances" and record.get("responseElements")
        for item in record["responseElements"]["instancesSet"]["items"]
    ]
    assert started
    for event, instance in started:
        arn = f"arn:aws:ec2:us-east-1:123837392027:instance/{instance}"
        rows = ask(log, "resource-lifecycle", resource=arn)
        assert event in ids(log, rows)


def test_request_trace(log: Log) -> None:
    shared = defaultdict(list)
    for record in log[1]:
        if record.get("requestID"):
            shared[record["requestID"]].append(record)
    several = [request for request, records in shared.items() if len(records) > 1]
    assert len(several) == 45
    for request in several:
        rows = ask(log, "request-trace", request_id=request)
        assert ids(log, rows) == expected(
            log[1], False, lambda r, q=request: r.get("requestID") == q
        )


def test_action_history(log: Log) -> None:
    rows = ask(log, "action-history", action="secretsmanager:GetSecretValue", window="all")

    def wanted(record: dict[str, Any]) -> bool:
        return (record["eventSource"], record["eventName"]) == (
            "secretsmanager.amazonaws.com",
            "GetSecretValue",
        )

    assert ids(log, rows) == expected(log[1], True, wanted)
    assert len(rows) == 60


def test_denied_actions(log: Log) -> None:
    rows = ask(log, "denied-actions", window=DAY)
    assert ids(log, rows) == expected(log[1], True, lambda r: r.get("errorCode") in DENIED)
    assert len(rows) == 60


def test_repeated_failures(log: Log) -> None:
    connection, records = log
    plan = make_plan(
        load_catalogue().find("repeated-failures"),
        {"window": DAY, "threshold": "6", "timespan": "2m"},
        connection.layout, connection.facts(),
    )  # fmt: skip
    assert plan.correlation is not None
    correlator = Correlator(plan.correlation)
    for page in Execution(plan, connection.store, page_rows=50).pages():
        correlator.add(page.rows)
    failures = defaultdict(list)
    for at, record in enumerate(records):
        if record.get("errorCode"):
            key = {"pk": f"entry#{CHAIN}", "sk": f"{at:020d}"}
            item = connection.store.get(key).item
            assert item is not None
            action = f"{record['eventSource'].split('.')[0]}:{record['eventName']}"
            who = record["userIdentity"].get("arn") or record["userIdentity"].get("invokedBy")
            if ":assumed-role/" in who:
                who = item["actor"]
            failures[who, action].append(
                int(datetime.fromisoformat(record["eventTime"]).timestamp())
            )
    truth = {}
    for group, times in failures.items():
        times.sort()
        windows = [[t for t in times if start <= t <= start + 120] for start in times]
        inside = {(t, at) for w in windows if len(w) >= 6 for at, t in enumerate(times) if t in w}
        if inside:
            truth[group] = (len(inside), max(map(len, windows)))
    found = {
        tuple(value for _, value in group.key): (group.count, group.peak)
        for group in correlator.groups()
    }
    assert found == truth and truth


@pytest.mark.dynamodb_local
def test_the_whole_file_goes_into_a_table_and_answers_the_same(log: Log) -> None:
    endpoint = os.environ.get("AUDITTUI_TEST_ENDPOINT")
    if not endpoint:
        pytest.skip("AUDITTUI_TEST_ENDPOINT names no DynamoDB Local")
    import uuid

    from audittui.store.dynamodb import create_table, open_table

    layout = load_layout("native")
    place: dict[str, Any] = {
        "region": "eu-west-1", "endpoint_url": endpoint, "aws_profile": None,
    }  # fmt: skip
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    table = f"real-{uuid.uuid4().hex[:8]}"
    create_table(table, layout, **place, without=frozenset(), wait=True)
    store = open_table(table, layout, **place)
    path = shared_file("cloudtrail/invictus.json.gz")
    summary = Ingestion(AuditLog(store, CHAIN)).run(read_cloudtrail([path]), lambda *_: None)
    assert (summary.added, summary.rejected) == (2900, 0)
    again = Ingestion(AuditLog(store, CHAIN)).run(read_cloudtrail([path]), lambda *_: None)
    assert (again.added, again.already_there) == (0, 2900)
    there = Connection(Target(table=table), store, layout), log[1]
    for runbook, parameters in (
        ("time-window", {"window": DAY}),
        ("denied-actions", {"window": DAY}),
        ("actor-activity", {"actor": "arn:aws:iam::123837392027:user/benjamin", "window": DAY}),
        (
            "resource-lifecycle",
            {"resource": "arn:aws:s3:::stratus-red-team-ctes-bucket-qyxyekjbtk"},
        ),
    ):
        assert ask(there, runbook, **parameters) == ask(log, runbook, **parameters)


def test_a_second_import_adds_nothing(log: Log) -> None:
    connection, _ = log
    path = shared_file("cloudtrail/invictus.json.gz")
    before = connection.store.describe().item_count
    summary = Ingestion(AuditLog(connection.store, CHAIN)).run(
        read_cloudtrail([path]), lambda *_: None
    )
    assert (summary.added, summary.already_there) == (0, 2900)
    assert connection.store.describe().item_count == before


def test_times_keep_the_records_moment(log: Log) -> None:
    rows = ask(log, "time-window", window=DAY)
    for row in rows[:200]:
        assert timestamp.parse(log[1][row.seq]["eventTime"]) == row.time
