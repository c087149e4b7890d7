"""The log being investigated: its connections, its runbooks, names seen and entries marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audittui.runbook.catalogue import Catalogue
from audittui.tui.model.connection import ConnectionState
from audittui.tui.model.marks import Marks
from audittui.tui.model.names import NamesSeen

if TYPE_CHECKING:
    from audittui.connection import Connection, Target
    from audittui.runbook.model import Runbook


class Workspace:
    """The log being investigated. ``target`` is the current target, ``started_on`` the one the
    application was started on."""

    def __init__(self, target: Target) -> None:
        self.target = self.started_on = target
        self.state = ConnectionState("connecting" if target.store or target.table else "none")
        self.connection: Connection | None = None
        self.catalogue = Catalogue(())
        self.marks = Marks()
        """The marked entries."""
        self.seen = NamesSeen()
        """The names seen on this connection, in all runs."""
        self._marks_of: dict[tuple[str, ...], Marks] = {}
        self._older: list[Connection] = []

    @property
    def connections(self) -> Sequence[Connection]:
        """All connections to the current target: earlier results still read from older ones."""
        return [*self._older, *([self.connection] if self.connection is not None else [])]

    def connect(self, connection: Connection) -> None:
        """Read from ``connection`` from now on."""
        if self.connection is not None:
            self._older.append(self.connection)
        self.connection = connection

    def switch(self, target: Target) -> Sequence[Connection]:
        """Switch to another target. Returns the connections to the previous one."""
        left = self.connections
        self._older, self.connection = [], None
        # Marks belong to one table; they are back when the user returns to it.
        self._marks_of[tuple(self.target.options())] = self.marks
        self.marks = self._marks_of.get(tuple(target.options()), Marks())
        self.seen = NamesSeen()
        self.target = target
        return left

    def runbook(self, name: str) -> Runbook | None:
        """A runbook of the catalogue, by its id."""
        return next((one for one in self.catalogue.runbooks if one.id == name), None)
