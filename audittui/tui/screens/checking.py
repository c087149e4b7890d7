"""Checking entries where they stand: one, or all in the window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.sources import RowSource

if TYPE_CHECKING:
    from audittui.integrity.verdict import Verdict


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
            self.say("No entry is chosen.")
        elif self.pane == "detail":
            self.detail.take_verdict(row, None)
            self.app.check(row)
        elif self.row_source is not None:
            self.say("Checking the entry…")
            self.app.check_rows(self.row_source, [row])

    def action_verify_window(self) -> None:
        """Check every row that is in sight."""
        source = self.row_source
        if source is None or not len(source):
            self.say("There are no rows to check.")
            return
        first = self.results.scroll_offset.y
        rows = [source.row(at) for at in range(first, self.results.last_in_sight + 1)]
        self.say(f"Checking {len(rows):,} entries…")
        self.app.check_rows(source, rows)

    def take_verdicts(self, source: RowSource, verdicts: Sequence[Verdict]) -> None:
        """Entries were checked: mark their rows, and say what was found."""
        first = not source.verdicts
        source.verdicts.update({(one.chain, one.seq): one for one in verdicts})
        if source is self.results.source and verdicts:
            if first:
                self.results.show(source, self.results.cursor)
            else:
                self.results.changed(self.results.cursor)
        if len(verdicts) == 1:
            self.say(verdicts[0].summary)
        else:
            counts = Counter(one.verdict for one in verdicts)
            found = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
            self.say(f"Checked {len(verdicts):,} entries: {found}.")
