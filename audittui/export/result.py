"""A result as a file that states whether it is complete.

The statement comes last, since it is known only then:

- JSON Lines: a final object whose only key is ``_export``.
- CSV: a final record that is empty except for the column ``_export``, which is empty in every other
  record. CSV has no comments, and RFC 4180 requires the same number of fields in every record.
- Markdown: a final paragraph.

A file without the statement was cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from audittui.escape import escaped
from audittui.export.markdown import literal, table_head, table_line
from audittui.export.new_file import NewFile
from audittui.export.rows import csv_line, json_line

Form = Literal["jsonl", "csv", "markdown"]
SUFFIXES: dict[Form, str] = {"jsonl": "jsonl", "csv": "csv", "markdown": "md"}
"""The file name extension of each format."""
EXPORT = "_export"
"""The key or column that holds the statement."""
_TOLD_EVERY = 500


class Extent(msgspec.Struct, frozen=True, kw_only=True):
    """What the records of a file cover.

    ``title`` is the query in a few words, ``command`` runs it again (may be empty). ``complete`` is
    True if they are the whole result. ``covers`` says what was read, in a sentence; ``selection``
    which part of it is in the file (empty: all). ``noun`` names one record.
    """

    title: str
    command: str
    complete: bool
    covers: str
    selection: str = ""
    noun: str = "row"

    def statement(self, records: int, *, cancelled: bool) -> dict[str, Any]:
        """The statement of a file with ``records`` records."""
        return {
            "complete": self.complete and not self.selection and not cancelled,
            "records": records,
            "covers": self.covers,
            "selection": "cut off: the export was cancelled" if cancelled else self.selection,
            "command": self.command,
        }

    def sentence(self, records: int, *, cancelled: bool) -> str:
        """The statement in words."""
        said = self.statement(records, cancelled=cancelled)
        word = "complete" if said["complete"] else "partial"
        told = f"{word}: {records:,} {self.noun if records == 1 else self.noun + 's'}"
        if said["selection"]:
            return f"{told}, {said['selection']}; loaded rows: {self.covers}"
        return f"{told}; {self.covers}"


class Written(msgspec.Struct, frozen=True):
    """A finished export: the file, its record count, and its statement."""

    path: Path
    records: int
    sentence: str
    cancelled: bool


def write_result(
    path: Path,
    form: Form,
    columns: Sequence[str],
    records: Iterable[Mapping[str, Any]],
    extent: Extent,
    *,
    progress: Callable[[int], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> Written:
    """Write ``records`` to a new file at ``path``.

    JSON Lines contain whole records; CSV and Markdown their ``columns``, with None as empty.
    ``progress`` receives the number written; ``cancelled`` is polled. A cancelled file states that
    it is partial and keeps its partial name. Raises `UsageError` and `AuditError` as `NewFile`
    does.
    """
    file = NewFile(path)
    stopped = False
    count = 0
    try:
        file.write(_head(form, columns, extent))
        for record in records:
            file.write(_record(form, columns, record))
            count += 1
            if count % _TOLD_EVERY == 0:
                progress(count)
                if cancelled():
                    stopped = True
                    break
        file.write(_tail(form, columns, extent, count, cancelled=stopped))
    finally:
        file.close()
    if not stopped:
        file.keep()
    return Written(
        file.partial if stopped else path, count, extent.sentence(count, cancelled=stopped), stopped
    )


def _head(form: Form, columns: Sequence[str], extent: Extent) -> str:
    if form == "csv":
        return csv_line([*columns, EXPORT])
    if form == "markdown":
        told = "The last line states whether this is complete."
        if extent.command:
            told += f" To run it again:\n\n    {escaped(extent.command)}"
        return f"# {literal(extent.title)}\n\n{told}\n\n{table_head(columns)}"
    return ""


def _record(form: Form, columns: Sequence[str], record: Mapping[str, Any]) -> str:
    if form == "jsonl":
        return json_line(record) + "\n"
    values = ["" if record.get(name) is None else str(record[name]) for name in columns]
    return csv_line([*values, ""]) if form == "csv" else table_line(values)


def _tail(
    form: Form, columns: Sequence[str], extent: Extent, count: int, *, cancelled: bool
) -> str:
    if form == "jsonl":
        return json_line({EXPORT: extent.statement(count, cancelled=cancelled)}) + "\n"
    sentence = extent.sentence(count, cancelled=cancelled)
    if form == "csv":
        return csv_line([*[""] * len(columns), sentence])
    word, _, rest = sentence.partition(": ")
    return f"\n**{word.capitalize()}**: {literal(rest)}.\n"
