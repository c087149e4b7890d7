"""The connection: opened in a thread after the first frame, reopened, or switched."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from audittui.errors import AuditError
from audittui.store.port import PATIENT
from audittui.tui import messages
from audittui.tui.main.key import Key
from audittui.tui.main.run import Wanted
from audittui.tui.model.connection import ConnectionState, failed_connection
from audittui.tui.model.rows import RowSource

if TYPE_CHECKING:
    from audittui.connection import Connection, Target
    from audittui.errors import StoreError
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.link import Link
    from audittui.tui.main.run import Runner
    from audittui.tui.main.session import Sessions
    from audittui.tui.main.trail import Trail
    from audittui.tui.model.workspace import Workspace


class _Telling:
    """Waits, and says what for."""

    def __init__(self, tell: Callable[[StoreError], None]) -> None:
        self._tell = tell

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        """Say it, then wait."""
        self._tell(error)
        PATIENT.wait(error, attempt, seconds)


class Connect:
    """Opens the connection and reads the runbooks.

    ``folders`` hold the team's runbooks. ``open_target`` opens a target; it is called in a thread
    and may raise `AuditError`.
    """

    def __init__(
        self,
        desk: Desk,
        jobs: Jobs,
        workspace: Workspace,
        link: Link,
        runner: Runner,
        trail: Trail,
        sessions: Sessions,
        folders: Sequence[Path],
        open_target: Callable[[Target], Connection],
    ) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        self._link = link
        self._runner = runner
        self._trail = trail
        self._sessions = sessions
        self._folders = folders
        self._open_target = open_target
        self._attempt = 0
        """The number of the latest attempt; results of older ones are dropped."""
        jobs.hear(messages.CatalogueLoaded, self._take_catalogue)
        jobs.hear(messages.ProfilesCounted, self._take_count)
        jobs.hear(messages.Opened, self._opened)
        jobs.hear(messages.OpeningWaits, self._waits)

    def begin(self) -> None:
        """Read the runbooks, and connect to the target, if there is one."""
        self._jobs.run(self._load_catalogue, self._failed, "catalogue")
        if self._workspace.state.kind == "connecting":
            self._connect()
        else:
            self._jobs.run(self._count_profiles, lambda _: None, "profiles")

    def _load_catalogue(self) -> None:
        from audittui.runbook.catalogue import load_catalogue

        self._jobs.post(messages.CatalogueLoaded(load_catalogue(self._folders)))

    def _take_catalogue(self, message: messages.CatalogueLoaded) -> None:
        self._workspace.catalogue = message.catalogue
        self._desk.sidebar.fill(message.catalogue)

    def _count_profiles(self) -> None:
        from audittui.config import load_config

        self._jobs.post(messages.ProfilesCounted(len(load_config().profiles)))

    def _take_count(self, message: messages.ProfilesCounted) -> None:
        if self._workspace.state.kind == "none":
            self._link.show(ConnectionState("none", profiles=message.count))

    def _failed(self, error: AuditError) -> None:
        self._desk.say(str(error))

    # Opening

    def again(self) -> None:
        """Connect again, with fresh credentials; then run what was wanted."""
        target, run = self._workspace.target, self._desk.run
        if not target.store and not target.table:
            self._desk.say("No table or store is set: P shows the profiles.")
            return
        if self._runner.wanted is None and run is not None:
            self._runner.wanted = Wanted(run.runbook, run.texts)
        self._connect()

    def _connect(self) -> None:
        self._attempt += 1
        number, target, jobs = self._attempt, self._workspace.target, self._jobs

        def work() -> None:
            connection = self._open_target(target)
            connection.tell_waits(lambda sentence: jobs.post(messages.Said(sentence)))
            try:
                connection.prefetch(
                    _Telling(lambda error: jobs.post(messages.OpeningWaits(number, error)))
                )
            except BaseException:
                connection.store.close()
                raise
            jobs.post(messages.Opened(number, connection))

        def failed(error: AuditError) -> None:
            if number == self._attempt:
                self._link.show(failed_connection(error, target))

        self._link.show(ConnectionState("connecting"))
        jobs.run(work, failed, "connection")

    def _waits(self, message: messages.OpeningWaits) -> None:
        if message.attempt == self._attempt and self._workspace.state.kind == "connecting":
            self._link.show(ConnectionState("connecting", message.error.message))

    def _opened(self, message: messages.Opened) -> None:
        connection = message.connection
        if message.attempt != self._attempt:
            self._jobs.run(connection.store.close, lambda _: None, "closing")
            return
        self._workspace.connect(connection)
        # The program's own objects stay: the collector can skip them.
        gc.freeze()
        self._link.show(ConnectionState("open"))
        wanted, self._runner.wanted = self._runner.wanted, None
        if wanted is None:
            return
        if self._desk.run is not None and not wanted.only_show:
            self._runner.run(wanted.runbook, wanted.texts)
        else:
            self._runner.plan(wanted.runbook, wanted.texts, only_show=wanted.only_show)

    # Another table

    def choose(self) -> None:
        """List the profiles; connect to the chosen one."""
        from audittui.tui.dialogs.profiles import ProfilesScreen

        workspace = self._workspace

        def chosen(target: Target | None) -> None:
            if target is None:
                return
            if workspace.state.kind == "open" and target.same(workspace.target):
                self._desk.say("Already connected to that.")
            else:
                self._switch(target)

        dialog = ProfilesScreen(workspace.target, workspace.started_on, workspace.state)
        self._desk.open(dialog, chosen)

    def _switch(self, target: Target) -> None:
        """Connect to another target, dropping everything read from the current one."""
        self._sessions.end()
        self._runner.cancel_planning()
        self.forget()
        self._close_later(self._workspace.switch(target))
        self._connect()

    def forget(self) -> None:
        """Drop everything read from the current table."""
        desk = self._desk
        if desk.run is not None:
            desk.run.cancel()
        for run in self._trail.runs:
            run.cancel()
        self._trail.clear()
        desk.end_asking()
        desk.close_detail()
        desk.detail.clear()
        desk.run = desk.group = None
        desk.zoomed = False
        desk.unsay()
        desk.results.show(RowSource(()))
        desk.go_pane("sidebar")
        desk.show_status()

    def _close_later(self, connections: Sequence[Connection]) -> None:
        """Close ``connections`` once their readers are done."""
        if not connections:
            return
        readers = self._jobs.readers_of(connections)

        def work() -> None:
            for done in readers:
                done.wait()
            for connection in connections:
                connection.store.close()

        self._jobs.run(work, self._failed, "closing")

    def close(self) -> None:
        """Close all connections."""
        if self._desk.run is not None:
            self._desk.run.cancel()
        for connection in self._workspace.connections:
            connection.store.close()

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "P", "profiles", "profiles: connect to another table", choose,
            words="switch, open, account, region, environment",
        ),
    )  # fmt: skip
