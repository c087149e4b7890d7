"""Reads one runbook file (YAML), strictly: what is wrong is said with file, line and path."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from audittui.errors import UsageError
from audittui.layout.row import ROW_FIELDS
from audittui.runbook.bind import check_value, choices_of
from audittui.runbook.model import CorrelationRule, Parameter, Runbook, RunbookQuery
from audittui.runbook.resolve import COMPARISONS, PLACE
from audittui.runbook.timerange import parse_duration

MAX_BYTES = 1_000_000
_DEFAULT_COLUMNS = ("time", "actor", "action", "resource", "outcome")
_FILTERED = tuple(name for name in ROW_FIELDS if name not in ("time", "seq"))
_TEXT_TYPES = frozenset({"text", "choice", "actor", "resource", "request_id", "action"})
_CONDITION_TYPES = _TEXT_TYPES | {"multi", "outcome", "severity"}
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Part = TypeVar("Part")


class RunbookError(UsageError):
    """A runbook file that is not right. ``line`` counts from 1, ``where`` is the path inside."""

    def __init__(self, path: Path, line: int, where: str, message: str) -> None:
        place = f"{path}:{line}" if line else str(path)
        super().__init__(f"{place}: {where}: {message}" if where else f"{place}: {message}")
        self.path, self.line, self.where, self.reason = path, line, where, message


class _TextLoader(_Loader):  # type: ignore[misc]
    """YAML without dates: a date in a runbook is text, as a user would type it."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


class _File:
    """A parsed file that can tell the line of each path."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.lines: dict[str, int] = {}
        loader = _TextLoader(text)
        try:
            node = loader.get_single_node()
            if node is not None:
                self._walk(node, "", 0)
            self.data = None if node is None else loader.construct_document(node)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise RunbookError(
                path, mark.line + 1 if mark else 0, "", f"not YAML: {error.problem}"
            ) from None
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            raise RunbookError(path, 0, "", f"not YAML: {error}") from None
        finally:
            loader.dispose()

    def _walk(self, node: Any, path: str, depth: int) -> None:
        self.lines[path] = node.start_mark.line + 1
        if depth > 20:
            raise RunbookError(self.path, self.lines[path], path, "nested too deeply")
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, value in node.value:
                name = str(key.value)
                if name in seen:
                    raise RunbookError(
                        self.path, key.start_mark.line + 1, _join(path, name), "appears twice"
                    )
                seen.add(name)
                self._walk(value, _join(path, name), depth + 1)
                self.lines[_join(path, name)] = key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode):
            for position, value in enumerate(node.value):
                self._walk(value, f"{path}[{position}]", depth + 1)

    def error(self, where: str, message: str) -> RunbookError:
        known = where
        while known and known not in self.lines:
            known = known.rpartition(".")[0]
        return RunbookError(self.path, self.lines.get(known, 1), where, message)

    def convert(self, data: Any, kind: type[Part], where: str) -> Part:
        """``data`` as ``kind``; a fault is told with its path."""
        try:
            return msgspec.convert(data, type=kind)
        except msgspec.ValidationError as error:
            message, _, inner = str(error).partition(" - at `$")
            inner = inner.rstrip("`").replace("[...]", "")
            unknown = re.search(r"unknown field `([^`]+)`", message)
            if unknown:
                inner += f".{unknown.group(1)}"
                message = "no such key"
            path = (where + inner).lstrip(".")
            raise self.error(path, message[:1].lower() + message[1:]) from None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def load_runbook(path: Path) -> Runbook:
    """The runbook in the file ``path``. Raises `RunbookError`."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RunbookError(path, 0, "", f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise RunbookError(path, 0, "", "larger than a runbook can be")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise RunbookError(path, 0, "", "not UTF-8 text") from None
    return parse_runbook(path, text)


def parse_runbook(path: Path, text: str) -> Runbook:
    """The runbook that ``text`` says; ``path`` gives its id and stands in errors."""
    file = _File(path, text)
    if not isinstance(file.data, dict):
        raise file.error("", "a runbook is a mapping with name, description, params and query")
    given = dict(file.data)
    known = ("name", "description", "tags", "params", "query", "columns", "correlation")
    for key in given:
        if key not in known:
            raise file.error(str(key), f"no such key; there are {', '.join(known)}")
    for key in ("name", "description", "query"):
        if not given.get(key):
            raise file.error(key, "needed")
    raw_params = given.get("params") or {}
    if not isinstance(raw_params, dict):
        raise file.error("params", "a mapping of name to parameter")
    params = []
    for name, raw in raw_params.items():
        where = f"params.{name}"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise file.error(where, "a parameter's name is small letters, digits and _")
        if isinstance(raw, dict) and "name" in raw:
            raise file.error(f"{where}.name", "no such key")
        parameter = file.convert(raw, Parameter, where)
        params.append(msgspec.structs.replace(parameter, name=name))
    runbook = Runbook(
        id=path.stem,
        name=file.convert(given["name"], str, "name"),
        description=" ".join(file.convert(given["description"], str, "description").split()),
        tags=file.convert(given.get("tags") or (), tuple[str, ...], "tags"),
        params=tuple(params),
        query=file.convert(given["query"], RunbookQuery, "query"),
        columns=file.convert(given.get("columns") or _DEFAULT_COLUMNS, tuple[str, ...], "columns"),
        correlation=None
        if given.get("correlation") is None
        else file.convert(given["correlation"], CorrelationRule, "correlation"),
        path=path,
    )
    for parameter in runbook.params:
        _check_parameter(file, parameter)
    _check_query(file, runbook)
    _check_correlation(file, runbook)
    return runbook


