"""The entries that somebody marked, in the order of marking, each with a note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from audittui.layout.row import Row

Key = tuple[str, str | int]


class Mark(msgspec.Struct, frozen=True):
    """A marked entry: its row as it was when marked, and somebody's words about it."""

    row: Row
    note: str = ""


class Marks:
    """Marks in the order of marking; no entry, told by its key in the table, is there twice."""

    def __init__(self, marks: Sequence[Mark] = ()) -> None:
        self._marks: dict[Key, Mark] = {one.row.key: one for one in marks}

    def __len__(self) -> int:
        return len(self._marks)

    def __contains__(self, row: object) -> bool:
        return isinstance(row, Row) and row.key in self._marks

    def __iter__(self) -> Iterator[Mark]:
        return iter(tuple(self._marks.values()))

    def toggle(self, row: Row) -> bool:
        """Mark ``row``, or take its mark and note away; True when it is marked now."""
        if self._marks.pop(row.key, None) is not None:
            return False
        self._marks[row.key] = Mark(row)
        return True

    def annotate(self, row: Row, note: str) -> None:
        """Put ``note`` on the mark of ``row``; nothing where it is not marked."""
        if row.key in self._marks:
            self._marks[row.key] = Mark(self._marks[row.key].row, note)

    def replace(self, marks: Sequence[Mark]) -> None:
        """Have these marks and no others."""
        self._marks = {one.row.key: one for one in marks}
