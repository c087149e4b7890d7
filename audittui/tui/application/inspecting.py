"""One entry, looked at in threads: read, checked, its resource traced; and where it leads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audittui.tui.application.threads import ThreadedApp

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.investigate.diff import DiffLine
    from audittui.layout.row import Row
    from audittui.runbook.model import Runbook
    from audittui.tui.model.entry import Judged, Life
    from audittui.tui.model.json_lines import JsonLines


class InspectingApp(ThreadedApp):
    """One entry, looked at in threads: read, checked, its resource traced; and where it leads."""

    _read_on: Life | None = None
    """The lifecycle of which more is being read."""

    def inspect(self, row: Row, trace: bool) -> None:
        """Read an entry, check it, and trace its resource if that is not known yet."""
        connection = self.connection
        if connection is None:
            return
        detail = self.main.detail

        def work() -> None:
            from audittui.tui.model.entry import changes_of, read_document, tree_of

            document = read_document(connection, row)
            tree = tree_of(document)
            self.arrive(lambda: detail.take_document(row, document, tree))
            self.arrive(lambda: self.spend(document.rcu))
            changes = changes_of(document)
            self.arrive(lambda: detail.take_changes(row, changes))

        self.work(work, lambda error: self.main.say(str(error)), "entry")
        self.check(row)
        if trace and row.resource:
            self._trace(connection, row)

    def check(self, row: Row) -> None:
        """Check an entry in a thread."""
        connection = self.connection
        if connection is None:
            return
        detail = self.main.detail

        def work() -> None:
            from audittui.tui.model.entry import changes_of, check_entry, tree_of

            judged = check_entry(connection, row)
            document = judged.document
            tree = tree_of(document) if document is not None else None
            changes = changes_of(document) if document is not None else None
            self.arrive(lambda: took(judged, tree, changes))

        def took(
            judged: Judged, tree: JsonLines | None, changes: Sequence[DiffLine] | None
        ) -> None:
            detail.take_judged(row, judged, tree, changes)
            self.main.take_opened_verdict(row, judged.as_listed)
            self.spend(judged.verdict.rcu)

        self.work(work, lambda error: detail.take_verdict(row, None, str(error)), "verdict")

    def _trace(self, connection: Connection, row: Row) -> None:
        from audittui.tui.model.entry import Life, runbook_about

        detail = self.main.detail
        runbook = runbook_about(self.catalogue, "resource")
        if runbook is None:
            detail.take_life(Life(row.resource, fault="no runbook answers by resource"))
            return

        def work() -> None:
            from audittui.tui.model.lifecycle import trace_resource

            life = trace_resource(connection, runbook, row)
            self.arrive(lambda: detail.take_life(life))
            self.arrive(lambda: self.spend(life.rcu))

        def failed(error: Exception) -> None:
            detail.take_life(Life(row.resource, fault=str(error)))

        self.work(work, failed, "lifecycle")

    def read_life_on(self) -> None:
        """Read more of the lifecycle that is shown, in a thread."""
        from audittui.tui.model.entry import runbook_about

        connection, detail = self.connection, self.main.detail
        row, life = detail.row, detail.life
        runbook = runbook_about(self.catalogue, "resource")
        if connection is None or row is None or life is None or runbook is None:
            self.main.say("The lifecycle is not read yet.")
            return
        if life.complete:
            self.main.say("All of this lifecycle is read already.")
            return
        if life is self._read_on:
            return
        if not life.rows:
            self._trace(connection, row)
            return
        self._read_on = life
        self.main.say("Reading on in the lifecycle…")

        def work() -> None:
            from audittui.tui.model.lifecycle import read_on

            more = read_on(connection, runbook, life)
            self.arrive(lambda: took(more))

        def took(more: Life) -> None:
            self._read_on = None
            if detail.life is life:
                detail.take_life(more)
            self.main.say(f"Lifecycle: {more.told}.")
            self.spend(more.rcu)

        def failed(error: Exception) -> None:
            self._read_on = None
            self.main.say(str(error))

        self.work(work, failed, "lifecycle")

    def compare_versions(self, life: Life, at: int) -> None:
        """Find out in a thread what an entry of a lifecycle changed, and show it."""
        connection = self.connection
        if connection is None:
            return

        def work() -> None:
            from audittui.tui.model.entry import compare_versions

            version = compare_versions(connection, life, at)
            self.arrive(lambda: self.main.show_version(life, version))
            self.arrive(lambda: self.spend(version.rcu))

        self.work(work, lambda error: self.main.say(str(error)), "version")

    def pivot(self, question: str, value: str) -> tuple[Runbook, dict[str, str]] | None:
        """The runbook about a value, filled in; None where there is none."""
        from audittui.tui.model.entry import runbook_about, subject_of

        runbook = runbook_about(self.catalogue, question)
        if runbook is None:
            return None
        texts = {one.name: one.default_text for one in runbook.params if one.default_text}
        texts[subject_of(runbook)] = value
        return runbook, texts
