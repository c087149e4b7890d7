"""One CloudTrail record as a draft of an entry. The mapping is documented in docs/cloudtrail.md."""

from __future__ import annotations

import re
from typing import Any

from audittui import timestamp
from audittui.entry import Draft
from audittui.idempotency import record_digest
from audittui.ingest.cloudtrail.arn import canonical, partition_of
from audittui.ingest.cloudtrail.outcome import outcome_of
from audittui.ingest.cloudtrail.resources import resources_of
from audittui.ingest.cloudtrail.severity import severity_of

_LAMBDA_VERSION = re.compile(r"\d{8}(v\d+)?$")


def draft_of(record: dict[str, Any]) -> Draft:
    """The draft of a record. Raises ``ValueError`` naming what the record lacks.

    Source of the fields: AWS CloudTrail user guide, "CloudTrail record contents".
    """
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    name, source = record.get("eventName"), record.get("eventSource")
    if not isinstance(name, str) or not name or not isinstance(source, str) or not source:
        raise ValueError("no eventName or eventSource: not a CloudTrail record")
    time = record.get("eventTime")
    if not isinstance(time, str):
        raise ValueError("no eventTime")
    timestamp.parse(time)
    event_id = record.get("eventID")
    if not isinstance(event_id, str) or not event_id:
        raise ValueError("no eventID")
    service = source.split(".")[0]
    action = f"{service}:{_LAMBDA_VERSION.sub('', name) if service == 'lambda' else name}"
    outcome, reason = outcome_of(record)
    arns = resources_of(record)
    details: dict[str, Any] = {"cloudtrail": record}
    session = _session(record)
    if session:
        details["session"] = session
    if len(arns) > 1:
        details["resources"] = arns[1:]
    return Draft(
        actor=_actor(record),
        action=action,
        resource=arns[0] if arns else None,
        outcome=outcome,
        time=time,
        request_id=_text(record.get("requestID")),
        severity=severity_of(record, action, outcome),
        source_ip=_text(record.get("sourceIPAddress")),
        reason=reason,
        details=details,
        idempotency_key=f"cloudtrail:{event_id}",
        source_digest=record_digest(record),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _identity(record: dict[str, Any]) -> dict[str, Any]:
    identity = record.get("userIdentity")
    return identity if isinstance(identity, dict) else {}


def _issuer(identity: dict[str, Any]) -> dict[str, Any]:
    context = identity.get("sessionContext")
    issuer = context.get("sessionIssuer") if isinstance(context, dict) else None
    return issuer if isinstance(issuer, dict) else {}


def _actor(record: dict[str, Any]) -> str:
    """The actor: the role of an assumed role, else the principal's ARN, else the service."""
    identity = _identity(record)
    if identity.get("type") in ("AssumedRole", "FederatedUser", "WebIdentityUser", "SAMLUser"):
        issuer = _text(_issuer(identity).get("arn"))
        if issuer:
            return canonical(issuer)
        arn = _text(identity.get("arn")) or ""
        assumed = re.fullmatch(r"arn:([^:]+):sts::(\d+):assumed-role/([^/]+)/.*", arn)
        if assumed:
            return "arn:{}:iam::{}:role/{}".format(*assumed.groups())
    own = _text(identity.get("arn"))
    if own:
        return canonical(own)
    account, user = _text(identity.get("accountId")), _text(identity.get("userName"))
    if identity.get("type") == "IAMUser" and account and user:
        # Sign-in events name an IAM user without an ARN.
        region = _text(record.get("awsRegion")) or ""
        return f"arn:{partition_of(region)}:iam::{account}:user/{user}"
    for key in ("invokedBy", "userName", "principalId", "accountId"):
        value = _text(identity.get(key))
        if value:
            return value
    return _text(record.get("sourceIPAddress")) or "unknown"


def _session(record: dict[str, Any]) -> str | None:
    """The session's ARN, if the actor is the role behind it."""
    identity = _identity(record)
    arn = _text(identity.get("arn"))
    return arn if arn and ":assumed-role/" in arn else None
