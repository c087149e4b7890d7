"""CloudTrail records in envelopes, and files beside the log files that hold none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audittui.entry import Draft
from audittui.ingest.cloudtrail.read import read_cloudtrail
from audittui.ingest.source import Rejected


def record(number: int) -> dict[str, Any]:
    return {
        "eventVersion": "1.08", "eventTime": f"2026-11-24T10:00:0{number}Z",
        "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "eventID": f"e{number}",
    }  # fmt: skip


def looked_up(number: int) -> dict[str, Any]:
    return {
        "EventId": f"e{number}", "EventName": "ListBuckets", "ReadOnly": "true",
        "EventTime": 1790000000.0, "EventSource": "s3.amazonaws.com", "Resources": [],
        "CloudTrailEvent": json.dumps(record(number)),
    }  # fmt: skip


def bridged(number: int) -> dict[str, Any]:
    return {
        "version": "0", "id": f"b{number}", "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.s3", "time": "2026-11-24T10:00:00Z", "detail": record(number),
    }  # fmt: skip


PAIR = (1, 2)
SHAPES = {
    "lookup-events": json.dumps({"Events": [looked_up(at) for at in PAIR]}, indent=4),
    "lookup-events, a line each": "\n".join(json.dumps(looked_up(at)) for at in PAIR),
    "lookup-events, --query Events": json.dumps([looked_up(at) for at in PAIR]),
    "lookup-events, --query CloudTrailEvent": json.dumps([json.dumps(record(at)) for at in PAIR]),
    "EventBridge, a list": json.dumps([bridged(at) for at in PAIR]),
    "EventBridge, a line each": "\n".join(json.dumps(bridged(at)) for at in PAIR),
    "EventBridge, from Firehose": "".join(json.dumps(bridged(at)) for at in PAIR),
    "records without a line between": "".join(json.dumps(record(at)) for at in PAIR),
    "CloudWatch Logs": json.dumps({
        "events": [
            {"logStreamName": "s", "timestamp": 1, "message": json.dumps(record(at))} for at in PAIR
        ],
        "searchedLogStreams": [],
    }),
}  # fmt: skip


def read(path: Path, text: str) -> tuple[list[Draft], list[Rejected]]:
    path.write_text(text, encoding="utf-8")
    made = [one.made for one in read_cloudtrail([path])]
    return (
        [one for one in made if isinstance(one, Draft)],
        [one for one in made if isinstance(one, Rejected)],
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_records_are_found_in_their_envelopes(tmp_path: Path, shape: str) -> None:
    drafts, rejected = read(tmp_path / "a.json", SHAPES[shape])
    assert rejected == []
    plain, _ = read(tmp_path / "b.json", json.dumps({"Records": [record(at) for at in PAIR]}))
    # The same event is the same request, whatever it came in.
    assert drafts == plain and len({one.source_digest for one in plain}) == 2


def test_one_envelope_alone(tmp_path: Path) -> None:
    for text in (json.dumps(bridged(1)), json.dumps(looked_up(1)), json.dumps(record(1))):
        drafts, rejected = read(tmp_path / "a.json", text)
        assert ([one.idempotency_key for one in drafts], rejected) == (["cloudtrail:e1"], [])


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"awsAccountId": "1", "digestStartTime": "x", "digestS3Object": "y", "logFiles": []},
         "a CloudTrail digest file"),
        ({"eventTime": "x", "eventID": "i", "insightDetails": {}}, "a CloudTrail Insights event"),
        ({"detail-type": "EC2 Instance State-change Notification", "detail": {"state": "running"}},
         "no CloudTrail record: EC2 Instance State-change"),
        ({"EventId": "x", "CloudTrailEvent": "{"}, "CloudTrailEvent is not JSON"),
        ({"EventId": "x", "CloudTrailEvent": 7}, "CloudTrailEvent is not text"),
        ({"Events": 7}, "Events is not a list"),
    ],
)  # fmt: skip
def test_what_holds_no_record_is_named(tmp_path: Path, value: Any, told: str) -> None:
    drafts, rejected = read(tmp_path / "a.json", json.dumps(value))
    assert drafts == [] and len(rejected) == 1 and told in rejected[0].reason


def test_a_page_of_an_answer_says_that_there_is_more(tmp_path: Path) -> None:
    text = json.dumps({"Events": [looked_up(1)], "NextToken": "abc"})
    drafts, rejected = read(tmp_path / "a.json", text)
    assert len(drafts) == 1 and [one.position for one in rejected] == ["after record 1"]
    assert "more events" in rejected[0].reason


def test_an_answer_that_is_cut_off_gives_what_is_whole(tmp_path: Path) -> None:
    text = SHAPES["lookup-events"]
    drafts, rejected = read(tmp_path / "a.json", text[: len(text) - 80])
    assert len(drafts) == 1 and len(rejected) == 1 and "cut off" in rejected[0].reason
