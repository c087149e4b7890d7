"""The open entry: read, verified, its resource traced; its values, versions and lifecycle."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from audittui.errors import AuditError
from audittui.tui import messages
from audittui.tui.main.key import Key

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.widget import Widget

    from audittui.connection import Connection
    from audittui.layout.row import Row
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.verify import Verify
    from audittui.tui.model.entry import Life
    from audittui.tui.model.workspace import Workspace
    from audittui.tui.text.outline import Value
    from audittui.tui.widgets.outline import OutlineView


class Entry:
    """The entry in the detail view. ``copy_value`` copies a line of it."""

    def __init__(
        self,
        desk: Desk,
        jobs: Jobs,
        workspace: Workspace,
        verify: Verify,
        copy_value: Callable[[OutlineView], None],
    ) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        self._verify = verify
        self._copy_value = copy_value
        self._read_on: Life | None = None
        """The lifecycle that is being extended."""
        jobs.hear(messages.DocumentRead, self._document_read)
        jobs.hear(messages.ChangesFound, self._changes_found)
        jobs.hear(messages.LifeRead, lambda one: desk.detail.take_life(one.life))
        jobs.hear(messages.LifeReadOn, self._life_read_on)
        jobs.hear(messages.VersionsCompared, self._versions_compared)

    def open(self, row: Row | None, widget: Widget | None = None) -> None:
        """Show an entry: read it, verify it, trace its resource."""
        if row is None:
            return
        desk = self._desk
        desk.detail_open = True
        desk.detail.show(row)
        desk.go_pane("detail", widget)
        self._inspect(row, desk.detail.life is None)
        desk.show_status()

    def open_version(self, at: int) -> None:
        """Show another entry of the lifecycle."""
        detail = self._desk.detail
        if detail.life is not None:
            self.open(detail.life.rows[at], detail.lane)

    def show_value(self, value: Value) -> None:
        """Show a value in full."""
        from rich.text import Text

        from audittui.escape import escaped_lines
        from audittui.tui.dialogs.reader import ReaderScreen

        self._desk.open(ReaderScreen(value.name, Text(escaped_lines(value.text))))

    def _inspect(self, row: Row, trace: bool) -> None:
        """Read an entry, verify it, and trace its resource if that has not been done yet."""
        connection, jobs = self._workspace.connection, self._jobs
        if connection is None:
            return

        def work() -> None:
            from audittui.tui.model.entry import changes_of, read_document, tree_of

            document = read_document(connection, row)
            jobs.post(messages.DocumentRead(row, document, tree_of(document)))
            jobs.post(messages.Spent(document.rcu))
            jobs.post(messages.ChangesFound(row, changes_of(document)))

        jobs.run(work, self._failed, "entry", on=connection)
        self._verify.check(row)
        if trace and row.resource:
            self._trace(connection, row)

    def _document_read(self, message: messages.DocumentRead) -> None:
        self._desk.detail.take_document(message.row, message.document, message.tree)

    def _changes_found(self, message: messages.ChangesFound) -> None:
        self._desk.detail.take_changes(message.row, message.changes)

    def _failed(self, error: AuditError) -> None:
        self._desk.say(str(error))

    # The lifecycle

    def _trace(self, connection: Connection, row: Row) -> None:
        from audittui.tui.model.entry import Life, runbook_about

        detail, jobs = self._desk.detail, self._jobs
        runbook = runbook_about(self._workspace.catalogue, "resource")
        if runbook is None:
            detail.take_life(Life(row.resource, fault="no runbook answers by resource"))
            return

        def work() -> None:
            from audittui.tui.model.lifecycle import trace_resource

            life = trace_resource(connection, runbook, row)
            jobs.post(messages.LifeRead(life))
            jobs.post(messages.Spent(life.rcu))

        def failed(error: AuditError) -> None:
            detail.take_life(Life(row.resource, fault=str(error)))

        jobs.run(work, failed, "lifecycle", on=connection)

    def read_life_on(self) -> None:
        """Read more of the open lifecycle, in a thread."""
        from audittui.tui.model.entry import runbook_about

        desk, jobs = self._desk, self._jobs
        connection, row, life = self._workspace.connection, desk.detail.row, desk.detail.life
        runbook = runbook_about(self._workspace.catalogue, "resource")
        if connection is None or row is None or life is None or runbook is None:
            desk.say("The lifecycle has not been read yet.")
            return
        if life.complete:
            desk.say("All of this lifecycle is already loaded.")
            return
        if life is self._read_on:
            return
        if not life.rows:
            self._trace(connection, row)
            return
        self._read_on = life
        desk.say("Loading more of the lifecycle…")

        def work() -> None:
            from audittui.tui.model.lifecycle import read_on

            more = read_on(connection, runbook, life)
            jobs.post(messages.LifeReadOn(life, more))
            jobs.post(messages.Spent(more.rcu))

        def failed(error: AuditError) -> None:
            self._read_on = None
            desk.say(str(error))

        jobs.run(work, failed, "lifecycle", on=connection)

    def _life_read_on(self, message: messages.LifeReadOn) -> None:
        detail = self._desk.detail
        self._read_on = None
        if detail.life is message.before:
            detail.take_life(message.life)
        self._desk.say(f"Lifecycle: {message.life.told}.")

    # Versions

    def compare(self) -> None:
        """Show what the chosen entry of the lifecycle changed."""
        desk, jobs, connection = self._desk, self._jobs, self._workspace.connection
        life = desk.detail.life if desk.pane == "detail" else None
        at = desk.detail.chosen_version
        if desk.pane != "detail":
            desk.say("Open an entry first (Enter), then d compares it with the previous version.")
        elif life is None:
            desk.say("The lifecycle has not been read yet.")
        elif at is None:
            desk.say("This entry is not in its lifecycle: press Tab, then choose one with j and k.")
        else:
            desk.say("Reading the previous version…")
            if connection is None:
                return

            def work() -> None:
                from audittui.tui.model.entry import compare_versions

                version = compare_versions(connection, life, at)
                jobs.post(messages.VersionsCompared(life, version))
                jobs.post(messages.Spent(version.rcu))

            jobs.run(work, self._failed, "version", on=connection)

    def _versions_compared(self, message: messages.VersionsCompared) -> None:
        """Show what an entry changed, unless the user has moved on."""
        from audittui.tui.dialogs.version import VersionScreen

        desk, version = self._desk, message.version
        if version.lines is None:
            desk.say(version.told)
            return
        desk.say("")
        if message.life is desk.detail.life and not desk.covered:
            desk.open(VersionScreen(version, self._copy_value))

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "d", "difference", "compare with the previous version (lifecycle)", compare,
            words="diff, compare, before and after",
        ),
    )  # fmt: skip
