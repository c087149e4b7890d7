"""What was asked before: the history, and a form filled in as it was the last time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar
from weakref import WeakKeyDictionary

import msgspec

from audittui import timestamp
from audittui.tui.main.key import Key
from audittui.tui.model.memory import PastRun

if TYPE_CHECKING:
    from audittui.errors import AuditError
    from audittui.tui.dialogs.history import HistoryScreen
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.notebook import Notebook
    from audittui.tui.main.run import Runner
    from audittui.tui.main.trail import Trail
    from audittui.tui.model.memory import Saved
    from audittui.tui.model.run import Run
    from audittui.tui.model.workspace import Workspace


class History:
    """Remembers runs, and runs them again."""

    def __init__(
        self, desk: Desk, workspace: Workspace, notebook: Notebook, runner: Runner, trail: Trail
    ) -> None:
        self._desk = desk
        self._workspace = workspace
        self._notebook = notebook
        self._runner = runner
        self._trail = trail
        self._past: WeakKeyDictionary[Run, PastRun] = WeakKeyDictionary()
        self._shown: HistoryScreen | None = None

    # What is remembered

    def began(self, run: Run) -> None:
        """Remember a run as far as it came."""
        # Two terminals may begin a run in the same microsecond.
        from uuid import uuid4

        past = self._past.get(run) or PastRun(
            uuid4().hex,
            run.runbook.id,
            run.texts,
            self._workspace.target.label,
            timestamp.now(),
        )
        past = self._past[run] = msgspec.structs.replace(
            past,
            coverage=run.last.coverage.text() if run.last is not None else "",
            rows=len(run.rows.rows),
            rcu=run.rcu,
        )
        self._notebook.change(lambda state: state.with_run(past))

    def rested(self, run: Run) -> bool:
        """Remember how far a run came."""
        self.began(run)
        return False

    def ended(self, run: Run, error: AuditError) -> None:
        """Remember how far a run came."""
        self.began(run)

    # The list

    def show(self) -> None:
        """Show the history; run what is chosen."""
        from audittui.tui.dialogs.history import HistoryScreen

        notebook, workspace = self._notebook, self._workspace
        self._shown = HistoryScreen(
            state=lambda: notebook.state,
            change=notebook.change,
            named=workspace.runbook,
            here=workspace.target.label,
        )
        self._desk.open(self._shown, self._chosen)

    def renew(self) -> None:
        """More is remembered: show it where the history is open."""
        if self._shown is not None and self._shown.is_mounted:
            self._shown.show_again()

    def _chosen(self, entry: Saved | PastRun | None) -> None:
        from audittui.tui.dialogs.reader import ConfirmScreen

        self._shown = None
        here = self._workspace.target.label
        if isinstance(entry, PastRun) and entry.target != here:
            details = [f"It was run on {entry.target}; you are connected to {here}."]
            self._desk.open(
                ConfirmScreen("Run this here?", details),
                lambda yes: self._run_again(entry) if yes else None,
            )
        elif entry is not None:
            self._run_again(entry)

    def _run_again(self, entry: Saved | PastRun) -> None:
        self._trail.clear()
        self._run(entry.runbook, entry.texts)

    def _run(self, name: str, texts: Mapping[str, str]) -> None:
        """Run something remembered, or say that its runbook is gone."""
        runbook = self._workspace.runbook(name)
        if runbook is None:
            self._desk.say(f"There is no runbook {name} any more.")
        else:
            self._runner.run(runbook, texts)

    # The form

    async def last_values(self) -> None:
        """Fill in the form as the last time."""
        desk, runbook = self._desk, self._desk.form.runbook
        if runbook is None:
            desk.say("Choose a runbook first (1, then Enter).")
            return
        last = self._notebook.state.last_of(runbook.id)
        if last is None:
            desk.say("This runbook was not run before.")
            return
        await desk.form.show(runbook, last.texts)
        desk.go_pane("form")
        desk.say("Filled in as the last time. Enter runs it.")

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "H", "history", "history of runs, saved searches", show,
            words="recent, before, save this search, favourites",
        ),
        Key(
            "ctrl+r", "last-values", "fill in the form as the last time", last_values,
            words="repeat, previous parameters",
        ),
    )  # fmt: skip
