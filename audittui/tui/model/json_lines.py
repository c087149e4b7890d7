"""A JSON text as lines that fold: one line per value, a container's end on a line of its own.

The text is read once and without recursion, however deeply nested, and as strictly as by
`audittui.entry.decode_strict`: what hides something (a duplicate key) is not valid JSON here.
"""

from __future__ import annotations

import json
import re
from typing import Literal, NamedTuple

import msgspec

from audittui.escape import ELLIPSIS, escaped
from audittui.tui.model.counts import counted

Kind = Literal["string", "number", "word", "open", "close", "empty"]

_STRING = r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_TOKEN = re.compile(
    rf"[ \t\n\r]*(?:(?P<string>{_STRING})|(?P<number>{_NUMBER})|(?P<word>true|false|null)"
    r"|(?P<mark>[\[\]{},:]))"
)
_SPACE = re.compile(r"[ \t\n\r]*")
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)
_NOT_ASCII = re.compile(r"[^ -~\t\n\r]")


class Line(msgspec.Struct, gc=False):
    """One line. ``start`` and ``end`` delimit its value in the text (a container's whole
    value, on its first and on its last line), ``key`` is the key's token, empty in a list.

    ``parent`` and ``mate`` are lines: the container that holds this one (-1: none), and the other
    end of a container. ``count`` is how many values a container holds, ``ordinal`` this value's
    place in its container.
    """

    kind: Kind
    depth: int
    key: str
    start: int
    parent: int
    ordinal: int
    end: int = 0
    mate: int = -1
    count: int = 0
    comma: bool = False


class Piece(NamedTuple):
    """A part of a line, harmless, and its kind."""

    text: str
    kind: Kind | Literal["key", "mark", "note"]


class JsonLines:
    """The lines of a JSON text, and which of them are folded away.

    Raises ``ValueError`` for a text that is not JSON, or has a duplicate key or a lone surrogate.
    """

    def __init__(self, raw: str) -> None:
        self.raw = raw
        self.lines = _read(raw)
        self.folded: set[int] = set()
        """The first lines of folded containers."""
        self.visible: list[int] = list(range(len(self.lines)))
        """The visible lines, in order."""

    def fold(self, line: int, *, folded: bool = True) -> None:
        """Fold a container by its first line, or unfold it."""
        if folded:
            self.folded.add(line)
        else:
            self.folded.discard(line)
        self._look()

    def fold_all(self, *, folded: bool) -> None:
        """Fold all containers but the outermost, or unfold all."""
        self.folded = (
            {at for at, one in enumerate(self.lines) if one.kind == "open" and one.depth}
            if folded
            else set()
        )
        self._look()

    def reveal(self, line: int) -> None:
        """Unfold the containers that hide a line."""
        around = self.around(line)
        if around & self.folded:
            self.folded -= around
            self._look()

    def around(self, line: int) -> set[int]:
        """The first lines of the containers that hide a line when they are folded."""
        found = set()
        one = self.lines[line]
        if one.kind == "close":
            found.add(one.mate)
        while one.parent >= 0:
            found.add(one.parent)
            one = self.lines[one.parent]
        return found

    def _look(self) -> None:
        if not self.folded:
            self.visible = list(range(len(self.lines)))
            return
        visible, at, lines, folded = [], 0, self.lines, self.folded
        while at < len(lines):
            visible.append(at)
            at = lines[at].mate + 1 if at in folded else at + 1
        self.visible = visible

    def pieces(self, line: int, longest: int | None = None) -> list[Piece]:
        """The text of a line after its indentation; a string longer than ``longest`` characters is
        cut, with its length added."""
        one = self.lines[line]
        found: list[Piece] = []
        if one.key and one.kind != "close":
            found += [Piece(_spelled(one.key), "key"), Piece(": ", "mark")]
        comma = one.comma
        if one.kind == "open":
            left, right = "[]" if self.raw[one.start] == "[" else "{}"
            if line not in self.folded:
                return [*found, Piece(left, "mark")]
            found += [Piece(left, "mark"), Piece(f" {self.count_text(line)} ", "note")]
            found.append(Piece(right, "mark"))
            comma = self.lines[one.mate].comma
        elif one.kind == "close":
            found.append(Piece(self.raw[one.end - 1], "mark"))
        elif one.kind == "empty":
            found.append(Piece("[]" if self.raw[one.start] == "[" else "{}", "mark"))
        elif one.kind == "string":
            text = _spelled(self.raw[one.start : one.end], longest)
            found.append(Piece(text, "string"))
        else:
            found.append(Piece(self.raw[one.start : one.end], one.kind))
        if comma:
            found.append(Piece(",", "mark"))
        return found

    def count_text(self, line: int) -> str:
        """How many values a container holds, in words."""
        one = self.lines[line]
        noun = "item" if self.raw[one.start] == "[" else "key"
        return counted(one.count, noun)

    def text(self, line: int) -> str:
        """A line's whole text without its indentation."""
        return "".join(piece.text for piece in self.pieces(line))

    def unfolded_text(self, line: int) -> str:
        """A line's whole text as if nothing was folded: keys and values, no counts."""
        one = self.lines[line]
        if one.kind != "open":
            return self.text(line)
        return (f"{_spelled(one.key)}: " if one.key else "") + self.raw[one.start]

    def value(self, line: int) -> str:
        """A line's value for copying: a string raw, without its quotes; anything else as stored,
        but in ASCII only."""
        one = self.lines[line]
        token = self.raw[one.start : one.end]
        return _decoded(token) if one.kind == "string" else ascii_json(token)

    def path(self, line: int) -> str:
        """The path of a line's value: ``a.b[0]``, unusual keys quoted; empty for the whole."""
        steps: list[str] = []
        one = self.lines[line]
        while one.parent >= 0:
            if not one.key:
                steps.append(f"[{one.ordinal}]")
            else:
                key = _decoded(one.key)
                plain = _PLAIN_KEY.fullmatch(key)
                steps.append(f".{key}" if plain else f"[{_spelled(one.key)}]")
            one = self.lines[one.parent]
        return "".join(reversed(steps)).removeprefix(".")


