"""What ``--verbose`` tells of requests: which attempt each is, and how it ended."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from audittui.aws.place import Place
from audittui.aws.request_lines import tell_requests

MODEL = SimpleNamespace(name="Query", service_model=SimpleNamespace(service_name="dynamodb"))
GOOD = {"ResponseMetadata": {"HTTPStatusCode": 200}}
BUSY = {"ResponseMetadata": {"HTTPStatusCode": 400}, "Error": {"Code": "ThrottlingException"}}


class Session(dict[str, Any]):
    """A session of botocore, whose events a test fires."""

    def register(self, event: str, handler: Any) -> None:
        self[event] = handler


def test_attempts_are_counted_until_one_is_answered() -> None:
    session, told = Session(), list[str]()
    tell_requests(session, told.append)
    for answer in (BUSY, None, GOOD, GOOD):
        context: dict[str, Any] = {}
        session["before-call"](MODEL, {"body": b"{}"}, context)
        failed = ConnectionError("cut off") if answer is None else None
        session["response-received"](context, parsed_response=answer, exception=failed)
    assert told[::2] == [
        "> 1 Query: {}", "> 2 Query, attempt 2: {}", "> 3 Query, attempt 3: {}", "> 4 Query: {}",
    ]  # fmt: skip
    ends = [line.partition(", ")[0].partition(": ")[2] for line in told[1::2]]
    assert ends == ["400 ThrottlingException", "no answer", "200", "200"]


def test_what_was_tried_is_told_and_what_nobody_gave_is_none() -> None:
    assert Place("log", "", "").tried == (
        ("credentials", "none found"), ("AWS profile", "default"), ("region", "none"),
        ("endpoint", "none"),
    )  # fmt: skip
    place = Place("log", "eu-west-1", "", "ops", region_from="AWS_REGION", profile_from="--profile")
    assert place.tried == (
        ("credentials", "none found"), ("AWS profile", "ops, --profile"),
        ("region", "eu-west-1, AWS_REGION"), ("endpoint", "AWS's own in eu-west-1"),
    )  # fmt: skip
