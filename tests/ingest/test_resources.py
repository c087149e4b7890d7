# ruff: noqa: E501 -- a line is a case
"""What a record is about: the right ARN, however it is named, and none that was made up."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import Any

import pytest

from audittui.ingest.cloudtrail import draft_of
from audittui.ingest.cloudtrail.arn import canonical
from audittui.ingest.cloudtrail.resources import resources_of
from tests.shared_data import shared_file

ACCOUNT = "123456789012"
HERE = f"eu-west-1:{ACCOUNT}"
IAM = f"arn:aws:iam::{ACCOUNT}"
EC2 = f"arn:aws:ec2:{HERE}"
SSM = f"arn:aws:ssm:{HERE}"
SECRET = f"arn:aws:secretsmanager:{HERE}:secret"
ANN = {"type": "IAMUser", "arn": f"{IAM}:user/team/ann", "accountId": ACCOUNT, "userName": "ann"}


def record(action: str, request: Any = None, response: Any = None, **more: Any) -> dict[str, Any]:
    source, _, name = action.partition(":")
    return {
        "eventTime": "2026-11-24T10:00:00Z", "eventSource": f"{source}.amazonaws.com",
        "eventName": name, "eventID": "e1", "awsRegion": "eu-west-1",
        "recipientAccountId": ACCOUNT, "userIdentity": ANN, "requestParameters": request,
        "responseElements": response, **more,
    }  # fmt: skip


def found(action: str, request: Any = None, response: Any = None, **more: Any) -> list[str]:
    return resources_of(record(action, request, response, **more))


@pytest.mark.parametrize(
    ("action", "request_", "arns"),
    [
        ("secretsmanager:DescribeSecret", {"secretId": "db-passwd"}, [f"{SECRET}:db-passwd"]),
        ("secretsmanager:DescribeSecret", {"secretId": f"{SECRET}:db-passwd-AbCdEf"}, [f"{SECRET}:db-passwd"]),
        ("ssm:PutParameter", {"name": "/x/y"}, [f"{SSM}:parameter/x/y"]),
        ("ssm:GetParameter", {"name": "/x/y:3"}, [f"{SSM}:parameter/x/y"]),
        ("ssm:GetParameters", {"names": ["/x", "y"]}, [f"{SSM}:parameter/x", f"{SSM}:parameter/y"]),
        ("ssm:GetDocument", {"name": "AWS-X"}, [f"{SSM}:document/AWS-X"]),
        ("ssm:ListTagsForResource", {"resourceId": "/x/y", "resourceType": "Parameter"}, [f"{SSM}:parameter/x/y"]),
        ("ssm:ListTagsForResource", {"resourceId": "D", "resourceType": "Document"}, [f"{SSM}:document/D"]),
        ("ssm:ListTagsForResource", {"resourceId": "mw-1", "resourceType": "MaintenanceWindow"}, []),
        ("ssm:PutComplianceItems", {"resourceId": "i-01234567", "resourceType": "ManagedInstance"}, [f"{EC2}:instance/i-01234567"]),
        ("ssm:UpdateInstanceInformation", {"instanceId": "mi-0123"}, [f"{SSM}:managed-instance/mi-0123"]),
        ("ssm:SendCommand", {"instanceIds": ["i-01234567"], "documentName": "D"}, [f"{EC2}:instance/i-01234567", f"{SSM}:document/D"]),
        ("ssm:DescribeParameters", {"parameterFilters": [{"key": "Name", "option": "Equals", "values": ["/x"]}]}, [f"{SSM}:parameter/x"]),
        ("ssm:DescribeParameters", {"parameterFilters": [{"key": "Name", "option": "BeginsWith", "values": ["/x"]}]}, []),
        ("ssm:DescribeInstanceInformation", {"filters": [{"key": "InstanceIds", "values": ["i-01234567"]}]}, [f"{EC2}:instance/i-01234567"]),
        ("iam:PutRolePolicy", {"roleName": "r", "policyName": "inline"}, [f"{IAM}:role/r"]),
        ("iam:DeleteUserPolicy", {"userName": "u", "policyName": "inline"}, [f"{IAM}:user/u"]),
        ("iam:CreatePolicy", {"policyName": "p"}, [f"{IAM}:policy/p"]),
        ("kms:DescribeKey", {"keyId": "alias/x"}, [f"arn:aws:kms:{HERE}:alias/x"]),
        ("kms:DescribeKey", {"keyId": f"arn:aws:kms:{HERE}:alias/x"}, [f"arn:aws:kms:{HERE}:alias/x"]),
        ("kms:DescribeKey", {"keyId": "k"}, [f"arn:aws:kms:{HERE}:key/k"]),
        ("kms:CreateAlias", {"aliasName": "alias/x", "targetKeyId": "k"}, [f"arn:aws:kms:{HERE}:alias/x", f"arn:aws:kms:{HERE}:key/k"]),
        ("lambda:GetFunction20150331v2", {"functionName": f"{ACCOUNT}:function:f"}, [f"arn:aws:lambda:{HERE}:function:f"]),
        ("lambda:Invoke", {"functionName": "f:prod"}, [f"arn:aws:lambda:{HERE}:function:f"]),
        ("lambda:Invoke", {"functionName": f"arn:aws:lambda:{HERE}:function:f:prod"}, [f"arn:aws:lambda:{HERE}:function:f"]),
        ("ec2:GetPasswordData", {"instanceId": "i-yo72hkw7elzv1ald"}, [f"{EC2}:instance/i-yo72hkw7elzv1ald"]),
        ("ec2:AttachVolume", {"volumeId": "vol-01234567", "instanceId": "i-01234567"}, [f"{EC2}:volume/vol-01234567", f"{EC2}:instance/i-01234567"]),
        ("ec2:DeleteKeyPair", {"keyName": "k"}, [f"{EC2}:key-pair/k"]),
        ("ec2:CreateVpcEndpoint", {"vpcId": "vpc-01234567"}, [f"{EC2}:vpc/vpc-01234567"]),
        ("cloudtrail:DescribeTrails", {"trailNameList": ["t"]}, [f"arn:aws:cloudtrail:{HERE}:trail/t"]),
        ("cloudtrail:ListTags", {"resourceIdList": [f"arn:aws:cloudtrail:{HERE}:trail/t"]}, [f"arn:aws:cloudtrail:{HERE}:trail/t"]),
        ("cloudtrail:CreateEventDataStore", {"name": "store"}, []),
        ("rds:ListTagsForResource", {"resourceName": f"arn:aws:rds:{HERE}:db:d"}, [f"arn:aws:rds:{HERE}:db:d"]),
        ("rds:DescribeDBInstances", {"filters": [{"name": "db-instance-id", "values": ["d"]}]}, [f"arn:aws:rds:{HERE}:db:d"]),
        ("rds:CreateDBClusterSnapshot", {"dBClusterIdentifier": "c", "dBClusterSnapshotIdentifier": "s"}, [f"arn:aws:rds:{HERE}:cluster-snapshot:s", f"arn:aws:rds:{HERE}:cluster:c"]),
        ("rds:RestoreDBInstanceFromDBSnapshot", {"dBInstanceIdentifier": "d", "dBSnapshotIdentifier": "s"}, [f"arn:aws:rds:{HERE}:db:d", f"arn:aws:rds:{HERE}:snapshot:s"]),
        ("sqs:DeleteQueue", {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/q"}, [f"arn:aws:sqs:{HERE}:q"]),
        ("sns:CreatePlatformApplication", {"name": "app"}, []),
        ("events:CreateEventBus", {"name": "bus"}, []),
        ("s3:ListAccessPoints", {"bucket": "b"}, ["arn:aws:s3:::b"]),
        ("s3:GetObject", {"bucketName": "b", "key": "k"}, ["arn:aws:s3:::b/k", "arn:aws:s3:::b"]),
        ("s3:GetObject", {"bucketName": "b", "key": "arn:aws:s3:::c/d"}, ["arn:aws:s3:::b/arn:aws:s3:::c/d", "arn:aws:s3:::b"]),
        ("ecs:UpdateService", {"cluster": "c", "service": "s"}, [f"arn:aws:ecs:{HERE}:service/c/s", f"arn:aws:ecs:{HERE}:cluster/c"]),
        ("events:RemoveTargets", {"rule": "r"}, [f"arn:aws:events:{HERE}:rule/r"]),
        ("odd:TagResource", {"resourceArn": "arn:aws:odd:::x"}, ["arn:aws:odd:::x"]),
        ("odd:TagResource", {"resourceArn": "x", "name": "y"}, []),
    ],
)  # fmt: skip
def test_the_request_names_the_resource(action: str, request_: Any, arns: list[str]) -> None:
    assert found(action, request_) == arns


def test_a_key_pairs_creation_and_deletion_meet() -> None:
    identifier = "key-0123456789abcdef0"
    created = found(
        "ec2:CreateKeyPair", {"keyName": "k"}, {"keyName": "k", "keyPairId": identifier}
    )
    assert created == [f"{EC2}:key-pair/k", f"{EC2}:key-pair/{identifier}"]
    assert found("ec2:DeleteKeyPair", {"keyName": "k"})[0] == created[0]


def test_a_stacks_creation_and_deletion_meet() -> None:
    arn = f"arn:aws:cloudformation:{HERE}:stack/s"
    assert found("cloudformation:CreateStack", {"stackName": "s"}, {"stackId": f"{arn}/0-1"}) == [
        arn
    ]
    assert found("cloudformation:DeleteStack", {"stackName": "s"}) == [arn]


def test_what_a_service_tells_of_its_own_names_the_resource() -> None:
    details = {"snapshotId": "snap-0e83092ae538da583"}
    assert found("ec2:SharedSnapshotVolumeCreated", serviceEventDetails=details) == [
        "arn:aws:ec2:eu-west-1::snapshot/snap-0e83092ae538da583"
    ]


@pytest.mark.parametrize(
    "action",
    ["CreateAccessKey", "DeleteAccessKey", "UpdateAccessKey", "ListAccessKeys", "GetUser",
     "ChangePassword", "ListMFADevices", "UploadSSHPublicKey", "ListSigningCertificates"],
)  # fmt: skip
def test_who_names_no_user_means_oneself(action: str) -> None:
    assert found(f"iam:{action}", {"accessKeyId": "AKIA"}) == [f"{IAM}:user/ann"]
    assert found(f"iam:{action}") == [f"{IAM}:user/ann"]
    assert found(f"iam:{action}", {"userName": "bob"}) == [f"{IAM}:user/bob"]
    root = {"type": "Root", "arn": f"{IAM}:root"}
    assert found(f"iam:{action}", userIdentity=root) == [f"{IAM}:root"]
    role = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/r/s"}
    assert found(f"iam:{action}", userIdentity=role) == []


@pytest.mark.parametrize("action", ["ListVirtualMFADevices", "ListUsers", "GetAccountSummary"])
def test_what_concerns_everybody_concerns_nobody(action: str) -> None:
    assert found(f"iam:{action}") == []


@pytest.mark.parametrize(
    ("action", "named", "arns"),
    [
        ("sts:AssumeRole", f"{IAM}:role/team/r", [f"{IAM}:role/r"]),
        ("s3:DeleteBucket", "arn:aws:s3:::b because no policy allows it", ["arn:aws:s3:::b"]),
        ("iam:CreateAccessKey", "user bob", [f"{IAM}:user/bob"]),
        ("iam:PassRole", "role r with an explicit deny", [f"{IAM}:role/r"]),
        ("organizations:LeaveOrganization", "*", []), ("s3:ListBucket", "arn:aws:s3:::*", []),
    ],
)  # fmt: skip
def test_a_refusal_names_what_was_refused(action: str, named: str, arns: list[str]) -> None:
    message = f"User: {IAM}:user/ann is not authorized to perform: {action} on resource: {named}"
    assert found(action, errorCode="AccessDenied", errorMessage=message) == arns


def test_a_user_without_an_arn_acts_by_account_and_name() -> None:
    identity = {"type": "IAMUser", "accountId": ACCOUNT, "userName": "ann", "principalId": "AIDA"}
    assert draft_of(record("signin:CheckMfa", userIdentity=identity)).actor == f"{IAM}:user/ann"
    nameless = {**identity, "userName": None}
    assert draft_of(record("signin:CheckMfa", userIdentity=nameless)).actor == "AIDA"


def test_only_arns_are_made_canonical() -> None:
    for name in ("db-passwd", "s-AbCdEf", "a/b-123456"):
        assert found("secretsmanager:CreateSecret", {"name": name}) == [f"{SECRET}:{name}"]
    arn = f"arn:aws:cloudformation:{HERE}:stack/s"
    assert canonical(f"{arn}/0-1") == canonical(arn) == arn


def test_the_real_files_resources() -> None:
    with gzip.open(shared_file("cloudtrail/invictus.json.gz")) as stream:
        records = json.load(stream)["Records"]
    arns = [arn for one in records for arn in resources_of(one)]
    assert not [arn for arn in arns if "//" in arn or arn.count(":") < 5]
    without = Counter(
        f"{one['eventSource'].split('.')[0]}:{one['eventName']}"
        for one in records
        if not resources_of(one)
    )
    # What changes something and yet names nothing: throttled requests, an association by its own
    # identifier, and what concerns the whole account.
    assert {
        action: count
        for action, count in without.items()
        if not action.partition(":")[2].startswith(("Describe", "List", "Get", "Lookup", "Search"))
    } == {
        "ssm:DeleteParameter": 38, "ssm:PutParameter": 25, "ec2:DisassociateRouteTable": 9,
        "ec2:CreateVpc": 3, "ec2:DetachNetworkInterface": 1, "organizations:LeaveOrganization": 1,
        "signin:CheckMfa": 1, "signin:ConsoleLogin": 2,
    }  # fmt: skip
    of_one = {"ec2:GetPasswordData", "iam:GetUser", "ssm:ListTagsForResource", "cloudtrail:ListTags",
              "rds:ListTagsForResource", "ssm:DescribeInstanceInformation", "s3:ListAccessPoints"}  # fmt: skip
    assert not of_one & set(without)


def test_a_bucket_is_the_same_with_a_slash_behind_it() -> None:
    for arn in ("arn:aws:s3:::logs", "arn:aws:s3:::logs/"):
        assert found("s3:GetBucketAcl", None, resources=[{"ARN": arn}]) == ["arn:aws:s3:::logs"]
    folder = "arn:aws:s3:::logs/a/"
    assert found("s3:GetObject", None, resources=[{"ARN": folder}]) == [folder]
