"""Exports of the screen to a file: the list, or one entry with its proof."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from audittui.tui import messages
from audittui.tui.main.key import Key
from audittui.tui.model.counts import counted
from audittui.tui.model.groups import GroupSource
from audittui.tui.model.note import is_entry
from audittui.tui.text import words

if TYPE_CHECKING:
    from audittui.export.result import Extent
    from audittui.layout.row import Row
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.files import Files
    from audittui.tui.main.run import Runner
    from audittui.tui.model.export import Taken
    from audittui.tui.model.rows import RowSource
    from audittui.tui.model.run import Run
    from audittui.tui.model.workspace import Workspace

LOADED = "what is loaded"
ALL = "the whole result"
STORED, PROOF = ".json", ".tlog-proof"
_RULE = f"The extension says what to write: {STORED} the stored text, {PROOF} the proof."


class Export:
    """Writes what is on the screen to files."""

    def __init__(
        self, desk: Desk, jobs: Jobs, workspace: Workspace, runner: Runner, files: Files
    ) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        self._runner = runner
        self._files = files
        self._after: tuple[Run, Path] | None = None
        """The export to write once everything is loaded."""
        jobs.hear(messages.Exported, self._exported)

    def export(self) -> None:
        """Export the entry in the detail view; otherwise the list."""
        if self._desk.pane == "detail":
            self._ask_for_entry()
        else:
            self._ask_for_list()

    # The list

    def _ask_for_list(self) -> None:
        """Ask for a file and whether to read the rest first; then write."""
        from audittui.tui.dialogs.ask import AskScreen, Blank
        from audittui.tui.model.export import FORMS_TEXT, fault_of, path_of, proposed_name

        desk, run = self._desk, self._desk.run
        if run is None:
            desk.say("Nothing has been run yet, so there is nothing to export.")
            return
        taken = self._taken(run)
        over = run.complete or desk.live is not None
        if not taken.count and over:
            desk.say("There is nothing to export: the list is empty.")
            return
        details = [f"{counted(taken.count, taken.noun)} in the list.", FORMS_TEXT]
        if taken.filter:
            of = f"{taken.loaded:,} {'groups' if taken.rows is None else 'loaded rows'}"
            details[0] = f"{taken.count:,} of {of} match the filter {taken.filter}."
        blanks = [Blank("file", "file", proposed_name(run.runbook.id, ".jsonl", Path()))]
        if desk.live is not None:
            details.insert(1, "The list is live: rows that arrive later are not in the file.")
        elif not run.complete:
            details.insert(1, f"There is more to read: {run.left_text}.")
            blanks.append(Blank("what", "export", LOADED, (LOADED, ALL)))

        def check(values: Mapping[str, str]) -> dict[str, str]:
            fault = fault_of(values["file"])
            return {"file": fault} if fault else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is None:
                return
            path = path_of(values["file"])
            if values.get("what") != ALL:
                self._write_list(run, path)
            elif run.active:
                desk.say("Still reading: press Ctrl-C, then s again.")
            else:
                self._after = (run, path)
                self._runner.load(run)

        desk.open(AskScreen("Export to a new file", details, blanks, check), answered)

    def brought(self, run: Run) -> None:
        """A page arrived: report the pending export."""
        if self._after is not None and self._after[0] is run:
            self._desk.say(f"Reading the rest first, then writing to {self._after[1].name}.")

    def rested(self, run: Run) -> bool:
        """Write the pending export once everything is loaded."""
        after, self._after = self._after, None
        if after is not None and after[0] is run and run is self._desk.run:
            if run.complete:
                self._write_list(run, after[1])
            else:
                said = "Not everything was read, so nothing was written. s exports the loaded rows."
                self._desk.say(said)
        return False

    def _write_list(self, run: Run, path: Path) -> None:
        from audittui.runbook.describe import command_of
        from audittui.tui.model.export import extent_of, followed_extent

        taken = self._taken(run)
        title = words.crumb(run)
        options = self._workspace.target.options()
        if self._desk.live is not None:
            extent = followed_extent(self._desk.live, taken, title, options)
        else:
            extent = extent_of(run, taken, title, command_of(run.plan, options))
        self.write(taken, path, extent)

    def _taken(self, run: Run) -> Taken:
        """The current contents of the list."""
        from audittui.tui.model.export import Taken
        from audittui.tui.model.rows import verdict_word

        desk, source = self._desk, self._desk.results.source
        if isinstance(source, GroupSource):
            return Taken(
                None,
                tuple(source.groups),
                loaded=source.total,
                filter=source.pattern,
                strangers=run.strangers,
            )
        rows = desk.row_source
        assert rows is not None
        shown = _shown(rows)
        verdicts = [rows.verdicts.get((row.chain, row.seq)) for row in shown]
        return Taken(
            shown,
            teller="checked" if any(verdicts) else "",
            told=["" if one is None else verdict_word(one) for one in verdicts],
            columns=rows.columns,
            loaded=len(rows.rows),
            filter=rows.pattern if rows.filtered else "",
            of_group=words.group_name(desk.group) if desk.group is not None else "",
            strangers=run.strangers,
        )

    def write(self, taken: Taken, path: Path, extent: Extent) -> None:
        """Write ``taken`` to ``path``; report progress and the result."""
        from audittui.export.result import write_result
        from audittui.tui.model.export import form_of, records_of

        desk, jobs = self._desk, self._jobs
        if jobs.running("export"):
            desk.say("An export is in progress: Ctrl-C cancels it.")
            return
        stop = threading.Event()
        form = form_of(path)
        columns, records = records_of(taken, form)

        def work() -> None:
            written = write_result(
                path, form, columns, records, extent, progress=progress, cancelled=stop.is_set
            )
            jobs.post(messages.Exported(written))

        def progress(count: int) -> None:
            if not stop.is_set():
                said = f"Writing {path}: {count:,} of {taken.count:,}. Ctrl-C cancels."
                jobs.post(messages.Said(said))

        connection = self._workspace.connection
        jobs.run(work, lambda error: desk.say(str(error)), "export", on=connection, stop=stop)

    def _exported(self, message: messages.Exported) -> None:
        written = message.written
        verb = "Cancelled; partly written to" if written.cancelled else "Written to"
        self._desk.say(f"{verb} {written.path}, {written.sentence}")

    # One entry

    def _ask_for_entry(self) -> None:
        from audittui.tui.dialogs.ask import AskScreen, Blank
        from audittui.tui.model.export import fault_of, path_of, proposed_name

        desk, detail = self._desk, self._desk.detail
        row, document, verdict = detail.row, detail.document, detail.verdict
        if row is None or document is None or document.fault:
            desk.say("The entry has not been read yet." if document is None else document.fault)
            return
        proof = verdict.proof if verdict is not None else b""
        details = [_RULE]
        if proof:
            details.append("audittui checkpoint verify FILE checks a proof without a table.")
        elif verdict is None:
            details.append("There is no proof yet: the entry is still being checked.")
        else:
            details.append(f"There is no proof: the entry is {verdict.verdict}.")

        def check(values: Mapping[str, str]) -> dict[str, str]:
            fault = fault_of(values["file"], (STORED, PROOF), _RULE)
            if not fault and not proof and path_of(values["file"]).suffix == PROOF:
                fault = f"This entry has no proof to write: use a name that ends in {STORED}."
            return {"file": fault} if fault else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                path = path_of(values["file"])
                stored = document.text.encode("utf-8", "surrogatepass")
                self._files.write(path, proof if path.suffix == PROOF else stored)

        name = f"{row.chain.replace('/', '-')}-{row.seq}" if row.seq >= 0 else "entry"
        file = proposed_name(name, PROOF if proof else STORED, Path())
        blanks = [Blank("file", "file", file)]
        desk.open(AskScreen("Export this entry to a new file", details, blanks, check), answered)

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "s", "export", "export the list; in detail, the entry or proof", export,
            words="save, export, csv, json, markdown, download, write",
        ),
    )  # fmt: skip


def _shown(rows: RowSource) -> list[Row]:
    """The rows that the list shows, with its filter applied to all."""
    if not rows.filtered:
        return [row for row in rows.rows if is_entry(row)]
    rows.search()
    return [row for row in map(rows.row, range(len(rows))) if is_entry(row)]
