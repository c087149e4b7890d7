"""The marked entries, in the order of marking, each with a note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from audittui.layout.row import Row

Key = tuple[str, str | int]


class Mark(msgspec.Struct, frozen=True):
    """A marked entry: its row as it was when marked, and a note."""

    row: Row
    note: str = ""


class Marks:
    """Marks in the order of marking; an entry, identified by its key in the table, occurs once."""

    def __init__(self, marks: Sequence[Mark] = ()) -> None:
        self._marks: dict[Key, Mark] = {one.row.key: one for one in marks}

    def __len__(self) -> int:
        return len(self._marks)

    def __contains__(self, row: object) -> bool:
        return isinstance(row, Row) and row.key in self._marks

    def __iter__(self) -> Iterator[Mark]:
        return iter(tuple(self._marks.values()))

    def toggle(self, row: Row) -> bool:
        """Mark ``row``, or delete its mark and note; True if it is marked now."""
        if self._marks.pop(row.key, None) is not None:
            return False
        self._marks[row.key] = Mark(row)
        return True

    def annotate(self, row: Row, note: str) -> None:
        """Set the note on the mark of ``row``; does nothing if it is not marked."""
        if row.key in self._marks:
            self._marks[row.key] = Mark(self._marks[row.key].row, note)

    def replace(self, marks: Sequence[Mark]) -> None:
        """Replace all marks."""
        self._marks = {one.row.key: one for one in marks}
