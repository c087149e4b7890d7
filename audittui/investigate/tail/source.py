"""What a live tail reads from: a source that is polled and brings rounds of rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import msgspec

from audittui.investigate.tail.cursor import TailCursor
from audittui.layout.row import Row


class Backlog(NamedTuple):
    """What is to be read before a tail has caught up: ``entries`` (None where nobody knows), for
    about ``rcu`` read units (where nobody knows, the least)."""

    entries: int | None
    rcu: float


class Round(msgspec.Struct, frozen=True):
    """What one poll, or one page of a long one, brought.

    ``missed`` has a sentence for everything that may not have been seen. ``more``: there is more
    to read at once.
    """

    rows: tuple[Row, ...]
    missed: tuple[str, ...] = ()
    more: bool = False


class Source(Protocol):
    """Where rows come from. A poll that raises lost nothing: the next one goes on from there."""

    @property
    def due(self) -> float:
        """When the next poll is, in monotonic seconds."""
        ...

    @property
    def floor(self) -> float:
        """What a quiet log costs, in read units an hour."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What this way of following cannot see, a sentence each."""
        ...

    def backlog(self) -> Backlog:
        """What the first catching up takes; asks for the ends of chains at most. Raises like
        `poll`."""
        ...

    def poll(self, room: int | None) -> Iterator[Round]:
        """Read what is new, at most ``room`` rows. Raises `StoreError`, `AskingCancelledError`,
        `AskingBudgetError`."""
        ...

    def rest(self, room: int | None) -> tuple[Row, ...]:
        """Rows that were read, and paid for, and wait for others to be merged with."""
        ...

    def place(self, cursor: TailCursor) -> TailCursor:
        """``cursor`` with this source's place: right after the last row given."""
        ...

    def cancel(self) -> None:
        """Leave what is under way. Callable from any thread."""
        ...
