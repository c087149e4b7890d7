"""One canonical ARN for each resource, however a record names it.

Paths and suffixes that AWS does not need for uniqueness are dropped: IAM's ``role/team/x`` becomes
``role/x``; a secret loses its six random characters, a function its version, and a stack the
identifier after its name. (A secret's ARN without the suffix is ambiguous if the name happens to
end in a hyphen and six characters; AWS advises against such names.)
"""

from __future__ import annotations

import re

_IAM_PATH = re.compile(
    r"(arn:[^:]+:iam::\d+:(?:role|user|group|policy|instance-profile))/(?:.*/)?(.+)"
)
_SECRET_SUFFIX = re.compile(r"(arn:[^:]+:secretsmanager:[^:]*:\d*:secret:.+)-[A-Za-z0-9]{6}")
_FUNCTION = re.compile(r"(arn:[^:]+:lambda:[^:]*:\d*:function:[^:]+)(?::.+)?")
_STACK = re.compile(r"(arn:[^:]+:cloudformation:[^:]*:\d*:stack/[^/]+)/.+")
_S3_SERVICE = re.compile(r"arn:[^:]+:s3:::[^/]+/?")
_LOG_GROUP = re.compile(r"(arn:[^:]+:logs:[^:]*:\d*:log-group:[^:]+)(?::\*|:log-stream:\*?)?")
_NAMELESS = re.compile(r"|log-group:(:.*)?|[a-z][a-z-]*[:/]|\*")


_PARTITIONS = (
    ("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-iso-", "aws-iso"), ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"), ("us-isof-", "aws-iso-f"), ("eusc-", "aws-eusc"),
)  # fmt: skip
"""Prefixes of region names, and the ARN partition that they belong to."""


def partition_of(region: str) -> str:
    """The ARN partition of a region."""
    for prefix, partition in _PARTITIONS:
        if region.startswith(prefix):
            return partition
    return "aws"


def names_something(arn: str) -> bool:
    """False for an ARN whose resource has no name, such as ``…:log-group::log-stream:``; messages
    of refusals contain it if the request named none."""
    resource = arn.split(":", 5)[-1]
    return not _NAMELESS.fullmatch(resource)


def canonical(arn: str) -> str:
    """The canonical form of an ARN from a record.

    Do not pass an ARN built from a name: the secret ``db-passwd`` would lose its end.
    """
    for pattern in (_SECRET_SUFFIX, _FUNCTION, _LOG_GROUP, _STACK):
        match = pattern.fullmatch(arn)
        if match:
            return match.group(1)
    match = _IAM_PATH.fullmatch(arn)
    if match:
        return f"{match.group(1)}/{match.group(2)}"
    if _S3_SERVICE.fullmatch(arn):
        return arn.rstrip("/")
    return arn
