"""CloudTrail records become entries: one ARN for one thing, and nothing malformed is fatal."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.entry import Draft
from audittui.ingest.cloudtrail import draft_of
from audittui.ingest.cloudtrail.arn import canonical
from audittui.ingest.cloudtrail.read import read_cloudtrail
from audittui.ingest.fit import fitted, refusal
from audittui.ingest.run import Ingestion
from audittui.ingest.source import Rejected
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.shared_data import shared_file

ACCOUNT = "123456789012"
ARN = f"arn:aws:iam::{ACCOUNT}:user/ann"


def record(source: str, name: str, **fields: Any) -> dict[str, Any]:
    return {
        "eventTime": "2026-11-24T10:00:00Z", "eventSource": f"{source}.amazonaws.com",
        "eventName": name, "eventID": "e1", "awsRegion": "eu-west-1",
        "recipientAccountId": ACCOUNT, "userIdentity": {"type": "IAMUser", "arn": ARN},
        "requestParameters": None, "responseElements": None, **fields,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("source", "name", "fields", "resource"),
    [
        ("s3", "CreateBucket", {"requestParameters": {"bucketName": "b"}}, "arn:aws:s3:::b"),
        ("s3", "PutBucketPolicy", {"requestParameters": {"bucketName": "b"}, "resources": [{"ARN": "arn:aws:s3:::b"}]}, "arn:aws:s3:::b"),
        ("s3", "PutObject", {"requestParameters": {"bucketName": "b", "key": "k/{x}"}}, "arn:aws:s3:::b/k/{x}"),
        ("ec2", "RunInstances", {"requestParameters": {"imageId": "ami-01234567"}, "responseElements": {"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}}, f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0123456789abcdef0"),
        ("ec2", "CreateSubnet", {"requestParameters": {"vpcId": "vpc-01234567"}, "responseElements": {"subnet": {"subnetId": "subnet-01234567", "vpcId": "vpc-01234567"}}}, f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-01234567"),
        ("ec2", "CreateSnapshot", {"requestParameters": {"volumeId": "vol-01234567"}, "responseElements": {"snapshotId": "snap-01234567"}}, "arn:aws:ec2:eu-west-1::snapshot/snap-01234567"),
        ("iam", "AttachRolePolicy", {"requestParameters": {"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/P"}}, f"arn:aws:iam::{ACCOUNT}:role/r"),
        ("iam", "CreateRole", {"requestParameters": {"roleName": "r", "path": "/team/"}}, f"arn:aws:iam::{ACCOUNT}:role/r"),
        ("sts", "AssumeRole", {"requestParameters": {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/team/r"}}, f"arn:aws:iam::{ACCOUNT}:role/r"),
        ("iam", "AddRoleToInstanceProfile", {"requestParameters": {"roleName": "r", "instanceProfileName": "p"}}, f"arn:aws:iam::{ACCOUNT}:instance-profile/p"),
        ("lambda", "CreateFunction20150331", {"requestParameters": {"functionName": "f"}}, f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f"),
        ("secretsmanager", "CreateSecret", {"requestParameters": {"name": "s"}, "responseElements": {"arn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:s-AbCd12"}}, f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:s"),
        ("secretsmanager", "GetSecretValue", {"requestParameters": {"secretId": "s"}}, f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:s"),
        ("ssm", "PutParameter", {"requestParameters": {"name": "/a/b"}}, f"arn:aws:ssm:eu-west-1:{ACCOUNT}:parameter/a/b"),
        ("cloudtrail", "StopLogging", {"requestParameters": {"name": f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/t"}}, f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/t"),
        ("s3", "ListBuckets", {}, None),
    ],
)  # fmt: skip
def test_one_arn_for_one_thing(
    source: str, name: str, fields: dict[str, Any], resource: str | None
) -> None:
    assert draft_of(record(source, name, **fields)).resource == resource


def test_further_resources_are_kept() -> None:
    draft = draft_of(
        record("iam", "AttachRolePolicy",
               requestParameters={"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/P"})
    )  # fmt: skip
    assert draft.details["resources"] == ["arn:aws:iam::aws:policy/P"]


def test_an_assumed_role_acts_as_the_role_and_keeps_its_session() -> None:
    identity = {
        "type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/ops/ann",
        "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/x/ops"}},
    }  # fmt: skip
    draft = draft_of(record("s3", "ListBuckets", userIdentity=identity))
    assert draft.actor == f"arn:aws:iam::{ACCOUNT}:role/ops"
    assert draft.details["session"] == identity["arn"]
    identity.pop("sessionContext")
    assert draft_of(record("s3", "X", userIdentity=identity)).actor == draft.actor


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        (None, "aws"),
    ],
)
def test_a_sign_in_without_an_arn_has_that_of_its_region(region: Any, partition: str) -> None:
    identity = {"type": "IAMUser", "accountId": ACCOUNT, "userName": "ann"}
    draft = draft_of(record("signin", "ConsoleLogin", userIdentity=identity, awsRegion=region))
    assert draft.actor == f"arn:{partition}:iam::{ACCOUNT}:user/ann"


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, "success"), ({"errorCode": "AccessDenied"}, "denied"),
        ({"errorCode": "Client.UnauthorizedOperation"}, "denied"),
        ({"errorCode": "NoSuchBucket"}, "failure"), ({"errorCode": "ThrottlingException"}, "failure"),
        ({"responseElements": {"ConsoleLogin": "Failure"}}, "denied"),
    ],
)  # fmt: skip
def test_outcomes(fields: dict[str, Any], outcome: str) -> None:
    draft = draft_of(record("s3", "GetBucketAcl", **fields))
    assert (draft.outcome, draft.reason) == (outcome, fields.get("errorCode"))


def test_severities() -> None:
    severity = {
        name: draft_of(record(source, name, readOnly=reads)).severity
        for source, name, reads in (
            ("s3", "GetBucketAcl", True), ("s3", "CreateBucket", False),
            ("cloudtrail", "StopLogging", False), ("iam", "CreateAccessKey", False),
        )
    }  # fmt: skip
    assert list(severity.values()) == ["info", "low", "high", "high"]
    assert draft_of(record("s3", "GetBucketAcl", errorCode="AccessDenied")).severity == "medium"


def test_what_is_too_large_moves_out_and_says_so() -> None:
    draft = draft_of(record("s3", "PutBucketPolicy", requestParameters={
        "bucketName": "b", "bucketPolicy": {"text": "x" * 70_000}, "other": "kept"}))  # fmt: skip
    assert refusal(draft) is not None
    smaller = fitted(draft)
    assert refusal(smaller) is None
    (omitted,) = smaller.details["_omitted"]
    assert omitted["path"] == "cloudtrail.requestParameters.bucketPolicy.text"
    assert len(omitted["sha256"]) == 64 and omitted["bytes"] == 70_002
    assert smaller.details["cloudtrail"]["requestParameters"]["other"] == "kept"
    assert "bucketPolicy" in draft.details["cloudtrail"]["requestParameters"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
FIELDS = (
    "userIdentity", "requestParameters", "responseElements", "resources", "additionalEventData",
    "serviceEventDetails", "errorMessage", "errorCode", "awsRegion", "recipientAccountId",
    "requestID", "sourceIPAddress", "readOnly",
)  # fmt: skip
SERVICES = (
    "s3", "ec2", "iam", "kms", "lambda", "ssm", "sts", "secretsmanager", "logs", "cloudtrail", "rds",
    "ecs", "sqs", "events", "odd",
)  # fmt: skip


@settings(max_examples=300)
@given(st.sampled_from(SERVICES), st.text(min_size=1, max_size=12),
       st.dictionaries(st.sampled_from(FIELDS), json_values))  # fmt: skip
def test_no_record_can_crash_the_import(source: str, name: str, fields: dict[str, Any]) -> None:
    try:
        draft = fitted(draft_of(record(source, name, **fields)))
    except ValueError:
        return
    assert refusal(draft) is None


@given(json_values)
def test_anything_else_is_a_value_error(value: Any) -> None:
    with pytest.raises(ValueError):
        draft_of(value)


def test_files_of_every_kind_are_read_and_the_malformed_named(tmp_path: Path) -> None:
    def one(number: int) -> dict[str, Any]:
        return {**record("s3", "ListBuckets"), "eventID": f"e{number}"}

    (tmp_path / "a.json").write_text(json.dumps({"Records": [one(1), {"x": 1}]}), encoding="utf-8")
    with gzip.open(tmp_path / "b.json.gz", "wt", encoding="utf-8") as stream:
        json.dump({"Records": [one(2)]}, stream)
    (tmp_path / "c.jsonl").write_text(f"{json.dumps(one(3))}\nnot json\n\n{json.dumps(one(4))}\n",
                                      encoding="utf-8")  # fmt: skip
    (tmp_path / "d.json").write_text("{", encoding="utf-8")
    (tmp_path / "e.json.gz").write_bytes(b"\x1f\x8bgarbage")
    (tmp_path / "f.json").write_text("", encoding="utf-8")
    (tmp_path / "ignored.txt").write_text("x", encoding="utf-8")
    (tmp_path / "g.json").write_bytes(b"\xff\xfe")
    made = [read.made for read in read_cloudtrail([tmp_path])]
    drafts = [one.idempotency_key for one in made if isinstance(one, Draft)]
    assert drafts == [f"cloudtrail:e{number}" for number in (1, 2, 3, 4)]
    rejected = [(Path(one.file).name, one.position) for one in made if isinstance(one, Rejected)]
    assert rejected == [
        ("a.json", "record 2"), ("c.jsonl", "line 2"), ("d.json", ""), ("e.json.gz", ""),
        ("g.json", ""),
    ]  # fmt: skip


def test_canonical_arns_are_stable() -> None:
    for arn in (f"arn:aws:iam::{ACCOUNT}:role/a/b/c", "arn:aws:s3:::b/", "plain", "arn:aws:x"):
        assert canonical(canonical(arn)) == canonical(arn)


def test_the_real_file_has_a_draft_for_every_record_and_imports_once() -> None:
    path = shared_file("cloudtrail/invictus.json.gz")
    reads = list(read_cloudtrail([path]))
    assert len(reads) == 2900 and all(isinstance(read.made, Draft) for read in reads)
    assert reads[-1].bytes_done == path.stat().st_size
    actors = {read.made.actor for read in reads if isinstance(read.made, Draft)}
    assert "unknown" not in actors and ACCOUNT not in actors
    store = SqliteStore(":memory:", load_layout("native"), create=True)
    log = AuditLog(store, "cloudtrail/0")
    told: list[int] = []
    summary = Ingestion(log).run(reads, lambda _, done: told.append(done))
    assert summary.added == 2900 and told == sorted(told) and told[-1] == path.stat().st_size
