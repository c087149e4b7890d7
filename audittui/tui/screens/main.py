"""The main screen: runbooks, form, results and detail, and what the keys do between them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.model.groups import GroupSource
from audittui.tui.screens.browsing import BrowsingScreen
from audittui.tui.screens.checking import CheckingScreen
from audittui.tui.screens.choosing import ChoosingScreen
from audittui.tui.screens.connecting import ConnectingScreen
from audittui.tui.screens.costing import CostingScreen
from audittui.tui.screens.following import FollowingScreen
from audittui.tui.screens.grouping import GroupingScreen
from audittui.tui.screens.marking import MarkingScreen
from audittui.tui.screens.remembering import RememberingScreen
from audittui.tui.screens.returning import ReturningScreen
from audittui.tui.screens.stepping import SteppingScreen
from audittui.tui.screens.viewing import ViewingScreen
from audittui.tui.screens.zooming import ZoomingScreen
from audittui.tui.widgets.lines import LineList


class MainScreen(
    ChoosingScreen, BrowsingScreen, ZoomingScreen, SteppingScreen, FollowingScreen, ViewingScreen,
    CheckingScreen, MarkingScreen, GroupingScreen, CostingScreen, RememberingScreen,
    ConnectingScreen, ReturningScreen, whole=True,
):  # fmt: skip
    """What the keys do. `AuditApp` reads; this shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="back"),
        Binding("backspace", "back", "back", id="back-too", show=False),
        Binding("q", "leave", "back, and quits at the root", id="quit"),
        Binding("r", "rerun", "run again, connect again", id="rerun"),
        Binding("question_mark", "help", "help", id="help"),
    ]

    # Results

    def action_pane(self, pane: str) -> None:
        """Go to a pane."""
        if pane == "form" and self.form.runbook is None:
            self.say("Choose a runbook first (1, then Enter).")
        elif pane == "detail" and self.listed_row is None and not self.detail_open:
            self.say("There is no entry to show yet.")
        elif pane == "detail" and not self.detail_open:
            self.open_detail(self.listed_row)
        else:
            self.go_pane(pane)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Read on when the end comes near."""
        if event.lines is self.results:
            self.want_more()

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Open the entry, the group's events, or another entry of the lifecycle."""
        if event.lines is not self.results:
            life = self.detail.life
            if life is not None:
                self.open_detail(life.rows[event.lines.cursor], event.lines)
            return
        source = event.lines.source
        if isinstance(source, GroupSource):
            self.open_group(source.groups[event.lines.cursor])
        else:
            self.open_detail(self.listed_row)

    def action_back(self) -> None:
        """One step back; never out of the application."""
        self.step_back()

    def step_back(self) -> bool:
        """One step back; False at the root."""
        if self._asking:
            self.end_asking()
            self.go_pane("results")
        elif self.zoomed and not (self._history and self._history[-1].zoomed):
            # One pane alone since this place; the step back to one that was so keeps it.
            self.action_zoom(False)
        elif self.pane == "detail" or (self.pane == "results" and self.detail_open):
            self.close_detail()
        elif self.pane == "results" and self.leave_live():
            pass
        elif self.pane == "results" and self.group is not None and self.reading is not None:
            key, self.group = self.group.key, None
            assert self.reading.groups is not None
            self.results.show(self.reading.groups, self.reading.groups.line_of(key) or 0)
            self.show_panes()
            self.show_status()
        elif self.pane == "results" and self.shown_pattern:
            self.set_filter("")
        elif self.pane == "results" and self._history:
            self.restore(self._history.pop())
        elif self.pane in ("results", "form"):
            self.go_pane("sidebar")
            return False
        else:
            return False
        return True

    def action_leave(self) -> None:
        """One step back, and out of the application at the root."""
        if (self.pane not in ("results", "detail") and not self._asking) or not self.step_back():
            self.app.exit()

    def action_interrupt(self) -> None:
        """Stop reading and keep the rows."""
        if self.app.cancel_export() or self.app.cancel_looking():
            self.say("Stopping…")
        elif self.live is not None and self.live.state != "stopped":
            self.action_follow()
        elif self.app.cancel_planning():
            self.say("Stopped before anything was read.")
        elif self.reading is not None and self.reading.active:
            self.reading.cancel()
            self.say("Stopping…")
        else:
            self.say("Nothing is being read. q quits.")

    def action_rerun(self) -> None:
        """Run the same again, or connect again."""
        if self.app.state.kind in ("failed", "none"):
            self.app.connect_again()
        elif self.reading is not None:
            self.run_runbook(self.reading.runbook, self.reading.texts)
        else:
            self.say("Nothing was run yet: choose a runbook (1).")

    def action_help(self) -> None:
        """Show every key."""
        self.app.show_help()
