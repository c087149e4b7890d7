"""State kept between sessions: runs and saved searches, in one small file.

It holds queries and how far they were read, never contents of a log, and no credentials.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from audittui.tui.model.session import KEPT, Session
from audittui.whole_file import replace

VERSION = 1
KEPT_RUNS = 200
_MOST_BYTES = 8 * 1024 * 1024
_PATIENCE = 5.0
"""Seconds to wait while another terminal writes."""


class PastRun(msgspec.Struct, frozen=True):
    """A runbook that was run: ``texts`` are its parameters as typed, ``started`` is in
    microseconds, ``coverage`` the words of the screen, ``rcu`` the read units it took."""

    key: str
    runbook: str
    texts: dict[str, str]
    target: str
    started: int
    coverage: str = ""
    rows: int = 0
    rcu: float = 0.0


class Saved(msgspec.Struct, frozen=True):
    """A runbook and its parameters, under a name."""

    name: str
    runbook: str
    texts: dict[str, str]


class State(msgspec.Struct, frozen=True):
    """The saved state: runs, the latest first, saved searches by name, investigations."""

    version: int = VERSION
    runs: tuple[PastRun, ...] = ()
    saved: tuple[Saved, ...] = ()
    sessions: tuple[Session, ...] = ()

    def with_session(self, session: Session, instead_of: str = "") -> State:
        """With an investigation, replacing its earlier version and ``instead_of``; drops the oldest
        beyond `KEPT`."""
        gone = (session.key, instead_of)
        others = [one for one in self.sessions if one.key not in gone]
        sessions = sorted([session, *others], key=lambda one: one.left, reverse=True)
        return msgspec.structs.replace(self, sessions=tuple(sessions[:KEPT]))

    def with_run(self, run: PastRun) -> State:
        """With a run, replacing its earlier version; drops the oldest beyond `KEPT_RUNS`."""
        others = [one for one in self.runs if one.key != run.key]
        runs = sorted([run, *others], key=lambda one: one.started, reverse=True)
        return msgspec.structs.replace(self, runs=tuple(runs[:KEPT_RUNS]))

    def without_run(self, key: str) -> State:
        """Without a run."""
        return msgspec.structs.replace(self, runs=tuple(one for one in self.runs if one.key != key))

    def with_saved(self, saved: Saved) -> State:
        """With a search, replacing the one with the same name."""
        others = [one for one in self.saved if one.name != saved.name]
        return msgspec.structs.replace(
            self, saved=tuple(sorted([saved, *others], key=lambda one: one.name.casefold()))
        )

    def without_saved(self, name: str) -> State:
        """Without the search with this name."""
        return msgspec.structs.replace(
            self, saved=tuple(one for one in self.saved if one.name != name)
        )

    def last_of(self, runbook: str) -> PastRun | None:
        """The latest run of a runbook."""
        return next((one for one in self.runs if one.runbook == runbook), None)


class ForeignStateError(OSError):
    """The file is not one that this version can read; it is left untouched."""


class Memory:
    """The state file in ``folder``; several terminals may share it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "terminal.json"

    def load(self) -> State:
        """The saved state; empty if there is no file.

        Raises `ForeignStateError` for a broken or newer file, `OSError` if it cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                data = file.read(_MOST_BYTES + 1)
        except FileNotFoundError:
            return State()
        try:
            state = msgspec.json.decode(data, type=State)
        except (ValueError, RecursionError):
            raise ForeignStateError(f"{self.path} is not a valid state file") from None
        if state.version != VERSION or len(data) > _MOST_BYTES:
            raise ForeignStateError(f"{self.path} was written by another version")
        return state

    def change(self, change: Callable[[State], State]) -> State:
        """Change the current state, whoever wrote it last; returns the new state.

        The file is replaced as a whole and only its owner can read it. Raises like `load`, and
        `OSError` if it cannot be written.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            state = change(self.load())
            replace(self.path, msgspec.json.encode(state))
        return state

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock beside the file. Raises `OSError` if another holds it for too long."""
        try:
            import fcntl
        except ImportError:  # no such locks on this system; the file is still replaced as a whole
            yield
            return
        handle = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            until = time.monotonic() + _PATIENCE
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        raise
                    time.sleep(0.01)
            yield
        finally:
            os.close(handle)
