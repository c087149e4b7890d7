"""The investigation, kept as it goes, so that a session that was cut off can be taken up again."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from audittui import timestamp
from audittui.layout.row import Row
from audittui.tui.application.remembering import RememberingApp
from audittui.tui.model.marks import Mark
from audittui.tui.model.session import KeptMark, Session, offered

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.tui.model.memory import State

_EVERY = 2.0
"""Seconds between looks at whether there is something new to keep."""


class SessionsApp(RememberingApp):
    """The investigation, kept as it goes."""

    _noted: Session | None = None
    _session_key = ""
    _taken_up = ""
    """The key of the investigation that this one goes on with."""

    def recall(self) -> None:
        """Read what is remembered; from now on keep the investigation."""
        super().recall()
        if self.memory is not None:
            self._session_key = uuid4().hex
            self.set_interval(_EVERY, self.note_session)

    def _recalled(self, state: State) -> None:
        super()._recalled(state)
        self.main.show_status()

    def exit(self, *given: object, **named: object) -> None:
        """Leave; where one was is kept."""
        self.note_session()
        super().exit(*given, **named)  # type: ignore[arg-type]

    def end(self, code: int) -> None:
        """Leave with ``code`` because the system says so. What is to be kept is written first: the
        terminal may be gone."""
        self.note_session()
        self.write_memory()
        self.exit(return_code=code)

    @property
    def _target_text(self) -> str:
        return " ".join(self.target.options())

    @property
    def offer(self) -> Session | None:
        """The investigation that may be taken up here; None where there is none, or one is begun.

        Where the embedded store is in memory, nothing of it is left.
        """
        if self.memory is None or self.main.begun or self.target.store == ":memory:":
            return None
        return offered(
            self.remembered.sessions, self._session_key, self._target_text, timestamp.now()
        )

    def note_session(self) -> None:
        """Keep where one is now, if that is anywhere new."""
        if self.memory is None or not self._session_key or not self.main.begun:
            return
        marks = tuple(
            KeptMark(one.row.key, one.row.chain, one.row.seq, one.note) for one in self.marks
        )
        session = Session(
            self._session_key, self._target_text, socket.gethostname(), os.getpid(),
            timestamp.now(), self.main.steps(), marks,
        )  # fmt: skip
        if not session.same_work(self._noted):
            self._noted, before = session, self._taken_up
            self.remember(lambda state: state.with_session(session, before))

    def end_session(self) -> None:
        """Another log comes: what follows is another investigation."""
        self.note_session()
        self._noted, self._taken_up = None, ""
        if self._session_key:
            self._session_key = uuid4().hex

    def take_up(self, session: Session) -> None:
        """Go on with an investigation: read its marks again in a thread, go where it was left."""
        connection = self.connection
        if connection is None:
            self.main.say("There is no connection yet.")
            return
        self._taken_up = session.key
        self.main.return_to(session.steps)
        if not session.marks:
            return

        def work() -> None:
            marks, rcu = _read(connection, session.marks)
            self.arrive(lambda: took(marks, rcu))

        def took(marks: Sequence[Mark], rcu: float) -> None:
            known = [one for one in self.marks if all(one.row.key != had.row.key for had in marks)]
            self.marks.replace([*marks, *known])
            self.marks_changed()
            self.spend(rcu)

        def failed(error: Exception) -> None:
            took([_unread(one) for one in session.marks], 0.0)
            self.main.say(str(error))

        self.work(work, failed, "marks")

    def marks_changed(self) -> None:
        """Marks are others now: show it."""
        self.main.marks_shown()


def _read(connection: Connection, marks: Sequence[KeptMark]) -> tuple[list[Mark], float]:
    """Marks with the rows that they are on, and the read units that took."""
    layout = connection.layout
    unread = [_unread(one) for one in marks]
    keys = [layout.key_of(one.row) for one in unread]
    found = connection.store.get_many(keys, consistent=False)
    return [
        one if item is None else Mark(layout.row(item), one.note)
        for one, item in zip(unread, found.items, strict=True)
    ], found.rcu


def _unread(mark: KeptMark) -> Mark:
    """A mark on an entry that cannot be read now: what is known of it is where it stood."""
    return Mark(Row(0, 0, mark.key, mark.chain, mark.seq), mark.note)
