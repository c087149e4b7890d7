"""The contents of a list: rows of raw cells, and their highlighting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


class Source(Protocol):
    """The contents of a list. Cells are raw text: the list makes them harmless."""

    @property
    def titles(self) -> Sequence[str]:
        """The columns' titles."""
        ...

    @property
    def times(self) -> frozenset[int]:
        """The columns that hold times, in microseconds."""
        ...

    def __len__(self) -> int:
        """The current number of rows."""
        ...

    def cells(self, at: int) -> Sequence[str | int]:
        """The texts of one row; times are numbers."""
        ...

    def tone(self, at: int) -> str:
        """How a row is coloured: empty, ``denied``, ``failure`` or ``marked``."""
        ...

    def mark(self, at: int) -> str:
        """Up to two characters before a row that repeat what its colour says."""
        ...


@runtime_checkable
class Noted(Protocol):
    """A source with lines that are not rows."""

    def whole(self, at: int) -> str:
        """The text of a line across all columns; empty for a row."""
        ...


@runtime_checkable
class Vouched(Protocol):
    """A source whose first column has a colour of its own in some rows."""

    def first_tone(self, at: int) -> str:
        """The tone of the first column: ``proven``, or empty for that of the row."""
        ...
