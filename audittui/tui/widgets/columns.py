"""The columns of a list: their widths, which of them fit, how they wrap."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from audittui.tui.text.cut import cut

GAP = 2
GUTTER = 3
"""Cells before the first column: two marks and a space. They stay when a list is scrolled
sideways."""
WIDEST = 60
NARROWEST = 10
TIME_WITHOUT_YEAR = len("11-24 14:00:00")


class Columns:
    """Widths by content, within limits. They only grow, so that columns seldom jump.

    `fit` decides what is shown in a given width. Unwrapped, columns are narrowed, the widest first,
    and those that still do not fit are further right. Wrapped, every column is whole and the
    columns flow over as many lines as they need, the same number for each row.
    """

    def __init__(self, titles: Sequence[str], times: frozenset[int]) -> None:
        self.titles = tuple(titles)
        self.natural = [cell_len(title) for title in titles]
        self.widths: list[int] = []
        self.lines: list[list[int]] = [[]]
        """The columns of each line of a row."""
        self._times = times

    def widen(self, column: int, width: int) -> None:
        """Note a cell of this width."""
        if width > self.natural[column]:
            self.natural[column] = min(width, WIDEST)

    @property
    def hidden(self) -> int:
        """How many columns are further right."""
        return len(self.natural) - len(self.widths)

    @property
    def whole(self) -> int:
        """The cells that all columns take, side by side and whole."""
        return GUTTER + sum(self.natural) + GAP * len(self.natural)

    def starts(self) -> list[int]:
        """The start of each column, side by side and whole."""
        starts, at = [], 0
        for width in self.natural:
            starts.append(at)
            at += width + GAP
        return starts

    def fit(self, room: int, *, moved: bool, wrapped: bool) -> bool:
        """Fit into ``room`` cells; True if anything changed. ``moved``: scrolled sideways, where
        columns are whole."""
        before = self.widths, self.lines
        if wrapped:
            self.widths = [min(width, max(room - GUTTER, 1)) for width in self.natural]
            self.lines = self._flowed(room)
        else:
            shown = len(self.natural)
            widths = self.natural[:] if moved else self._narrowed(shown, room)
            while not moved and shown > 2 and _across(widths) > room:
                shown -= 1
                widths = self._narrowed(shown, room)
            self.widths, self.lines = widths, [list(range(shown))]
        return before != (self.widths, self.lines)

    def _flowed(self, room: int) -> list[list[int]]:
        lines: list[list[int]] = [[]]
        used = GUTTER
        for column, width in enumerate(self.widths):
            if lines[-1] and used + width > room:
                lines.append([])
                used = GUTTER
            lines[-1].append(column)
            used += width + GAP
        return lines

    def _narrowed(self, shown: int, room: int) -> list[int]:
        """The widths of the first columns, narrowed as far as needed and allowed."""
        widths = self.natural[:shown]
        if _across(widths) <= room:
            return widths
        for column in self._times:
            if column < shown:
                widths[column] = min(widths[column], TIME_WITHOUT_YEAR)
        others = [column for column in range(shown) if column not in self._times]
        while _across(widths) > room and others:
            widest = max(others, key=widths.__getitem__)
            if widths[widest] <= NARROWEST:
                break
            widths[widest] -= 1
        return widths

    def text(self, mark: str, cells: Sequence[str], part: int) -> str:
        """One line of a row: ``mark`` precedes the first. Cells are already harmless."""
        shown = (" " * GAP).join(
            fitted(cells[column], self.widths[column], cut_front=column in self._times)
            for column in self.lines[part]
        )
        return set_cell_size(mark if part == 0 else "", GUTTER) + shown


def _across(widths: Sequence[int]) -> int:
    return GUTTER + sum(widths) + GAP * (len(widths) - 1)


def fitted(text: str, width: int, *, cut_front: bool = False) -> str:
    """``text`` in exactly ``width`` cells, with an ellipsis where something is missing. A time
    loses its year, without one."""
    if cut_front and cell_len(text) > width:
        return set_cell_size(text[-width:], width)
    return set_cell_size(cut(text, width), width)
