"""One ARN for one thing, however a record names it.

Names that AWS keeps unique without their path or suffix lose it: IAM's ``role/team/x`` becomes
``role/x``; a secret's random six characters, a function's version and the identifier behind a
stack's name are dropped. (A secret's ARN given without its suffix, whose name happens to end in a
hyphen and six characters, cannot be told from one with it; AWS advises against such names.)
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
_LOG_GROUP = re.compile(r"(arn:[^:]+:logs:[^:]*:\d*:log-group:[^:]+)(?::\*)?")


def partition_of(region: str) -> str:
    """The ARN partition that a region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def canonical(arn: str) -> str:
    """The one spelling of a given ARN that this importer writes.

    What was built from a name must not come here: the secret ``db-passwd`` would lose its end.
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
