"""What is remembered of the work: written in a thread when it changes, and at the end."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from audittui import timestamp
from audittui.tui.application.threads import ThreadedApp
from audittui.tui.model.memory import Run, State

if TYPE_CHECKING:
    from audittui.connection import Connection, Target
    from audittui.runbook.model import Runbook
    from audittui.tui.model.memory import Memory
    from audittui.tui.model.run import Reading

_DEBOUNCE = 0.5
"""Seconds that changes are gathered before they are written."""


class RememberingApp(ThreadedApp):
    """What is remembered of the work. Without ``memory`` it ends with the application."""

    memory: Memory | None = None
    remembered: State = State()
    """What is known here: what the file holds, and what is not written yet."""

    def __init__(
        self, target: Target, folders: Sequence[Path], connect: Callable[[Target], Connection]
    ) -> None:
        super().__init__(target, folders, connect)
        self._changes: list[Callable[[State], State]] = []
        self._writing = threading.Lock()
        self._due = False
        self._complained = False
        self._runs: WeakKeyDictionary[Reading, Run] = WeakKeyDictionary()

    def recall(self) -> None:
        """Read what is remembered, in a thread."""
        memory = self.memory
        if memory is None:
            return

        def work() -> None:
            try:
                state = memory.load()
            except OSError as error:
                told = error
                self.arrive(lambda: self._complain(told))
            else:
                self.arrive(lambda: self._recalled(state))

        self.work(work, self._complain, "memory")

    def remember_run(self, reading: Reading) -> None:
        """Remember a run as far as it came."""
        run = self._runs.get(reading)
        if run is None:
            # Two terminals may begin a run in the same microsecond.
            from uuid import uuid4

            run = Run(
                uuid4().hex, reading.runbook.id, reading.texts, self.target.label, timestamp.now()
            )
        last = reading.last
        run = Run(
            run.key, run.runbook, run.texts, run.target, run.started,
            last.coverage.text() if last is not None else "", len(reading.rows.rows), reading.rcu,
        )  # fmt: skip
        self._runs[reading] = run
        self.remember(lambda state: state.with_run(run))

    def remember(self, change: Callable[[State], State]) -> None:
        """Change what is remembered: here at once, in the file soon."""
        self.remembered = change(self.remembered)
        if self.memory is None:
            return
        self._changes.append(change)
        if not self._due:
            self._due = True
            self.set_timer(_DEBOUNCE, self._write_soon)

    def write_memory(self) -> None:
        """Write what is not written yet; blocks. What was lost is lost: leaving does not wait."""
        with contextlib.suppress(OSError):
            self._write(self._taken())

    def _taken(self) -> list[Callable[[State], State]]:
        changes, self._changes = self._changes, []
        return changes

    def _write_soon(self) -> None:
        self._due = False
        changes = self._taken()

        def work() -> None:
            try:
                self._write(changes)
            except OSError as error:
                told = error
                self.arrive(lambda: not_written(told))

        def not_written(error: OSError) -> None:
            # They are tried again with the next change.
            self._changes[:0] = changes
            self._complain(error)

        self.work(work, self._complain, "memory")

    def _write(self, changes: Sequence[Callable[[State], State]]) -> None:
        # One at a time, so that changes are written in their order.
        with self._writing:
            if not changes or self.memory is None:
                return

            def all_of_them(state: State) -> State:
                for change in changes:
                    state = change(state)
                return state

            self.memory.change(all_of_them)

    def _recalled(self, state: State) -> None:
        for change in self._changes:
            state = change(state)
        self.remembered = state
        from audittui.tui.dialogs.history import HistoryScreen

        for screen in self.screen_stack:
            if isinstance(screen, HistoryScreen) and screen.is_mounted:
                screen.show_again()

    def _complain(self, error: Exception) -> None:
        if not self._complained:
            self._complained = True
            why = getattr(error, "strerror", None) or str(error)
            self.main.say(f"History is not kept this time: {why}. Everything else works.")

    def runbook_named(self, runbook: str) -> Runbook | None:
        """A runbook of the catalogue, by its id."""
        return next((one for one in self.catalogue.runbooks if one.id == runbook), None)

    def run_remembered(self, runbook: str, texts: Mapping[str, str]) -> None:
        """Run something remembered again, or say that its runbook is gone."""
        found = self.runbook_named(runbook)
        if found is None:
            self.main.say(f"There is no runbook {runbook} any more.")
        else:
            self.main.run_runbook(found, texts)
