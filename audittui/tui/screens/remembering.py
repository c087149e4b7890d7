"""What was asked before: the history, and a form filled in as it was the last time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.screens.reading import ReadingScreen

if TYPE_CHECKING:
    from audittui.tui.model.memory import Run, Saved


class RememberingScreen(ReadingScreen):
    """What was asked before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("H", "history", "history of runs, saved searches", id="history"),
        Binding("ctrl+r", "last_values", "fill in the form as the last time", id="last-values"),
    ]

    def action_history(self) -> None:
        """Show the history; run what is chosen."""
        from audittui.tui.dialogs.history import HistoryScreen

        def run(entry: Saved | Run) -> None:
            self._history.clear()
            self.app.run_remembered(entry.runbook, entry.texts)

        def chosen(entry: Saved | Run | None) -> None:
            from audittui.tui.dialogs.reader import ConfirmScreen
            from audittui.tui.model.memory import Run

            here = self.app.target.label
            if isinstance(entry, Run) and entry.target != here:
                details = [f"It was run on {entry.target}; you are connected to {here}."]
                self.app.push_screen(
                    ConfirmScreen("Run this here?", details),
                    lambda yes: run(entry) if yes else None,
                )
            elif entry is not None:
                run(entry)

        self.app.push_screen(
            HistoryScreen(
                lambda: self.app.remembered,
                self.app.remember,
                self.app.runbook_named,
                self.app.target.label,
            ),
            chosen,
        )

    async def action_last_values(self) -> None:
        """Fill in the form as the last time."""
        runbook = self.form.runbook
        if runbook is None:
            self.say("Choose a runbook first (1, then Enter).")
            return
        last = self.app.remembered.last_of(runbook.id)
        if last is None:
            self.say("This runbook was not run before.")
            return
        await self.form.show(runbook, last.texts)
        self.go_pane("form")
        self.say("Filled in as the last time. Enter runs it.")
