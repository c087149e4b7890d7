"""Taking things away: copies of a row, an entry, the command."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from audittui.tui import words
from audittui.tui.screens.reading import ReadingScreen


class TakingScreen(ReadingScreen):
    """Taking things away: copies of a row, an entry, the command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy('row')", "copy the row", id="copy-row"),
        Binding("y", "copy('json')", "copy the entry as JSON", id="copy-json"),
        Binding("Y", "copy('command')", "copy the command that asks the same", id="copy-command"),
    ]

    def action_copy(self, what: str) -> None:
        """Copy the row, the entry or the command."""
        if what == "command":
            if self.reading is None:
                self.say("Nothing was run yet, so there is no command.")
            else:
                self.app.copy("the command", self.app.command_of(self.reading))
            return
        row = self.row
        if row is None:
            self.say("No entry is chosen.")
        elif what == "row":
            self.app.copy("the row", words.row_line(row))
        else:
            self.app.copy_entry(row)
