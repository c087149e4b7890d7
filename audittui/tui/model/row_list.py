"""A growing list of rows that the garbage collector skips.

The collector scans a list of a million rows at every collection, for tens of milliseconds. It
untracks tuples of rows, which cannot be part of a cycle.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from audittui.layout.row import Row


class RowList(Sequence[Row]):
    """Rows, kept in the pages they arrived in."""

    def __init__(self) -> None:
        self._pages: list[tuple[Row, ...]] = []
        self._starts: list[int] = []
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iadd__(self, rows: Iterable[Row]) -> RowList:
        page = tuple(rows)
        if page:
            self._starts.append(self._length)
            self._pages.append(page)
            self._length += len(page)
        return self

    def __iter__(self) -> Iterator[Row]:
        for page in self._pages:
            yield from page

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...

    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(self._length))]
        number, place = self._place(at)
        return self._pages[number][place]

    def __setitem__(self, at: int, row: Row) -> None:
        number, place = self._place(at)
        page = self._pages[number]
        self._pages[number] = (*page[:place], row, *page[place + 1 :])

    def _place(self, at: int) -> tuple[int, int]:
        """The page of a row, and its index in it."""
        if at < 0:
            at += self._length
        if not 0 <= at < self._length:
            raise IndexError(f"there is no row {at}")
        number = bisect_right(self._starts, at) - 1
        return number, at - self._starts[number]
