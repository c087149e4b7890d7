"""What the terminal remembers between two starts: runs and saved searches, in one small file.

Kept is what was asked and how far it was read, never what a log holds, and no credentials.
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
"""Seconds to wait for another terminal that is writing."""


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
    """All that is remembered: runs, the latest first, saved searches by name, investigations."""

    version: int = VERSION
    runs: tuple[PastRun, ...] = ()
    saved: tuple[Saved, ...] = ()
    sessions: tuple[Session, ...] = ()

    def with_session(self, session: Session, instead_of: str = "") -> State:
        """With an investigation, in place of what was known of it and of ``instead_of``; the oldest
        beyond `KEPT` go."""
        gone = (session.key, instead_of)
        others = [one for one in self.sessions if one.key not in gone]
        sessions = sorted([session, *others], key=lambda one: one.left, reverse=True)
        return msgspec.structs.replace(self, sessions=tuple(sessions[:KEPT]))

    def with_run(self, run: PastRun) -> State:
        """With a run, in place of what was known of it; the oldest beyond `KEPT_RUNS` go."""
        others = [one for one in self.runs if one.key != run.key]
        runs = sorted([run, *others], key=lambda one: one.started, reverse=True)
        return msgspec.structs.replace(self, runs=tuple(runs[:KEPT_RUNS]))

    def without_run(self, key: str) -> State:
        """Without a run."""
        return msgspec.structs.replace(self, runs=tuple(one for one in self.runs if one.key != key))

    def with_saved(self, saved: Saved) -> State:
        """With a search, in place of the one of that name."""
        others = [one for one in self.saved if one.name != saved.name]
        return msgspec.structs.replace(
            self, saved=tuple(sorted([saved, *others], key=lambda one: one.name.casefold()))
        )

    def without_saved(self, name: str) -> State:
        """Without the search of that name."""
        return msgspec.structs.replace(
            self, saved=tuple(one for one in self.saved if one.name != name)
        )

    def last_of(self, runbook: str) -> PastRun | None:
        """The latest run of a runbook."""
        return next((one for one in self.runs if one.runbook == runbook), None)


class ForeignStateError(OSError):
    """The file is not one that this version can read; it is left as it is."""


class Memory:
    """The file in ``folder``; several terminals may share it."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "terminal.json"

    def load(self) -> State:
        """What is remembered; nothing where there is no file.

        Raises `ForeignStateError` for a broken or a newer file, `OSError` when it cannot be read.
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
        """Change what is remembered now, whoever wrote it last; gives what is remembered then.

        The file is replaced as a whole and readable by its owner alone. Raises like `load`, and
        `OSError` when it cannot be written.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            state = change(self.load())
            replace(self.path, msgspec.json.encode(state))
        return state

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock beside the file. Raises `OSError` when another holds it for too long."""
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
