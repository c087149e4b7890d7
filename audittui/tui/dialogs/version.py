"""A version of a resource compared with the previous one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from audittui import timestamp
from audittui.escape import escaped, escaped_lines
from audittui.layout.row import Row
from audittui.tui.dialogs.modal import Modal
from audittui.tui.dialogs.reader import ReaderScreen
from audittui.tui.model.counts import counted
from audittui.tui.text.changes import change_items
from audittui.tui.text.entry import Item
from audittui.tui.text.outline import Part
from audittui.tui.theme.palette import ACCENT, DIM, WARN
from audittui.tui.widgets.outline import OutlineView

if TYPE_CHECKING:
    from audittui.investigate.version import Version

_KEYS = "c copy value   Enter show in full   a fold all   Esc back"


class VersionScreen(Modal[None]):
    """What changed between two versions, value by value. ``copy`` copies the chosen one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy the value", id="version-copy"),
        Binding("escape,q,d", "dismiss", "back", id="version-leave"),
    ]

    def __init__(self, version: Version, copy: Callable[[OutlineView], None]) -> None:
        super().__init__()
        self._version = version
        self._copy = copy

    def compose(self) -> ComposeResult:
        """The versions, the differences, the keys."""
        with Vertical(id="reader"):
            title = f"What changed: {escaped(self._version.row.resource)}"
            yield Static(Text(title, f"bold {ACCENT}", no_wrap=True), id="reader-title")
            yield OutlineView()
            yield Static(Text(_KEYS, DIM), id="reader-keys")

    def on_mount(self) -> None:
        """Focus the differences."""
        view = self.query_one(OutlineView)
        view.show(version_parts(self._version))
        view.focus()

    def on_outline_view_opened(self, event: OutlineView.Opened) -> None:
        """Show a value in full."""
        event.stop()
        text = Text(escaped_lines(event.value.text))
        self.app.push_screen(ReaderScreen(event.value.name, text))

    def action_copy(self) -> None:
        """Copy the value under the cursor."""
        self._copy(self.query_one(OutlineView))


def version_parts(version: Version) -> Sequence[Part]:
    """The parts of a comparison."""
    items = [_entry("this", version.row)]
    if version.since is not None:
        items.append(_entry("before", version.since))
    items.append(Item(Text(version.told)))
    were = "was" if version.reads == 1 else "were"
    cost = f"{counted(version.reads, 'entry')} {were} read for it, {version.rcu:,.1f} RCU."
    items.append(Item(Text(cost, DIM)))
    parts = [Part("entries", items)]
    same = "nothing: the versions are identical"
    parts.append(Part("changed", change_items(version.lines or (), same), "Changed"))
    if version.unseen:
        told = "Already different before this entry; no entry in between explains it:"
        unseen = [Item(Text(told, WARN)), *change_items(version.unseen)]
        parts.append(Part("unseen", unseen, "Unrecorded changes"))
    return parts


def _entry(label: str, row: Row) -> Item:
    place = f" ({row.chain}, seq {row.seq})" if row.seq >= 0 else ""
    told = f"{timestamp.short(row.time)} {row.action} by {row.actor or '-'}{place}"
    text = Text.assemble((label.ljust(8), DIM), escaped(told))
    return Item(text, f"the entry {label}", told, 8)
