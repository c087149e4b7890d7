"""Attribute values as lists show them: texts, times, and values inside a payload."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

from audittui import timestamp

TimeFormat = Literal["rfc3339", "seconds", "milliseconds", "microseconds"]

TICKS: dict[str, int] = {
    "rfc3339": 1, "microseconds": 1, "milliseconds": 1_000, "seconds": timestamp.SECOND,
}  # fmt: skip
"""The resolution of each format, in microseconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_LENGTH = len("2026-11-24T14:00:00Z")
_NANOSECONDS_LENGTH = len("2026-11-24T14:00:00.000000000Z")


def value_text(value: Any) -> str:
    """An attribute's value as text; booleans as in JSON, bytes as hex."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=value_text)
    return str(value)


def value_in(payload: dict[str, Any], path: Sequence[str]) -> Any:
    """The value at ``path`` in a payload; None if there is none."""
    value: Any = payload
    for part in path:
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _rfc3339(text: str) -> int:
    """The same as `timestamp.parse`, but ten times as fast for UTC times to the second or finer, as
    logs write them.

    Raises ``ValueError``.
    """
    if (
        _SECONDS_LENGTH <= len(text) <= _NANOSECONDS_LENGTH
        and text[-1] == "Z"
        and text[10] == "T"
        and text[16] == ":"
        and ((text[19] == "." and text[20] != "Z") or len(text) == _SECONDS_LENGTH)
        # Week dates and hour 24 are valid in ISO 8601, but not in RFC 3339.
        and text[7] == "-"
        and text[11:13] != "24"
    ):
        try:
            since = datetime.fromisoformat(text) - _EPOCH
        except ValueError:
            return timestamp.parse(text)
        return (since.days * 86_400 + since.seconds) * timestamp.SECOND + since.microseconds
    return timestamp.parse(text)


def micros(value: Any, form: TimeFormat) -> int | None:
    """The time that ``value`` holds in ``form``, in microseconds; None if it is not a time."""
    try:
        if form == "rfc3339":
            return _rfc3339(value) if isinstance(value, str) else None
        if type(value) is int:
            return value * TICKS[form]
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return int(Decimal(str(value)) * TICKS[form])
    except (ValueError, TypeError, ArithmeticError):
        return None
    return None
