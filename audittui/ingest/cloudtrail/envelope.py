"""The envelopes of CloudTrail records, and similar files that contain no records.

Sources: AWS CloudTrail API reference (LookupEvents), CloudTrail user guide ("CloudTrail digest file
structure", "Insights events"), EventBridge user guide ("AWS API Call via CloudTrail"), CloudWatch
Logs API reference (FilterLogEvents).
"""

from __future__ import annotations

from typing import Any

from audittui.entry import decode_strict

LISTS = ("Records", "Events", "events")
"""The keys that hold a file's records: in log files, lookup-events, filter-log-events."""
_PAGES = ("NextToken", "nextToken")


def records_of(whole: Any) -> list[Any] | ValueError:
    """The records of a file's single JSON value, each possibly in its own envelope."""
    if isinstance(whole, list):
        return whole
    if isinstance(whole, dict) and "eventName" not in whole:
        for name in LISTS:
            if name in whole:
                inside = whole[name]
                if not isinstance(inside, list):
                    return ValueError(f"{name} is not a list")
                return inside
    return [whole]


def part_of(whole: Any) -> ValueError | None:
    """The warning for a file that holds one page of a result; None for others."""
    if not isinstance(whole, dict):
        return None
    if any(isinstance(whole.get(name), str) and whole[name] for name in _PAGES):
        return ValueError("a NextToken means that there are more events: fetch all pages")
    return None


def opened(value: Any) -> Any:
    """The record in an envelope, or the ``ValueError`` that says why there is none; a value
    without an envelope is returned as it is."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        # lookup-events with --query 'Events[].CloudTrailEvent'.
        return _decoded(value, "a text")
    if not isinstance(value, dict) or "eventName" in value:
        return value
    if "CloudTrailEvent" in value:
        return _decoded(value["CloudTrailEvent"], "CloudTrailEvent")
    if "detail-type" in value and "detail" in value:
        detail, kind = value["detail"], value["detail-type"]
        if isinstance(detail, dict) and "eventName" in detail:
            return detail
        return ValueError(f"an EventBridge event that is not a CloudTrail record: {kind}")
    if "message" in value and ("logStreamName" in value or "timestamp" in value):
        return _decoded(value["message"], "message")
    if "digestStartTime" in value or "digestS3Object" in value:
        return ValueError("a CloudTrail digest file: it signs log files and contains no events")
    if "insightDetails" in value:
        return ValueError("a CloudTrail Insights event: it reports a rate of calls, not a call")
    return value


def _decoded(text: Any, name: str) -> Any:
    if not isinstance(text, str):
        return ValueError(f"{name} is not text")
    try:
        return decode_strict(text)
    except ValueError as error:
        return ValueError(f"{name} is not JSON: {error}")
