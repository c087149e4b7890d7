"""From texts that a user typed to typed values, with one sentence for each that is wrong."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping

import msgspec

from audittui.entry import OUTCOMES, SEVERITIES
from audittui.errors import UsageError
from audittui.runbook.model import ANY, Parameter, Runbook
from audittui.runbook.plan import Window
from audittui.runbook.timerange import parse_duration, parse_time, parse_window

Value = str | int | float | bool | Window | tuple[str, ...]
_YES, _NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")
MAX_TEXT = 2048


class ParameterErrors(UsageError):  # noqa: N818 - it carries several
    """Every parameter that is wrong, by name, with one sentence each."""

    def __init__(self, runbook: str, errors: Mapping[str, str]) -> None:
        lines = "; ".join(f"{name}: {error}" for name, error in errors.items())
        super().__init__(f"{runbook} cannot run: {lines}.")
        self.errors = dict(errors)


class Bound(msgspec.Struct, frozen=True):
    """A runbook's parameters with values. ``texts`` are as given, defaults filled in."""

    values: dict[str, Value]
    texts: dict[str, str]
    now: int


def choices_of(parameter: Parameter) -> tuple[str, ...]:
    """What a parameter may be chosen from; empty for free text."""
    if parameter.type == "outcome":
        return parameter.options or (ANY, *OUTCOMES)
    if parameter.type == "severity":
        return parameter.options or (ANY, *SEVERITIES)
    if parameter.type == "bool":
        return ("yes", "no")
    return parameter.options


def parse_value(parameter: Parameter, text: str, now: int) -> Value:
    """The typed value of a text that is not empty. Raises ``ValueError`` with what to write."""
    kind = parameter.type
    if kind == "time_range":
        window = parse_window(text, now)
        if parameter.max_span:
            _check_span(window, parameter.max_span)
        return window
    if kind == "time":
        time = parse_time(text, now)
        _check_bounds(parameter, time, lambda bound: parse_time(str(bound), now))
        return time
    if kind == "duration":
        duration = parse_duration(text)
        _check_bounds(parameter, duration, lambda bound: parse_duration(str(bound)))
        return duration
    if kind == "number":
        number = _number(text)
        _check_bounds(parameter, number, lambda bound: _number(str(bound)))
        return number
    if kind == "bool":
        if text.lower() not in _YES + _NO:
            raise ValueError(f"{text!r} is neither yes nor no")
        return text.lower() in _YES
    choices = choices_of(parameter)
    if kind == "multi":
        chosen = tuple(part.strip() for part in text.split(",") if part.strip())
        for part in chosen:
            _check_choice(part, choices)
            _check_pattern(parameter, part)
        return chosen
    if choices:
        _check_choice(text, choices)
    if len(text.encode("utf-8", "replace")) > MAX_TEXT:
        raise ValueError(f"longer than {MAX_TEXT:,} bytes, the most that a key takes")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it holds a character that is not text") from None
    _check_pattern(parameter, text)
    return text


def _number(text: str) -> int | float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is not a number")
    return int(number) if number.is_integer() else number


def _check_bounds(parameter: Parameter, value: float, read: object) -> None:
    if parameter.min is not None and value < read(parameter.min):  # type: ignore[operator]
        raise ValueError(f"at least {parameter.min}")
    if parameter.max is not None and value > read(parameter.max):  # type: ignore[operator]
        raise ValueError(f"at most {parameter.max}")


def _check_span(window: Window, longest: str) -> None:
    if window.start is None or window.end is None:
        raise ValueError(f"a range needs a start and an end here, at most {longest} long")
    if window.end - window.start > parse_duration(longest):
        raise ValueError(f"at most {longest} long")


def _check_choice(text: str, choices: tuple[str, ...]) -> None:
    if choices and text not in choices:
        raise ValueError(f"{text!r} is not one of {', '.join(choices)}")


def _check_pattern(parameter: Parameter, text: str) -> None:
    if parameter.pattern and not re.fullmatch(parameter.pattern, text):
        raise ValueError(f"{text!r} does not have the form {parameter.pattern}")


def check_value(parameter: Parameter, text: str, now: int) -> str | None:
    """What is wrong with a text, in one sentence; None where nothing is."""
    text = text.strip()
    if not text:
        if parameter.required and not parameter.default_text:
            return parameter.help or "needed"
        return None
    try:
        parse_value(parameter, text, now)
    except ValueError as error:
        return str(error)
    return None


def bind(runbook: Runbook, texts: Mapping[str, str], now: int) -> Bound:
    """The runbook's parameters with the values that ``texts`` say, defaults filled in.

    ``now`` is the present in microseconds. Raises `ParameterErrors` that holds every fault.
    """
    errors: dict[str, str] = {}
    values: dict[str, Value] = {}
    used: dict[str, str] = {}
    names = [parameter.name for parameter in runbook.params]
    for name in texts:
        if name not in names:
            close = difflib.get_close_matches(name, names, 1)
            hint = (
                f"did you mean {close[0]}" if close else f"there are {', '.join(names) or 'none'}"
            )
            errors[name] = f"no such parameter; {hint}"
    for parameter in runbook.params:
        text = texts.get(parameter.name, "").strip() or parameter.default_text
        fault = check_value(parameter, text, now)
        if fault is not None:
            errors[parameter.name] = fault
        elif text:
            used[parameter.name] = text
            values[parameter.name] = parse_value(parameter, text, now)
    if errors:
        raise ParameterErrors(runbook.id, errors)
    return Bound(values, used, now)
