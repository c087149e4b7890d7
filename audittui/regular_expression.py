"""Regular expressions that somebody types: searched in time that is linear in the text.

The engine is RE2. A pattern cannot make it slow; what would need backtracking (look-around,
backreferences, possessive and atomic groups) it does not know, and neither does this. ``\\d``,
``\\w``, ``\\s`` and ``\\b`` know ASCII, ``\\p{L}`` is any letter, ``$`` is the very end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from audittui.errors import AuditError

Matches = Callable[[str], bool]
_MEMORY = 1 << 20
"""Bytes that a compiled pattern and its automaton may take: what bounds the steps a character."""
_REMEMBERED = 1 << 14
"""Values whose answer is kept: a log's fields repeat."""
_LONGEST = 4_000
"""Characters of a pattern."""
_ENDLESS = re.compile(r"(?<!\\)\{\d*,?\d{5}", re.ASCII)
_ONLY_BACKTRACKING = (
    ("(?=", "look-ahead"), ("(?!", "look-ahead"), ("(?<", "look-behind"),
    ("(?P=", "a backreference"), ("(?>", "an atomic group"), ("(?(", "a conditional group"),
    ("(?#", "a comment"),
)  # fmt: skip


class ExpressionError(ValueError):
    """A regular expression that cannot be used; why, without a full stop."""


class EngineMissingError(AuditError):
    """The engine is not installed here."""

    def __init__(self) -> None:
        super().__init__(
            "Regular expressions need the package google-re2, which is not installed here.",
            "Install it with pip install google-re2; where there is no wheel, as on Alpine, first "
            "apk add re2-dev build-base. Without ~ a filter is plain text.",
        )


def searching(pattern: str, *, ignore_case: bool = False) -> Matches:
    """What tells whether ``pattern`` is found anywhere in a text.

    Raises `ExpressionError`, and `EngineMissingError` where there is no engine.
    """
    search = _compiled(pattern, ignore_case).search
    return lru_cache(_REMEMBERED)(lambda text: search(_bytes(text)) is not None)


def matching(pattern: str) -> Matches:
    """What tells whether ``pattern`` is the whole of a text. Raises like `searching`."""
    match = _compiled(pattern, ignore_case=False).fullmatch
    return lambda text: match(_bytes(text)) is not None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


@lru_cache(64)
def _compiled(pattern: str, ignore_case: bool) -> Any:
    try:
        import re2  # type: ignore[import-untyped]
    except ImportError:
        raise EngineMissingError from None
    if len(pattern) > _LONGEST:
        raise ExpressionError(f"it is longer than {_LONGEST:,} characters")
    if _ENDLESS.search(pattern):
        # The engine would look for these very characters.
        raise ExpressionError("a repetition counts to 1,000 at most")
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    options.max_mem = _MEMORY
    # Only whether there is a match is asked, never where.
    options.never_capture = True
    try:
        return re2.compile(_bytes(pattern), options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        fault = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise ExpressionError(_told(fault)) from None


def _told(fault: str) -> str:
    """The engine's fault; what is no fault of the pattern, but only of this engine, by its name."""
    what, _, part = fault.partition(": ")
    name = ""
    if what == "invalid perl operator":
        name = next((name for sign, name in _ONLY_BACKTRACKING if part.startswith(sign)), "")
        # The engine quotes (?P of (?P=name) alone: a named group it knows.
        name = name or ("a backreference" if part == "(?P" else "")
    elif what == "bad repetition operator" and part.endswith("+"):
        name = "a possessive repetition"
    elif what == "invalid escape sequence":
        if part[1:].isdigit():
            name = "a backreference"
        elif part == r"\Z":
            return r"\Z is written \z or $"
        elif part in (r"\u", r"\U", r"\N"):
            return rf"{part} is no escape here; write the character itself or \x{{…}}"
    if name:
        return f"{name} ({part}) cannot be searched for in linear time and is not supported"
    return fault
