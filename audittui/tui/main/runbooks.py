"""From a runbook to its form, and from the form to the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audittui.runbook.catalogue import BrokenRunbook
    from audittui.runbook.model import Runbook
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.run import Runner
    from audittui.tui.main.trail import Trail


class Runbooks:
    """Chooses a runbook, fills in its form, runs it."""

    def __init__(self, desk: Desk, runner: Runner, trail: Trail) -> None:
        self._desk = desk
        self._runner = runner
        self._trail = trail

    async def preview(self, runbook: Runbook | None, broken: BrokenRunbook | None) -> None:
        """Show the form, or the fault of a broken runbook."""
        if broken is not None:
            await self._desk.form.say(f"This runbook cannot run. {broken.text}")
        elif runbook is not None:
            await self._desk.form.show(runbook)

    async def choose(self, runbook: Runbook | None, broken: BrokenRunbook | None) -> None:
        """Go to the form, or run a runbook without parameters."""
        if broken is not None:
            await self._desk.form.say(f"This runbook cannot run. {broken.text}")
        if runbook is None:
            return
        await self._desk.form.show(runbook)
        self._desk.sidebar.select(runbook.id)
        if runbook.params:
            self._desk.go_pane("form")
        else:
            self.run()

    def run(self) -> None:
        """Run the form, if it is valid."""
        form = self._desk.form
        runbook, texts = form.runbook, form.checked()
        if runbook is not None and texts is not None:
            self._trail.clear()
            self._runner.run(runbook, texts)
