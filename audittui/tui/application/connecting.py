"""The connection: opened in a thread after the first frame, and again after a failure."""

from __future__ import annotations

import gc

from audittui.connection import Connection
from audittui.errors import AuditError
from audittui.runbook.catalogue import Catalogue
from audittui.tui.application.running import RunningApp
from audittui.tui.palette import BAD, DIM
from audittui.tui.widgets.bars import TitleBar
from audittui.tui.words import ConnectionState


class ConnectingApp(RunningApp):
    """The connection and the runbooks: opened in threads after the first frame."""

    def begin(self) -> None:
        """The main screen is there; everything that reads waits for the first frame."""
        self._show_state(self.state)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self._load_catalogue, thread=True, group="catalogue")
        self.recall()
        if self.state.kind == "connecting":
            self._connect()

    def on_unmount(self) -> None:
        """Leave nothing running."""
        if self.main.reading is not None:
            self.main.reading.cancel()
        self.write_memory()
        if self.connection is not None:
            self.connection.store.close()

    def connect_again(self) -> None:
        """Try to connect once more."""
        if self.target.store or self.target.table:
            self._connect()

    def _connect(self) -> None:
        def work() -> None:
            connection = self._open(self.target)
            self.arrive(lambda: opened(connection))

        def opened(connection: Connection) -> None:
            self.connection = connection
            # What the program itself consists of stays: the collector need not look through it.
            gc.freeze()
            self._show_state(ConnectionState("open"))
            if self._wanted is not None:
                runbook, texts, only_show = self._wanted
                self._wanted = None
                self.plan(runbook, texts, only_show=only_show)

        def failed(error: Exception) -> None:
            self._wanted = None
            hint = error.hint if isinstance(error, AuditError) else ""
            message = error.message if isinstance(error, AuditError) else str(error)
            self._show_state(ConnectionState("failed", message, hint))

        self._show_state(ConnectionState("connecting"))
        self.work(work, failed, "connection")

    def _show_state(self, state: ConnectionState) -> None:
        self.state = state
        style = {"failed": BAD, "open": "default"}.get(state.kind, DIM)
        self.main.query_one(TitleBar).show(connection=state.text(self.target), style=style)
        self.main.show_status()

    def _load_catalogue(self) -> None:
        from audittui.runbook.catalogue import load_catalogue

        catalogue = load_catalogue(self._folders)
        self.arrive(lambda: self._take_catalogue(catalogue))

    def _take_catalogue(self, catalogue: Catalogue) -> None:
        from audittui.tui.widgets.sidebar import Sidebar

        self.catalogue = catalogue
        self.main.query_one(Sidebar).fill(catalogue)
