"""A runbook's parameters with values, or a sentence for each one that is invalid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from audittui import timestamp
from audittui.errors import UsageError
from audittui.escape import escaped, shortened
from audittui.runbook.model import PLACE, PLACES
from audittui.runbook.parameter import Value, check_value, choices_of, parse_value
from audittui.runbook.suggest import suggestion
from audittui.runbook.timerange import refuse_backwards

if TYPE_CHECKING:
    from audittui.runbook.model import Runbook

__all__ = ["Bound", "ParameterErrors", "Value", "bind", "check_value", "choices_of"]


class ParameterErrors(UsageError):  # noqa: N818 - it holds several errors
    """The invalid parameters of a runbook: ``errors`` has a sentence for each, by name."""

    def __init__(self, runbook: str, errors: Mapping[str, str]) -> None:
        said = "; ".join(
            f"{escaped(shortened(name, 60))}: {error}" for name, error in errors.items()
        )
        super().__init__(f"{runbook} cannot run: {said}.", f"See audittui runbooks show {runbook}.")
        self.errors = dict(errors)


class Bound(msgspec.Struct, frozen=True):
    """A runbook's parameters with values; those without a value are left out.

    ``texts`` are the values as given, with defaults filled in and single times made absolute, for
    a reproducible command. ``now`` (microseconds) is what relative times were measured from.
    """

    values: dict[str, Value]
    texts: dict[str, str]
    now: int


def bind(runbook: Runbook, texts: Mapping[str, str], now: int) -> Bound:
    """Bind the runbook's parameters to the values in ``texts``, with defaults for blank ones.

    ``now`` is the present in microseconds. Raises `ParameterErrors` with every fault.
    """
    errors: dict[str, str] = {}
    values: dict[str, Value] = {}
    used: dict[str, str] = {}
    names = [parameter.name for parameter in runbook.params]
    for name in texts:
        if name not in names:
            errors[name] = f"there is no such parameter; {suggestion(name, names)}"
    for parameter in runbook.params:
        given = texts.get(parameter.name, "")
        text = given if given.strip() else parameter.default_text
        fault = check_value(parameter, text, now)
        if fault is not None:
            errors[parameter.name] = fault
        elif text:
            value = parse_value(parameter, text, now)
            values[parameter.name] = value
            absolute = parameter.type == "time" and isinstance(value, int)
            used[parameter.name] = timestamp.short(value) if absolute else text  # type: ignore[arg-type]
    for name, fault in _faults_together(runbook, values).items():
        errors.setdefault(name, fault)
    if errors:
        raise ParameterErrors(runbook.id, errors)
    return Bound(values, used, now)


def _faults_together(runbook: Runbook, values: Mapping[str, Value]) -> dict[str, str]:
    """Faults that only show where a value is used."""
    faults: dict[str, str] = {}
    pair = PLACES.fullmatch(runbook.query.during)
    if pair:
        start, end = values.get(pair.group(1)), values.get(pair.group(2))
        if isinstance(start, int) and isinstance(end, int):
            try:
                refuse_backwards(start, end)
            except ValueError as error:
                faults[pair.group(2)] = str(error)
    if runbook.correlation is not None:
        for said in runbook.correlation.condition.values():
            place = PLACE.fullmatch(str(said))
            if place and isinstance(values.get(place.group(1)), float):
                faults[place.group(1)] = "this must be a whole number"
        place = PLACE.fullmatch(runbook.correlation.timespan)
        if place and values.get(place.group(1)) == 0:
            faults[place.group(1)] = "this must be longer than zero; write a duration such as 10m"
    return faults
