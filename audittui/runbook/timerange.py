"""Times, durations and time ranges as people type them. All in UTC, windows half open.

``-2h..now``, ``2026-11-24T14:00..15:00``, ``2026-11-24`` (the whole day), ``yesterday``,
``@1700000000..@1700003600``, ``..now``, ``all``.
"""

from __future__ import annotations

import re

from audittui import timestamp
from audittui.escape import shortened
from audittui.runbook.plan import Window

_UNITS = {
    "us": 1, "ms": 1_000, "s": timestamp.SECOND, "m": 60 * timestamp.SECOND,
    "h": 3_600 * timestamp.SECOND, "d": timestamp.DAY, "w": 7 * timestamp.DAY,
}  # fmt: skip
_PART = re.compile(r"(\d{1,15})(us|ms|s|m|h|d|w)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATED = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ].*?([Zz]|[+-]\d\d:?\d\d)?)?", re.ASCII)
_CLOCK = re.compile(r"\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII)
_EPOCH = re.compile(r"@(-?)(\d{1,12})(?:\.(\d{1,6}))?", re.ASCII)
RANGE_HINT = "write -2h..now, 2026-11-24T14:00..15:00, yesterday or all"


def quoted(text: str) -> str:
    """What a user typed, for an error: quoted, escaped and shortened."""
    return repr(shortened(text, 60))


def parse_duration(text: str) -> int:
    """Microseconds of ``90s``, ``10m``, ``1h30m``, ``7d``. Raises ``ValueError``."""
    compact = text.strip().replace(" ", "")
    at = total = 0
    for match in _PART.finditer(compact):
        if match.start() != at:
            break
        total += int(match.group(1)) * _UNITS[match.group(2)]
        at = match.end()
    if not compact or at != len(compact):
        raise ValueError(f"{quoted(text)} is not a duration; write 90s, 10m, 1h30m or 7d")
    if total > timestamp.MAX_TIME:
        raise ValueError(f"{quoted(text)} is too long; write a duration such as 10m or 7d")
    return total


def duration_text(micros: int) -> str:
    """The shortest text that `parse_duration` reads back as ``micros``."""
    parts = []
    for unit in ("d", "h", "m", "s", "ms", "us"):
        count, micros = divmod(micros, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def parse_time(text: str, now: int) -> int:
    """Microseconds of one time: RFC 3339, a date, ``now``, ``-2h``, ``+1h``, ``@epoch``, ``today``.

    Raises ``ValueError`` with what to write instead.
    """
    word = text.strip()
    if word == "now":
        return now
    if word in ("today", "yesterday"):
        today = timestamp.day_start(now)
        return _within(today - timestamp.DAY if word == "yesterday" else today, text)
    if word[:1] in ("+", "-") and word[1:2].isdigit():
        shift = parse_duration(word[1:])
        return _within(now - shift if word[0] == "-" else now + shift, text)
    epoch = _EPOCH.fullmatch(word)
    if epoch:
        sign, seconds, fraction = epoch.groups()
        micros = int(seconds) * timestamp.SECOND + int((fraction or "").ljust(6, "0"))
        return _within(-micros if sign else micros, text)
    if _DATE.fullmatch(word):
        word += "T00:00"
    try:
        return timestamp.parse(word)
    except ValueError:
        raise ValueError(
            f"{quoted(text)} is not a time; write 2026-11-24T14:00:00Z, -2h, now or @1700000000"
        ) from None


def _within(micros: int, text: str) -> int:
    if not timestamp.MIN_TIME <= micros <= timestamp.MAX_TIME:
        raise ValueError(f"{quoted(text)} is outside the years 1 to 9999; write a time within them")
    return micros


def parse_window(text: str, now: int) -> Window:
    """The window in ``text``; ``now`` in microseconds.

    Raises ``ValueError`` with what to write instead.
    """
    word = text.strip()
    if word == "all":
        return Window(None, None)
    if ".." not in word:
        return _single(word, now)
    first, _, last = (part.strip() for part in word.partition(".."))
    if not first and not last:
        raise ValueError(f"{quoted(text)} has neither a start nor an end; {RANGE_HINT}")
    start = parse_time(first, now) if first else None
    clock = _CLOCK.fullmatch(last)
    if clock:
        if start is None:
            raise ValueError(f"{quoted(text)} has a time without a date; {RANGE_HINT}")
        # The second half has the date and the UTC offset of the first.
        dated = _DATED.fullmatch(first)
        day = dated.group(1) if dated else timestamp.date_of(start).isoformat()
        offset = dated.group(2) if dated and not clock.group(1) else None
        last = f"{day}T{last}{offset or ''}"
    end = parse_time(last, now) if last else None
    if start is not None and end is not None:
        refuse_backwards(start, end)
    return Window(start, end)


def refuse_backwards(start: int, end: int) -> None:
    """Raises ``ValueError`` unless ``start`` is before ``end``."""
    if start == end:
        raise ValueError("the range is empty because its end is excluded; write a later end")
    if start > end:
        raise ValueError(
            "the range ends before it starts; write the earlier time first, "
            "and both dates if the range crosses midnight"
        )


def _single(word: str, now: int) -> Window:
    """The window of a single word: a day, or everything since a moment."""
    if word in ("today", "yesterday") or _DATE.fullmatch(word):
        start = parse_time(word, now)
        return Window(start, min(start + timestamp.DAY, timestamp.MAX_TIME))
    try:
        start = parse_time(word, now)
    except ValueError:
        raise ValueError(f"{quoted(word)} is not a time range; {RANGE_HINT}") from None
    if start >= now:
        raise ValueError(f"{quoted(word)} is not in the past; {RANGE_HINT}")
    return Window(start, now)


def window_text(window: Window) -> str:
    """A text that `parse_window` reads back as the same window at any later time."""
    if window.start is None and window.end is None:
        return "all"
    start = "" if window.start is None else timestamp.short(window.start)
    end = "" if window.end is None else timestamp.short(window.end)
    return f"{start}..{end}"
