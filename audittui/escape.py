"""Escapes hostile text: values from a log are shown, never interpreted.

Control characters, ANSI and OSC sequences, bidirectional overrides and invisible characters would
control a terminal or deceive its reader. They are shown as escapes instead (``\\x1b``,
``\\u202e``).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SAFE_ASCII = re.compile(r"[ -~]*")
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
ELLIPSIS = "…"


@lru_cache(maxsize=4096)
def _escaped_character(character: str) -> str:
    if character in _NAMED:
        return _NAMED[character]
    category = unicodedata.category(character)
    # Endless combining marks ("zalgo") and non-ASCII spaces break columns.
    if (
        category in _UNSAFE_CATEGORIES
        or category == "Me"
        or (category == "Zs" and character != " ")
    ):
        code = ord(character)
        if code < 0x100:
            return f"\\x{code:02x}"
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character


def escaped(value: str) -> str:
    """``value`` on one line, with every control or invisible character written as an escape."""
    if _SAFE_ASCII.fullmatch(value):
        return value
    return "".join(map(_escaped_character, value))


def escaped_lines(value: str) -> str:
    """Like `escaped`, but keeps line feeds, for text shown on several lines."""
    return "\n".join(escaped(line) for line in value.split("\n"))


def shortened(value: str, limit: int) -> str:
    """``value`` cut to ``limit`` characters, with an ellipsis if it was longer."""
    return value if len(value) <= limit else value[: max(limit - 1, 0)] + ELLIPSIS
