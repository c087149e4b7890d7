"""How lists show times: in UTC, in local time, or relative to now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

from audittui import timestamp

TimeStyle = Literal["utc", "local", "ago"]
STYLES: tuple[TimeStyle, ...] = ("utc", "local", "ago")
LABELS: dict[TimeStyle, str] = {"utc": "UTC", "local": "local", "ago": "ago"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))


def shown_time(micros: int, style: TimeStyle, now: int) -> str:
    """A time in ``style``. ``micros`` and ``now`` are microseconds since 1970."""
    if style == "ago":
        return ago(now - micros)
    if style == "local":
        try:
            local = (_EPOCH + timedelta(microseconds=micros)).astimezone()
        except (OverflowError, ValueError, OSError):  # beyond the system's calendar
            return timestamp.to_second(micros)
        return local.strftime("%Y-%m-%d %H:%M:%S")
    return timestamp.to_second(micros)


def ago(micros: int) -> str:
    """A span in its two largest units: ``2d 3h``, ``5m 12s``; ``in 5s`` for a future time."""
    seconds = abs(micros) // timestamp.SECOND
    parts: list[str] = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count}{unit}")
        if len(parts) == 2:
            break
    text = " ".join(parts) or "0s"
    return f"in {text}" if micros < 0 else text
