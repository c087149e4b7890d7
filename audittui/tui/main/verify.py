"""Verifying entries in place: one, or all in the window."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from audittui.errors import AuditError
from audittui.tui import messages
from audittui.tui.main.key import Key
from audittui.tui.model.counts import counted
from audittui.tui.model.note import is_entry
from audittui.tui.model.rows import RowSource

if TYPE_CHECKING:
    from audittui.integrity.verifying.verdict import Verdict
    from audittui.layout.row import Row
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.model.workspace import Workspace


class Verify:
    """Verifies entries in place."""

    def __init__(self, desk: Desk, jobs: Jobs, workspace: Workspace) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        jobs.hear(messages.RowsChecked, self._rows_checked)
        jobs.hear(messages.EntryJudged, self._judged)

    def verify(self) -> None:
        """Verify the entry, in the detail view or in its row."""
        desk, row = self._desk, self._desk.row
        if row is None:
            desk.say_no_entry()
        elif desk.pane == "detail":
            desk.detail.take_verdict(row, None)
            self.check(row)
        elif desk.row_source is not None:
            desk.say("Checking the entry…")
            self._check_rows(desk.row_source, [row])

    def verify_window(self) -> None:
        """Verify every row in view."""
        desk, results, source = self._desk, self._desk.results, self._desk.row_source
        first, last = results.scroll_offset.y, results.last_in_sight
        rows = [] if source is None else list(map(source.row, range(first, last + 1)))
        entries = [row for row in rows if is_entry(row)]
        if source is None and desk.listed_group is not None:
            desk.say_no_entry()
            return
        if source is None or not entries:
            desk.say("There are no rows to check.")
            return
        desk.say(f"Checking {counted(len(entries), 'entry')}…")
        self._check_rows(source, entries)

    # One entry, for the detail view

    def check(self, row: Row) -> None:
        """Verify the open entry, in a thread."""
        connection, jobs = self._workspace.connection, self._jobs
        if connection is None:
            return

        def work() -> None:
            from audittui.tui.model.entry import changes_of, check_entry, tree_of

            judged = check_entry(connection, row)
            document = judged.document
            tree = tree_of(document) if document is not None else None
            changes = changes_of(document) if document is not None else None
            jobs.post(messages.EntryJudged(row, judged, tree, changes))
            jobs.post(messages.Spent(judged.verdict.rcu))

        def failed(error: AuditError) -> None:
            self._desk.detail.take_verdict(row, None, str(error))

        jobs.run(work, failed, "verdict", on=connection)

    def _judged(self, message: messages.EntryJudged) -> None:
        row, judged = message.row, message.judged
        self._desk.detail.take_judged(row, judged, message.tree, message.changes)
        self._mark_opened(row, judged.as_listed)

    def _mark_opened(self, row: Row, verdict: Verdict) -> None:
        """Show the verdict on an opened entry in its row, if other rows show verdicts or if this
        one is a failure. The verdict is about the contents of ``row``; another row of the list may
        show something else."""
        source = self._desk.row_source
        if source is None or not (source.verdicts or verdict.failed):
            return
        if verdict.failed or any(one is row for one in source.rows):
            self._mark(source, [verdict])

    # Rows of a list

    def _check_rows(self, source: RowSource, rows: Sequence[Row]) -> None:
        """Verify the entries of ``rows`` and show the verdicts in ``source``."""
        connection, jobs = self._workspace.connection, self._jobs
        if connection is None:
            return

        def work() -> None:
            from audittui.tui.model.entry import check_entries

            verdicts, rcu = check_entries(connection, rows)
            jobs.post(messages.RowsChecked(source, verdicts))
            jobs.post(messages.Spent(rcu))

        jobs.run(work, lambda error: self._desk.say(str(error)), "verdicts", on=connection)

    def _rows_checked(self, message: messages.RowsChecked) -> None:
        """Show the verdicts in their rows, and report the result."""
        source, verdicts = message.source, message.verdicts
        self._mark(source, verdicts)
        if len(verdicts) == 1:
            self._desk.say(verdicts[0].summary)
        else:
            counts = Counter(one.verdict for one in verdicts)
            found = ", ".join(f"{count:,} {name}" for name, count in counts.most_common())
            self._desk.say(f"{self._how_many(source, len(verdicts))} checked: {found}.")

    def _how_many(self, source: RowSource, count: int) -> str:
        """How many of the list's rows, and whether more can be read."""
        loaded = shown = source.entries
        if source.filtered:
            shown = sum(is_entry(source.row(at)) for at in range(len(source)))
        of = f"{count:,} of {counted(shown, 'row')}"
        if source.filtered and shown != loaded:
            of += f" that match, of {loaded:,} loaded,"
        run = self._desk.run
        if run is not None and source is run.rows and not run.complete:
            return f"{of}, more to read,"
        return of

    def _mark(self, source: RowSource, verdicts: Sequence[Verdict]) -> None:
        results = self._desk.results
        source.verdicts.update({(one.chain, one.seq): one for one in verdicts})
        if source is results.source:
            results.redraw(results.cursor)

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("v", "verify", "verify the entry", verify, words="check, prove, integrity, genuine"),
        Key(
            "V", "verify-window", "verify all rows in the window", verify_window,
            words="check, prove, integrity, genuine",
        ),
    )  # fmt: skip
