"""The entries that somebody marked, in the order of marking, each with a note."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from audittui.layout.row import Row


class Mark(msgspec.Struct, frozen=True):
    """A marked entry: its row as it was when marked, and somebody's words about it."""

    row: Row
    note: str = ""


class Marks(msgspec.Struct, frozen=True):
    """Marks in the order of marking; no entry, told by chain and seq, is among them twice."""

    marks: tuple[Mark, ...] = ()

    def __len__(self) -> int:
        return len(self.marks)

    def __contains__(self, row: Row) -> bool:
        return self._place(row) is not None

    def each(self) -> Iterator[Mark]:
        """The marks in the order of marking."""
        return iter(self.marks)

    def toggled(self, row: Row) -> Marks:
        """With ``row`` marked last, or without it, and so its note, where it was marked."""
        place = self._place(row)
        if place is None:
            return Marks((*self.marks, Mark(row)))
        return Marks(self.marks[:place] + self.marks[place + 1 :])

    def noted(self, row: Row, note: str) -> Marks:
        """With ``note`` on the mark of ``row``; the same where it is not marked."""
        place = self._place(row)
        if place is None:
            return self
        changed = Mark(self.marks[place].row, note)
        return Marks((*self.marks[:place], changed, *self.marks[place + 1 :]))

    def next_of(self, rows: Sequence[Row], cursor: int, step: int) -> int | None:
        """The place in ``rows`` of the nearest mark after (``step`` 1) or before (-1) ``cursor``.

        None where there is none in that direction.
        """
        known = {(one.row.chain, one.row.seq) for one in self.marks}
        if not known:
            return None
        places = range(cursor + 1, len(rows)) if step > 0 else range(cursor - 1, -1, -1)
        return next((at for at in places if (rows[at].chain, rows[at].seq) in known), None)

    def json_lines(self) -> bytes:
        """One JSON object a line with chain, seq and note, as `evidence create --marks` reads."""
        return b"".join(
            msgspec.json.encode({"chain": one.row.chain, "seq": one.row.seq, "note": one.note})
            + b"\n"
            for one in self.marks
        )

    def _place(self, row: Row) -> int | None:
        wanted = (row.chain, row.seq)
        for place, one in enumerate(self.marks):
            if (one.row.chain, one.row.seq) == wanted:
                return place
        return None
