"""A YAML file that knows the line of each of its values.

Stricter than YAML: one document, no duplicate keys, limits on nesting and aliases, and dates stay
text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
import yaml

from audittui.errors import UsageError
from audittui.escape import escaped, shortened
from audittui.runbook.suggest import suggestion

MAX_BYTES = 250_000
MAX_DEPTH = 20
MAX_NODES = 50_000
"""More values than any runbook has; only aliases of aliases reach it."""

Part = TypeVar("Part")
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TOO_DEEP = "this is nested too deeply for a runbook"
_WORDS = {
    "str": "text", "int": "a whole number", "float": "a number", "bool": "yes or no",
    "array": "a list", "object": "a mapping", "null": "nothing",
}  # fmt: skip


class RunbookError(UsageError):
    """An invalid runbook file.

    ``line`` counts from 1 (0 if it is not known), ``where`` is the path inside the file
    (``params.window.type``), ``reason`` the fault in one sentence.
    """

    def __init__(self, path: Path, line: int, where: str, reason: str) -> None:
        self.path, self.line = path, line
        self.where, self.reason = escaped(shortened(where, 200)), escaped(shortened(reason, 500))
        super().__init__(place_text(path, line, self.where, self.reason))


def place_text(path: Path, line: int, where: str, reason: str) -> str:
    """``runbooks/mine.yaml:7: params.window.type: what is wrong``."""
    place = f"{escaped(str(path))}:{line}" if line else escaped(str(path))
    return f"{place}: {where}: {reason}" if where else f"{place}: {reason}"


class _TextLoader(_Loader):  # type: ignore[misc]
    """YAML without dates: a date in a runbook is text, as a user would type it."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


class Document:
    """The parsed file ``path``: its ``data``, and the line of every path in it."""

    def __init__(self, path: Path, text: str) -> None:
        """Parse ``text``. Raises `RunbookError`."""
        self.path = path
        self.data: Any = None
        self._lines: dict[str, int] = {}
        self._nodes = 0
        try:
            self._refuse_depth(text)
            loader = _TextLoader(text)
            try:
                node = loader.get_single_node()
                if node is not None:
                    self._walk(node, "", 0)
                    self.data = loader.construct_document(node)
            finally:
                loader.dispose()
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise RunbookError(path, mark.line + 1 if mark else 0, "", _fault(error)) from None
        except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
            reason = " ".join(str(error).split())
            raise RunbookError(path, 0, "", f"this is not YAML: {reason}") from None

    def _refuse_depth(self, text: str) -> None:
        """Check the nesting before nodes are made: the C parser's recursion has no limit."""
        depth = 0
        for event in yaml.parse(text, Loader=_TextLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > MAX_DEPTH:
                    mark = event.start_mark
                    raise RunbookError(self.path, mark.line + 1 if mark else 0, "", _TOO_DEEP)
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1

    def _walk(self, node: Any, path: str, depth: int) -> None:
        line = self._lines.setdefault(path, node.start_mark.line + 1)
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise RunbookError(self.path, line, path, _TOO_DEEP)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inner = joined(path, str(key.value))
                line = key.start_mark.line + 1
                if inner in self._lines:
                    first = self._lines[inner]
                    raise RunbookError(
                        self.path, line, inner, f"duplicate key; line {first} has it already"
                    )
                self._lines[inner] = line
                self._walk(value, inner, depth + 1)
        elif isinstance(node, yaml.SequenceNode):
            for position, value in enumerate(node.value):
                self._walk(value, f"{path}[{position}]", depth + 1)

    def error(self, where: str, reason: str) -> RunbookError:
        """The fault ``reason`` at the path ``where``, with its line or that of its parent."""
        known = where
        while known and known not in self._lines:
            known = re.sub(r"(\[\d+\]|\.[^.\[]*|^[^.\[]+)$", "", known)
        return RunbookError(self.path, self._lines.get(known, 1), where, reason)

    def convert(self, data: Any, kind: type[Part], where: str) -> Part:
        """``data`` as ``kind``. Raises `RunbookError` with the path of the fault."""
        try:
            return msgspec.convert(data, type=kind)
        except msgspec.ValidationError as error:
            message, _, inner = str(error).partition(" - at `$")
            inner = inner.rstrip("`").replace("[...]", "")
            unknown = re.search(r"unknown field `(.*)`", message)
            if unknown:
                inner += f".{unknown.group(1)}"
            raise self.error((where + inner).lstrip("."), _plain(message, kind, inner)) from None


def joined(path: str, name: str) -> str:
    """The path of the key ``name`` in the mapping at ``path``."""
    return f"{path}.{name}" if path else name


def read_document(path: Path) -> Document:
    """The YAML file at ``path``. Raises `RunbookError`."""
    try:
        # Opening a pipe or a device could block forever.
        if path.exists() and not path.is_file():
            raise RunbookError(path, 0, "", "this is not a file")
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise RunbookError(path, 0, "", f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise RunbookError(
            path, 0, "", f"this is larger than {MAX_BYTES:,} bytes, the limit of a runbook"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RunbookError(path, line, "", "not UTF-8; save the file as UTF-8") from None
    return Document(path, text)


def _fault(error: yaml.MarkedYAMLError) -> str:
    said = ", ".join(part for part in (error.context, error.problem) if part)
    if "constructor for the tag" in said or "tag handle" in said:
        said += "; quote a text that begins with !"
    elif "cannot start any token" in said:
        said += "; put the text in quotes, and indent with spaces"
    return f"this is not YAML: {said}"


def _plain(message: str, kind: Any, inner: str) -> str:
    """A message of msgspec, in the terms of YAML."""
    field = inner.lstrip(".")
    known: Mapping[str, Any] = {}
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        known = {
            encoded: hints[name]
            for name, encoded in zip(
                kind.__struct_fields__, kind.__struct_encode_fields__, strict=True
            )
        }
    if "unknown field" in message:
        names = [name for name in known if name != "name"]
        return f"there is no such key; {suggestion(field, names)}"
    missing = re.search(r"required field `(.*)`", message)
    if missing:
        return f"the key {missing.group(1)} is required"
    invalid = re.search(r"Invalid enum value '(.*)'", message)
    if invalid and field in known:
        allowed = get_args(known[field])
        said = suggestion(invalid.group(1), allowed)
        return f"{shortened(invalid.group(1), 40)!r} is not valid here; {said}"
    kinds = re.search(r"Expected `(.*)`, got `(.*)`", message)
    if kinds is None:
        return message[:1].lower() + message[1:]
    wanted = [name for name in kinds.group(1).split(" | ") if name != "null"]
    got = kinds.group(2)
    said = " or ".join(_WORDS.get(name, name) for name in wanted)
    hint = ""
    if "str" in wanted and got in ("int", "float", "bool"):
        hint = "; put it in quotes"
    elif "str" in wanted and got == "object":
        hint = '; write a parameter in quotes: "{name}"'
    elif wanted == ["array"] and got == "str":
        hint = "; write [a, b]"
    return f"this must be {said}, not {_WORDS.get(got, got)}{hint}"
