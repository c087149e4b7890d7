"""Finding among the rows of the main screen: a filter, its matches, a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input

from audittui.tui.model.filter import PatternError
from audittui.tui.model.groups import GroupSource
from audittui.tui.model.rows import RowSource
from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.text import words

if TYPE_CHECKING:
    from audittui.tui.model.run import Reading

_SLICE = 0.006
_PAUSE = 0.004
"""Of many rows some are filtered for so many seconds, then keys have so many."""
_HINT = 'text, actor:text, !not this, ~regular expression, "a b"; all of them hold'
_GROUPS = "Of groups only those that match are listed: / changes the filter, Esc takes it away."


class FindingScreen(ReadingScreen):
    """What `/`, `n`, `N`, `&` and `t` do."""

    _offered = False
    """True after it was offered to load until the next match."""
    _seek_after: int | None = None
    """The row after which a match is being loaded."""
    _stay = 0
    """The row that stays in sight while others are filtered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "filter the list, find a runbook", id="find"),
        Binding("n", "match(1)", "next match", id="next-match"),
        Binding("N", "match(-1)", "previous match", id="previous-match"),
        Binding("ampersand", "toggle_filter", "filter off and on, same place", id="toggle-filter"),
        Binding("t", "go_to_time", "go to a time", id="go-to-time"),
    ]

    def action_find(self) -> None:
        """Filter the rows, or find a runbook."""
        if self.pane in ("sidebar", "form"):
            self.pane = "sidebar"
            self.show_panes()
            self.set_focus(self.query_one("#find"))
        else:
            source = self.row_source
            if source is not None:
                self._filter_from = source.at_of(self.results.cursor) if len(source) else 0
            self.ask("filter", self.shown_pattern, _HINT)

    @property
    def shown_pattern(self) -> str:
        """What the list is filtered by, be it of rows or of groups."""
        source = self.results.source
        return source.pattern if isinstance(source, (RowSource, GroupSource)) else ""

    def action_go_to_time(self) -> None:
        """Ask for a time."""
        if self.row_source is not None and len(self.row_source):
            self.ask("time", "", "14:00, 2026-11-24T14:00, -2h, @1700000000")
        else:
            self.say("There are no rows to go through.")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as you type."""
        if event.input.id == "ask" and self._asking == "filter":
            self.set_filter(event.value, self._filter_from)

    def answered(self, value: str) -> None:
        """Keep the filter, or go to the time. What cannot be read is told, and stays to be
        mended."""
        kind = self._asking
        # Whoever types fast is here before the last change was told.
        new = kind == "filter" and self.shown_pattern != value
        if new and not self.set_filter(value, self._filter_from):
            return
        found = self._line_at(value) if kind == "time" else None
        if isinstance(found, str):
            self.say(found)
            return
        self.end_asking()
        self.go_pane("results")
        if found is not None:
            self.results.go(found)

    def _line_at(self, text: str) -> int | str | None:
        """The line of a time, why there is none, or None where there are no rows any more."""
        source = self.row_source
        if source is None or not len(source) or self.reading is None:
            return None
        row = source.row(min(self.results.cursor, len(source) - 1))
        return words.find_time(source, text, self.reading.plan.order, row.time)

    def set_filter(self, pattern: str, at: int | None = None, *, hiding: bool = True) -> bool:
        """Filter the list and stay at the same line, or the nearest one. A pattern that cannot be
        read is told, the filter stays, and this is False."""
        shown, source = self.results.source, self.row_source
        try:
            if isinstance(shown, GroupSource):
                shown.filter(pattern)
                self._notice = ""
                self.results.changed(shown.moved(self.results.cursor))
                self.show_status()
                return True
            if source is None:
                return True
            if at is None:
                at = source.at_of(self.results.cursor) if len(source) else 0
            source.filter(pattern, hiding=hiding)
        except PatternError as error:
            self.say(str(error))
            return False
        self._offered = False
        self._notice = ""
        self.results.changed(source.line_of(at))
        if source.searching:
            self._stay = at
            self._search_on(source, pattern)
        self.show_status()
        return True

    def show_status(self) -> None:
        """Where a filter hides every group, say so in their place."""
        super().show_status()
        groups = self.results.source
        if isinstance(groups, GroupSource) and groups.pattern and groups.total:
            self.results.say(
                f"None of the {groups.total:,} groups matches. Esc clears the filter, / changes it."
            )

    def _search_on(self, source: RowSource, pattern: str) -> None:
        """Look at the next rows, and at others after the next key."""
        if source.pattern != pattern or self.row_source is not source:
            return
        line = source.line_of(self._stay)
        source.search(seconds=_SLICE)
        if source.hiding and self.results.cursor == line:
            self.results.changed(source.line_of(self._stay))
        else:
            # Somebody moved meanwhile.
            self._stay = source.at_of(self.results.cursor) if len(source) else 0
            self.results.grown()
        self.show_status()
        if source.searching:
            self.set_timer(_PAUSE, lambda: self._search_on(source, pattern))

    def action_toggle_filter(self) -> None:
        """Show all rows, or only the matches, at the same place."""
        source = self.row_source
        if source is None and self.shown_pattern:
            self.say(_GROUPS)
        elif source is None or not source.pattern:
            self.say("There is no filter: / makes one.")
        else:
            self.set_filter(source.pattern, hiding=not source.hiding)

    def action_match(self, step: int) -> None:
        """Go to the next or previous row that matches."""
        source = self.row_source
        if source is None and self.shown_pattern:
            self.say(_GROUPS)
            return
        if source is None or not source.pattern:
            self.say("There is no filter: / makes one.")
            return
        at = source.at_of(self.results.cursor) if len(source) else 0
        found = source.next_match(at, step)
        if found is not None:
            self._offered = False
            self.results.go(source.line_of(found))
        elif source.searching:
            self.say("Not all loaded rows are searched yet; go on in a moment.")
        elif step < 0 or self.reading is None or not self.reading.more or self.group is not None:
            self.say(words.no_more("match", step, self.reading))
        elif self._offered:
            self._offered = False
            self._seek_after = at
            self.app.read(self.reading)
            self.say("Loading until the next match…")
        else:
            self._offered = True
            self.say(
                f"No match below in the {len(source.rows):,} rows that are loaded;"
                " n again loads until the next one, Ctrl-C stops it."
            )

    # Loading until the next match

    def paused(self, reading: Reading) -> None:
        """The reading rests: when a match is wanted and none came, read on."""
        after, source = self._seek_after, reading.rows
        if after is not None and reading is self.reading and source is self.row_source:
            source.search()
            found = source.next_match(after, 1)
            if found is None and reading.more:
                self.app.read(reading)
                self.show_status()
                return
            self._seek_after = None
            if found is not None:
                self._notice = ""
                self.results.grown()
                self.results.go(source.line_of(found))
            else:
                self.say(words.no_more("match", 1, reading))
        super().paused(reading)
