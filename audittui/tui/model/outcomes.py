"""How lists show an outcome: by a mark, a tone, and a letter in a bar."""

from __future__ import annotations

from typing import NamedTuple


class _Told(NamedTuple):
    """``bar`` is the letter in a histogram's bar, ``mark`` precedes a row, ``tone`` sets the row's
    colour. Mark and tone are empty for outcomes that need no attention."""

    bar: str
    mark: str = ""
    tone: str = ""


_TOLD = {
    "success": _Told("="),
    "failure": _Told("F", "F", "failure"),
    "denied": _Told("D", "D", "denied"),
    "unknown": _Told("?"),
}
_OTHER = _TOLD["unknown"]
OUTCOMES = tuple(_TOLD)
"""In the order of a bar's parts."""
BAR_LETTERS = {outcome: told.bar for outcome, told in _TOLD.items()}
"""The letters of a bar, so that it is readable without colours."""


def mark_of(outcome: str) -> str:
    """The letter before a row with this outcome; empty if it needs no attention."""
    return _TOLD.get(outcome, _OTHER).mark


def tone_of(outcome: str) -> str:
    """The tone of a row with this outcome; empty if it needs no attention."""
    return _TOLD.get(outcome, _OTHER).tone
