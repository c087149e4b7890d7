"""Finding among the rows of the main screen: a filter, its matches, a time."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from audittui.tui import words
from audittui.tui.screens.reading import ReadingScreen


class FindingScreen(ReadingScreen):
    """What `/`, `n`, `N`, `&` and `t` do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # First of all: what is typed right after it must find the field focused.
        Binding("slash", "find", "filter rows, find a runbook", id="find", priority=True),
        Binding("n", "match(1)", "next match", id="next-match"),
        Binding("N", "match(-1)", "previous match", id="previous-match"),
        Binding("ampersand", "toggle_filter", "filter off and on, same place", id="toggle-filter"),
        Binding("t", "go_to_time", "go to a time", id="go-to-time"),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """In a field a slash is a slash."""
        if action == "find" and isinstance(self.focused, Input):
            return False
        return super().check_action(action, parameters)

    def action_find(self) -> None:
        """Filter the rows, or find a runbook."""
        if self.pane in ("sidebar", "form"):
            self.pane = "sidebar"
            self.show_panes()
            self.set_focus(self.query_one("#find"))
        elif self.row_source is None:
            self.say("Open a group first: Enter.")
        else:
            source = self.row_source
            self._filter_from = source.at_of(self.results.cursor) if len(source) else 0
            self.ask("filter", source.pattern, "text that rows hold; !text: rows without it")

    def action_go_to_time(self) -> None:
        """Ask for a time."""
        if self.row_source is not None and len(self.row_source):
            self.ask("time", "", "2026-11-24T14:00, -2h, @1700000000")
        else:
            self.say("There are no rows to go through.")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as you type."""
        if event.input.id == "ask" and self._asking == "filter":
            self.set_filter(event.value, self._filter_from)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter, or go to the time."""
        if event.input.id != "ask":
            return
        kind, value = self._asking, event.value
        self.end_asking()
        self.go_pane("results")
        if kind == "time" and self.row_source is not None and self.reading is not None:
            found = words.find_time(self.row_source, value, self.reading.plan.order)
            if isinstance(found, str):
                self.say(found)
            else:
                self.results.go(found)

    def set_filter(self, pattern: str, at: int | None = None, *, hiding: bool = True) -> None:
        """Filter the rows and stay at the same row, or the nearest one."""
        source = self.row_source
        if source is None:
            return
        if at is None:
            at = source.at_of(self.results.cursor) if len(source) else 0
        source.filter(pattern, hiding=hiding)
        self.results.changed(source.line_of(at))
        self._notice = ""
        self.show_status()

    def action_toggle_filter(self) -> None:
        """Show all rows, or only the matches, at the same place."""
        source = self.row_source
        if source is None or not source.pattern:
            self.say("There is no filter: / makes one.")
        else:
            self.set_filter(source.pattern, hiding=not source.hiding)

    def action_match(self, step: int) -> None:
        """Go to the next or previous row that matches."""
        source = self.row_source
        if source is None or not source.pattern:
            self.say("There is no filter: / makes one.")
            return
        found = source.next_match(source.at_of(self.results.cursor) if len(source) else 0, step)
        if found is None:
            self.say(words.no_more("match", step, self.reading))
        else:
            self.results.go(source.line_of(found))
