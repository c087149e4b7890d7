"""The window of time, narrowed and widened: by the histogram, or around the present row."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui import timestamp
from audittui.tui.screens.reading import ReadingScreen

if TYPE_CHECKING:
    from audittui.runbook.plan import Window

_LEAST = timestamp.SECOND


class ZoomingScreen(ReadingScreen):
    """The window of time, narrowed and widened: by the histogram, or around the present row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "histogram", "histogram of what is loaded", id="histogram"),
        Binding("z", "narrow", "a quarter of the window, around this row", id="narrow"),
        Binding("Z", "widen", "twice the window", id="widen"),
    ]

    def action_histogram(self) -> None:
        """Show when how much happened."""
        reading, group, row = self.reading, self.listed_group, self.listed_row
        # Of groups all that was read is counted.
        source = reading.rows if group is not None and reading is not None else self.row_source
        if source is None or not source.rows:
            self.say("There are no rows to count.")
            return
        from audittui.tui.dialogs.histogram import HistogramScreen

        near = row.time if row is not None else group.last if group is not None else None
        whole = reading if reading is not None and source is reading.rows else None
        screen = HistogramScreen(source, near, self.results.time_style, whole)
        self.app.push_screen(screen, self._zoom)

    def action_narrow(self) -> None:
        """Look at a quarter of the window, around the present row."""
        from audittui.runbook.plan import Window

        window, row = self._window(), self.listed_row
        if window is None or row is None:
            self.say("There is no window to narrow: choose a row of a result that has one.")
            return
        start, end = window
        span = max((end - start) // 4, _LEAST)
        first = max(min(row.time - span // 2, end - span), start)
        self._zoom(Window(first, first + span))

    def action_widen(self) -> None:
        """Look at twice the window, around its middle; not beyond now."""
        from audittui.runbook.plan import Window

        window = self._window()
        if window is None:
            self.say("There is no window to widen.")
            return
        start, end = window
        half = max(end - start, _LEAST) // 2
        end = max(min(end + half, timestamp.now()), end)
        self._zoom(Window(max(start - half, 0), end))

    def _window(self) -> tuple[int, int] | None:
        """The window that was asked for; an open side is where the loaded rows end."""
        reading = self.reading
        if reading is None:
            return None
        window, rows = reading.plan.window, reading.rows.rows
        start, end = window.start, window.end
        if rows:
            times = rows[0].time, rows[-1].time
            start = min(times) if start is None else start
            end = max(times) + 1 if end is None else end
        return None if start is None or end is None else (start, end)

    def _zoom(self, window: Window | None) -> None:
        """Ask the same in another window; Esc leads back."""
        reading = self.reading
        if window is None or reading is None:
            return
        name = reading.plan.window_parameter
        if not name:
            self.say("This runbook has no window that could be another one.")
            return
        from audittui.runbook.timerange import window_text

        self.keep_place(reading)
        texts = {**reading.texts, name: window_text(window)}
        self.call_later(self.form.show, reading.runbook, texts)
        self.run_runbook(reading.runbook, texts)