def _check_parameter(file: _File, parameter: Parameter) -> None:
    where = f"params.{parameter.name}"
    if parameter.pattern:
        try:
            re.compile(parameter.pattern)
        except re.error as error:
            raise file.error(f"{where}.pattern", f"not a regular expression: {error}") from None
    if parameter.type == "choice" and not parameter.options:
        raise file.error(where, "a choice needs options")
    if parameter.options and not choices_of(parameter) and parameter.type != "multi":
        raise file.error(f"{where}.options", f"{parameter.type} takes no options")
    if parameter.max_span:
        try:
            parse_duration(parameter.max_span)
        except ValueError as error:
            raise file.error(f"{where}.max_span", str(error)) from None
    for name in ("min", "max"):
        bound = getattr(parameter, name)
        if bound is not None:
            plain = msgspec.structs.replace(parameter, min=None, max=None)
            fault = check_value(plain, str(bound), 0)
            if fault or parameter.type not in ("number", "duration", "time"):
                raise file.error(f"{where}.{name}", fault or f"{parameter.type} has no bounds")
    if parameter.default_text:
        # The epoch's second century, so that relative defaults stay in range.
        fault = check_value(parameter, parameter.default_text, 10**15)
        if fault:
            raise file.error(f"{where}.default", fault)


def _check_query(file: _File, runbook: Runbook) -> None:
    query = runbook.query
    timed = query.by in ("time", "failure")
    if timed and query.equals:
        raise file.error("query.equals", f"a query by {query.by} has no value to equal")
    if not timed and not query.equals:
        raise file.error("query.equals", f"needed: which {query.by}")
    for name in PLACE.findall(query.equals):
        parameter = _known(file, runbook, name, "query.equals")
        if parameter.type not in _TEXT_TYPES:
            raise file.error("query.equals", f"{{{name}}} is a {parameter.type}, not a text")
        if not parameter.required and not parameter.default_text:
            raise file.error(f"params.{name}", "must be required, because query.equals uses it")
    if query.during:
        place = PLACE.fullmatch(query.during)
        if not place:
            raise file.error("query.during", "one {parameter} of type time_range")
        if _known(file, runbook, place.group(1), "query.during").type != "time_range":
            raise file.error("query.during", f"{query.during} is not of type time_range")
    for field, said in query.where.items():
        where = f"query.where.{field}"
        if field not in _FILTERED:
            raise file.error(where, f"no such field; there are {', '.join(_FILTERED)}")
        for part in (said,) if isinstance(said, str) else said:
            place = PLACE.fullmatch(part.removeprefix("!"))
            if place:
                kind = _known(file, runbook, place.group(1), where).type
                if kind not in _CONDITION_TYPES:
                    raise file.error(where, f"a {kind} cannot be compared with a field")
            elif "{" in part:
                raise file.error(where, "a {parameter} must be the whole value")
    for column in runbook.columns:
        if column not in ROW_FIELDS:
            raise file.error("columns", f"no column {column!r}; there are {', '.join(ROW_FIELDS)}")


def _known(file: _File, runbook: Runbook, name: str, where: str) -> Parameter:
    parameter = runbook.param(name)
    if parameter is None:
        raise file.error(where, f"there is no parameter {name!r}")
    return parameter


def _check_correlation(file: _File, runbook: Runbook) -> None:
    rule = runbook.correlation
    if rule is None:
        return
    if rule.type in ("temporal", "temporal_ordered"):
        raise file.error(
            "correlation.type", f"{rule.type} is not supported; use event_count or value_count"
        )
    for field in rule.group_by:
        if field not in _FILTERED:
            raise file.error("correlation.group-by", f"no such field {field!r}")
    place = PLACE.fullmatch(rule.timespan)
    if place:
        if _known(file, runbook, place.group(1), "correlation.timespan").type != "duration":
            raise file.error("correlation.timespan", f"{rule.timespan} is not a duration")
    else:
        try:
            parse_duration(rule.timespan)
        except ValueError as error:
            raise file.error("correlation.timespan", str(error)) from None
    bounds = {name: bound for name, bound in rule.condition.items() if name != "field"}
    for name, bound in bounds.items():
        where = f"correlation.condition.{name}"
        if name not in COMPARISONS:
            raise file.error(where, f"no such comparison; there are {', '.join(COMPARISONS)}")
        place = PLACE.fullmatch(str(bound))
        if place and _known(file, runbook, place.group(1), where).type == "number":
            continue
        if isinstance(bound, bool) or not isinstance(bound, int):
            raise file.error(where, "a whole number, or a {parameter} of type number")
    if not bounds:
        raise file.error("correlation.condition", f"needs one of {', '.join(COMPARISONS)}")
    counted = rule.condition.get("field")
    if rule.type == "value_count" and counted not in _FILTERED:
        raise file.error("correlation.condition.field", "value_count needs the field to count")
    if rule.type == "event_count" and counted is not None:
        raise file.error("correlation.condition.field", "event_count counts events, not a field")