def ascii_json(text: str) -> str:
    """A JSON text in which every character beyond ASCII is written as an escape."""
    return _NOT_ASCII.sub(_ascii_escape, text)


def _ascii_escape(found: re.Match[str]) -> str:
    # A JSON writer leaves the delete character as it is.
    return "\\u007f" if found.group() == "\x7f" else json.dumps(found.group())[1:-1]


def ascii_spread(raw: str) -> str:
    """A JSON text over several lines, in ASCII: still JSON, with its numbers as stored.

    It is safe to paste into a terminal. Raises ``ValueError`` as `JsonLines` does.
    """
    told = []
    for one in JsonLines(raw).lines:
        text = f"{one.key}: " if one.key and one.kind != "close" else ""
        if one.kind in ("open", "close"):
            text += raw[one.start] if one.kind == "open" else raw[one.end - 1]
        else:
            # An empty container may hold white space.
            text += (
                raw[one.start : one.end]
                if one.kind != "empty"
                else raw[one.start] + raw[one.end - 1]
            )
        told.append("  " * one.depth + ascii_json(text) + ("," if one.comma else ""))
    return "\n".join(told)


def _decoded(token: str) -> str:
    """The value of a string's token."""
    return str(json.loads(token)) if "\\" in token else token[1:-1]


def _spelled(token: str, longest: int | None = None) -> str:
    """A string's token for display: no escape hides a letter, and no character acts."""
    text = _decoded(token)
    if longest is not None and len(text) > longest:
        cut = json.dumps(text[:longest], ensure_ascii=False)[:-1]
        return f'{escaped(cut)}{ELLIPSIS}" ({len(text):,} characters)'
    return escaped(json.dumps(text, ensure_ascii=False))


def _fail(at: int) -> ValueError:
    return ValueError(f"not JSON at character {at}")


def _checked_key(token: str, keys: set[str], at: int) -> None:
    key = _decoded(token)
    if key in keys:
        raise ValueError(f"duplicate key at character {at}")
    keys.add(key)


def _read(raw: str) -> list[Line]:
    """The lines of a JSON text. Raises ``ValueError``."""
    lines: list[Line] = []
    inside: list[int] = []
    """The first lines of open containers."""
    keys: list[set[str]] = []
    at, parent, key = 0, -1, ""
    want = "value"
    while want != "end":
        found = _TOKEN.match(raw, at)
        if found is None:
            raise _fail(at)
        kind = found.lastgroup or ""
        token = found[kind]
        start, at = found.start(kind), found.end()
        if kind == "string" and "\\u" in token:
            _decoded(token).encode("utf-8")
        if want in ("key", "first key") and kind == "string":
            _checked_key(token, keys[-1], start)
            key, want = token, "colon"
        elif want == "colon" and token == ":":
            want = "value"
        elif want in ("value", "first value") and token not in ("]", "}", ",", ":"):
            ordinal = 0
            if parent >= 0:
                ordinal = lines[parent].count
                lines[parent].count += 1
            if token in ("[", "{"):
                lines.append(Line("open", len(inside), key, start, parent, ordinal))
                parent = len(lines) - 1
                inside.append(parent)
                keys.append(set())
                want = "first value" if token == "[" else "first key"
            else:
                lines.append(Line(kind, len(inside), key, start, parent, ordinal, at))  # type: ignore[arg-type]
                want = "more" if inside else "end"
            key = ""
        elif want == "more" and token == ",":
            lines[-1].comma = True
            want = "value" if raw[lines[parent].start] == "[" else "key"
        elif _closes(token, want, raw[lines[parent].start] if inside else ""):
            opened = lines[inside.pop()]
            keys.pop()
            opened.end = at
            if opened.count:
                opened.mate = len(lines)
                lines.append(msgspec.structs.replace(opened, kind="close", mate=parent))
            else:
                opened.kind = "empty"
            parent = opened.parent
            want = "more" if inside else "end"
        else:
            raise _fail(start)
    if _SPACE.fullmatch(raw, at) is None:
        raise _fail(at)
    return lines


def _closes(token: str, want: str, opened: str) -> bool:
    """True if ``token`` may close the container that ``opened`` opened."""
    if token == "]":
        return opened == "[" and want in ("first value", "more")
    return token == "}" and opened == "{" and want in ("first key", "more")
