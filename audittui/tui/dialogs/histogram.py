"""The histogram over the list; a bar can be zoomed into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.runbook.plan import Window
from audittui.tui.dialogs.list_dialog import ListDialog
from audittui.tui.model.histogram import Bar, Histogram
from audittui.tui.model.outcomes import BAR_LETTERS, mark_of, tone_of
from audittui.tui.model.rows import RowSource
from audittui.tui.text.times import TimeStyle, ago
from audittui.tui.widgets.columns import WIDEST

if TYPE_CHECKING:
    from audittui.tui.model.run import Run

_SLICE = 0.006
_PAUSE = 0.01
_RENEWED = 0.5
"""Seconds between checks for new rows."""
_BESIDE = 53
"""Cells taken by the columns before the bars."""
_COUNTED = ("failure", "denied")
"""The outcomes with a column of their own, the most serious last."""
_LETTERS = " ".join(f"{letter} {outcome}" for outcome, letter in BAR_LETTERS.items())


class _Bars:
    """Bars as the rows of a list."""

    titles = ("from", "all", *_COUNTED, "outcomes")
    times = frozenset({0})

    def __init__(self, bars: Sequence[Bar], room: int) -> None:
        self.bars = bars
        self._room = room
        self._most = max((bar.total for bar in bars), default=0)

    def __len__(self) -> int:
        return len(self.bars)

    def cells(self, at: int) -> Sequence[str | int]:
        """The start, the counts and the bar."""
        bar = self.bars[at]
        counts = (bar.total, *(bar.count(outcome) for outcome in _COUNTED))
        told = [f"{count:,}" if count else "" for count in counts]
        return [bar.start, *told, bar.text(self._most, self._room)]

    def tone(self, at: int) -> str:
        """Failures and denials are coloured."""
        bar = self.bars[at]
        return next((tone_of(one) for one in reversed(_COUNTED) if bar.count(one)), "")

    def mark(self, at: int) -> str:
        """Failures and denials are marked."""
        bar = self.bars[at]
        return "".join(mark_of(one) if bar.count(one) else " " for one in _COUNTED)


class HistogramScreen(ListDialog[Window]):
    """The rows of ``source`` by time and outcome; closes with the window of a bar, or None.

    ``near`` is the time the cursor starts at, in microseconds. ``run`` reads the rows, if more
    may arrive."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "into", "zoom into the bar", id="histogram-zoom"),
        Binding("escape,q,i", "leave", "back", id="histogram-leave"),
    ]

    def __init__(
        self, source: RowSource, near: int | None, style: TimeStyle, run: Run | None = None
    ) -> None:
        self._shown = _Bars((), 1)
        keys = f"{_LETTERS}   Enter zoom in   Esc back"
        super().__init__("histogram", self._shown, keys, empty="Counting…")
        self._source = source
        self._near = near
        self._style = style
        self._run = run
        self._told = ""
        self._histogram = Histogram()

    def on_mount(self) -> None:
        """Count, and keep counting while rows arrive."""
        self.lines.set_time_style(self._style)
        self.call_after_refresh(self._count)

    def on_resize(self) -> None:
        """Bars fit the width."""
        if self._histogram.taken:
            self._show()

    def _count(self) -> None:
        if not self.is_mounted:
            return
        before = self._histogram.taken
        done = self._histogram.take(self._source.rows, seconds=_SLICE)
        if done and (self._histogram.taken != before or not before or self._told != self._more):
            self._show()
        self.set_timer(_RENEWED if done else _PAUSE, self._count)

    @property
    def _more(self) -> str:
        """Which end is not counted because it has not been read."""
        run = self._run
        if run is None or run.complete:
            return ""
        end = "older" if run.plan.order == "newest" else "newer"
        return f", still reading {end} rows" if run.active else f", {end} rows not loaded"

    def _show(self) -> None:
        self._told = self._more
        lines = self.lines
        bars = self._histogram.bars(max(lines.size.height - 1, 10))
        near = self._shown.bars[lines.cursor].start if self._shown.bars else self._near
        # The gutter, the bar's own gap and the scrollbar are beside it too.
        self._shown = _Bars(bars, min(max(lines.size.width - _BESIDE, 8), WIDEST))
        lines.show(self._shown)
        at = next((at for at, bar in enumerate(bars) if near is not None and near < bar.end), 0)
        lines.go(at)
        told = ""
        if bars:
            width = ago(bars[0].end - bars[0].start)
            told = f"{self._histogram.taken:,} loaded rows, {width} per bar{self._told}"
        else:
            lines.say("There are no rows.")
        self.show_title("Entries by time", told)

    def open_line(self, at: int) -> None:
        """Zoom into the bar."""
        self.action_into()

    def action_into(self) -> None:
        """Close with the bar's window."""
        if self._shown.bars:
            bar = self._shown.bars[self.lines.cursor]
            self.dismiss(Window(bar.start, bar.end))
