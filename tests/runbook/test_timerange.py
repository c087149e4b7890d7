"""Times, durations and time ranges as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui import timestamp
from audittui.runbook.plan import Window
from audittui.runbook.timerange import (
    duration_text,
    parse_duration,
    parse_time,
    parse_window,
    window_text,
)

NOW = timestamp.parse("2026-11-24T15:30:00Z")
HOUR = 3600 * timestamp.SECOND
times = st.integers(timestamp.MIN_TIME, timestamp.MAX_TIME)


def at(text: str) -> int:
    return timestamp.parse(text)


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("-2h..now", "2026-11-24T13:30:00Z", "2026-11-24T15:30:00Z"),
        ("-1h30m..-30m", "2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z"),
        (" -2h .. now ", "2026-11-24T13:30:00Z", "2026-11-24T15:30:00Z"),
        ("-2h..+1h", "2026-11-24T13:30:00Z", "2026-11-24T16:30:00Z"),
        ("-2h", "2026-11-24T13:30:00Z", "2026-11-24T15:30:00Z"),
        ("2026-11-24T14:00..15:00", "2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z"),
        ("2026-11-24 14:00..15:00:30.5", "2026-11-24T14:00:00Z", "2026-11-24T15:00:30.5Z"),
        ("2026-11-24T14:00Z..15:00Z", "2026-11-24T14:00:00Z", "2026-11-24T15:00:00Z"),
        ("2026-11-23T14:00..2026-11-24", "2026-11-23T14:00:00Z", "2026-11-24T00:00:00Z"),
        ("2026-11-24", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
        ("2028-02-28..2028-03-01", "2028-02-28T00:00:00Z", "2028-03-01T00:00:00Z"),
        ("today", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z"),
        ("yesterday", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"),
        ("yesterday..now", "2026-11-23T00:00:00Z", "2026-11-24T15:30:00Z"),
        ("yesterday..06:00", "2026-11-23T00:00:00Z", "2026-11-23T06:00:00Z"),
        ("@1700000000", "2023-11-14T22:13:20Z", "2026-11-24T15:30:00Z"),
        ("@1700000000..@1700003600", "2023-11-14T22:13:20Z", "2023-11-14T23:13:20Z"),
        ("@-1.5..@0", "1969-12-31T23:59:58.5Z", "1970-01-01T00:00:00Z"),
        ("..now", None, "2026-11-24T15:30:00Z"),
        ("2026-11-24..", "2026-11-24T00:00:00Z", None),
        ("all", None, None),
    ],
)
def test_ranges_that_people_type(text: str, start: str | None, end: str | None) -> None:
    expected = Window(start and at(start), end and at(end))
    assert parse_window(text, NOW) == expected


def test_the_second_half_stands_on_the_clock_of_the_first() -> None:
    window = parse_window("2026-11-24T14:00+02:00..15:00", NOW)
    assert window == Window(at("2026-11-24T12:00Z"), at("2026-11-24T13:00Z"))
    # An offset can put the first half on another UTC day than the date that was typed.
    window = parse_window("2026-11-24T00:30+02:00..01:30", NOW)
    assert window == Window(at("2026-11-23T22:30Z"), at("2026-11-23T23:30Z"))


def test_the_last_day_of_the_calendar_is_still_a_range() -> None:
    window = parse_window("9999-12-31", NOW)
    assert parse_window(window_text(window), NOW) == window


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write -2h..now"),
        ("..", "neither a start nor an end"),
        ("..15:00", "without a date"),
        ("2026-11-24T15:00..14:00", "earlier time first"),
        ("2026-11-24..2026-11-24", "empty"),
        ("now..now", "empty"),
        ("now", "not in the past"),
        ("2026-13-01", "not a time"),
        ("2026-02-30..now", "not a time"),
        ("last tuesday", "is not a time range; write -2h..now"),
        ("-2x..now", "not a duration; write 90s"),
        ("-2h...now", "not a time"),
        ("@99999999999999..now", "not a time"),
        ("-9999999999w..now", "is too long"),
        ("-1000000d..now", "outside the years"),
    ],
)
def test_a_wrong_range_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match="write") as caught:
        parse_window(text, NOW)
    assert says in str(caught.value)


def test_an_error_is_short_and_harmless() -> None:
    with pytest.raises(ValueError, match="not a time") as caught:
        parse_window("\x1b]52;c;aGk=\x07\u202e" * 5000, NOW)
    assert len(str(caught.value)) < 500
    assert str(caught.value).isprintable()


@given(st.none() | times, st.none() | times)
def test_a_window_survives_its_text(start: int | None, end: int | None) -> None:
    if start is not None and end is not None:
        if start == end:
            return
        start, end = min(start, end), max(start, end)
    window = Window(start, end)
    for now in (timestamp.MIN_TIME, NOW, timestamp.MAX_TIME):
        assert parse_window(window_text(window), now) == window


@given(
    st.text()
    | st.from_regex(r"\A[@+-]?[0-9TZ:.+-]{0,20}(\.\.[@+-]?[0-9TZ:.,dhms+-]{0,20})?\Z")
    | st.from_regex(
        r"\A(today|yesterday|now|all|-[0-9]{1,18}[wdhms])(\.\.(now|today|\+9{1,12}d))?\Z"
    ),
    times,
)
def test_any_text_is_a_forward_range_that_survives_or_a_value_error(text: str, now: int) -> None:
    try:
        window = parse_window(text, now)
    except ValueError as error:
        assert str(error)
        return
    if window.start is not None and window.end is not None:
        assert window.start < window.end
    assert parse_window(window_text(window), NOW) == window


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("10m", 600),
        ("1h30m", 5400),
        ("1h 30m", 5400),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("0s", 0),
        ("500ms", 0.5),
    ],
)
def test_durations_that_people_type(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds * timestamp.SECOND


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "1.5h", "5 minutes", "10M", "1h,30m", "٣m"])
def test_a_wrong_duration_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write 90s, 10m, 1h30m or 7d"):
        parse_duration(text)


@given(st.integers(0, timestamp.MAX_TIME))
def test_a_duration_survives_its_text(micros: int) -> None:
    assert parse_duration(duration_text(micros)) == micros


@given(times)
def test_a_time_survives_its_text(micros: int) -> None:
    assert parse_time(timestamp.text(micros), NOW) == micros
    assert parse_time(timestamp.short(micros), NOW) == micros


def test_single_times() -> None:
    assert parse_time("now", NOW) == NOW
    assert parse_time("-1h", NOW) == NOW - HOUR
    assert parse_time("+1h", NOW) == NOW + HOUR
    assert parse_time("2026-11-24", NOW) == at("2026-11-24T00:00Z")
    assert parse_time("@0.25", NOW) == timestamp.SECOND // 4
