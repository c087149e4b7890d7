"""The types of parameters: text that a user typed becomes a typed value."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from audittui.entry import MAX_PARTITION_KEY_BYTES, OUTCOMES, SEVERITIES
from audittui.regular_expression import matching
from audittui.runbook.model import ANY, TEXT_TYPES, Parameter
from audittui.runbook.plan import Window
from audittui.runbook.suggest import suggestion
from audittui.runbook.timerange import parse_duration, parse_time, parse_window, quoted

Value = str | int | float | bool | Window | tuple[str, ...]
"""Text and choices as str, numbers, durations and times (µs) as int, ``multi`` as a tuple."""

_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})(e[+-]?\d{1,3})?", re.ASCII | re.I)


def choices_of(parameter: Parameter) -> tuple[str, ...]:
    """The choices of a parameter; empty if it takes any text."""
    match parameter.type:
        case "outcome":
            return parameter.options or (ANY, *OUTCOMES)
        case "severity":
            return parameter.options or (ANY, *SEVERITIES)
        case "bool":
            return ("yes", "no")
        case "choice" | "multi":
            return parameter.options
    return ()


def parse_value(parameter: Parameter, text: str, now: int) -> Value:
    """The typed value of a text that is not blank; ``now`` in microseconds.

    Raises ``ValueError`` with what to write instead.
    """
    if parameter.type in TEXT_TYPES:
        # Exactly as given: a log's "root " is not "root".
        _check_text(parameter, text)
        return text
    text = text.strip()
    match parameter.type:
        case "number":
            number = _number(text)
            _check_bounds(parameter, number, lambda bound: _number(str(bound)))
            return number
        case "duration":
            duration = parse_duration(text)
            _check_bounds(parameter, duration, lambda bound: parse_duration(str(bound)))
            return duration
        case "time":
            time = parse_time(text, now)
            _check_bounds(parameter, time, lambda bound: parse_time(str(bound), now))
            return time
        case "time_range":
            window = parse_window(text, now)
            if parameter.max_span:
                check_span(window, parameter.max_span)
            return window
        case "bool":
            if text.lower() not in _YES + _NO:
                raise ValueError(f"{quoted(text)} is not a boolean; write yes or no")
            return text.lower() in _YES
        case "multi":
            chosen = tuple(part.strip() for part in text.split(",") if part.strip())
            if not chosen:
                raise ValueError("there is no value between the commas; write values such as a,b")
            for part in chosen:
                _check_choice(part, parameter.options)
                _check_text(parameter, part)
            return chosen
    _check_choice(text, choices_of(parameter))
    return text


def _number(text: str) -> int | float:
    if _WHOLE.fullmatch(text):
        return int(text)
    number = float(text) if _DECIMAL.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"{quoted(text)} is not a number; write a number such as 5 or 2.5")
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def _check_bounds(
    parameter: Parameter, value: float, read: Callable[[str | int | float], float]
) -> None:
    if parameter.min is not None and value < read(parameter.min):
        raise ValueError(f"too small; write at least {parameter.min}")
    if parameter.max is not None and value > read(parameter.max):
        raise ValueError(f"too large; write at most {parameter.max}")


def check_span(window: Window, longest: str) -> None:
    """Raises ``ValueError`` when ``window`` is open or longer than the duration ``longest``."""
    if window.start is None or window.end is None:
        raise ValueError(
            f"an open range is too long; write a start and an end at most {longest} apart"
        )
    if window.end - window.start > parse_duration(longest):
        raise ValueError(f"the range is too long; write one of at most {longest}")


def _check_choice(text: str, choices: tuple[str, ...]) -> None:
    if choices and text not in choices:
        raise ValueError(f"{quoted(text)} is not a choice; {suggestion(text, choices)}")


def _check_text(parameter: Parameter, text: str) -> None:
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise ValueError("this contains bytes that are not UTF-8; remove them") from None
    if size > MAX_PARTITION_KEY_BYTES:
        raise ValueError(
            f"{size:,} bytes are too many for a key; write at most "
            f"{MAX_PARTITION_KEY_BYTES:,} bytes"
        )
    if parameter.pattern and not matching(parameter.pattern)(text):
        example = f", such as {parameter.placeholder}" if parameter.placeholder else ""
        raise ValueError(f"{quoted(text)} does not match the pattern {parameter.pattern}{example}")


def check_value(parameter: Parameter, text: str, now: int) -> str | None:
    """What is wrong with a text, in one sentence; None if it is valid.

    A blank text stands for the default.
    """
    if not text.strip():
        text = parameter.default_text
    if not text:
        return needed(parameter) if parameter.required else None
    try:
        parse_value(parameter, text, now)
    except ValueError as error:
        return str(error)
    return None


def needed(parameter: Parameter) -> str:
    """The sentence for a required parameter without a value."""
    what = parameter.help or f"such as {parameter.placeholder}" * bool(parameter.placeholder)
    return f"a value is required; write {what or 'one'}"
