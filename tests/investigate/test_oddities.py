"""Oddities of a lifecycle are reported, and nothing else is."""

from __future__ import annotations

from collections import defaultdict

import pytest

from audittui.ingest.cloudtrail.read import read_cloudtrail
from audittui.ingest.run import Ingestion
from audittui.investigate.oddities import find_oddities, oddities
from audittui.layout import Row, load_layout
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.shared_data import shared_file

MINUTE = 60 * 1_000_000
BUCKET = "arn:aws:s3:::b"
NEVER = "not created in this window"
CREATED, DELETED, CHANGED, READ = (
    "s3:CreateBucket", "s3:DeleteBucket", "s3:PutBucketPolicy", "s3:GetBucketAcl",
)  # fmt: skip


def life(*events: tuple[int, str], resource: str = BUCKET, outcome: str = "success") -> list[Row]:
    """Events (minute, action) of one resource."""
    return [
        Row(0, at * MINUTE, ("p", seq), "c/0", seq, action=action, resource=resource,
            outcome=outcome, request_id=f"r{seq}")
        for seq, (at, action) in enumerate(events)
    ]  # fmt: skip


def test_an_ordinary_life_has_none() -> None:
    assert oddities(life((0, CREATED), (1, CHANGED), (2, READ), (3, DELETED))) == ()
    again = life((0, CREATED), (1, DELETED), (2, CREATED), (3, CHANGED), (4, DELETED))
    assert oddities(again) == ()
    assert oddities([]) == ()


def test_what_was_never_created_is_said_mildly() -> None:
    (one,) = find_oddities(life((0, CHANGED), (1, READ)))
    assert (one.text, one.at, one.mild) == (NEVER, 0, True)
    refused = life((0, CREATED), outcome="denied")
    assert oddities(refused) == (NEVER,)
    assert oddities(refused, "log") == ("its creation is not in the log",)
    assert oddities(refused, "part") == ("its creation is not among the entries read",)


def test_changed_after_it_was_deleted() -> None:
    (one,) = find_oddities(life((0, CREATED), (1, DELETED), (3, "s3:TagBucket"), (4, "x:Tag")))
    assert one.text == (
        "deleted at 1970-01-01T00:01:00Z but changed later, at 1970-01-01T00:03:00Z"
    )
    assert (one.at, one.mild) == (2, False)


@pytest.mark.parametrize(
    "actions",
    [
        ("s3:DeleteBucket", "s3:PutBucketPolicy"),  # a put may have created it again
        ("secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret", "x:TagResource"),
        ("secretsmanager:DeleteSecret", "secretsmanager:StartSecretVersionDelete"),
        ("ec2:TerminateInstances", "ec2:ModifyInstanceAttribute"),  # it lingers
        ("s3:DeleteBucket", "s3:ListBuckets"),  # a list without it
        ("thing.delete", "thing.restored", "thing.updated"),
    ],
)
def test_what_can_be_meant_well_is_not_said(actions: tuple[str, ...]) -> None:
    events = [(0, CREATED), *((10 * at, one) for at, one in enumerate(actions, 1))]
    assert oddities(life(*events)) == ()


def test_read_after_it_was_deleted_once_everyone_knows() -> None:
    begun = (0, CREATED), (1, DELETED)
    assert oddities(life(*begun, (5, READ))) == ()
    (one,) = find_oddities(life(*begun, (5, READ), (20, READ), (21, READ)))
    assert "but read later, at 1970-01-01T00:20:00Z" in one.text
    assert (one.at, one.mild) == (3, False)
    assert oddities(life(*begun, (20, READ), outcome="failure")) == (NEVER,)


def test_created_twice_without_a_deletion() -> None:
    twice = life((0, CREATED), (1, CHANGED), (2, CREATED))
    (one,) = find_oddities(twice)
    assert one.text.startswith("created twice without a deletion, at 1970-01-01T00:00:00Z and at")
    assert (one.at, one.mild) == (2, False)
    # Things in it, or one event reported by two services.
    assert oddities(life((0, CREATED), (1, "s3:CreateAccessPoint"))) == ()
    assert oddities(life((0, "door.create"), (1, "door.create"), resource="key/1")) == ()
    assert len(oddities(life((0, "door.create"), (1, "door.create"), resource="door/1"))) == 1
    same = [
        Row(0, one.time, one.key, one.chain, one.seq, action=one.action, resource=BUCKET,
            outcome="success", request_id="r")
        for one in twice
    ]  # fmt: skip
    assert oddities(same) == ()


def test_what_was_not_read_explains_much() -> None:
    rows = life((0, CREATED), (1, DELETED), (20, "x:Tag"), (30, READ))
    assert len(find_oddities(rows)) == 1
    assert find_oddities(rows, unread=2) == ()
    assert find_oddities(life((0, CREATED), (2, CREATED)), unread=1) == ()


def test_a_pause_is_named_where_there_is_no_other_like_it() -> None:
    daily = [(day * 1440, CHANGED) for day in range(12)]
    after = [((45 + day) * 1440, CHANGED) for day in range(11, 14)]
    rows = life((0, CREATED), *daily, *after)
    (one,) = find_oddities(rows)
    assert one.text.startswith("no entries for 45 d before 1970-02-26T00:00:00Z")
    assert (one.at, one.mild) == (13, True)
    assert find_oddities(rows, unread=13) == ()
    again = [((95 + day) * 1440, CHANGED) for day in range(11, 14)]
    assert find_oddities(life((0, CREATED), *daily, *after, *again)) == ()
    assert find_oddities(life((0, CREATED), *daily[:4], *after)) == ()


def test_no_false_alarm_in_a_real_log() -> None:
    layout = load_layout("native")
    store = SqliteStore(":memory:", layout, create=True)
    path = shared_file("cloudtrail/invictus.json.gz")
    Ingestion(AuditLog(store, "cloudtrail/0")).run(read_cloudtrail([path]), lambda *_: None)
    lives: dict[str, list[Row]] = defaultdict(list)
    start = None
    while True:
        page = store.query(
            Query(index="", partition=("pk", "entry#cloudtrail/0"), sort="sk", start_key=start)
        )
        for row in map(layout.row, page.items):
            lives[row.resource].append(row)
        start = page.last_key
        if start is None:
            break
    lives.pop("", None)
    found = [
        one
        for rows in lives.values()
        for one in find_oddities(sorted(rows, key=lambda row: (row.time, row.seq)))
    ]
    assert len(lives) > 200
    assert {one.text for one in found} == {NEVER}


@pytest.mark.parametrize(("hours", "named"), [(168, True), (167, False)])
def test_a_pause_is_long_from_a_week_on(hours: int, named: bool) -> None:
    hourly = [(hour * 60, CHANGED) for hour in range(12)]
    rows = life((0, CREATED), *hourly, ((11 + hours) * 60, CHANGED))
    assert [one.text[:20] for one in find_oddities(rows)] == ["no entries for 7 d b"] * named
