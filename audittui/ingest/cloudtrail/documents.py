"""Finds the records in the text of a CloudTrail file, even if the text is damaged.

A valid JSON file is decoded in one step. In any other file, records are found one by one, by
decoding each leniently, or by its brackets if it cannot be decoded; each is then decoded as
strictly as in a valid file. A bad record thus rejects only itself, and a truncated file yields its
intact records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from audittui.entry import decode_strict
from audittui.ingest.cloudtrail.envelope import LISTS, opened, part_of, records_of

Placed = tuple[str, Any]
"""The place of a record, and the record or the ``ValueError`` that it caused."""
_LENIENT = json.JSONDecoder()
_BRACKET = re.compile(r'[{}\[\]]|"(?:[^"\\]+|\\.)*+(?:"|\\?\Z)', re.DOTALL)
"""A bracket, or a string (possibly unterminated), in which brackets do not count."""
_RECORD = re.compile(r'\{\s*"eventVersion"')
"""How CloudTrail starts a record."""
_MAX_FAULTS = 100
"""After this many failures only brackets are used, as the decoder counts lines at every error."""
_RUN_ON = re.compile(r"\}\s*\{")
"""The boundary between two objects."""
_BARE = re.compile(r"[^\s,\[\]{}]+")
_CUT_OFF = "cut off"
_STRANGE = "what follows is not a list of records"
_CLOSED = {"{": "]}", "[": "]"}
"""What ends a list of records, by what began it."""


def records_in(data: bytes) -> Iterator[Placed]:
    """The records of a file: ``{"Records": […]}``, a list, one record, or JSON Lines, possibly in
    the envelopes that `audittui.ingest.cloudtrail.envelope` removes.

    Places are ``record 7`` or ``line 7``, from 1; a fault of the file has the place "".
    """
    for place, value in _values_in(data):
        yield place, value if isinstance(value, ValueError) else opened(value)


def _values_in(data: bytes) -> Iterator[Placed]:
    if not data.strip():
        return
    try:
        whole = decode_strict(data)
    except ValueError:
        # Invalid UTF-8 becomes lone surrogates, so that only its record fails.
        yield from _damaged(data.decode("utf-8", "surrogateescape"))
        return
    inside = records_of(whole)
    if isinstance(inside, ValueError):
        yield "", inside
        return
    for number, record in enumerate(inside, 1):
        yield f"record {number}", record
    if part := part_of(whole):
        yield f"after record {len(inside)}" if inside else "", part


def _damaged(text: str) -> Iterator[Placed]:
    """The records of a text that is not a single JSON value: damaged, or several values."""
    at = _first_element(text, 0)
    if at is None:
        lines = text.split("\n")
        if any(map(_is_object, lines)):
            yield from _lines(lines)
        elif _RUN_ON.search(text):
            yield from _run_on(text)
        else:
            yield "", _strict(text)
        return
    number, begun, faults = 0, 0, 0
    while at is not None:
        while (at := _skip(text, at, ",")) < len(text) and text[at] != "]":
            number += 1
            end = _end(text, at, decode=faults < _MAX_FAULTS)
            if end is None:
                yield f"record {number}", ValueError(f"{_CUT_OFF}; nothing after it could be read")
                return
            value = _strict(text[at:end])
            faults += isinstance(value, ValueError)
            yield f"record {number}", value
            at = end
        place = f"after record {number}" if number else ""
        for bracket in _CLOSED[text[_skip(text, begun)]]:
            at = _skip(text, at)
            if text[at : at + 1] != bracket:
                yield place, ValueError(_CUT_OFF if at >= len(text) else _STRANGE)
                return
            at += 1
        # Concatenated files: one list of records after another.
        begun = _skip(text, at)
        if begun >= len(text):
            return
        at = _first_element(text, begun)
    yield place, ValueError(_STRANGE)


def _run_on(text: str) -> Iterator[Placed]:
    """Values that follow each other without line breaks, as Firehose writes them."""
    at, number = _skip(text, 0), 0
    while at < len(text):
        number += 1
        end = _end(text, at, decode=True)
        if end is None:
            yield f"record {number}", ValueError(f"{_CUT_OFF}; nothing after it could be read")
            return
        yield f"record {number}", _strict(text[at:end])
        at = _skip(text, end)


def _first_element(text: str, at: int) -> int | None:
    """The position of the first record of a list that starts at ``at``; None if none does."""
    try:
        at = _skip(text, at)
        if text[at] == "[":
            return at + 1
        while text[at] in "{,":
            name, at = _LENIENT.raw_decode(text, _skip(text, at + 1))
            at = _skip(text, _skip(text, at) + 1)
            if name in LISTS:
                return at + 1 if text[at] == "[" else None
            at = _skip(text, _LENIENT.raw_decode(text, at)[1])
    except (ValueError, IndexError, RecursionError):
        pass
    return None


def _end(text: str, at: int, decode: bool) -> int | None:
    """The end of the record at ``at``: by decoding it, otherwise by its brackets, but never beyond
    the start of the next; None if none of these is found."""
    if decode:
        try:
            return _LENIENT.raw_decode(text, at)[1]
        except (ValueError, RecursionError):
            pass
    end = _closing(text, at)
    following = _RECORD.search(text, at + 1, len(text) if end is None else end)
    return following.start() if following else end


def _closing(text: str, at: int) -> int | None:
    if text[at] not in "{[":
        bare = _BARE.match(text, at)
        return bare.end() if bare else at + 1
    depth = 0
    for match in _BRACKET.finditer(text, at):
        bracket = match.group()
        if bracket in "{[":
            depth += 1
        elif bracket in "}]":
            depth -= 1
            if depth == 0:
                return match.end()
    return None


def _skip(text: str, at: int, also: str = "") -> int:
    """The first position from ``at`` on without white space or a character of ``also``."""
    while at < len(text) and (text[at] in " \t\r\n" or text[at] in also):
        at += 1
    return at


def _lines(lines: list[str]) -> Iterator[Placed]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if _RUN_ON.search(line) and not _is_object(line):
            for _, value in _run_on(line):
                yield f"line {number}", value
        else:
            yield f"line {number}", _strict(line)


def _is_object(line: str) -> bool:
    try:
        return isinstance(_LENIENT.decode(line), dict)
    except (ValueError, RecursionError):
        return False


def _strict(text: str) -> Any:
    """The value of a text, or the ``ValueError`` that says why there is none."""
    try:
        return decode_strict(text.encode("utf-8", "surrogateescape"))
    except UnicodeDecodeError:
        return ValueError("not UTF-8")
    except UnicodeEncodeError:
        return ValueError("it contains a lone surrogate, which UTF-8 cannot encode")
    except ValueError as error:
        return ValueError(f"not JSON: {error}")
