"""What a live tail reads from: a source that is polled and returns rounds of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import msgspec

from audittui.investigate.tail.cursor import TailCursor
from audittui.layout.row import Row


class Backlog(NamedTuple):
    """What a tail must read to catch up: ``entries`` (None if not known), for about ``rcu`` read
    units (at least, if not known)."""

    entries: int | None
    rcu: float


class Round(msgspec.Struct, frozen=True):
    """What one poll, or one page of a long one, returned.

    ``missed`` has a sentence for everything that may have been missed. ``more``: there is more to
    read immediately.
    """

    rows: tuple[Row, ...]
    missed: tuple[str, ...] = ()
    more: bool = False


class Source(Protocol):
    """Where rows come from. A poll that raises loses nothing: the next one continues from there."""

    @property
    def due(self) -> float:
        """When the next poll is, in monotonic seconds."""
        ...

    @property
    def floor(self) -> float:
        """What a quiet log costs, in read units per hour."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What this way of following cannot see, in sentences."""
        ...

    def backlog(self) -> Backlog:
        """What catching up takes at first; reads at most the ends of chains. Raises like
        `poll`."""
        ...

    def poll(self, room: int | None) -> Iterator[Round]:
        """Read what is new, at most ``room`` rows. Raises `StoreError`, `AskingCancelledError`,
        `AskingBudgetError`."""
        ...

    def rest(self, room: int | None) -> tuple[Row, ...]:
        """Rows that were read, and paid for, and wait to be merged with others."""
        ...

    def place(self, cursor: TailCursor) -> TailCursor:
        """``cursor`` with this source's place: right after the last row yielded."""
        ...

    def cancel(self) -> None:
        """Abandon the poll in progress. Callable from any thread."""
        ...
