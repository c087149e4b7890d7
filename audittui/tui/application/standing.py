"""How the connection stands: what the header says, kept true by what requests come to."""

from __future__ import annotations

from audittui.connection import Connection
from audittui.errors import StoreError
from audittui.tui.application.threads import ThreadedApp
from audittui.tui.model.connection import ConnectionState, failed_connection
from audittui.tui.theme.palette import BAD, DIM
from audittui.tui.widgets.bars import TitleBar

_LOST = frozenset({"credentials", "network", "missing_table"})
"""Kinds of errors that every further request would meet as well."""


class StandingApp(ThreadedApp):
    """How the connection stands."""

    def show_connection(self, state: ConnectionState) -> None:
        """Note how the connection stands, and show it."""
        self.state = state
        style = {"failed": BAD, "open": "default"}.get(state.kind, DIM)
        self.main.query_one(TitleBar).show(connection=state.text(self.target), style=style)
        self.main.show_status()

    def went(self, connection: Connection, error: Exception | None) -> bool:
        """What requests on ``connection`` came to: None when they were answered. True when the
        error means that there is no connection any more, so that r connects again."""
        if connection is not self.connection or self.state.kind == "connecting":
            return False
        if isinstance(error, StoreError) and error.kind in _LOST:
            self.show_connection(failed_connection(error, self.target))
            return True
        if error is None and self.state.kind == "failed":
            self.show_connection(ConnectionState("open"))
        return False
