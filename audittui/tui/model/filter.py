"""List filters: terms separated by spaces, all of which must match.

``denied`` matches any of the columns shown; ``actor:alice`` that field. ``~`` makes the text
a regular expression (``~^iam``, ``action:~^iam``), ``!`` before a term or before its text
negates it (``!denied``, ``!actor:bot``, ``actor:!~bot$``). A text with spaces is quoted
(``actor:"Jane Doe"``, ``~"a b"``; ``\\"`` is a quote inside them). Case is ignored.
A term whose text is still empty matches everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from audittui import timestamp
from audittui.layout.row import ROW_FIELDS, Row
from audittui.regular_expression import EngineMissingError, ExpressionError, searching

Shown = TypeVar("Shown")
Fits = Callable[[Row], bool]
# A name followed by // is part of a URL.
_NAME = re.compile(r"(!*)([A-Za-z_]+):(?!//)")
_SIGNS = re.compile(r"(!*)(~?)")
_QUOTED = re.compile(r'"((?:\\"|[^"])*)(".?|)', re.DOTALL)
_BARE = re.compile(r"\S*")
_SPACE = re.compile(r"\s*")
_TIME_LETTERS = frozenset("0123456789-: ")
_LONGEST = 2000
"""Characters of a value that a regular expression searches."""
_ALIKE = 0.8
"""The difflib ratio from which a name counts as a misspelling of another."""


class PatternError(ValueError):
    """An invalid pattern, with a sentence that says what to do."""


class Term(msgspec.Struct, frozen=True):
    """One term: the text to find in ``field``, or in any column if that is empty.
    ``expression``: it is a regular expression; ``inverse``: it must not match."""

    text: str
    field: str = ""
    expression: bool = False
    inverse: bool = False


def text_of(row: Row, field: str) -> str:
    """A field's text, as lists show it in UTC; empty if there is none."""
    value = getattr(row, field)
    return timestamp.to_second(value) if field == "time" else str(value)


def compiled(pattern: str, columns: Sequence[str]) -> Fits:
    """A predicate for rows. Terms without a field search ``columns``.

    Raises `PatternError` for an invalid pattern.
    """
    return _together(
        [
            _search(term, columns, text_of) if term.expression else _holds(term, columns)
            for term in terms_of(pattern, ROW_FIELDS)
        ]
    )


def compiled_for(
    pattern: str, fields: Sequence[str], text: Callable[[Shown, str], str]
) -> Callable[[Shown], bool]:
    """The same for anything with ``fields``: ``text`` gives the text of a field.

    Raises `PatternError` for an invalid pattern.
    """
    return _together([_search(term, fields, text) for term in terms_of(pattern, fields)])


def terms_of(pattern: str, fields: Sequence[str]) -> list[Term]:
    """The terms of a pattern, without those whose text is still empty.

    Raises `PatternError` for an open quote, for a quote closed inside a word, and for an
    unknown name that is likely meant as a field.
    """
    terms: list[Term] = []
    at = _end(_SPACE, pattern, 0)
    while at < len(pattern):
        term, at = _term(pattern, at, fields)
        if term.text:
            terms.append(term)
        at = _end(_SPACE, pattern, at)
    return terms


def _end(what: re.Pattern[str], pattern: str, at: int) -> int:
    found = what.match(pattern, at)
    return at if found is None else found.end()


def _term(pattern: str, at: int, fields: Sequence[str]) -> tuple[Term, int]:
    """The term that begins at ``at``, and where it ends."""
    named = _NAME.match(pattern, at)
    field, turns = "", 0
    if named is not None:
        if named[2].lower() in fields:
            field, turns, at = named[2].lower(), len(named[1]), named.end()
        elif _likely(named[2].lower(), fields):
            raise PatternError(
                f"There is no field {named[2]}: fields are {', '.join(fields)}."
                f' To search for it as text, quote it: "{named[2]}:…".'
            )
    signs = _SIGNS.match(pattern, at)
    assert signs is not None, "there may be none"
    inverse, at = (turns + len(signs[1])) % 2 == 1, signs.end()
    quoted = _QUOTED.match(pattern, at)
    if quoted is None:
        end = _end(_BARE, pattern, at)
        return Term(pattern[at:end], field, bool(signs[2]), inverse), end
    if not quoted[2]:
        raise PatternError('A quote is still open: close it with ".')
    if quoted[2][1:].strip():
        raise PatternError("A closing quote must be followed by a space.")
    return Term(quoted[1].replace('\\"', '"'), field, bool(signs[2]), inverse), quoted.end()


def _likely(name: str, fields: Sequence[str]) -> bool:
    """True for what looks like a field: one this list lacks, a word or the start of a field, or a
    misspelt one."""
    from difflib import SequenceMatcher

    return name in ROW_FIELDS or any(
        name in field.split("_")
        or (len(name) > 2 and field.startswith(name))
        or SequenceMatcher(None, name, field).ratio() >= _ALIKE
        for field in fields
    )


def _together(terms: Sequence[Callable[[Shown], bool]]) -> Callable[[Shown], bool]:
    if len(terms) == 1:
        return terms[0]
    return lambda one: all(fits(one) for fits in terms)


def _turned(fits: Callable[[Shown], bool], inverse: bool) -> Callable[[Shown], bool]:
    return (lambda one: not fits(one)) if inverse else fits


def _search(
    term: Term, columns: Sequence[str], text: Callable[[Shown, str], str]
) -> Callable[[Shown], bool]:
    """A predicate for single texts."""
    fields = (term.field,) if term.field else tuple(columns)
    if not term.expression:
        needle = term.text.casefold()
        return _turned(
            lambda one: any(needle in text(one, field).casefold() for field in fields), term.inverse
        )
    try:
        search = searching(term.text, ignore_case=True)
    except ExpressionError as error:
        raise PatternError(
            f"Not a valid regular expression: {error}. Quote one with spaces:"
            ' ~"a b". Without ~ it is plain text.'
        ) from None
    except EngineMissingError as error:
        raise PatternError(str(error)) from None
    return _turned(
        lambda one: any(search(text(one, field)[:_LONGEST]) for field in fields), term.inverse
    )


def _holds(term: Term, columns: Sequence[str]) -> Fits:
    """A predicate for a text in rows, fast enough for a million."""
    needle = term.text.casefold()
    fields = (term.field,) if term.field else tuple(columns)
    # Skip formatting times for a text that cannot occur in one.
    texts = tuple(field for field in fields if field not in ("time", "seq"))
    others = tuple(field for field in fields if field not in texts)
    if not set(needle) <= _TIME_LETTERS:
        others = ()

    def fits(row: Row) -> bool:
        for field in texts:
            if needle in getattr(row, field).casefold():
                return True
        return any(needle in text_of(row, field) for field in others)

    return _turned(fits, term.inverse)
