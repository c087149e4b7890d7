"""From the runbooks to the form, and from the form to the results."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from audittui.runbook.catalogue import BrokenRunbook
from audittui.runbook.model import Runbook
from audittui.tui.screens.finding import FindingScreen
from audittui.tui.widgets.sidebar import Sidebar


class ChoosingScreen(FindingScreen):
    """From the runbooks to the form, and from the form to the results."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # First of all: what a field would tell of it comes later than the next key.
        Binding("enter", "choose", "choose a runbook; run it", id="choose", priority=True),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Elsewhere Enter opens."""
        if action == "choose":
            return self._focus_within("sidebar", "form", "ask")
        return super().check_action(action, parameters)

    def _focus_within(self, *panes: str) -> bool:
        focused = self.focused
        return focused is not None and any(
            isinstance(one, Widget) and one.id in panes for one in focused.ancestors_with_self
        )

    async def action_choose(self) -> None:
        """From the sidebar to the form, from the form or a question to the results."""
        if self._focus_within("form"):
            self._run()
        elif self._focus_within("ask"):
            self.answered(self.query_one("#ask", Input).value)
        else:
            await self._choose(*self.query_one(Sidebar).chosen())

    async def on_sidebar_highlighted(self, event: Sidebar.Highlighted) -> None:
        """Preview the form, or what is wrong with a broken runbook."""
        if not self._focus_within("sidebar"):
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
            self._run()

    def _run(self) -> None:
        """Run what the form says, once nothing is wrong with it."""
        runbook, texts = self.form.runbook, self.form.checked()
        if runbook is not None and texts is not None:
            self._history.clear()
            self.run_runbook(runbook, texts)
