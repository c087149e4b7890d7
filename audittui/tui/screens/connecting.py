"""From one table to another: the profiles, and what goes with the table that is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.model.rows import RowSource
from audittui.tui.screens.panes import Place
from audittui.tui.screens.reading import ReadingScreen

if TYPE_CHECKING:
    from audittui.connection import Target


class ConnectingScreen(ReadingScreen):
    """From one table to another."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("P", "profiles", "profiles: connect to another table", id="profiles"),
    ]

    def action_profiles(self) -> None:
        """List the profiles; connect to the one that is chosen."""
        from audittui.tui.dialogs.profiles import ProfilesScreen

        def chosen(target: Target | None) -> None:
            if target is None:
                return
            if self.app.state.kind == "open" and target.same(self.app.target):
                self.say("That is what you are connected to.")
            else:
                self.app.switch(target)

        self.app.push_screen(
            ProfilesScreen(self.app.target, self.app.started_on, self.app.state), chosen
        )

    def forget(self) -> None:
        """Another table comes: nothing that was read from this one stays."""
        if self.reading is not None:
            self.reading.cancel()
        for place in self._history:
            if isinstance(place, Place):
                place.reading.cancel()
        self._history.clear()
        self.end_asking()
        self.close_detail()
        self.detail.clear()
        self.reading = self.group = None
        self.zoomed = False
        self._notice = ""
        self.results.show(RowSource(()))
        self.go_pane("sidebar")
        self.show_status()
