"""The connection: opened in a thread after the first frame, again after a failure, or another."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audittui.store.port import Patience
from audittui.tui.application.running import RunningApp
from audittui.tui.model.connection import ConnectionState, failed_connection
from audittui.tui.model.marks import Marks
from audittui.tui.model.names import NamesSeen
from audittui.tui.theme.palette import DIM
from audittui.tui.widgets.bars import TitleBar

if TYPE_CHECKING:
    from audittui.connection import Connection, Target
    from audittui.errors import StoreError
    from audittui.runbook.catalogue import Catalogue

_NO_READERS = ("query", "connection", "memory", "closing", "describe", "demo")
"""Threads of the application that never read from a connection that is shown."""


class _Telling(Patience):
    """Waits as long as it is told, and says for what."""

    def __init__(self, tell: Callable[[StoreError], None]) -> None:
        self._tell = tell

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        """Say it, then wait."""
        self._tell(error)
        super().wait(error, attempt, seconds)


class ConnectingApp(RunningApp):
    """The connection and the runbooks: opened in threads after the first frame."""

    _attempt = 0
    """The number of the attempt to connect that counts; what an older one brings is dropped."""

    def __init__(
        self, target: Target, folders: Sequence[Path], connect: Callable[[Target], Connection]
    ) -> None:
        super().__init__(target, folders, connect)
        self.started_on = target
        """What the application was started on."""
        self._marks_of: dict[tuple[str, ...], Marks] = {}
        self._older: list[Connection] = []
        """Connections to the present target that earlier results still read from."""

    def begin(self) -> None:
        """The main screen is there; everything that reads waits for the first frame."""
        self.main.query_one(TitleBar).show(connection=self.state.text(self.target), style=DIM)
        self.main.show_status()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.run_worker(self._load_catalogue, thread=True, group="catalogue")
        self.recall()
        if self.state.kind == "connecting":
            self._connect()
        else:
            self.work(self._count_profiles, lambda _: None, "profiles")

    def on_unmount(self) -> None:
        """Leave nothing running."""
        if self.main.reading is not None:
            self.main.reading.cancel()
        self.write_memory()
        for connection in (*self._older, self.connection):
            if connection is not None:
                connection.store.close()

    def _count_profiles(self) -> None:
        from audittui.config import load_config

        count = len(load_config().profiles)

        def counted() -> None:
            if self.state.kind == "none":
                self.show_connection(ConnectionState("none", profiles=count))

        self.arrive(counted)

    def connect_again(self) -> None:
        """Try to connect once more, with fresh credentials; then run what was being run."""
        if not self.target.store and not self.target.table:
            self.main.say("No table and no store is named: P shows the profiles.")
            return
        reading = self.main.reading
        if self._wanted is None and reading is not None:
            self._wanted = (reading.runbook, reading.texts, False)
        self._connect()

    def switch(self, target: Target) -> None:
        """Connect to another target. Nothing that came from the present one stays."""
        self.end_session()
        self.cancel_planning()
        self.main.forget()
        self.seen = NamesSeen()
        # Marks are of one table; whoever comes back to it finds them again.
        self._marks_of[tuple(self.target.options())] = self.marks
        self.marks = self._marks_of.get(tuple(target.options()), Marks())
        connections = [*self._older, *([self.connection] if self.connection is not None else [])]
        self._older, self.connection = [], None
        self.target = target
        self._close_later(connections)
        self._connect()

    def _close_later(self, connections: Sequence[Connection]) -> None:
        """Close ``connections`` once the threads that may read from them are done."""
        if not connections:
            return
        readers = [
            thread
            for thread in threading.enumerate()
            if thread.name.startswith("audittui-")
            and thread.name.removeprefix("audittui-") not in _NO_READERS
        ]

        def work() -> None:
            for reader in readers:
                reader.join()
            for connection in connections:
                connection.store.close()

        self.work(work, lambda error: self.main.say(str(error)), "closing")

    def _connect(self) -> None:
        self._attempt += 1
        number, target = self._attempt, self.target

        def tell(error: StoreError) -> None:
            self.arrive(lambda: waits(error))

        def work() -> None:
            connection = self._open(target)
            connection.tell_waits(lambda sentence: self.arrive(lambda: self.main.say(sentence)))
            try:
                connection.prefetch(_Telling(tell))
            except BaseException:
                connection.store.close()
                raise
            self.arrive(lambda: opened(connection))

        def waits(error: StoreError) -> None:
            if number == self._attempt and self.state.kind == "connecting":
                self.show_connection(ConnectionState("connecting", error.message))

        def opened(connection: Connection) -> None:
            if number != self._attempt:
                self.work(connection.store.close, lambda _: None, "closing")
                return
            if self.connection is not None:
                self._older.append(self.connection)
            self.connection = connection
            # What the program itself consists of stays: the collector need not look through it.
            gc.freeze()
            self.show_connection(ConnectionState("open"))
            if self._wanted is not None:
                runbook, texts, only_show = self._wanted
                self._wanted = None
                if self.main.reading is not None and not only_show:
                    self.main.run_runbook(runbook, texts)
                else:
                    self.plan(runbook, texts, only_show=only_show)

        def failed(error: Exception) -> None:
            if number == self._attempt:
                self.show_connection(failed_connection(error, target))

        self.show_connection(ConnectionState("connecting"))
        self.work(work, failed, "connection")

    def _load_catalogue(self) -> None:
        from audittui.runbook.catalogue import load_catalogue

        catalogue = load_catalogue(self._folders)
        self.arrive(lambda: self._take_catalogue(catalogue))

    def _take_catalogue(self, catalogue: Catalogue) -> None:
        from audittui.tui.widgets.sidebar import Sidebar

        self.catalogue = catalogue
        self.main.query_one(Sidebar).fill(catalogue)
