"""A source as text: harmless cells under columns as wide as the cells seen so far."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len

from audittui import timestamp
from audittui.escape import escaped, shortened
from audittui.tui.text.times import LABELS, TimeStyle, shown_time
from audittui.tui.widgets.columns import GAP, GUTTER, Columns, fitted
from audittui.tui.widgets.source import Noted, Source

_LONGEST_CELL = 300
_MEASURED = 300


class Table:
    """The lines of text of a source.

    `measure` and `fit` compute them again; if they return True, lines already drawn are out of
    date. ``room`` is in cells.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.columns = Columns((), frozenset())
        self.time_style: TimeStyle = "utc"
        self._measured = -1

    def show(self, source: Source) -> None:
        """Show another source, its columns as wide as its own rows need."""
        self.source = source
        self.forget()

    def forget(self) -> None:
        """Measure everything again, the next time."""
        self._measured = -1

    @property
    def height(self) -> int:
        """How many lines a row, or the header, takes."""
        return len(self.columns.lines)

    def measure(self) -> bool:
        """Make columns as wide as their content, within limits: that of the first rows."""
        measured = min(len(self.source), _MEASURED)
        titles = self._titles()
        if measured == self._measured and self.columns.titles == titles:
            return False
        anew = self.columns.titles != titles or self._measured < 0 or measured < self._measured
        if anew:
            self.columns = Columns(titles, self.source.times)
            self._measured = 0
        self.widen(range(self._measured, measured))
        self._measured = measured
        return anew

    def widen(self, rows: Iterable[int]) -> None:
        """Make columns wide enough for these rows."""
        for row in rows:
            for column, text in enumerate(self._texts(row)):
                self.columns.widen(column, cell_len(text))

    def widen_to_sight(self, first: int, last: int) -> bool:
        """Make columns wide enough for the visible rows; those at the start of the source are
        measured already, and False means there are no others. Columns never shrink, so that they
        seldom jump."""
        first = max(first, self._measured)
        self.widen(range(first, last + 1))
        return first <= last

    def header(self, part: int, room: int) -> str:
        """One line of the header, and how many columns are further right."""
        text = self.columns.text("", self.columns.titles, part)
        if self.columns.hidden:
            hidden = f">: {self.columns.hidden} more"
            if cell_len(text) + GAP + len(hidden) <= room:
                text += " " * GAP + hidden
        return text

    def line(self, at: int, part: int, room: int) -> str:
        """One line of a row, or of the text across all columns in its place."""
        whole = self.source.whole(at) if isinstance(self.source, Noted) else ""
        if whole:
            return fitted(" " * GUTTER + escaped(whole) if part == 0 else "", room)
        return self.columns.text(self.source.mark(at), self._texts(at), part)

    def _titles(self) -> tuple[str, ...]:
        times, label = self.source.times, LABELS[self.time_style]
        return tuple(
            f"{title} ({label})" if at in times else title
            for at, title in enumerate(self.source.titles)
        )

    def _texts(self, at: int) -> list[str]:
        """The cells of a row, harmless, with times in the current style."""
        now = timestamp.now() if self.time_style == "ago" else 0
        return [
            shown_time(cell, self.time_style, now)
            if isinstance(cell, int)
            else escaped(shortened(cell, _LONGEST_CELL))
            for cell in self.source.cells(at)
        ]
