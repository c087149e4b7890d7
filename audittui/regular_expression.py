"""User-supplied regular expressions, matched in time linear in the text.

The engine is RE2, which no pattern can make slow. Constructs that need backtracking (look-around,
backreferences, possessive and atomic groups) are not supported. ``\\d``, ``\\w``, ``\\s`` and
``\\b`` match ASCII only, ``\\p{L}`` is any letter, ``$`` is the very end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from audittui.errors import AuditError

Matches = Callable[[str], bool]
_MEMORY = 1 << 20
"""The memory limit, in bytes, of a compiled pattern and its automaton. It bounds the steps for each
character."""
_REMEMBERED = 1 << 14
"""The number of values whose results are cached: a log's fields repeat."""
_LONGEST = 4_000
"""The most characters of a pattern."""
_ENDLESS = re.compile(r"(?<!\\)\{\d*,?\d{5}", re.ASCII)
_ONLY_BACKTRACKING = (
    ("(?=", "look-ahead"), ("(?!", "look-ahead"), ("(?<", "look-behind"),
    ("(?P=", "a backreference"), ("(?>", "an atomic group"), ("(?(", "a conditional group"),
    ("(?#", "a comment"),
)  # fmt: skip


class ExpressionError(ValueError):
    """A regular expression that cannot be used. The message is the reason, without a full stop."""


class EngineMissingError(AuditError):
    """The engine is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Regular expressions need the package google-re2, which is not installed.",
            "Run pip install google-re2. Without a wheel for the platform, as on Alpine, first run "
            "apk add re2-dev build-base. Without ~ a filter is plain text.",
        )


def searching(pattern: str, *, ignore_case: bool = False) -> Matches:
    """A function that tells whether ``pattern`` matches anywhere in a text.

    Raises `ExpressionError`, and `EngineMissingError` if there is no engine.
    """
    search = _compiled(pattern, ignore_case).search
    return lru_cache(_REMEMBERED)(lambda text: search(_bytes(text)) is not None)


def matching(pattern: str) -> Matches:
    """A function that tells whether ``pattern`` matches a whole text. Raises like `searching`."""
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
        # The engine would search for these characters literally.
        raise ExpressionError("a repetition may count to at most 1,000")
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.log_errors = False
    options.max_mem = _MEMORY
    # Only whether there is a match matters, not where.
    options.never_capture = True
    try:
        return re2.compile(_bytes(pattern), options)
    except re2.error as error:
        said = error.args[0] if error.args else error
        fault = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise ExpressionError(_told(fault)) from None


def _told(fault: str) -> str:
    """The engine's message, with constructs that only this engine lacks called by name."""
    what, _, part = fault.partition(": ")
    name = ""
    if what == "invalid perl operator":
        name = next((name for sign, name in _ONLY_BACKTRACKING if part.startswith(sign)), "")
        # For (?P=name) the engine quotes only (?P, since it knows named groups.
        name = name or ("a backreference" if part == "(?P" else "")
    elif what == "bad repetition operator" and part.endswith("+"):
        name = "a possessive repetition"
    elif what == "invalid escape sequence":
        if part[1:].isdigit():
            name = "a backreference"
        elif part == r"\Z":
            return r"\Z is written \z or $"
        elif part in (r"\u", r"\U", r"\N"):
            return rf"{part} is not a valid escape; write the character itself or \x{{…}}"
    if name:
        return f"{name} ({part}) cannot be matched in linear time and is not supported"
    return fault
