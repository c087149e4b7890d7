"""The state of the connection, updated by the outcome of requests and shown in the header."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from audittui.errors import StoreError
from audittui.tui.model.connection import ConnectionState, failed_connection
from audittui.tui.theme.palette import BAD, DIM

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.tui.main.desk import Desk
    from audittui.tui.model.run import Run
    from audittui.tui.model.workspace import Workspace

_LOST = frozenset({"credentials", "network", "missing_table"})
"""Kinds of errors that every further request would also meet."""


class Link:
    """The state of the connection. ``tell`` shows it in the header, in a style."""

    def __init__(self, desk: Desk, workspace: Workspace, tell: Callable[[str, str], None]) -> None:
        self._desk = desk
        self._workspace = workspace
        self._tell = tell

    def show(self, state: ConnectionState) -> None:
        """Set the state of the connection, and show it."""
        self._workspace.state = state
        style = {"failed": BAD, "open": "default"}.get(state.kind, DIM)
        self._tell(state.text(self._workspace.target), style)
        self._desk.show_status()

    def note_answer(self, connection: Connection) -> None:
        """Note that requests on ``connection`` were answered."""
        if connection is self._workspace.connection and self._workspace.state.kind == "failed":
            self.show(ConnectionState("open"))

    def note_error(self, connection: Connection, error: Exception) -> bool:
        """Note that a request on ``connection`` failed. True if the connection is lost, so that r
        reconnects."""
        workspace = self._workspace
        if connection is not workspace.connection or workspace.state.kind == "connecting":
            return False
        if isinstance(error, StoreError) and error.kind in _LOST:
            self.show(failed_connection(error, workspace.target))
            return True
        return False

    def rested(self, run: Run) -> bool:
        """Update the state from the outcome of a run."""
        if run.last is None or run.last.coverage.stop != "cancelled":
            if run.error is not None:
                self.note_error(run.connection, run.error)
            else:
                self.note_answer(run.connection)
        return False
