"""What a CloudTrail record is about: its resources as ARNs, the main one first.

`RULES` says, for each service, in which parameters its resources are named. To teach it another
resource, add a line: the noun as event names have it, where its name stands, and its ARN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from audittui.ingest.cloudtrail.arn import canonical, partition_of


class Rule(msgspec.Struct, frozen=True):
    """One kind of resource of a service.

    ``noun`` is what event names call it (`CreateRole` holds "Role"). ``paths`` are dotted paths
    into ``request`` or ``response``; a list is followed into each element. ``arn`` is the ARN with
    ``{name}``; a value that is an ARN already is taken as it is.
    """

    noun: str
    paths: tuple[str, ...]
    arn: str


def _rule(noun: str, arn: str, *paths: str) -> Rule:
    return Rule(noun, paths, arn)


_IAM = "arn:{partition}:iam::{account}:"
_HERE = "{partition}:{service}:{region}:{account}:"

RULES: dict[str, tuple[Rule, ...]] = {
    "s3": (
        _rule("Object", "arn:{partition}:s3:::{name}", "object"),
        _rule("Bucket", "arn:{partition}:s3:::{name}", "request.bucketName"),
    ),
    "iam": (
        _rule("InstanceProfile", _IAM + "instance-profile/{name}", "request.instanceProfileName"),
        _rule("Role", _IAM + "role/{name}", "request.roleName"),
        _rule("Group", _IAM + "group/{name}", "request.groupName"),
        _rule("User", _IAM + "user/{name}", "request.userName", "response.accessKey.userName"),
        _rule("AccessKey", _IAM + "user/{name}", "request.userName"),
        _rule("LoginProfile", _IAM + "user/{name}", "request.userName"),
        _rule("Policy", _IAM + "policy/{name}", "request.policyArn", "response.policy.arn",
              "request.policyName"),
    ),
    "sts": (_rule("Role", _IAM + "role/{name}", "request.roleArn"),),
    "kms": (
        _rule("", "arn:" + _HERE + "key/{name}", "resources", "response.keyMetadata.arn",
              "request.keyId"),
    ),
    "lambda": (
        _rule("Function", "arn:" + _HERE + "function:{name}", "response.functionArn",
              "request.functionName"),
    ),
    "secretsmanager": (
        _rule("Secret", "arn:" + _HERE + "secret:{name}", "response.arn", "response.aRN",
              "request.secretId", "request.name", "additional.ARN"),
    ),
    "ssm": (
        _rule("Parameter", "arn:" + _HERE + "parameter/{name}", "request.name", "request.names"),
        _rule("Document", "arn:" + _HERE + "document/{name}", "request.name"),
        _rule("Association", "arn:" + _HERE + "association/{name}", "request.associationId"),
        _rule("Session", "arn:" + _HERE + "session/{name}", "response.sessionId",
              "request.sessionId"),
        _rule("Command", "arn:{partition}:ec2:{region}:{account}:instance/{name}",
              "request.instanceIds"),
        _rule("", "arn:{partition}:ec2:{region}:{account}:instance/{name}", "request.instanceId",
              "request.target", "request.resourceId"),
        _rule("Command", "arn:" + _HERE + "document/{name}", "request.documentName"),
    ),
    "cloudtrail": (
        _rule("", "arn:" + _HERE + "trail/{name}", "response.trailARN", "request.name",
              "request.trailName"),
        _rule("", "arn:{partition}:s3:::{name}", "request.s3BucketName"),
    ),
    "rds": (
        _rule("Snapshot", "arn:" + _HERE + "snapshot:{name}", "request.dBSnapshotIdentifier"),
        _rule("SubnetGroup", "arn:" + _HERE + "subgrp:{name}", "request.dBSubnetGroupName"),
        _rule("Cluster", "arn:" + _HERE + "cluster:{name}", "request.dBClusterIdentifier"),
        _rule("Instance", "arn:" + _HERE + "db:{name}", "response.dBInstanceArn",
              "request.dBInstanceIdentifier"),
    ),
    "logs": (
        _rule("LogGroup", "arn:" + _HERE + "log-group:{name}", "request.logGroupName"),
    ),
    "rolesanywhere": (
        _rule("Profile", "arn:" + _HERE + "profile/{name}", "response.profile.profileArn",
              "request.profileId"),
        _rule("TrustAnchor", "arn:" + _HERE + "trust-anchor/{name}",
              "response.trustAnchor.trustAnchorArn", "request.trustAnchorId"),
    ),
    "guardduty": (
        _rule("", "arn:" + _HERE + "detector/{name}", "request.detectorId", "response.detectorId"),
    ),
    "dynamodb": (
        _rule("", "arn:" + _HERE + "table/{name}", "request.tableName"),
    ),
    "sqs": (
        _rule("", "arn:" + _HERE + "{name}", "request.queueName"),
    ),
    "sns": (
        _rule("", "arn:" + _HERE + "{name}", "response.topicArn", "request.topicArn",
              "request.name"),
    ),
    "ecr": (
        _rule("", "arn:" + _HERE + "repository/{name}", "request.repositoryName"),
    ),
    "ecs": (
        _rule("Service", "arn:" + _HERE + "service/{name}", "request.service"),
        _rule("Cluster", "arn:" + _HERE + "cluster/{name}", "request.cluster",
              "request.clusterName"),
    ),
    "eks": (
        _rule("", "arn:" + _HERE + "cluster/{name}", "request.name", "request.clusterName"),
    ),
    "ses": (
        _rule("", "arn:" + _HERE + "identity/{name}", "request.identity", "request.emailIdentity",
              "request.source"),
    ),
    "cloudformation": (
        _rule("", "arn:" + _HERE + "stack/{name}", "response.stackId", "request.stackName"),
    ),
    "events": (
        _rule("", "arn:" + _HERE + "rule/{name}", "request.name", "request.rule"),
    ),
}  # fmt: skip

_EC2_KINDS = {
    "i": ("Instance", "instance"), "vol": ("Volume", "volume"), "snap": ("Snapshot", "snapshot"),
    "ami": ("Image", "image"), "sg": ("SecurityGroup", "security-group"),
    "subnet": ("Subnet", "subnet"), "vpc": ("Vpc", "vpc"), "rtb": ("RouteTable", "route-table"),
    "igw": ("InternetGateway", "internet-gateway"), "nat": ("NatGateway", "natgateway"),
    "eni": ("NetworkInterface", "network-interface"), "eipalloc": ("Address", "elastic-ip"),
    "fl": ("FlowLog", "vpc-flow-log"), "lt": ("LaunchTemplate", "launch-template"),
    "acl": ("NetworkAcl", "network-acl"), "key": ("KeyPair", "key-pair"),
}  # fmt: skip
"""EC2's identifiers: prefix → noun in event names, type in ARNs."""
_EC2_ID = re.compile(r"([a-z]+)-(?:[0-9a-f]{8}|[0-9a-f]{17})")
_MAX_DEPTH = 12


