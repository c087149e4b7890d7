"""How the list shows its rows: over how many lines, which columns, how times are told."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.text.times import STYLES
from audittui.tui.widgets.lines import LineList

_TOLD = {
    "utc": "Times are told in UTC.",
    "local": "Times are told in this machine's local time.",
    "ago": "Times are told by how long ago they were.",
}


class ViewingScreen(ReadingScreen):
    """How the list shows its rows: over how many lines, which columns, how times are told."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "wrap", "every column whole, over several lines", id="wrap"),
        Binding("C", "choose_columns", "choose the columns", id="columns"),
        Binding("D", "next_time_style", "times: UTC, local, how long ago", id="time-style"),
    ]

    def on_mount(self) -> None:
        """Times that are told by how long ago they were grow old."""
        self.set_interval(20, self._renew_times)

    def _renew_times(self) -> None:
        if self.results.time_style == "ago":
            self.results.set_time_style("ago")

    def action_wrap(self) -> None:
        """Show every column whole, or rows of one line again."""
        wrapped = not self.results.wrapped
        self.results.set_wrapped(wrapped)
        self.say("Every column is whole; w: one line a row." if wrapped else "One line a row.")

    def action_next_time_style(self) -> None:
        """Tell times in UTC, in local time, or by how long ago, in turn."""
        style = STYLES[(STYLES.index(self.results.time_style) + 1) % len(STYLES)]
        for lines in self.query(LineList):
            lines.set_time_style(style)
        self.say(_TOLD[style])

    def action_choose_columns(self) -> None:
        """Choose which columns stand where."""
        source = self.row_source
        if self.reading is None:
            self.say("Run something first: C chooses the columns of what it shows.")
            return
        if source is None:
            self.say("Open a group first: Enter.")
            return
        from audittui.tui.dialogs.columns import ColumnsScreen

        def chosen(columns: tuple[str, ...] | None) -> None:
            if not columns or self.row_source is not source or columns == source.columns:
                return
            source.show_columns(columns)
            if self.reading is not None:
                self.chosen_columns[self.reading.runbook.id] = columns
            self.results.show(source, self.results.cursor)
            self.show_status()

        self.app.push_screen(ColumnsScreen(source.columns), chosen)
