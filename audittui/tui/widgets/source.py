"""What a list shows: rows of raw cells, and how they stand out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable


class Source(Protocol):
    """What a list shows. Cells are raw text: the list makes them harmless."""

    @property
    def titles(self) -> Sequence[str]:
        """The columns' titles."""
        ...

    @property
    def times(self) -> frozenset[int]:
        """The columns that hold times, in microseconds."""
        ...

    def __len__(self) -> int:
        """How many rows there are now."""
        ...

    def cells(self, at: int) -> Sequence[str | int]:
        """The texts of one row; times are numbers."""
        ...

    def tone(self, at: int) -> str:
        """How a row is coloured: empty, ``denied``, ``failure`` or ``marked``."""
        ...

    def mark(self, at: int) -> str:
        """Up to two characters that stand before a row, and say what its colour says."""
        ...


@runtime_checkable
class Noted(Protocol):
    """A source with lines that are no rows."""

    def whole(self, at: int) -> str:
        """What a line says across all columns; empty for a row."""
        ...


@runtime_checkable
class Vouched(Protocol):
    """A source whose first column has a colour of its own in some rows."""

    def first_tone(self, at: int) -> str:
        """How the first column is coloured: ``proven``, or empty for as the row is."""
        ...
