"""Marking entries: one by one, along the marks, and the list of them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from audittui.layout.row import Row
from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.text import words


class MarkingScreen(ReadingScreen):
    """Marking entries: one by one, along the marks, and the list of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "mark", "mark the entry, or not", id="mark"),
        Binding("u", "next_mark(1)", "next mark in the list", id="next-mark"),
        Binding("U", "next_mark(-1)", "previous mark in the list", id="previous-mark"),
        Binding("M", "marks", "all marks: notes, export, evidence bundle", id="marks"),
    ]

    def action_mark(self) -> None:
        """Mark the entry, or take its mark away."""
        row, marks = self.row, self.app.marks
        if row is None:
            self.say_no_entry()
            return
        marked = marks.toggle(row)
        self.app.marks_changed()
        count = words.entries_text(len(marks))
        said = f"Marked; {count} now" if marked else f"Mark taken away; {count} left"
        self.say(f"{said}. M lists them.")

    def action_next_mark(self, step: int) -> None:
        """Go to the next or previous marked row of the list."""
        source, marks = self.row_source, self.app.marks
        if not marks:
            self.say("Nothing is marked yet: m marks an entry.")
            return
        if source is None:
            self.say("Open a group first: Enter.")
            return
        lines = range(self.results.cursor + step, len(source) if step > 0 else -1, step)
        found = next((line for line in lines if source.row(line) in marks), None)
        if found is None:
            where = "below" if step > 0 else "above"
            self.say(f"No mark {where} in this list; M lists all {len(marks):,}.")
            return
        self.results.go(found)
        if self.pane == "detail":
            self.open_detail(source.row(found))

    def action_marks(self) -> None:
        """List all marks; open the one that is chosen."""
        from audittui.tui.dialogs.marks import MarksScreen

        def chosen(row: Row | None) -> None:
            if row is None:
                return
            source = self.row_source
            if source is not None:
                lines = range(len(source))
                at = next((line for line in lines if source.row(line).key == row.key), None)
                if at is not None:
                    self.results.go(at)
            self.open_detail(row)

        self.app.push_screen(
            MarksScreen(
                self.app.marks,
                self.results.time_style,
                self.app.marks_changed,
                self.app.export_marks,
                self.app.make_evidence,
                self.app.evidence_details,
            ),
            chosen,
        )

    def marks_shown(self) -> None:
        """Marks are others now: draw the rows again."""
        self.results.changed(self.results.cursor)
