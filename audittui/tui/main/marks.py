"""Marks: set one, step through them, list them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from audittui.layout.row import Row
from audittui.tui.main.key import Key
from audittui.tui.model.counts import counted

if TYPE_CHECKING:
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.entry import Entry
    from audittui.tui.main.evidence import Evidence
    from audittui.tui.main.export import Export
    from audittui.tui.model.workspace import Workspace

_COLUMNS = ("time", "actor", "action", "resource", "outcome", "chain", "seq")


class Marking:
    """Marks entries, and lists the marks."""

    def __init__(
        self, desk: Desk, workspace: Workspace, entry: Entry, export: Export, evidence: Evidence
    ) -> None:
        self._desk = desk
        self._workspace = workspace
        self._entry = entry
        self._export = export
        self._evidence = evidence

    def mark(self) -> None:
        """Mark or unmark the entry."""
        desk, row, marks = self._desk, self._desk.row, self._workspace.marks
        if row is None:
            desk.say_no_entry()
            return
        marked = marks.toggle(row)
        self.show_marks()
        count = counted(len(marks), "entry")
        said = f"Marked; {count} in all" if marked else f"Mark deleted; {count} left"
        desk.say(f"{said}. M lists them.")

    def show_marks(self) -> None:
        """Redraw the rows: the marks changed."""
        self._desk.results.redraw(self._desk.results.cursor)

    def next_mark(self, step: int) -> None:
        """Go to the next or previous marked row of the list."""
        desk, source, marks = self._desk, self._desk.row_source, self._workspace.marks
        if not marks:
            desk.say("No marks yet: m marks an entry.")
            return
        if source is None:
            desk.say("Open a group first (Enter).")
            return
        lines = range(desk.results.cursor + step, len(source) if step > 0 else -1, step)
        found = next((line for line in lines if source.row(line) in marks), None)
        if found is None:
            where = "below" if step > 0 else "above"
            desk.say(f"No mark {where} in this list; M lists all {len(marks):,}.")
            return
        desk.results.go(found)
        if desk.pane == "detail":
            self._entry.open(source.row(found))

    def list_marks(self) -> None:
        """List all marks; open the chosen one."""
        from audittui.tui.dialogs.marks import MarksScreen

        desk = self._desk

        def chosen(row: Row | None) -> None:
            if row is None:
                return
            source = desk.row_source
            if source is not None:
                lines = range(len(source))
                at = next((line for line in lines if source.row(line).key == row.key), None)
                if at is not None:
                    desk.results.go(at)
            self._entry.open(row)

        dialog = MarksScreen(
            self._workspace.marks,
            desk.results.time_style,
            changed=self.show_marks,
            export=self._write,
            evidence=self._evidence.make,
            details=self._evidence.details,
        )
        desk.open(dialog, chosen)

    def _write(self, path: Path) -> None:
        """Write the marks, with their notes, as a list."""
        from audittui.export.result import Extent
        from audittui.query.unregistered_rows import Strangers
        from audittui.tui.model.export import Taken, form_of

        marks, form = tuple(self._workspace.marks), form_of(path)
        connection, strangers = self._workspace.connection, None
        if connection is not None:
            # Marks come from any run, so the registry is read when they are written.
            strangers = Strangers(connection.layout, (), connection.chains)
        taken = Taken(
            [one.row for one in marks],
            columns=_COLUMNS,
            teller="note",
            told=[one.note for one in marks],
            strangers=strangers,
        )
        extent = Extent(
            title="Marked entries",
            command=f"audittui evidence create --marks {path.name}" if form == "jsonl" else "",
            complete=True,
            covers="entries marked by hand",
            noun="marked entry",
        )
        self._export.write(taken, path, extent)

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("m", "mark", "mark or unmark the entry", mark, words="bookmark, flag, star, tag"),
        Key("u", "next-mark", "next mark in the list", next_mark, (1,), words="bookmark"),
        Key("U", "previous-mark", "previous mark in the list", next_mark, (-1,), words="bookmark"),
        Key(
            "M", "marks", "all marks: notes, export, evidence bundle", list_marks,
            words="bookmarks, annotate, save",
        ),
    )  # fmt: skip
