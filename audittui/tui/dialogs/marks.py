"""The marks: what was marked, notes on it, and ways to take it away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from audittui.layout.row import Row
from audittui.tui.dialogs.ask import AskScreen, Blank
from audittui.tui.dialogs.modal import Modal
from audittui.tui.model.marks import Mark, Marks
from audittui.tui.text import words
from audittui.tui.theme.palette import ACCENT, DIM
from audittui.tui.widgets.lines import LineList

if TYPE_CHECKING:
    from audittui.tui.app import AuditApp

_EMPTY = "Nothing is marked yet. Esc goes back; m marks the entry under the cursor."
_KEYS = "Enter open  a note  d take away  s to a file  e evidence bundle  Esc back"
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
        """When, somebody's words, what."""
        one = self.marks[at]
        row = one.row
        texts = (one.note, row.actor, row.action, row.resource, row.outcome)
        return [row.time, *(text or "-" for text in texts)]

    def tone(self, at: int) -> str:
        """Denied and failed entries are coloured."""
        outcome = self.marks[at].row.outcome
        return outcome if outcome in ("denied", "failure") else ""

    def mark(self, at: int) -> str:
        """And marked."""
        return {"denied": "D", "failure": "F"}.get(self.marks[at].row.outcome, "")


class MarksScreen(Modal[Row]):
    """Closes with the entry that is to be opened, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "annotate", "note on the mark", id="marks-note"),
        Binding("d", "take_away", "take the mark away", id="marks-delete"),
        Binding("s", "export", "the list to a file", id="marks-export"),
        Binding("e", "evidence", "an evidence bundle: entries, proofs", id="marks-evidence"),
        Binding("escape,q,M", "leave", "back", id="marks-leave"),
    ]
    app: AuditApp

    def compose(self) -> ComposeResult:
        """How many there are, the list, the keys."""
        with Vertical(id="marks"):
            yield Static(id="marks-title", markup=False)
            yield LineList(_Lines(self.app.marks), empty=_EMPTY)
            yield Static(Text(_KEYS, style=DIM))

    def on_mount(self) -> None:
        """The list takes the keys."""
        lines = self.query_one(LineList)
        lines.set_time_style(self.app.main.results.time_style)
        lines.focus()
        self._count()

    def _count(self) -> None:
        text = Text("Marks", f"bold {ACCENT}")
        text.append(f"  {words.entries_text(len(self.app.marks))}, all", f"not bold {DIM}")
        self.query_one("#marks-title", Static).update(text)

    @property
    def _mark(self) -> Mark | None:
        lines = self.query_one(LineList)
        shown = lines.source
        assert isinstance(shown, _Lines)
        return shown.marks[lines.cursor] if len(shown) else None

    def _changed(self) -> None:
        self.app.marks_changed()
        lines = self.query_one(LineList)
        at, marks = lines.cursor, _Lines(self.app.marks)
        lines.show(marks, max(min(at, len(marks) - 1), 0))
        self._count()

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Enter opens the entry."""
        event.stop()
        mark = self._mark
        if mark is not None:
            self.dismiss(mark.row)

    def action_annotate(self) -> None:
        """Write a note on the mark."""
        mark = self._mark
        if mark is None:
            return

        def check(values: Mapping[str, str]) -> Mapping[str, str]:
            long = len(values["note"]) > _LONGEST_NOTE
            return {"note": f"At most {_LONGEST_NOTE} characters."} if long else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                self.app.marks.annotate(mark.row, values["note"].strip())
                self._changed()

        details = ["It goes into the exported list and into the evidence bundle."]
        self.app.push_screen(
            AskScreen("Note on this entry", details, [Blank("note", "note", mark.note)], check),
            answered,
        )

    def action_take_away(self) -> None:
        """Take the mark away."""
        mark = self._mark
        if mark is not None:
            self.app.marks.toggle(mark.row)
            self._changed()

    def action_export(self) -> None:
        """Ask where to; write the list."""
        from audittui.tui.model.export import FORMS_TEXT, fault_of, path_of

        details = [FORMS_TEXT, "audittui evidence create --marks FILE.jsonl reads it."]

        def write(name: str) -> None:
            self.app.export_marks(path_of(name))

        self._ask("The marks to a new file", details, ("marks", ".jsonl"), fault_of, write)

    def action_evidence(self) -> None:
        """Ask where to; make an evidence bundle."""
        from audittui.tui.model.export import fault_of, path_of

        def fault(name: str) -> str:
            return fault_of(name, (".zip",), "The name of a bundle ends in .zip.")

        def write(name: str) -> None:
            self.app.make_evidence(path_of(name))

        details = self.app.evidence_details()
        self._ask("An evidence bundle", details, ("evidence", ".zip"), fault, write)

    def _ask(
        self, title: str, details: Sequence[str], name: tuple[str, str],
        fault: Callable[[str], str], write: Callable[[str], None],
    ) -> None:  # fmt: skip
        from audittui.tui.model.export import proposed_name

        if not len(self.app.marks):
            return

        def check(values: Mapping[str, str]) -> Mapping[str, str]:
            told = fault(values["file"])
            return {"file": told} if told else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                self.dismiss(None)
                write(values["file"])

        blank = Blank("file", "file", proposed_name(*name, Path()))
        self.app.push_screen(AskScreen(title, details, [blank], check), answered)

    def action_leave(self) -> None:
        """Close with nothing."""
        self.dismiss(None)
