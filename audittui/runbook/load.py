"""Reads one runbook file, strictly: errors name the file, the line and the path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from audittui.entry import OUTCOMES, SEVERITIES
from audittui.layout.row import ROW_FIELDS
from audittui.regular_expression import EngineMissingError, ExpressionError, matching
from audittui.runbook.document import Document, RunbookError, joined, read_document
from audittui.runbook.model import (
    ANY,
    COMPARISONS,
    PLACE,
    PLACES,
    TEXT_TYPES,
    CorrelationRule,
    FieldCondition,
    NotIn,
    Parameter,
    ParameterType,
    Runbook,
    RunbookQuery,
)
from audittui.runbook.parameter import check_value
from audittui.runbook.suggest import suggestion
from audittui.runbook.timerange import parse_duration, parse_window

__all__ = ["RunbookError", "load_runbook", "parse_runbook"]

KEYS = ("name", "description", "tags", "params", "query", "columns", "correlation")
FILTERED = tuple(name for name in ROW_FIELDS if name not in ("time", "seq"))
"""The fields that ``where`` and ``group-by`` may name."""
_DEFAULT_COLUMNS = ("time", "actor", "action", "resource", "outcome")
_BOUNDED = frozenset({"number", "duration", "time"})
_CHOOSING = frozenset({"choice", "multi", "outcome", "severity"})
_KNOWN_VALUES = {"outcome": OUTCOMES, "severity": SEVERITIES}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CLOCKS = (10**15, 10**16)
"""Two moments (2001 and 2286). What a default means depends on the present: a default that is
valid at either of them is valid."""


def load_runbook(path: Path) -> Runbook:
    """The runbook in the file ``path``. Raises `RunbookError`."""
    return _runbook(read_document(path))


def parse_runbook(path: Path, text: str) -> Runbook:
    """The runbook in ``text``; ``path`` gives its id and appears in errors."""
    return _runbook(Document(path, text))


def _runbook(file: Document) -> Runbook:
    if not isinstance(file.data, dict):
        raise file.error("", f"a runbook is a mapping with the keys {', '.join(KEYS)}")
    given: dict[Any, Any] = file.data
    for key in given:
        if key not in KEYS:
            raise file.error(str(key), f"there is no such key; {suggestion(str(key), KEYS)}")
    for key in ("name", "description", "query"):
        if not given.get(key):
            raise file.error(key, "this key is required")
    runbook = Runbook(
        id=file.path.stem,
        name=file.convert(given["name"], str, "name"),
        description=" ".join(file.convert(given["description"], str, "description").split()),
        tags=file.convert(given.get("tags") or (), tuple[str, ...], "tags"),
        params=_params(file, given.get("params") or {}),
        query=_query(file, given["query"]),
        columns=file.convert(given.get("columns") or _DEFAULT_COLUMNS, tuple[str, ...], "columns"),
        correlation=None
        if given.get("correlation") is None
        else file.convert(given["correlation"], CorrelationRule, "correlation"),
        path=file.path,
    )
    for parameter in runbook.params:
        _check_parameter(file, parameter)
    used = _check_query(file, runbook) | _check_where(file, runbook)
    used |= _check_correlation(file, runbook)
    for position, column in enumerate(runbook.columns):
        where = f"columns[{position}]"
        if column not in ROW_FIELDS:
            said = suggestion(column, ROW_FIELDS)
            raise file.error(where, f"there is no column {column!r}; {said}")
        if column in runbook.columns[:position]:
            raise file.error(where, f"the column {column} is listed twice")
    for parameter in runbook.params:
        # A filter that does nothing would make the answer misleading.
        if parameter.name not in used:
            said = f'use it as "{{{parameter.name}}}" or leave it out'
            raise file.error(f"params.{parameter.name}", f"nothing uses this parameter; {said}")
    return runbook


def _params(file: Document, raw_params: Any) -> tuple[Parameter, ...]:
    if not isinstance(raw_params, dict):
        raise file.error("params", "this must be a mapping from a name to a parameter")
    params = []
    for name, raw in raw_params.items():
        where = f"params.{name}"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise file.error(where, "a parameter name consists of lowercase letters, digits and _")
        if isinstance(raw, dict) and "name" in raw:
            raise file.error(f"{where}.name", "the name is the key before the colon; leave it out")
        parameter = file.convert(raw, Parameter, where)
        params.append(msgspec.structs.replace(parameter, name=name))
    return tuple(params)


def _query(file: Document, raw: Any) -> RunbookQuery:
    """The query; conditions are converted one by one, so that a fault names its field."""
    if not isinstance(raw, dict):
        return file.convert(raw, RunbookQuery, "query")
    rest = {key: value for key, value in raw.items() if key != "where"}
    query = file.convert(rest, RunbookQuery, "query")
    raw_where = raw.get("where") or {}
    if not isinstance(raw_where, dict):
        raise file.error("query.where", "this must be a mapping from a field to its condition")
    where: dict[str, FieldCondition] = {}
    for field, said in raw_where.items():
        path = joined("query.where", str(field))
        if field not in FILTERED:
            raise file.error(path, f"there is no such field; {suggestion(str(field), FILTERED)}")
        if isinstance(said, dict) and "not" not in said:
            raise file.error(
                path, 'write a parameter in quotes: "{name}", or {not: …} to negate it'
            )
        kind: Any = NotIn if isinstance(said, dict) else str | tuple[str, ...]
        where[field] = file.convert(said, kind, path)
    return msgspec.structs.replace(query, where=where)


def _fault(parameter: Parameter, text: str) -> str | None:
    faults = [check_value(parameter, text, now) for now in _CLOCKS]
    return faults[0] if all(faults) else None


def _check_parameter(file: Document, parameter: Parameter) -> None:
    where = f"params.{parameter.name}"
    kind: ParameterType = parameter.type
    if kind == "choice" and not parameter.options:
        raise file.error(where, "a choice needs options, such as options: [any, one, two]")
    for key, given, takes in (
        ("options", parameter.options, kind in _CHOOSING),
        ("pattern", parameter.pattern, kind in TEXT_TYPES or kind == "multi"),
        ("max_span", parameter.max_span, kind == "time_range"),
        ("min", parameter.min is not None, kind in _BOUNDED),
        ("max", parameter.max is not None, kind in _BOUNDED),
    ):
        if given and not takes:
            raise file.error(f"{where}.{key}", f"a parameter of type {kind} takes no {key}")
    for position, option in enumerate(parameter.options):
        known = _KNOWN_VALUES.get(kind)
        if known and option not in (ANY, *known):
            said = suggestion(option, (ANY, *known))
            raise file.error(
                f"{where}.options[{position}]", f"{option!r} is not a valid {kind}; {said}"
            )
        if not option.strip() or option != option.strip() or (kind == "multi" and "," in option):
            raise file.error(
                f"{where}.options[{position}]",
                "an option has no spaces at its ends, and no comma in a multi parameter",
            )
    if parameter.pattern:
        try:
            matching(parameter.pattern)
        except EngineMissingError as error:
            raise file.error(f"{where}.pattern", str(error)) from None
        except ExpressionError as error:
            raise file.error(
                f"{where}.pattern", f"this is not a regular expression: {error}"
            ) from None
    if parameter.max_span:
        _check_duration(file, parameter.max_span, f"{where}.max_span")
    plain = msgspec.structs.replace(parameter, min=None, max=None)
    for key, bound in (("min", parameter.min), ("max", parameter.max)):
        fault = None if bound is None else _fault(plain, str(bound))
        if fault:
            raise file.error(f"{where}.{key}", fault)
    if parameter.min is not None and parameter.max is not None:
        below = msgspec.structs.replace(parameter, max=None)
        if _fault(below, str(parameter.max)):
            raise file.error(f"{where}.max", "the maximum is smaller than the minimum")
    fault = _fault(parameter, parameter.default_text) if parameter.default_text else None
    if fault:
        raise file.error(f"{where}.default", fault)


def _check_duration(file: Document, text: str, where: str) -> None:
    try:
        micros = parse_duration(text)
    except ValueError as error:
        raise file.error(where, str(error)) from None
    if not micros:
        raise file.error(where, "this must be longer than zero; write a duration such as 10m")


def _known(
    file: Document, runbook: Runbook, name: str, where: str, kinds: frozenset[str]
) -> Parameter:
    """The parameter named in a template; its type must be one of ``kinds``."""
    parameter = runbook.param(name)
    if parameter is None:
        said = suggestion(name, [one.name for one in runbook.params])
        raise file.error(where, f"there is no parameter {name!r}; {said}")
    if parameter.type not in kinds:
        fitting = " or ".join(sorted(kinds))
        raise file.error(
            where, f"the parameter {name} is of type {parameter.type}; this needs {fitting}"
        )
    return parameter


def _certain(
    file: Document, runbook: Runbook, name: str, where: str, kinds: frozenset[str]
) -> None:
    """Like `_known`, and the parameter must always have a value."""
    parameter = _known(file, runbook, name, where, kinds)
    if not parameter.required and not parameter.default_text:
        raise file.error(
            f"params.{name}", f"{where} needs its value; add required: true or a default"
        )


def _check_query(file: Document, runbook: Runbook) -> set[str]:
    """Check ``equals`` and ``during``; return the names of the parameters that they use."""
    query = runbook.query
    timed = query.by in ("time", "failure")
    where = "query.equals"
    if timed and query.equals:
        raise file.error(where, f"a query by {query.by} does not use equals; leave it out")
    if not timed and not query.equals:
        raise file.error("query", f"the key equals is required: which {query.by}")
    used = set(PLACE.findall(query.equals))
    for name in used:
        _certain(file, runbook, name, where, TEXT_TYPES | {"choice"})
    if set("{}") & set(PLACE.sub("", query.equals)):
        raise file.error(where, "a parameter is written {name}, in lowercase letters, digits and _")
    return used | _check_during(file, runbook, timed)


def _check_during(file: Document, runbook: Runbook, timed: bool) -> set[str]:
    during, where = runbook.query.during, "query.during"
    if not during:
        if timed:
            raise file.error(
                "query", f"the key during is required in a query by {runbook.query.by}"
            )
        return set()
    pair = PLACES.fullmatch(during)
    if pair:
        for name in pair.groups():
            _known(file, runbook, name, where, frozenset({"time"}))
        return set(pair.groups())
    place = PLACE.fullmatch(during)
    if place:
        _known(file, runbook, place.group(1), where, frozenset({"time_range"}))
        return {place.group(1)}
    if "{" in during:
        raise file.error(where, 'write "{range}" or "{from}..{to}", and nothing else')
    for now in _CLOCKS:
        try:
            parse_window(during, now)
        except ValueError as error:
            fault = str(error)
        else:
            return set()
    raise file.error(where, fault)


def _check_where(file: Document, runbook: Runbook) -> set[str]:
    used = set()
    kinds = TEXT_TYPES | _CHOOSING | {"number", "bool"}
    for field, condition in runbook.query.where.items():
        where = f"query.where.{field}"
        said = condition.values if isinstance(condition, NotIn) else condition
        if not said:
            raise file.error(where, "this is empty; write a value or leave out the field")
        for part in (said,) if isinstance(said, str) else said:
            place = PLACE.fullmatch(part)
            if place:
                _known(file, runbook, place.group(1), where, kinds)
                used.add(place.group(1))
            elif "{" in part or "}" in part:
                raise file.error(where, 'a parameter must be the whole value: "{name}"')
            elif field in _KNOWN_VALUES and part not in _KNOWN_VALUES[field]:
                said_instead = suggestion(part, _KNOWN_VALUES[field])
                raise file.error(where, f"{part!r} is not a valid {field}; {said_instead}")
    return used


def _check_correlation(file: Document, runbook: Runbook) -> set[str]:
    rule = runbook.correlation
    if rule is None:
        return set()
    if rule.type in ("temporal", "temporal_ordered"):
        raise file.error(
            "correlation.type",
            f"correlations of type {rule.type} are not supported yet; "
            "use event_count or value_count",
        )
    if not rule.group_by:
        raise file.error("correlation.group-by", "name the fields to group by")
    for position, field in enumerate(rule.group_by):
        if field not in FILTERED:
            raise file.error(
                f"correlation.group-by[{position}]",
                f"there is no field {field!r}; {suggestion(field, FILTERED)}",
            )
    used = set()
    place = PLACE.fullmatch(rule.timespan)
    if place:
        name = place.group(1)
        _certain(file, runbook, name, "correlation.timespan", frozenset({"duration"}))
        used.add(name)
    else:
        _check_duration(file, rule.timespan, "correlation.timespan")
    bounds = {name: bound for name, bound in rule.condition.items() if name != "field"}
    for name, bound in bounds.items():
        where = f"correlation.condition.{name}"
        if name not in COMPARISONS:
            raise file.error(where, f"there is no such comparison; {suggestion(name, COMPARISONS)}")
        place = PLACE.fullmatch(bound) if isinstance(bound, str) else None
        if place:
            _certain(file, runbook, place.group(1), where, frozenset({"number"}))
            used.add(place.group(1))
        elif isinstance(bound, bool) or not isinstance(bound, int) or bound < 0:
            raise file.error(where, 'write a whole number, or a parameter in quotes: "{name}"')
    if not bounds:
        raise file.error("correlation.condition", "write a comparison such as {gte: 5}")
    counted = rule.condition.get("field")
    where = "correlation.condition.field"
    if rule.type == "event_count" and counted is not None:
        raise file.error(where, "event_count counts events; leave it out or use value_count")
    if rule.type == "value_count" and counted not in FILTERED:
        said = suggestion(str(counted or ""), FILTERED)
        raise file.error(where, f"value_count needs the field to count the values of; {said}")
    return used
