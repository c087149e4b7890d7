"""The detail view: one entry, verified and traced. The screen reads in threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from audittui.escape import escaped
from audittui.layout.row import Row
from audittui.tui.model.entry import Document, Judged, Life, among, differing_text
from audittui.tui.model.json_lines import JsonLines
from audittui.tui.model.lifecycle_rows import LifecycleSource
from audittui.tui.text.changes import change_items
from audittui.tui.text.entry import Item, field_items, proof_items, step_items, verdict_items
from audittui.tui.text.outline import Part, Place
from audittui.tui.theme.palette import ACCENT, DIM, WARN
from audittui.tui.widgets.lines import LineList
from audittui.tui.widgets.outline import OutlineView
from audittui.tui.widgets.seek import SeekField

if TYPE_CHECKING:
    from audittui.integrity.verifying.verdict import Verdict
    from audittui.investigate.diff import DiffLine
    from audittui.investigate.oddities import Oddity


class Detail(Vertical):
    """An entry's verdict, fields, changes and body; its resource's lifecycle below."""

    DEFAULT_CSS = """
    Detail > #life-title { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    class Said(Message):
        """Something for the status line."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self.row: Row | None = None
        self.document: Document | None = None
        self.verdict: Verdict | None = None
        self.life: Life | None = None
        self._tree: JsonLines | None = None
        self._verdict_fault = ""
        self._changes: Sequence[DiffLine] | None = None
        self._judged = False
        """The document is the one the verdict is about: other reads come too late."""
        self._changed = False
        """Another item was shown before the verified one."""
        self._wanted = ""
        self._sought_from = 0

    def compose(self) -> ComposeResult:
        """The entry above, the lifecycle below, and the search line."""
        yield OutlineView(widget_id="entry")
        seek = SeekField(self._done_seeking, "seek")
        seek.display = False
        yield seek
        yield Static(id="life-title", markup=False)
        yield LineList(LifecycleSource(), widget_id="lifecycle")

    @property
    def entry(self) -> OutlineView:
        """The entry's lines."""
        return self.query_one("#entry", OutlineView)

    @property
    def lane(self) -> LineList:
        """The lifecycle's lines."""
        return self.query_one("#lifecycle", LineList)

    # Contents

    def show(self, row: Row) -> None:
        """Show the entry of ``row``; the rest is read later. The lifecycle stays if the entry is
        in it."""
        life = self.life
        kept = life is None or (
            life.resource == row.resource
            and (life.complete or any(one.key == row.key for one in life.rows))
        )
        self.clear(life=not kept)
        self.row = row
        self._update(keep_place=False)
        self._show_life()

    def clear(self, *, life: bool = True) -> None:
        """Show nothing; late results are dropped."""
        self.row = self.document = self.verdict = self._changes = self._tree = None
        self._verdict_fault = ""
        self._judged = self._changed = False
        if life:
            self.life = None

    def take_document(self, row: Row, document: Document, tree: JsonLines | None) -> None:
        """Show the stored entry, with its text as lines if it is JSON."""
        if row is self.row and not self._judged:
            self.document, self._tree = document, tree
            self._update()

    def take_changes(self, row: Row, changes: Sequence[DiffLine] | None) -> None:
        """Show what the entry changed; None if it records no states."""
        if row is self.row and not self._judged:
            self._changes = changes
            self._update()

    def take_judged(
        self, row: Row, judged: Judged, tree: JsonLines | None, changes: Sequence[DiffLine] | None
    ) -> None:
        """Show the verdict and the document it is about, whatever was shown before."""
        if row is not self.row:
            return
        self.verdict, self._verdict_fault = judged.verdict, ""
        before, document = self.document, judged.document
        if document is not None:
            self._changed |= before is not None and not document.same(before)
            self.document, self._tree, self._changes = document, tree, changes
            self._judged = True
        self._update()

    def take_verdict(self, row: Row, verdict: Verdict | None, fault: str = "") -> None:
        """Show the verdict, or why there is none. Both empty: verification is running again."""
        if row is self.row:
            self.verdict, self._verdict_fault = verdict, fault
            self._update()

    def take_life(self, life: Life) -> None:
        """Show the lifecycle."""
        if self.row is not None and life.resource == self.row.resource:
            self.life = life
            self._update()
            self._show_life()

    def _update(self, *, keep_place: bool = True) -> None:
        if self.row is None:
            return
        parts = [
            Part("verdict", self._verdict_items()),
            Part("fields", self._field_items(self.row)),
        ]
        odd = self._oddities(self.life) if self.life is not None else ()
        if any(not one.mild for one in odd):
            items = [
                Item(Text(one.text, DIM if one.mild else WARN), "the anomaly", one.text)
                for one in odd
            ]
            parts.append(Part("odd", items, "Anomalies of this resource"))
        if self._changes is not None:
            parts.append(Part("changed", change_items(self._changes), "Changed"))
        if self.verdict is not None and self.verdict.steps:
            parts.append(Part("checked", step_items(self.verdict), "Checked"))
        parts.append(Part("body", self._body_items(), "Body", self._tree))
        if self.verdict is not None and self.verdict.proof:
            parts.append(Part("proof", proof_items(self.verdict), "Proof"))
        self.entry.show(parts, keep_place=keep_place)

    def _verdict_items(self) -> Sequence[Item]:
        """The verdict, then how its entry differs from the one shown before."""
        found = verdict_items(self.verdict, self._verdict_fault)
        told = []
        if self._changed:
            told.append("Changed while it was open: this is what is stored now.")
        if self.document is not None and self.document.listed:
            told.append(differing_text(self.document.listed))
        return [*found, *(Item(Text(one, WARN), "what changed", one) for one in told)]

    def _field_items(self, row: Row) -> Sequence[Item]:
        """The fields as the list shows them; once the entry is read, as they are stored."""
        if self.document is None:
            return field_items(row)
        return field_items(row, self.document.row, self.document.listed)

    def _body_items(self) -> Sequence[Item]:
        """The text in place of a tree."""
        document = self.document
        if document is None:
            return [Item(Text("reading…", DIM))]
        if document.fault:
            return [Item(Text(escaped(document.fault), WARN), "the reason", document.fault)]
        if self._tree is not None:
            return []
        lines = document.text.split("\n")
        return [
            Item(Text(escaped(line)), f"line {number:,} of the body", line)
            for number, line in enumerate(lines, 1)
        ]

    # The lifecycle

    def _show_life(self) -> None:
        title, lines = self.query_one("#life-title", Static), self.lane
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
        odd = self._oddities(life)
        # Completeness first: the line may be cut.
        text.append(escaped(life.told), WARN if life.fault else "")
        for one in odd:
            text.append(f"; {escaped(one.text)}", DIM if one.mild else WARN)
        title.update(text)
        present = next((at for at, one in enumerate(life.rows) if one.key == row.key), -1)
        lines.say("No entry of this resource was found.")
        marked = [one.at for one in odd if not one.mild]
        source = LifecycleSource(life.rows, present, marked, life.unread, life.strangers)
        lines.show(source, self._lane_cursor(source))

    def _lane_cursor(self, source: LifecycleSource) -> int:
        """The row of the lane's cursor: the one chosen there, otherwise the open one."""
        before, lane = self.lane.source, self.lane
        if lane.has_focus and isinstance(before, LifecycleSource) and before.rows:
            chosen = before.rows[min(lane.cursor, len(before.rows) - 1)].key
            for at, row in enumerate(source.rows):
                if row.key == chosen:
                    return at
        return max(source.present, 0)

    @staticmethod
    def _oddities(life: Life) -> Sequence[Oddity]:
        from audittui.investigate.oddities import find_oddities

        # What a stranger says of the start or the end of a lifecycle proves neither.
        own = life.own
        rows = [life.rows[at] for at in own]
        found = find_oddities(rows, among(own, life.unread), life.known)
        placed = [msgspec.structs.replace(one, at=own[one.at]) for one in found]
        # Anomalies first: the title may be cut.
        return sorted(placed, key=lambda one: one.mild)

    def neighbour(self, step: int) -> Row | None:
        """The next or the previous entry of the same resource."""
        if self.life is None or self.row is None:
            return None
        keys = [one.key for one in self.life.rows]
        if self.row.key not in keys:
            return None
        at = keys.index(self.row.key) + step
        return self.life.rows[at] if 0 <= at < len(keys) else None

    @property
    def chosen_version(self) -> int | None:
        """The current index in the lifecycle: the cursor's there, otherwise this entry's."""
        if self.life is None or not self.life.rows:
            return None
        if self.lane.has_focus:
            return min(self.lane.cursor, len(self.life.rows) - 1)
        source = self.lane.source
        assert isinstance(source, LifecycleSource)
        return source.present if source.present >= 0 else None

    # Search

    def seek(self) -> None:
        """Open the search line."""
        field = self.query_one("#seek", SeekField)
        self._sought_from = self.entry.cursor
        with self.prevent(Input.Changed):
            field.value = self._wanted
        field.display = True
        self.screen.set_focus(field)

    def end_seeking(self) -> None:
        """Close the search line; focus the entry."""
        field = self.query_one("#seek", SeekField)
        if field.display:
            field.display = False
            if field.has_focus:
                self.screen.set_focus(self.entry)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while typing; late messages after the search are ignored."""
        event.stop()
        if self.query_one("#seek", SeekField).display:
            self._seek(event.value)

    def _seek(self, wanted: str) -> None:
        """Go to the first match after the cursor's starting place."""
        self._wanted = wanted
        self.entry.mark(wanted)
        matches = self.entry.outline.matches(wanted)
        if not wanted:
            self.post_message(self.Said(""))
        elif matches:
            self._go_to_match(matches, self._first_from(matches))
        else:
            self.post_message(self.Said(self._none()))

    def _done_seeking(self, kept: bool) -> None:
        """Keep the search, or forget it."""
        wanted = self.query_one("#seek", SeekField).value if kept else ""
        if wanted != self._wanted:
            self._seek(wanted)
        self.end_seeking()

    def next_match(self, step: int) -> None:
        """Go to the next or the previous match, wrapping around."""
        if not self._wanted:
            self.post_message(self.Said("There is no search: / searches this entry."))
            return
        matches = self.entry.outline.matches(self._wanted)
        if not matches:
            self.post_message(self.Said(self._none()))
            return
        orders = [self._order(place) for place in matches]
        now = self._order(self.entry.place)
        if step > 0:
            at = next((at for at, order in enumerate(orders) if order > now), 0)
        else:
            before = [at for at, order in enumerate(orders) if order < now]
            at = before[-1] if before else len(matches) - 1
        self._go_to_match(matches, at)

    def _order(self, place: Place) -> tuple[int, int]:
        names = [part.name for part in self.entry.parts]
        return (names.index(place.part) if place.part in names else -1, place.item)

    def _first_from(self, matches: Sequence[Place]) -> int:
        start = self._order(self.entry.outline.place(self._sought_from))
        return next((at for at, one in enumerate(matches) if self._order(one) >= start), 0)

    def _go_to_match(self, matches: Sequence[Place], at: int) -> None:
        self.entry.go_to(matches[at])
        told = f"{at + 1:,} of {len(matches):,} for “{escaped(self._wanted)}”; n and N move."
        self.post_message(self.Said(told))

    def _none(self) -> str:
        known = "" if self.document is not None else "; its body is still being read"
        return f"“{escaped(self._wanted)}” is not in this entry{known}."
