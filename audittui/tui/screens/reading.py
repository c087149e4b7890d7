"""Running a runbook on the main screen: what is read is shown as it comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.widget import Widget

from audittui.errors import UsageError
from audittui.tui.model.groups import GroupSource
from audittui.tui.model.rows import RowSource
from audittui.tui.model.run import SCREENFUL
from audittui.tui.screens.panes import PaneScreen, Place
from audittui.tui.widgets.sidebar import Sidebar

if TYPE_CHECKING:
    from audittui.investigate.correlations import Group
    from audittui.layout.row import Row
    from audittui.runbook.model import Runbook
    from audittui.tui.model.run import Reading
    from audittui.tui.model.session import Step

_LAG = 0.2
"""Seconds that the status line may lag behind what is read."""


class ReadingScreen(PaneScreen):
    """Running a runbook on the main screen: what is read is shown as it comes."""

    _status_due = False
    _widened: Reading | None = None
    """The reading whose list was laid out anew because it shows the chain."""

    @property
    def listed_group(self) -> Group | None:
        """The group under the cursor of the list, while groups are listed and have the keys."""
        source = self.results.source
        if self.pane == "detail" or not isinstance(source, GroupSource) or not len(source):
            return None
        return source.groups[min(self.results.cursor, len(source) - 1)]

    def say_no_entry(self) -> None:
        """A key acts on entries, and none is chosen: say what to do."""
        if self.listed_group is not None:
            self.say("This acts on entries: Enter opens those of the group.")
        else:
            self.say("No entry is chosen.")

    def run_runbook(self, runbook: Runbook, texts: Mapping[str, str]) -> None:
        """Plan and read; the results pane takes the keys."""
        self._notice = ""
        self._leave_reading()
        self.close_detail()
        self.reading = None
        self.group = None
        self.end_asking()
        self.results.show(RowSource(runbook.columns))
        self.go_pane("results")
        self.app.plan(runbook, texts)
        self.show_status()

    def _leave_reading(self) -> None:
        """Another reading comes: this one ends, unless it rests and somebody may come back."""
        reading = self.reading
        if reading is None:
            return
        kept = any(isinstance(one, Place) and one.reading is reading for one in self._history)
        if reading.active or not kept:
            reading.cancel()
        elif reading.live is not None:
            reading.live.stop()

    def keep_place(self, reading: Reading) -> None:
        """Keep where one is, for a step back."""
        self._history.append(self.place_in(reading))

    def place_in(self, reading: Reading) -> Place:
        """Where one is."""
        detail = self.detail.row if self.detail_open else None
        source, sight = self.results.source, self.results.sight
        return Place(reading, source, sight, self.group, detail, self.pane, self.zoomed)

    def restore(self, place: Place | Step) -> None:
        """Show a place again as it was left."""
        assert isinstance(place, Place)
        self._leave_reading()
        self.app.cancel_planning()
        reading = self.reading = place.reading
        if reading.last is not None and reading.last.coverage.stop == "cancelled":
            # It was ended by leaving it: reading goes on once more rows are wanted.
            reading.go_on()
        self.group, self.zoomed = place.group, place.zoomed
        self.results.show_at(place.source, place.sight)
        self.query_one(Sidebar).select(reading.runbook.id)
        self.call_later(self.form.show, reading.runbook, reading.texts)
        self.close_detail()
        if place.detail is not None:
            self.open_detail(place.detail)
        if place.detail is None or place.pane == "results":
            self.go_pane("results")
        self._notice = ""
        self.show_status()
        # Once all panes have their sizes again.
        self.call_after_refresh(self._look_again, place)

    def _look_again(self, place: Place) -> None:
        lines, sight = self.results, place.sight
        now = lines.sight
        if lines.source is place.source and now.cursor == sight.cursor and now != sight:
            lines.show_at(place.source, sight)

    def began(self, reading: Reading) -> None:
        """A plan is made: show it being read."""
        typed = self.row_source
        self.reading = reading
        if reading.runbook.id in self.chosen_columns:
            reading.rows.show_columns(self.chosen_columns[reading.runbook.id])
        if typed is not None and typed.pattern:
            # Somebody was faster than the plan.
            reading.rows.filter(typed.pattern, hiding=typed.hiding)
        self.results.show(reading.groups if reading.groups is not None else reading.rows)
        self.show_panes()
        self.app.read(reading, everything=reading.groups is not None)
        self.show_status()

    def refused(self, runbook: Runbook, error: Exception) -> None:
        """A runbook cannot run so: show why, where it is to be mended."""
        from audittui.runbook.bind import ParameterErrors

        if isinstance(error, ParameterErrors) and self.form.runbook is runbook:
            self.go_pane("form")
            self.form.show_faults(error.errors)
        elif isinstance(error, UsageError) and self.form.runbook is runbook and not self.reading:
            # It is the question that has to be mended.
            self.go_pane("form")
        self.say(str(error), lasting=True)

    def took(self, reading: Reading) -> None:
        """A page came."""
        if reading is not self.reading:
            return
        self._notice = ""
        if self.group is None:
            if isinstance(self.results.source, GroupSource):
                self.results.changed(self.results.source.moved(self.results.cursor))
            elif reading.widened and self._widened is not reading:
                self._widened = reading
                self.results.show(reading.rows, self.results.cursor)
            else:
                self.results.grown()
        self._show_status_soon()

    def _show_status_soon(self) -> None:
        """Renew the status line a few times a second, however fast pages come."""
        if not self._status_due:
            self._status_due = True
            if len(self.reading.rows.rows if self.reading else ()) <= SCREENFUL:
                self._show_status_now()
            else:
                self.set_timer(_LAG, self._show_status_now)

    def _show_status_now(self) -> None:
        self._status_due = False
        self.show_status()

    def paused(self, reading: Reading) -> None:
        """The reading rests: all is there, or enough for now."""
        if reading is self.reading:
            self.show_status()
            self.want_more()

    def want_more(self) -> None:
        """Read the next page when the window is near the end of what is loaded."""
        reading, source = self.reading, self.row_source
        if reading is None or source is not reading.rows or source.filtered or not reading.more:
            return
        near = max(self.results.cursor, self.results.last_in_sight)
        if near + 2 * self.results.room >= len(source):
            self.app.read(reading)
            self.show_status()

    def open_group(self, group: Group) -> None:
        """Show the events of a group."""
        if self.reading is None or self.reading.groups is None:
            return
        self.group = group
        columns = self.chosen_columns.get(self.reading.runbook.id, self.reading.plan.columns)
        rows = RowSource(columns, self.app.marks, self.reading.strangers)
        rows.add(group.rows)
        self.results.show(rows)
        self.show_panes()
        self.show_status()

    def open_detail(self, row: Row | None, widget: Widget | None = None) -> None:
        """Show one entry: read it, check it, trace its resource."""
        if row is None:
            return
        self.detail_open = True
        self.detail.show(row)
        self.go_pane("detail", widget)
        self.app.inspect(row, self.detail.life is None)
        self.show_status()
