"""The detail view: one entry, checked and traced. Reading is done in threads by the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from audittui.escape import escaped
from audittui.layout.row import Row
from audittui.tui import entry_text
from audittui.tui.changes import change_lines
from audittui.tui.inspection import Document, Life
from audittui.tui.palette import ACCENT, DIM, WARN
from audittui.tui.sources import LifecycleSource
from audittui.tui.widgets.lines import LineList
from audittui.tui.widgets.pager import Pager

if TYPE_CHECKING:
    from audittui.integrity.verdict import Verdict
    from audittui.investigate.diff import DiffLine


class Detail(Vertical):
    """An entry's fields, verdict, changes and body; its resource's lifecycle below."""

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self.row: Row | None = None
        self.document: Document | None = None
        self.verdict: Verdict | None = None
        self.life: Life | None = None
        self._verdict_fault = ""
        self._changes: Sequence[DiffLine] | None = None

    def compose(self) -> ComposeResult:
        """The text above, the lifecycle below."""
        yield Pager(widget_id="entry")
        yield Static(id="life-title", markup=False)
        yield LineList(LifecycleSource(), widget_id="lifecycle")

    def show(self, row: Row) -> None:
        """Show the entry of ``row``; what must be read comes later. The lifecycle stays if the
        resource is the same."""
        self.row = row
        self.document = None
        self._changes = None
        self.verdict = None
        self._verdict_fault = ""
        if self.life is not None and self.life.resource != row.resource:
            self.life = None
        self._update(keep_place=False)
        self._show_life()

    def clear(self) -> None:
        """Show nothing: what comes late is dropped."""
        self.row = self.document = self.verdict = self.life = None
        self._changes = None
        self._verdict_fault = ""

    def take_document(self, row: Row, document: Document) -> None:
        """The stored entry came."""
        if row is self.row:
            self.document = document
            self._update()

    def take_changes(self, row: Row, changes: Sequence[DiffLine] | None) -> None:
        """What the entry changed is known; None where it tells no states."""
        if row is self.row:
            self._changes = changes
            self._update()

    def take_verdict(self, row: Row, verdict: Verdict | None, fault: str = "") -> None:
        """The verdict came, or why there is none. Both empty: it is being checked again."""
        if row is self.row:
            self.verdict, self._verdict_fault = verdict, fault
            self._update()

    def take_life(self, life: Life) -> None:
        """The lifecycle came."""
        if self.row is not None and life.resource == self.row.resource:
            self.life = life
            self._show_life()

    def _update(self, *, keep_place: bool = True) -> None:
        if self.row is None:
            return
        text = Text()
        text.append_text(entry_text.verdict_line(self.verdict, self._verdict_fault))
        text.append_text(entry_text.field_lines(self.row))
        text.append_text(entry_text.step_lines(self.verdict))
        if self._changes is not None:
            text.append_text(entry_text.title_lines("Changed"))
            text.append_text(change_lines(self._changes))
        text.append_text(entry_text.body_lines(self.document))
        self.query_one("#entry", Pager).show(text, keep_place=keep_place)

    def _show_life(self) -> None:
        title, lines = self.query_one("#life-title", Static), self.query_one("#lifecycle", LineList)
        row, life = self.row, self.life
        if row is None or not row.resource:
            title.update(Text("This entry names no resource.", DIM))
            lines.display = False
            return
        lines.display = True
        text = Text(no_wrap=True, overflow="ellipsis")
        text.append("Lifecycle ", f"bold {ACCENT}")
        if life is None:
            text.append(f"of {escaped(row.resource)}: reading…", DIM)
            title.update(text)
            lines.show(LifecycleSource())
            lines.say("Reading…")
            return
        count = f"{len(life.rows):,} {'entry' if len(life.rows) == 1 else 'entries'}"
        oddities = self._oddities(life)
        if oddities:
            text.append(f"{escaped(oddities)}; ", WARN)
        text.append(f"{count}, {escaped(life.coverage)}", DIM)
        title.update(text)
        present = next((at for at, one in enumerate(life.rows) if one.key == row.key), -1)
        lines.say("No entry of this resource was found.")
        lines.show(LifecycleSource(life.rows, present), max(present, 0))

    @staticmethod
    def _oddities(life: Life) -> str:
        from audittui.investigate.lifecycle import oddities

        return "; ".join(oddities(life.rows))

    def neighbour(self, step: int) -> Row | None:
        """The next or the previous entry of the same resource."""
        if self.life is None or self.row is None:
            return None
        keys = [one.key for one in self.life.rows]
        if self.row.key not in keys:
            return None
        at = keys.index(self.row.key) + step
        return self.life.rows[at] if 0 <= at < len(keys) else None
