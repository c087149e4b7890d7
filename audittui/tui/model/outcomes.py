"""How lists tell an entry's outcome: by a mark, by a tone, and by a letter in a bar."""

from __future__ import annotations

from typing import NamedTuple


class _Told(NamedTuple):
    """``bar`` is a letter of a histogram's bar, ``mark`` stands before a row; ``tone`` is what a
    list colours the row by. Mark and tone are empty for what needs no look."""

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
"""The letters of a bar: it is read without colours too."""


def mark_of(outcome: str) -> str:
    """The letter before a row with this outcome; empty for what needs no look."""
    return _TOLD.get(outcome, _OTHER).mark


def tone_of(outcome: str) -> str:
    """The tone of a row with this outcome; empty for what needs no look."""
    return _TOLD.get(outcome, _OTHER).tone
