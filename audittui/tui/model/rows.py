"""The contents of the result list: rows, under columns, filtered, and notes between them."""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING

import msgspec

from audittui import timestamp
from audittui.layout.row import Row
from audittui.tui.model.filter import Fits, compiled
from audittui.tui.model.note import Note, note_of
from audittui.tui.model.outcomes import mark_of, tone_of
from audittui.tui.model.row_list import RowList

if TYPE_CHECKING:
    from audittui.integrity.verifying.verdict import Verdict
    from audittui.query.unregistered_rows import Strangers

_AT_ONCE = 5_000
"""Rows filtered immediately; more are filtered in steps."""
_STRIDE = 500


def cell_of(row: Row, column: str) -> str:
    """A column's raw text of a row; times in UTC."""
    value = getattr(row, column)
    return timestamp.to_second(value) if column == "time" else str(value) or "-"


def title_of(column: str) -> str:
    """A column's title."""
    return column.replace("_", " ")


def verdict_word(verdict: Verdict) -> str:
    """A verdict as a list shows it: failures in capitals."""
    return verdict.verdict if verdict.failed else verdict.verdict.lower()


class RowSource:
    """Rows under a runbook's columns, with a filter that can hide those that do not match.

    A filter is a pattern (`model.filter`). `search` filters many rows in steps, so that nobody
    waits; ``searched`` is how many were searched. ``marks`` are the marked rows. ``strangers``
    knows the rows of unregistered chains.
    """

    def __init__(
        self,
        columns: Sequence[str],
        marks: Container[Row] = (),
        strangers: Strangers | None = None,
    ) -> None:
        self.columns = tuple(columns)
        self._strangers = strangers
        self.marks = marks
        self.rows = RowList()
        self.pattern = ""
        self.hiding = True
        self.searched = 0
        self.verdicts: dict[tuple[str, int], Verdict] = {}
        """Verdicts, by chain and seq."""
        self._notes = 0
        self._fits: Fits | None = None
        self._matches: list[int] = []

    def show_columns(self, columns: Sequence[str]) -> None:
        """Show other columns; the filter then searches those."""
        self.columns = tuple(columns)
        pattern, self.pattern = self.pattern, ""
        self.filter(pattern, hiding=self.hiding)

    @property
    def titles(self) -> Sequence[str]:
        """The columns' titles."""
        titles = [title_of(column) for column in self.columns]
        return ["checked", *titles] if self.verdicts else titles

    @property
    def times(self) -> frozenset[int]:
        """The column of the time."""
        first = 1 if self.verdicts else 0
        return frozenset(first + at for at, column in enumerate(self.columns) if column == "time")

    @property
    def entries(self) -> int:
        """How many of the rows are entries."""
        return len(self.rows) - self._notes

    @property
    def filtered(self) -> bool:
        """True if rows are hidden."""
        return bool(self.pattern) and self.hiding

    @property
    def matches(self) -> int:
        """How many of the rows searched so far match the filter."""
        return len(self._matches)

    @property
    def searching(self) -> bool:
        """True while there are rows not yet searched."""
        return self._fits is not None and self.searched < len(self.rows)

    def __len__(self) -> int:
        return len(self._matches) if self.filtered else len(self.rows)

    def row(self, at: int) -> Row:
        """The row of a line."""
        return self.rows[self._matches[at]] if self.filtered else self.rows[at]

    def whole(self, at: int) -> str:
        """The text of a line that is a note; empty for an entry."""
        row = self.row(at)
        return row.text if isinstance(row, Note) else ""

    def cells(self, at: int) -> Sequence[str | int]:
        """The texts of a row, its time as a number; notes have none under the columns."""
        row = self.row(at)
        if isinstance(row, Note):
            return [""] * len(self.titles)
        cells: list[str | int] = []
        if self.verdicts:
            verdict = self.verdicts.get((row.chain, row.seq))
            cells.append(verdict_word(verdict) if verdict is not None else "")
        for column in self.columns:
            value = getattr(row, column)
            if column == "chain" and self._strangers is not None:
                value = self._strangers.chain(row)
            cells.append(value if column == "time" else str(value) or "-")
        return cells

    def tone(self, at: int) -> str:
        """Colours denied and failed entries, unexpected ones, and notes."""
        row = self.row(at)
        if isinstance(row, Note):
            return "marked"
        if self.verdicts:
            verdict = self.verdicts.get((row.chain, row.seq))
            if verdict is not None and verdict.failed:
                return "denied"
        if self._strangers is not None and self._strangers.why(row):
            return "denied"
        return tone_of(row.outcome)

    def first_tone(self, at: int) -> str:
        """Only what a signed checkpoint proves is green."""
        if not self.verdicts:
            return ""
        row = self.row(at)
        verdict = self.verdicts.get((row.chain, row.seq))
        proven = verdict is not None and verdict.verdict == "ANCHORED" and not verdict.failed
        return "proven" if proven else ""

    def mark(self, at: int) -> str:
        """Denied, failed and marked entries are marked."""
        row = self.row(at)
        letter = mark_of(row.outcome)
        # The star has a column of its own, after the letter's.
        return f"{letter or ' '}*" if row in self.marks else letter

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows."""
        looked = not self.searching
        self.rows += rows
        if looked:
            self.search(len(rows))

    def note(self, text: str) -> int:
        """Add a note; returns its index among all rows."""
        self._notes += 1
        self.add([note_of(text)])
        return len(self.rows) - 1

    def renote(self, at: int, text: str) -> None:
        """Change the note at this index among all rows."""
        had = self.rows[at]
        assert isinstance(had, Note)
        self.rows[at] = msgspec.structs.replace(had, text=text)

    def filter(self, pattern: str, *, hiding: bool = True) -> None:
        """Set the filter; an empty one shows everything. The first rows are searched immediately.

        Raises `PatternError` and then leaves the filter unchanged.
        """
        self.hiding = hiding
        if pattern == self.pattern:
            return
        self._fits = compiled(pattern, self.columns) if pattern else None
        self.pattern = pattern
        self._matches, self.searched = [], 0
        self.search(_AT_ONCE)

    def search(self, count: int | None = None, *, seconds: float | None = None) -> None:
        """Search the next rows: ``count`` of them, or as many as ``seconds`` allow."""
        fits, rows = self._fits, self.rows
        if fits is None:
            return
        until = time.perf_counter() + (seconds or 0)
        left = len(rows) - self.searched if count is None else count
        while left > 0 and self.searched < len(rows):
            first = self.searched
            last = min(first + min(left, _STRIDE), len(rows))
            self._matches += [at for at in range(first, last) if fits(rows[at])]
            self.searched = last
            left -= last - first
            if seconds is not None and time.perf_counter() > until:
                break

    def line_of(self, at: int) -> int:
        """The line of the row at index ``at`` of all, or of the next one shown."""
        if not self.filtered:
            return at
        return min(bisect_left(self._matches, at), max(len(self._matches) - 1, 0))

    def at_of(self, line: int) -> int:
        """The index of a line's row among all rows."""
        if self.filtered:
            return self._matches[min(line, len(self._matches) - 1)] if self._matches else 0
        return line

    def next_match(self, at: int, step: int) -> int | None:
        """The index of the next matching row after (or before) ``at``, among those searched."""
        found = bisect_right(self._matches, at) if step > 0 else bisect_left(self._matches, at) - 1
        return self._matches[found] if 0 <= found < len(self._matches) else None
