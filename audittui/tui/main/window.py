"""The time window, narrowed and widened by the histogram or around the current row."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from audittui import timestamp
from audittui.tui.main.key import Key

if TYPE_CHECKING:
    from audittui.runbook.plan import Window
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.run import Runner
    from audittui.tui.main.trail import Trail

_LEAST = timestamp.SECOND


class TimeWindow:
    """The time window of the current query."""

    def __init__(self, desk: Desk, runner: Runner, trail: Trail) -> None:
        self._desk = desk
        self._runner = runner
        self._trail = trail

    def histogram(self) -> None:
        """Show the histogram."""
        desk, run = self._desk, self._desk.run
        group, row = desk.listed_group, desk.listed_row
        # With groups, all rows read are counted.
        source = run.rows if group is not None and run is not None else desk.row_source
        if source is None or not source.rows:
            desk.say("There are no rows to count.")
            return
        from audittui.tui.dialogs.histogram import HistogramScreen

        near = row.time if row is not None else group.last if group is not None else None
        whole = run if run is not None and source is run.rows else None
        desk.open(HistogramScreen(source, near, desk.results.time_style, whole), self._go_to)

    def narrow(self) -> None:
        """Narrow to a quarter of the window, around the current row."""
        from audittui.runbook.plan import Window

        window, row = self._present(), self._desk.listed_row
        if window is None or row is None:
            said = "There is no window to narrow: select a row of a result that has one."
            self._desk.say(said)
            return
        start, end = window
        span = max((end - start) // 4, _LEAST)
        first = max(min(row.time - span // 2, end - span), start)
        self._go_to(Window(first, first + span))

    def widen(self) -> None:
        """Double the window around its middle, but not beyond now."""
        from audittui.runbook.plan import Window

        window = self._present()
        if window is None:
            self._desk.say("There is no window to widen.")
            return
        start, end = window
        half = max(end - start, _LEAST) // 2
        end = max(min(end + half, timestamp.now()), end)
        self._go_to(Window(max(start - half, 0), end))

    def _present(self) -> tuple[int, int] | None:
        """The current window; an open side ends where the loaded rows do."""
        run = self._desk.run
        if run is None:
            return None
        window, rows = run.plan.window, run.rows.rows
        start, end = window.start, window.end
        if rows:
            times = rows[0].time, rows[-1].time
            start = min(times) if start is None else start
            end = max(times) + 1 if end is None else end
        return None if start is None or end is None else (start, end)

    def _go_to(self, window: Window | None) -> None:
        """Run the same query in another window; Esc goes back."""
        run = self._desk.run
        if window is None or run is None:
            return
        name = run.plan.window_parameter
        if not name:
            self._desk.say("This runbook has no window to change.")
            return
        from audittui.runbook.timerange import window_text

        self._trail.keep(run)
        texts = {**run.texts, name: window_text(window)}
        self._desk.fill_form(run.runbook, texts)
        self._runner.run(run.runbook, texts)

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "i", "histogram", "histogram of the loaded rows", histogram,
            words="chart, rate, over time, spikes",
        ),
        Key(
            "z", "narrow", "narrow to a quarter of the window, at this row", narrow,
            words="zoom in, time",
        ),
        Key("Z", "widen", "double the window", widen, words="zoom out, time"),
    )  # fmt: skip
