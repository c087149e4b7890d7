"""Rows as data: the same fields, under the same names, in every format."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

from audittui import timestamp
from audittui.layout.row import ROW_FIELDS, Row

_FORMULA = ("=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that make a spreadsheet run a cell as a formula; East Asian editions accept the
wide forms too. Carriage returns are already escaped."""


def row_object(row: Row, stranger: str = "") -> dict[str, Any]:
    """A row as an object; an absent field is null. ``stranger`` says why the row is not part of
    this log (empty: it is)."""
    data: dict[str, Any] = {}
    for name in ROW_FIELDS:
        value = getattr(row, name)
        data[name] = timestamp.text(value) if name == "time" else value
        if value == "":
            data[name] = None
    if stranger:
        data["stranger"] = stranger
    return data


def row_texts(row: Row, columns: Sequence[str]) -> list[str]:
    """The text of each of a row's ``columns``; an absent one is empty."""
    return [
        timestamp.text(row.time) if name == "time" else str(getattr(row, name)) for name in columns
    ]


def json_line(data: Any) -> str:
    """One line of JSON in ASCII, so that no value can control a terminal."""
    return json.dumps(data, ensure_ascii=True, separators=(", ", ": "))


def csv_line(values: list[str]) -> str:
    """One line of CSV (RFC 4180). A cell that a spreadsheet would run as a formula gets a leading
    apostrophe; control and invisible characters are escaped."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(map(_harmless, values))
    return buffer.getvalue()


def csv_row(row: Row) -> str:
    """A row as a line of CSV, with the columns `ROW_FIELDS`."""
    values = row_object(row)
    return csv_line(["" if value is None else str(value) for value in values.values()])


def _harmless(value: str) -> str:
    if not value.isprintable():
        value = "".join(map(_shown, value))
    return f"'{value}" if value.startswith(_FORMULA) else value


def _shown(character: str) -> str:
    if character.isprintable() or character in "\n\t":
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
