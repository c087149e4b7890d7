"""What an entry takes from the fields of a record, and what it says of one that lacks them."""

from __future__ import annotations

from typing import Any

import pytest

from audittui.ingest.cloudtrail import draft_of

ROLE = "arn:aws:iam::1:role/ops"
SESSION = "arn:aws:sts::1:assumed-role/ops/ann"
ISSUER = {"sessionIssuer": {"arn": "arn:aws:iam::1:role/team/ops"}}


def record(**fields: Any) -> dict[str, Any]:
    return {
        "eventTime": "2026-11-24T10:00:00Z", "eventSource": "s3.amazonaws.com",
        "eventName": "ListBuckets", "eventID": "e1", **fields,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        *(({name: value}, "no eventName or eventSource: not a CloudTrail record")
          for name in ("eventName", "eventSource") for value in (None, "", 7)),
        *(({"eventTime": value}, "no eventTime") for value in (None, 7)),
        ({"eventTime": "yesterday"}, "yesterday"),
        *(({"eventID": value}, "no eventID") for value in (None, "", 7)),
    ],
)  # fmt: skip
def test_a_record_that_lacks_something_says_what(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        draft_of(record(**fields))


@pytest.mark.parametrize(
    ("source", "name", "action"),
    [
        ("lambda", "GetFunction20150331v2", "lambda:GetFunction"),
        ("lambda", "Invoke", "lambda:Invoke"),
        ("example", "Report20260101", "example:Report20260101"),
    ],
)
def test_only_lambda_writes_its_version_into_its_events(
    source: str, name: str, action: str
) -> None:
    event = record(eventSource=f"{source}.amazonaws.com", eventName=name)
    assert draft_of(event).action == action


def test_one_resource_alone_is_not_told_twice() -> None:
    one, two = "arn:aws:s3:::one", "arn:aws:s3:::two"
    draft = draft_of(record(resources=[{"ARN": one}]))
    assert draft.resource == one and "resources" not in draft.details
    draft = draft_of(record(resources=[{"ARN": one}, {"ARN": two}]))
    assert draft.resource == one and draft.details["resources"] == [two]
    assert draft_of(record()).resource is None


@pytest.mark.parametrize("value", ["", 7, [], None])
def test_what_is_no_text_is_left_out(value: Any) -> None:
    draft = draft_of(record(requestID=value, sourceIPAddress=value))
    assert (draft.request_id, draft.source_ip, draft.actor) == (None, None, "unknown")


@pytest.mark.parametrize(
    ("identity", "actor", "session"),
    [
        ({"type": "AssumedRole", "arn": SESSION, "sessionContext": ISSUER}, ROLE, SESSION),
        ({"type": "AssumedRole", "arn": SESSION}, ROLE, SESSION),
        ({"type": "AssumedRole", "principalId": "AROA:ann"}, "AROA:ann", None),
        ({"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/x",
          "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::1:user/team/ann"}}},
         "arn:aws:iam::1:user/ann", None),
        # A user with a session of its own acts as itself.
        ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/ann", "sessionContext": ISSUER},
         "arn:aws:iam::1:user/ann", None),
        ({"type": "AWSService", "invokedBy": "x.amazonaws.com"}, "x.amazonaws.com", None),
        ({"type": "IAMUser", "userName": "ann"}, "ann", None),
        ("ann", "unknown", None), (None, "unknown", None),
    ],
)  # fmt: skip
def test_who_did_it(identity: Any, actor: str, session: str | None) -> None:
    draft = draft_of(record(userIdentity=identity))
    assert (draft.actor, draft.details.get("session")) == (actor, session)
