"""Checking entries where they stand: one, or all in the window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.model.followed import is_entry
from audittui.tui.model.rows import RowSource
from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.text import words

if TYPE_CHECKING:
    from audittui.integrity.verdict import Verdict
    from audittui.layout.row import Row


class CheckingScreen(ReadingScreen):
    """Checking entries where they stand: one, or all in the window."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "verify", "check the entry", id="verify"),
        Binding("V", "verify_window", "check all rows in the window", id="verify-window"),
    ]

    def action_verify(self) -> None:
        """Check the entry, in the detail view or in its row."""
        row = self.row
        if row is None:
            self.say_no_entry()
        elif self.pane == "detail":
            self.detail.take_verdict(row, None)
            self.app.check(row)
        elif self.row_source is not None:
            self.say("Checking the entry…")
            self.app.check_rows(self.row_source, [row])

    def action_verify_window(self) -> None:
        """Check every row that is in sight."""
        source = self.row_source
        first, last = self.results.scroll_offset.y, self.results.last_in_sight
        rows = [] if source is None else list(map(source.row, range(first, last + 1)))
        entries = [row for row in rows if is_entry(row)]
        if source is None and self.listed_group is not None:
            self.say_no_entry()
            return
        if source is None or not entries:
            self.say("There are no rows to check.")
            return
        self.say(f"Checking {words.entries_text(len(entries))}…")
        self.app.check_rows(source, entries)

    def take_verdicts(self, source: RowSource, verdicts: Sequence[Verdict]) -> None:
        """Entries were checked: mark their rows, and say what was found."""
        self._mark(source, verdicts)
        if len(verdicts) == 1:
            self.say(verdicts[0].summary)
        else:
            counts = Counter(one.verdict for one in verdicts)
            found = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
            self.say(f"{self._how_many(source, len(verdicts))} checked: {found}.")

    def _how_many(self, source: RowSource, count: int) -> str:
        """So many of the list's rows, and whether the list is all that there is."""
        loaded = shown = source.entries
        if source.filtered:
            shown = sum(is_entry(source.row(at)) for at in range(len(source)))
        of = f"{count:,} of {shown:,} {'row' if shown == 1 else 'rows'}"
        if source.filtered and shown != loaded:
            of += f" that match, of {loaded:,} loaded,"
        reading = self.reading
        if reading is not None and source is reading.rows and not reading.complete:
            return f"{of}, more to read,"
        return of

    def take_opened_verdict(self, row: Row, verdict: Verdict) -> None:
        """An entry was checked because it was opened: its row in the list says so where checked
        ones do, and in any case where something is wrong with it. The verdict is on what ``row``
        shows; a row of the list that is another one may show something else."""
        source = self.row_source
        if source is None or not (source.verdicts or verdict.failed):
            return
        if verdict.failed or any(one is row for one in source.rows):
            self._mark(source, [verdict])

    def _mark(self, source: RowSource, verdicts: Sequence[Verdict]) -> None:
        source.verdicts.update({(one.chain, one.seq): one for one in verdicts})
        if source is self.results.source:
            self.results.changed(self.results.cursor)
