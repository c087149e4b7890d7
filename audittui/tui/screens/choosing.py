"""From the runbooks to the form, and from the form to the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from audittui.tui.screens.finding import FindingScreen
from audittui.tui.widgets.sidebar import Sidebar

if TYPE_CHECKING:
    from audittui.runbook.catalogue import BrokenRunbook
    from audittui.runbook.model import Runbook


class ChoosingScreen(FindingScreen):
    """From the runbooks to the form, and from the form to the results."""

    def action_answer(self) -> None:
        """Take what the line below the list says."""
        self.answered(self.query_one("#ask", Input).value)

    async def action_choose(self) -> None:
        """From the sidebar to the form."""
        await self._choose(*self.query_one(Sidebar).chosen())

    def action_run(self) -> None:
        """Run what the form says, once nothing is wrong with it."""
        runbook, texts = self.form.runbook, self.form.checked()
        if runbook is not None and texts is not None:
            self._history.clear()
            self.run_runbook(runbook, texts)

    async def on_sidebar_highlighted(self, event: Sidebar.Highlighted) -> None:
        """Preview the form, or what is wrong with a broken runbook."""
        focused = self.focused
        if focused is None or self.query_one(Sidebar) not in focused.ancestors_with_self:
            # Told late: one was chosen meanwhile.
            return
        if event.broken is not None:
            await self.form.say(f"This runbook cannot run. {event.broken.text}")
        elif event.runbook is not None:
            await self.form.show(event.runbook)

    async def on_sidebar_chosen(self, event: Sidebar.Chosen) -> None:
        """A runbook was chosen, not by its key."""
        await self._choose(event.runbook, event.broken)

    async def _choose(self, runbook: Runbook | None, broken: BrokenRunbook | None) -> None:
        """Go to the form, or run what needs no parameter."""
        if broken is not None:
            await self.form.say(f"This runbook cannot run. {broken.text}")
        if runbook is None:
            return
        await self.form.show(runbook)
        self.query_one(Sidebar).select(runbook.id)
        if runbook.params:
            self.go_pane("form")
        else:
            self.action_run()
