"""Finding in what is shown: a filter, its matches, a time; a text in an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from audittui.tui.main.key import Key
from audittui.tui.model.filter import PatternError
from audittui.tui.model.groups import GroupSource
from audittui.tui.model.rows import RowSource
from audittui.tui.text import words

if TYPE_CHECKING:
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.run import Runner
    from audittui.tui.model.run import Run

_SLICE = 0.006
_PAUSE = 0.004
"""Seconds of filtering many rows at a stretch, and seconds left to keys in between."""
_HINT = 'text, actor:text, !not this, ~regular expression, "a b"; all must match'
_GROUPS = "Only matching groups are listed: / changes the filter, Esc clears it."


class Find:
    """What `/`, `n`, `N`, `&` and `t` do."""

    def __init__(self, desk: Desk, runner: Runner) -> None:
        self._desk = desk
        self._runner = runner
        self._filter_from = 0
        self._offered = False
        """True after the offer to load up to the next match."""
        self._seek_after: int | None = None
        """The row from which a match is being loaded."""
        self._stay = 0
        """The row that stays in view during filtering."""

    def find(self) -> None:
        """Filter the rows, find a runbook, or search in the entry."""
        desk = self._desk
        if desk.pane == "detail":
            desk.detail.seek()
        elif desk.pane in ("sidebar", "form"):
            desk.go_pane("sidebar", desk.sidebar.finder)
        else:
            source = desk.row_source
            if source is not None:
                self._filter_from = source.at_of(desk.results.cursor) if len(source) else 0
            desk.ask("filter", self.pattern, _HINT)

    @property
    def pattern(self) -> str:
        """What the list is filtered by, be it of rows or of groups."""
        source = self._desk.results.source
        return source.pattern if isinstance(source, (RowSource, GroupSource)) else ""

    def go_to_time(self) -> None:
        """Ask for a time."""
        source = self._desk.row_source
        if source is not None and len(source):
            self._desk.ask("time", "", "14:00, 2026-11-24T14:00, -2h, @1700000000")
        else:
            self._desk.say("There are no rows to move through.")

    def typed(self, value: str) -> None:
        """Filter as the user types."""
        if self._desk.asking == "filter":
            self.filter(value, self._filter_from)

    def answer(self, value: str) -> None:
        """Keep the filter, or go to the time. Invalid input is reported, and stays for editing."""
        desk, kind = self._desk, self._desk.asking
        # When typing fast, this comes before the last change message.
        new = kind == "filter" and self.pattern != value
        if new and not self.filter(value, self._filter_from):
            return
        found = self._line_at(value) if kind == "time" else None
        if isinstance(found, str):
            desk.say(found)
            return
        desk.end_asking()
        desk.go_pane("results")
        if found is not None:
            desk.results.go(found)

    def _line_at(self, text: str) -> int | str | None:
        """The line of a time, why there is none, or None if there are no rows any more."""
        source, run = self._desk.row_source, self._desk.run
        if source is None or not len(source) or run is None:
            return None
        row = source.row(min(self._desk.results.cursor, len(source) - 1))
        return words.find_time(source, text, run.plan.order, row.time)

    def filter(self, pattern: str, at: int | None = None, *, hiding: bool = True) -> bool:
        """Filter the list, staying at the same line or the nearest one. An invalid pattern is
        reported and leaves the filter as it was; then this returns False."""
        desk, results = self._desk, self._desk.results
        shown, source = results.source, desk.row_source
        try:
            if isinstance(shown, GroupSource):
                shown.filter(pattern)
                desk.unsay()
                results.redraw(shown.moved(results.cursor))
                desk.show_status()
                return True
            if source is None:
                return True
            if at is None:
                at = source.at_of(results.cursor) if len(source) else 0
            source.filter(pattern, hiding=hiding)
        except PatternError as error:
            desk.say(str(error))
            return False
        self._offered = False
        desk.unsay()
        results.redraw(source.line_of(at))
        if source.searching:
            self._stay = at
            self._search_on(source, pattern)
        desk.show_status()
        return True

    def clear(self) -> bool:
        """Clear the filter; False if there is none."""
        if not self.pattern:
            return False
        self.filter("")
        return True

    def _search_on(self, source: RowSource, pattern: str) -> None:
        """Search more rows, leaving room for keys in between."""
        desk, results = self._desk, self._desk.results
        if source.pattern != pattern or desk.row_source is not source:
            return
        line = source.line_of(self._stay)
        source.search(seconds=_SLICE)
        if source.hiding and results.cursor == line:
            results.redraw(source.line_of(self._stay))
        else:
            # The user moved meanwhile.
            self._stay = source.at_of(results.cursor) if len(source) else 0
            results.show_growth()
        desk.show_status()
        if source.searching:
            desk.after(_PAUSE, lambda: self._search_on(source, pattern))

    def toggle(self) -> None:
        """Show all rows, or only the matches, at the same place."""
        source = self._desk.row_source
        if source is None and self.pattern:
            self._desk.say(_GROUPS)
        elif source is None or not source.pattern:
            self._desk.say("There is no filter: / sets one.")
        else:
            self.filter(source.pattern, hiding=not source.hiding)

    def match(self, step: int) -> None:
        """Go to the next or previous matching row; in the detail view, to the next match."""
        desk, run, source = self._desk, self._desk.run, self._desk.row_source
        if desk.pane == "detail":
            desk.detail.next_match(step)
            return
        if source is None and self.pattern:
            desk.say(_GROUPS)
            return
        if source is None or not source.pattern:
            desk.say("There is no filter: / sets one.")
            return
        at = source.at_of(desk.results.cursor) if len(source) else 0
        found = source.next_match(at, step)
        if found is not None:
            self._offered = False
            desk.results.go(source.line_of(found))
        elif source.searching:
            desk.say("Still searching the loaded rows; try again in a moment.")
        elif step < 0 or run is None or not run.more or desk.group is not None:
            desk.say(words.no_more("match", step, run))
        elif self._offered:
            self._offered = False
            self._seek_after = at
            self._runner.read(run)
            desk.say("Loading up to the next match…")
        else:
            self._offered = True
            desk.say(
                f"No match below in the {len(source.rows):,} loaded rows;"
                " n again loads up to the next one, Ctrl-C stops."
            )

    def rested(self, run: Run) -> bool:
        """If a match is wanted and none was found, read more."""
        desk, after, source = self._desk, self._seek_after, run.rows
        if after is None or run is not desk.run or source is not desk.row_source:
            return False
        source.search()
        found = source.next_match(after, 1)
        if found is None and run.more:
            self._runner.read(run)
            desk.show_status()
            return True
        self._seek_after = None
        if found is not None:
            desk.unsay()
            desk.results.show_growth()
            desk.results.go(source.line_of(found))
        else:
            desk.say(words.no_more("match", 1, run))
        return False

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("slash", "find", "filter the list, find a runbook", find, words="search, grep, where"),
        Key("n", "next-match", "next match", match, (1,), words="find next, search again"),
        Key("N", "previous-match", "previous match", match, (-1,), words="find previous"),
        Key("ampersand", "toggle-filter", "turn the filter off or on", toggle, words="context"),
        Key("t", "go-to-time", "go to a time", go_to_time, words="jump, date, moment"),
    )
