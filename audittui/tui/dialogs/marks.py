"""The marks, their notes, and exports of the list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.layout.row import Row
from audittui.tui.dialogs.ask import AskScreen, Blank
from audittui.tui.dialogs.list_dialog import ListDialog
from audittui.tui.model.counts import counted
from audittui.tui.model.marks import Mark, Marks
from audittui.tui.model.outcomes import mark_of, tone_of

if TYPE_CHECKING:
    from audittui.tui.text.times import TimeStyle

_EMPTY = "No marks yet. Press Esc, then m to mark the entry under the cursor."
_KEYS = "Enter open  a note  d delete  s export  e evidence bundle  Esc back"
_LONGEST_NOTE = 500


class _Lines:
    """Marks as lines."""

    titles = ("time", "note", "actor", "action", "resource", "outcome")
    times = frozenset({0})

    def __init__(self, marks: Marks) -> None:
        self.marks: Sequence[Mark] = tuple(marks)

    def __len__(self) -> int:
        return len(self.marks)

    def cells(self, at: int) -> Sequence[str | int]:
        """The time, the note, the entry."""
        one = self.marks[at]
        row = one.row
        texts = (one.note, row.actor, row.action, row.resource, row.outcome)
        return [row.time, *(text or "-" for text in texts)]

    def tone(self, at: int) -> str:
        """Denied and failed entries are coloured."""
        return tone_of(self.marks[at].row.outcome)

    def mark(self, at: int) -> str:
        """Denied and failed entries are marked."""
        return mark_of(self.marks[at].row.outcome)


class MarksScreen(ListDialog[Row]):
    """Closes with the entry to open, or None.

    ``changed`` is called after a mark changes. ``export`` writes the list to a path, ``evidence``
    writes a bundle of it, ``details`` describes that bundle.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "annotate", "add or edit the note", id="marks-note"),
        Binding("d", "take_away", "delete the mark", id="marks-delete"),
        Binding("s", "export", "export the list", id="marks-export"),
        Binding("e", "evidence", "make an evidence bundle", id="marks-evidence"),
        Binding("escape,q,M", "leave", "back", id="marks-leave"),
    ]

    def __init__(
        self,
        marks: Marks,
        style: TimeStyle,
        changed: Callable[[], None],
        export: Callable[[Path], None],
        evidence: Callable[[Path], None],
        details: Callable[[], Sequence[str]],
    ) -> None:
        self._marks = marks
        self._style = style
        self._tell_changed = changed
        self._export = export
        self._evidence = evidence
        self._details = details
        self._shown = _Lines(marks)
        super().__init__("marks", self._shown, _KEYS, empty=_EMPTY)

    def on_mount(self) -> None:
        """Show the count."""
        self.lines.set_time_style(self._style)
        self._count()

    def _count(self) -> None:
        self.show_title("Marks", f"{counted(len(self._marks), 'entry')}, all")

    @property
    def _mark(self) -> Mark | None:
        return self._shown.marks[self.lines.cursor] if len(self._shown) else None

    def _changed(self) -> None:
        self._tell_changed()
        self._shown = _Lines(self._marks)
        self.renew(self._shown)
        self._count()

    def open_line(self, at: int) -> None:
        """Close with the entry."""
        mark = self._mark
        if mark is not None:
            self.dismiss(mark.row)

    def action_annotate(self) -> None:
        """Ask for the mark's note."""
        mark = self._mark
        if mark is None:
            return

        def check(values: Mapping[str, str]) -> Mapping[str, str]:
            long = len(values["note"]) > _LONGEST_NOTE
            return {"note": f"At most {_LONGEST_NOTE} characters."} if long else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                self._marks.annotate(mark.row, values["note"].strip())
                self._changed()

        details = ["Exported lists and evidence bundles include it."]
        self.app.push_screen(
            AskScreen("Note on this entry", details, [Blank("note", "note", mark.note)], check),
            answered,
        )

    def action_take_away(self) -> None:
        """Delete the mark."""
        mark = self._mark
        if mark is not None:
            self._marks.toggle(mark.row)
            self._changed()

    def action_export(self) -> None:
        """Ask for a file; write the list."""
        from audittui.tui.model.export import FORMS_TEXT, fault_of

        details = [FORMS_TEXT, "audittui evidence create --marks FILE.jsonl reads it."]

        self._ask(
            "Export marks to a new file", details, ("marks", ".jsonl"), fault_of, self._export
        )

    def action_evidence(self) -> None:
        """Ask for a file; make an evidence bundle."""
        from audittui.tui.model.export import fault_of

        def fault(name: str) -> str:
            return fault_of(name, (".zip",), "The name of a bundle must end in .zip.")

        details = self._details()
        self._ask("Make an evidence bundle", details, ("evidence", ".zip"), fault, self._evidence)

    def _ask(
        self,
        title: str,
        details: Sequence[str],
        name: tuple[str, str],
        fault: Callable[[str], str],
        write: Callable[[Path], None],
    ) -> None:
        from audittui.tui.model.export import path_of, proposed_name

        if not len(self._marks):
            return

        def check(values: Mapping[str, str]) -> Mapping[str, str]:
            told = fault(values["file"])
            return {"file": told} if told else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                self.dismiss(None)
                write(path_of(values["file"]))

        blank = Blank("file", "file", proposed_name(*name, Path()))
        self.app.push_screen(AskScreen(title, details, [blank], check), answered)
