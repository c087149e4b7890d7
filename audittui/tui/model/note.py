"""A line between the entries of a list: it reports on the reading itself."""

from __future__ import annotations

from audittui import timestamp
from audittui.layout.row import Row


class Note(Row, frozen=True, gc=False, kw_only=True):
    """A line of the list that is not an entry."""

    text: str


def note_of(text: str) -> Note:
    """A note with the current time."""
    now = timestamp.now()
    return Note(tick=now, time=now, key=("", ""), chain="", seq=-1, outcome="", text=text)


def is_entry(row: Row) -> bool:
    """True for a row that is an entry, False for a note between them."""
    return not isinstance(row, Note)
