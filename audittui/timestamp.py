"""Times: microseconds since the Unix epoch internally, RFC 3339 in UTC externally.

The text form has exactly six fractional digits and ends in ``Z``, so text order is time order.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

SECOND = 1_000_000
"""Microseconds in a second."""
DAY = 86_400 * SECOND
"""Microseconds in a day."""
MIN_TIME = -62_135_596_800 * SECOND
"""0001-01-01T00:00:00Z, the earliest time that the text form can represent."""
MAX_TIME = 253_402_300_800 * SECOND - 1
"""The last microsecond of the year 9999."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*"
    r"([Zz]|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


def parse(text: str) -> int:
    """Microseconds since the epoch of an RFC 3339 time (RFC 3339 §5.6).

    Lenient where real logs are: a space for ``T``, no seconds, no offset (then UTC), up to nine
    fractional digits (truncated to microseconds). Raises ``ValueError``.
    """
    match = _RFC3339.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not a time: {text!r} (write 2026-11-24T14:00:00Z)")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    leap = second == "60"
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute),
            59 if leap else int(second or 0), tzinfo=UTC,
        )  # fmt: skip
    except ValueError as error:
        raise ValueError(f"not a time: {text!r} ({error})") from None
    micros = int((fraction or "")[:6].ljust(6, "0"))
    total = (moment - _EPOCH) // timedelta(microseconds=1) + micros + (SECOND if leap else 0)
    if offset and offset not in "Zz":
        digits = offset.replace(":", "")
        minutes = int(digits[1:3]) * 60 + int(digits[3:5])
        total -= (1 if digits[0] == "+" else -1) * minutes * 60 * SECOND
    if not MIN_TIME <= total <= MAX_TIME:
        raise ValueError(f"not a time: {text!r} (outside the years 1 to 9999)")
    return total


@lru_cache(maxsize=4096)
def _second_text(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()[:19]


def text(micros: int) -> str:
    """The canonical text of a time: ``2026-11-24T14:00:00.000000Z``."""
    seconds, rest = divmod(micros, SECOND)
    return f"{_second_text(seconds)}.{rest:06d}Z"


def short(micros: int) -> str:
    """The display text of a time: no fraction if it is zero, milliseconds if they are exact."""
    full = text(micros)
    if full.endswith(".000000Z"):
        return full[:-8] + "Z"
    if full.endswith("000Z"):
        return full[:-4] + "Z"
    return full


def to_second(micros: int) -> str:
    """The text of a time in UTC, to the second, as lists show it: ``2026-11-24 14:00:00``."""
    return text(micros)[:19].replace("T", " ")


def day_start(micros: int) -> int:
    """The first microsecond of the time's UTC day."""
    return micros - micros % DAY


def date_of(micros: int) -> date:
    """The UTC date of a time."""
    return (_EPOCH + timedelta(microseconds=micros)).date()


def from_datetime(moment: datetime) -> int:
    """Microseconds since the epoch of an aware ``datetime``."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(micros: int) -> datetime:
    """The aware UTC ``datetime`` of a time."""
    return _EPOCH + timedelta(microseconds=micros)


def now() -> int:
    """The current time, in microseconds since the epoch."""
    return from_datetime(datetime.now(UTC))
