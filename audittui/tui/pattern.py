"""What rows are filtered by: a text, a field's value, a regular expression, or its contrary.

``denied`` is held by any of the columns shown; ``actor:alice`` by that field, several of them
together (``actor:alice outcome:denied``). ``~`` makes the text a regular expression
(``~^iam``, ``action:~^iam``), ``!`` turns a term round (``!denied``, ``actor:!~bot$``). Upper and
lower case are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from audittui.layout.row import ROW_FIELDS, Row
from audittui.tui.times import list_time

Fits = Callable[[Row], bool]
_FIELD = re.compile(rf"(!?)({'|'.join(ROW_FIELDS)}):", re.IGNORECASE)
_TIME_LETTERS = frozenset("0123456789-: ")
_LONGEST = 2000
"""Characters of a value that a regular expression looks at."""


class PatternError(ValueError):
    """A pattern that is none, in a sentence."""


def text_of(row: Row, field: str) -> str:
    """A field's text, as lists show it in UTC; empty where there is none."""
    value = getattr(row, field)
    return list_time(value) if field == "time" else str(value)


def compiled(pattern: str, columns: Sequence[str]) -> Fits:
    """What tells whether a row fits. ``columns`` are looked at where no field is named.

    Raises `PatternError` for a regular expression that is none.
    """
    terms = [_term(*part, columns) for part in _parts(pattern)]
    if len(terms) == 1:
        return terms[0]
    return lambda row: all(fits(row) for fits in terms)


def _parts(pattern: str) -> list[tuple[str, str]]:
    """The terms: field (empty for any) and what it shall hold."""
    starts = [
        found
        for found in _FIELD.finditer(pattern)
        if found.start() == 0 or pattern[found.start() - 1] == " "
    ]
    if not starts or starts[0].start() != 0:
        return [("", pattern)]
    ends = [*(one.start() - 1 for one in starts[1:]), len(pattern)]
    return [
        (one[2].lower(), one[1] + pattern[one.end() : end].strip())
        for one, end in zip(starts, ends, strict=True)
    ]


def _term(field: str, wanted: str, columns: Sequence[str]) -> Fits:
    inverse = wanted.startswith("!")
    wanted = wanted[1:] if inverse else wanted
    fields = (field,) if field else tuple(columns)
    fits = _expression(wanted[1:], fields) if wanted.startswith("~") else _holds(wanted, fields)
    return (lambda row: not fits(row)) if inverse else fits


def _holds(wanted: str, fields: tuple[str, ...]) -> Fits:
    needle = wanted.casefold()
    # Only digits and such can stand in a time: making its text for others would be in vain.
    texts = tuple(field for field in fields if field not in ("time", "seq"))
    others = tuple(field for field in fields if field not in texts)
    if not set(needle) <= _TIME_LETTERS:
        others = ()

    def fits(row: Row) -> bool:
        for field in texts:
            if needle in getattr(row, field).casefold():
                return True
        return any(needle in text_of(row, field) for field in others)

    return fits


def _expression(wanted: str, fields: tuple[str, ...]) -> Fits:
    try:
        search = re.compile(wanted, re.IGNORECASE).search
    except (re.error, OverflowError, RecursionError) as error:
        raise PatternError(f"This is no regular expression: {error}.") from None
    return lambda row: any(search(text_of(row, field)[:_LONGEST]) for field in fields)
