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
         "not a CloudTrail record: EC2 Instance State-change"),
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


@pytest.mark.parametrize("strange", [7, None, [], ["x"], "x", True])
def test_what_is_no_object_rejects_itself_only(tmp_path: Path, strange: Any) -> None:
    drafts, rejected = read(tmp_path / "a.json", json.dumps([record(1), strange, record(2)]))
    assert [one.idempotency_key for one in drafts] == ["cloudtrail:e1", "cloudtrail:e2"]
    assert [(one.position, one.reason) for one in rejected] == [("record 2", "not a JSON object")]


@pytest.mark.parametrize("strange", [7, None, "x", "Records", "all of the Events"])
def test_a_file_that_is_no_object_is_one_rejection(tmp_path: Path, strange: Any) -> None:
    drafts, rejected = read(tmp_path / "a.json", json.dumps(strange))
    assert drafts == [] and [one.reason for one in rejected] == ["not a JSON object"]


def test_a_text_of_a_record_alone_is_read(tmp_path: Path) -> None:
    drafts, rejected = read(tmp_path / "a.json", json.dumps(json.dumps(record(1))))
    assert ([one.idempotency_key for one in drafts], rejected) == (["cloudtrail:e1"], [])


@pytest.mark.parametrize("name", ["Records", "Events", "events", "CloudTrailEvent", "message"])
def test_a_record_is_never_taken_for_its_envelope(tmp_path: Path, name: str) -> None:
    drafts, rejected = read(tmp_path / "a.json", json.dumps({**record(1), name: [record(2)]}))
    assert ([one.idempotency_key for one in drafts], rejected) == (["cloudtrail:e1"], [])


@pytest.mark.parametrize("beside", [{"logStreamName": "s"}, {"timestamp": 1}])
def test_a_log_event_has_a_stream_or_a_time(tmp_path: Path, beside: dict[str, Any]) -> None:
    text = json.dumps({"message": json.dumps(record(1)), **beside})
    drafts, rejected = read(tmp_path / "a.json", text)
    assert ([one.idempotency_key for one in drafts], rejected) == (["cloudtrail:e1"], [])


@pytest.mark.parametrize(
    "part",
    [{"message": "x"}, {"timestamp": 1}, {"logStreamName": "s"}, {"detail": {}},
     {"detail-type": "x"}],
)  # fmt: skip
def test_half_an_envelope_is_none(tmp_path: Path, part: dict[str, Any]) -> None:
    drafts, rejected = read(tmp_path / "a.json", json.dumps(part))
    assert drafts == [] and len(rejected) == 1
    assert rejected[0].reason == "no eventName or eventSource: not a CloudTrail record"


@pytest.mark.parametrize("name", ["digestStartTime", "digestS3Object"])
def test_a_digest_file_is_known_by_either_of_its_fields(tmp_path: Path, name: str) -> None:
    _, rejected = read(tmp_path / "a.json", json.dumps({name: "x"}))
    assert "a CloudTrail digest file" in rejected[0].reason
