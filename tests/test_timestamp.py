"""Times: text order is time order, and real logs' spellings are read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui import timestamp

times = st.integers(timestamp.MIN_TIME, timestamp.MAX_TIME)


@given(times, times)
def test_text_order_is_time_order_and_reads_back(one: int, other: int) -> None:
    assert timestamp.parse(timestamp.text(one)) == one
    assert timestamp.parse(timestamp.short(one)) == one
    assert (timestamp.text(one) < timestamp.text(other)) == (one < other)
    assert len(timestamp.text(one)) == 27


@given(st.datetimes(min_value=datetime(1970, 1, 1)))
def test_agrees_with_datetime(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC)
    assert timestamp.to_datetime(timestamp.from_datetime(aware)) == aware
    assert timestamp.parse(aware.isoformat()) == timestamp.from_datetime(aware)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-11-24T14:00:00Z", "2026-11-24T14:00:00.000000Z"),
        ("2023-09-18 00:00:00", "2023-09-18T00:00:00.000000Z"),
        ("2020-08-17T17:40:37.491Z", "2020-08-17T17:40:37.491000Z"),
        ("2026-11-24T14:00:00.123456789+02:00", "2026-11-24T12:00:00.123456Z"),
        ("2026-11-24T14:00-0530", "2026-11-24T19:30:00.000000Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
    ],
)
def test_spellings(text: str, canonical: str) -> None:
    assert timestamp.text(timestamp.parse(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2026-13-01T00:00:00Z",
        "2026-11-24",
        "٢٠٢٦-11-24T14:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        timestamp.parse(text)
