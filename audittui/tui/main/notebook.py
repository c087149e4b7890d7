"""The saved state: written in a thread when it changes, and on exit."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from audittui.errors import AuditError
from audittui.tui import messages
from audittui.tui.model.memory import State

if TYPE_CHECKING:
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.model.memory import Memory

_DEBOUNCE = 0.5
"""Seconds that changes are collected before they are written."""

Change = Callable[[State], State]


class Notebook:
    """The saved state. Without ``memory`` it is lost on exit."""

    def __init__(self, desk: Desk, jobs: Jobs) -> None:
        self._desk = desk
        self._jobs = jobs
        self.memory: Memory | None = None
        self.state = State()
        """The state: the contents of the file and changes not written yet."""
        self.recalled: Sequence[Callable[[], None]] = ()
        """Called after the file was read."""
        self._changes: list[Change] = []
        self._writing = threading.Lock()
        self._due = False
        self._complained = False
        jobs.hear(messages.Recalled, self._recalled)

    def recall(self) -> None:
        """Read the saved state, in a thread."""
        memory = self.memory
        if memory is None:
            return

        def work() -> None:
            with _told():
                self._jobs.post(messages.Recalled(memory.load()))

        self._jobs.run(work, self._complain, "memory")

    def _recalled(self, message: messages.Recalled) -> None:
        state = message.state
        for change in self._changes:
            state = change(state)
        self.state = state
        for hear in self.recalled:
            hear()

    def change(self, change: Change) -> None:
        """Change the state: here immediately, in the file soon."""
        self.state = change(self.state)
        if self.memory is None:
            return
        self._changes.append(change)
        if not self._due:
            self._due = True
            self._jobs.later(_DEBOUNCE, self.write_soon)

    def write(self) -> None:
        """Write pending changes; blocks. Errors are ignored: exit does not wait."""
        with contextlib.suppress(OSError):
            self._write(self._taken())

    def _taken(self) -> list[Change]:
        changes, self._changes = self._changes, []
        return changes

    def write_soon(self) -> None:
        """Write pending changes, in a thread."""
        self._due = False
        changes = self._taken()

        def work() -> None:
            with _told():
                self._write(changes)

        def failed(error: AuditError) -> None:
            # They are tried again with the next change.
            self._changes[:0] = changes
            self._complain(error)

        self._jobs.run(work, failed, "memory")

    def _write(self, changes: Sequence[Change]) -> None:
        # One at a time, so that changes are written in their order.
        with self._writing:
            if not changes or self.memory is None:
                return

            def all_of_them(state: State) -> State:
                for change in changes:
                    state = change(state)
                return state

            self.memory.change(all_of_them)

    def _complain(self, error: AuditError) -> None:
        if not self._complained:
            self._complained = True
            self._desk.say(f"History is not saved in this session: {error}. Everything else works.")


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A file error in the system's words."""
    try:
        yield
    except OSError as error:
        raise AuditError(error.strerror or str(error)) from error
