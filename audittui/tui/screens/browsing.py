"""Looking through one entry: search, values whole and copied, versions compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.screens.finding import FindingScreen
from audittui.tui.screens.keeping import KeepingScreen
from audittui.tui.text import words

if TYPE_CHECKING:
    from audittui.investigate.version import Version
    from audittui.layout.row import Row
    from audittui.tui.model.entry import Life
    from audittui.tui.widgets.detail import Detail
    from audittui.tui.widgets.outline import OutlineView


class BrowsingScreen(FindingScreen, KeepingScreen):
    """Looking through one entry: search, values whole and copied, versions compared."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "d", "difference", "what changed against the version before (lifecycle)",
            id="difference",
        ),
    ]  # fmt: skip

    def action_find(self) -> None:
        """In the detail view search in the entry."""
        if self.pane == "detail":
            self.detail.seek()
        else:
            super().action_find()

    def action_match(self, step: int) -> None:
        """In the detail view go to the next place where the text stands."""
        if self.pane == "detail":
            self.detail.next_match(step)
        else:
            super().action_match(step)

    def action_copy(self, what: str) -> None:
        """In the detail view copy the value under the cursor, or the lifecycle's row."""
        if what != "row" or self.pane != "detail":
            super().action_copy(what)
        elif self.detail.lane.has_focus:
            row = self._version_row
            if row is None:
                self.say("The lifecycle has no entry to copy.")
            else:
                self.app.copy("the row", words.row_line(row))
        else:
            self.copy_value(self.detail.entry)

    @property
    def _version_row(self) -> Row | None:
        at, life = self.detail.chosen_version, self.detail.life
        return None if at is None or life is None else life.rows[at]

    def copy_value(self, view: OutlineView) -> None:
        """Copy what the line under the cursor shows, all of it."""
        from audittui.escape import escaped

        value = view.value
        if value is None:
            self.say("There is no value on this line: j and k move, y copies the whole entry.")
        else:
            self.app.copy(value.name, escaped(value.text))

    def on_outline_view_opened(self, event: OutlineView.Opened) -> None:
        """Show a value whole, over as many lines as it has."""
        from rich.text import Text

        from audittui.escape import escaped_lines
        from audittui.tui.dialogs.reader import ReaderScreen

        event.stop()
        self.app.push_screen(ReaderScreen(event.value.name, Text(escaped_lines(event.value.text))))

    def on_detail_said(self, event: Detail.Said) -> None:
        """Say what the search found."""
        self.say(event.text)

    def action_difference(self) -> None:
        """Read what the chosen entry of the lifecycle changed, and show it."""
        life = self.detail.life if self.pane == "detail" else None
        at = self.detail.chosen_version
        if self.pane != "detail":
            self.say("Open an entry first (Enter), then d compares it with the version before.")
        elif life is None:
            self.say("The lifecycle is not read yet.")
        elif at is None:
            self.say("This entry is not in its lifecycle: Tab goes there, j and k choose another.")
        else:
            self.say("Reading the version before…")
            self.app.compare_versions(life, at)

    def show_version(self, life: Life, version: Version) -> None:
        """What an entry changed is known: show it, unless somebody has gone on meanwhile."""
        from audittui.tui.dialogs.version import VersionScreen

        if version.lines is None:
            self.say(version.told)
            return
        self.say("")
        if life is self.detail.life and self.app.screen is self:
            self.app.push_screen(VersionScreen(version, self.copy_value))