def resources_of(record: dict[str, Any]) -> list[str]:
    """The ARNs that a record is about, the main one first, each once."""
    service = str(record.get("eventSource") or "").split(".")[0]
    event = str(record.get("eventName") or "")
    region = str(record.get("awsRegion") or "")
    identity = record.get("userIdentity")
    account = record.get("recipientAccountId")
    if not account and isinstance(identity, dict):
        account = identity.get("accountId")
    scope = {
        "partition": partition_of(region), "service": service, "region": region,
        "account": str(account or ""),
    }  # fmt: skip
    listed = [
        str(one["ARN"])
        for one in _list(record.get("resources"))
        if isinstance(one, dict) and isinstance(one.get("ARN"), str) and one["ARN"]
    ]
    if service == "ec2":
        named = list(_ec2(record, event, scope))
    else:
        named = list(_named(record, RULES.get(service, ()), event, scope, listed))
    return list(dict.fromkeys(canonical(arn) for arn in (*named, *listed)))


def _named(
    record: dict[str, Any], rules: tuple[Rule, ...], event: str, scope: dict[str, str],
    listed: list[str],
) -> Iterator[str]:  # fmt: skip
    """The resources that the rules find: those that the event's name speaks of first."""
    for about in (True, False):
        for rule in rules:
            if (rule.noun in event) != about:
                continue
            for path in rule.paths:
                found = listed if path == "resources" else list(_values(record, path))
                for name in found:
                    yield name if name.startswith("arn:") else _arn(rule, name, scope)
                if found:
                    break


def _arn(rule: Rule, name: str, scope: dict[str, str]) -> str:
    if "parameter/" in rule.arn:
        name = name.removeprefix("/")
    # Not str.format on the name: it comes from the log.
    return rule.arn.format(**scope, name="\x00").replace("\x00", name)


def _values(record: dict[str, Any], path: str) -> Iterator[str]:
    root, _, rest = path.partition(".")
    if root == "object":
        request = record.get("requestParameters")
        if isinstance(request, dict):
            bucket, key = request.get("bucketName"), request.get("key")
            if isinstance(bucket, str) and isinstance(key, str) and bucket and key:
                yield f"{bucket}/{key}"
        return
    name = {
        "request": "requestParameters", "response": "responseElements",
        "additional": "additionalEventData",
    }[root]  # fmt: skip
    value = record.get(name)
    for part in rest.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and one:
            yield one


def _ec2(record: dict[str, Any], event: str, scope: dict[str, str]) -> Iterator[str]:
    """EC2 names its resources by identifiers whose prefix tells their type."""
    identifiers = [
        *_identifiers(record.get("responseElements")),
        *_identifiers(record.get("requestParameters")),
    ]
    requested = set(_identifiers(record.get("requestParameters")))
    kinds = {}
    for identifier in identifiers:
        match = _EC2_ID.fullmatch(identifier)
        if match and match.group(1) in _EC2_KINDS:
            kinds[identifier] = _EC2_KINDS[match.group(1)]
    nouns = [noun for noun, _ in kinds.values() if noun in event]
    longest = max(nouns, key=len, default="")

    def rank(identifier: str) -> tuple[bool, bool]:
        return kinds[identifier][0] != longest, identifier not in requested

    for identifier in sorted(kinds, key=rank):
        kind = kinds[identifier][1]
        owner = "" if kind in ("image", "snapshot") else scope["account"]
        yield f"arn:{scope['partition']}:ec2:{scope['region']}:{owner}:{kind}/{identifier}"


def _identifiers(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) < 40 and _EC2_ID.fullmatch(value):
            yield value
    elif depth < _MAX_DEPTH and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _identifiers(inner, depth + 1)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
