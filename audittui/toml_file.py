"""A TOML file that knows the line of each of its keys, and explains invalid values.

The standard library parses the file; lines are only looked up if something is wrong.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from audittui.errors import UsageError
from audittui.escape import escaped, shortened
from audittui.suggest import suggestion

Part = TypeVar("Part")
Where = tuple[str | int, ...]
"""The way to a value: keys of tables, positions in arrays."""

_NAME = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_NAMES = rf"({_NAME}(?:\s*\.\s*{_NAME})*)"
_HEADER = re.compile(rf"\s*(\[\[?)\s*{_NAMES}\s*\]\]?\s*(#.*)?")
_KEY = re.compile(rf"\s*{_NAMES}\s*=")
_AT_LINE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_WORDS = {
    "str": "a quoted string", "int": "a whole number", "float": "a number", "bool": "true or false",
    "array": "a list", "object": "a table", "null": "nothing",
}  # fmt: skip
_BOUNDS = re.compile(r"Expected `(?:float|int)` (>=|>|<=|<) ([\d.]+)")
_BOUND_WORDS = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}


class TomlFile:
    """The file ``path`` with the content ``text``.

    ``kind`` names the file at the beginning of a sentence: ``The configuration``. Raises
    `UsageError` with the line if it is not TOML.
    """

    def __init__(self, path: Path, text: str, kind: str) -> None:
        self.path = path
        self._text = text
        self._kind = kind
        try:
            self.data: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.search(str(error))
            last = len(text.splitlines()) or 1
            line = int(found.group(1)) if found and found.group(1) else last
            said = _AT_LINE.sub("", str(error))
            raise self._at(line, f"this is not TOML: {said[:1].lower()}{said[1:]}") from None
        except RecursionError:
            raise self._at(1, "this is nested too deeply") from None

    def error(self, where: Where, reason: str) -> UsageError:
        """The error for the value at ``where``, with its line and ``reason``."""
        path = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in where)
        return self._at(self._line(where), reason, path.removeprefix("."))

    def _at(self, line: int, reason: str, where: str = "") -> UsageError:
        place = f"{self.path}:{line}: " + (f"{shortened(where, 200)}: " if where else "")
        return UsageError(escaped(f"{self._kind} is invalid: {place}{shortened(reason, 500)}."))

    def convert(self, value: Any, kind: type[Part], where: Where = ()) -> Part:
        """``value``, found at ``where``, as ``kind``. Raises `UsageError` with the line and the
        path of the first fault, and the nearest name for an unknown one."""
        try:
            return msgspec.convert(value, type=kind)
        except msgspec.ValidationError as error:
            path, reason = _deepest(value, kind, where, str(error).partition(" - at `$")[0])
            raise self.error(path, reason) from None

    def _line(self, where: Where) -> int:
        """The line of ``where``, or of what contains it."""
        lines = _lines(self._text)
        while where:
            if where in lines:
                return lines[where]
            where = where[:-1]
        return 1


def _deepest(value: Any, kind: Any, where: Where, message: str) -> tuple[Where, str]:
    """The place of the first fault in ``value``, as deep as it can be located, and the fault."""
    for key, part, expected in _parts(value, kind):
        try:
            msgspec.convert(part, type=expected)
        except msgspec.ValidationError as error:
            inner = str(error).partition(" - at `$")[0]
            return _deepest(part, expected, (*where, key), inner)
    unknown = re.search(r"unknown field `(.*)`", message)
    if unknown and isinstance(kind, type):
        name = unknown.group(1)
        return (*where, name), f"there is no such key; {suggestion(name, _fields(kind))}"
    missing = re.search(r"required field `(.*)`", message)
    if missing:
        return where, f"the key {missing.group(1)} is required"
    return where, _plain(message, kind)


def _parts(value: Any, kind: Any) -> list[tuple[str | int, Any, Any]]:
    """The parts of ``value``: key or position, value, and expected type."""
    kinds = [one for one in get_args(kind) if one is not type(None)]
    if get_origin(kind) not in (dict, tuple, list) and len(kinds) == 1:
        return _parts(value, kinds[0])
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind, include_extras=True)
        names = dict(zip(_fields(kind), kind.__struct_fields__, strict=True))
        return [(key, part, hints[names[key]]) for key, part in value.items() if key in names]
    if isinstance(value, dict) and get_origin(kind) is dict:
        return [(key, part, get_args(kind)[1]) for key, part in value.items()]
    if isinstance(value, list) and get_origin(kind) in (tuple, list):
        return [(at, part, get_args(kind)[0]) for at, part in enumerate(value)]
    return []


def _fields(kind: type) -> tuple[str, ...]:
    return getattr(kind, "__struct_encode_fields__", ())


def _plain(message: str, kind: Any) -> str:
    """A message of msgspec in the terms of someone who writes TOML."""
    bound = _BOUNDS.search(message)
    if bound:
        return f"this must be {_BOUND_WORDS[bound.group(1)]} {bound.group(2).removesuffix('.0')}"
    invalid = re.search(r"Invalid enum value '(.*)'", message)
    if invalid:
        allowed = [one for part in (kind, *get_args(kind)) for one in get_args(part) or (part,)]
        known = list(dict.fromkeys(one for one in allowed if isinstance(one, str)))
        said = suggestion(invalid.group(1), known)
        return f"{shortened(invalid.group(1), 40)!r} is not valid here; {said}"
    kinds = re.search(r"Expected `(.*)`, got `(.*)`", message)
    if kinds is None:
        return message[:1].lower() + message[1:]
    wanted = [name for name in kinds.group(1).split(" | ") if name != "null"]
    said = " or ".join(_WORDS.get(name, name) for name in wanted)
    hint = "; write [a, b]" if wanted == ["array"] and kinds.group(2) == "str" else ""
    return f"this must be {said}, not {_WORDS.get(kinds.group(2), kinds.group(2))}{hint}"


def _lines(text: str) -> dict[Where, int]:
    """The line of every key that begins one, by its path."""
    found: dict[Where, int] = {}
    table: Where = ()
    arrays: dict[Where, int] = {}
    quotes = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if quotes:
            quotes = "" if line.count(quotes) % 2 else quotes
            continue
        header, key = _HEADER.fullmatch(line), _KEY.match(line)
        if header:
            names = _names(f"[{header.group(2)}]")
            table = ()
            for at, name in enumerate(names, start=1):
                table = (*table, name)
                array = at == len(names) and header.group(1) == "[["
                if array:
                    arrays[table] = arrays.get(table, -1) + 1
                if table in arrays:
                    table = (*table, arrays[table])
            found.setdefault(table, number)
        elif key:
            found.setdefault((*table, *_names(f"{key.group(1)} = 0")), number)
            value = line[key.end() :].lstrip()
            if value[:3] in ('"""', "'''") and value.count(value[:3]) % 2:
                quotes = value[:3]
    return found


def _names(text: str) -> list[str]:
    """The names in a key or a header, as the standard library reads them."""
    names: list[str] = []
    try:
        value: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return names
    while isinstance(value, Mapping) and value:
        ((name, value),) = value.items()
        names.append(name)
    return names
