"""A dialog for which columns a list shows, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from audittui.layout.row import ROW_FIELDS
from audittui.tui.dialogs.list_dialog import ListDialog
from audittui.tui.model.rows import title_of


class _Fields:
    """All available fields, the shown ones first."""

    titles = ("shown", "column")
    times: frozenset[int] = frozenset()

    def __init__(self, columns: Sequence[str]) -> None:
        self.order = [*columns, *(field for field in ROW_FIELDS if field not in columns)]
        self.shown = set(columns)

    def __len__(self) -> int:
        return len(self.order)

    def cells(self, at: int) -> Sequence[str | int]:
        """Whether a field is shown, and its name."""
        return ["yes" if self.order[at] in self.shown else "-", title_of(self.order[at])]

    def tone(self, at: int) -> str:
        """Nothing is coloured."""
        return ""

    def mark(self, at: int) -> str:
        """Nothing is marked."""
        return ""


class ColumnsScreen(ListDialog[tuple[str, ...]]):
    """Which columns a list shows; closes with them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "show_or_hide", "show or hide the column", id="column-show"),
        Binding("J", "shift(1)", "move the column down", id="column-down"),
        Binding("K", "shift(-1)", "move the column up", id="column-up"),
        Binding("escape,q", "done", "done", id="columns-done"),
    ]

    def __init__(self, columns: Sequence[str]) -> None:
        self._fields = _Fields(columns)
        super().__init__("columns", self._fields, "Enter or x show/hide   J K move   Esc done")

    def on_mount(self) -> None:
        """Show the title."""
        self.show_title("Columns")

    def open_line(self, at: int) -> None:
        """Show or hide the column."""
        self.action_show_or_hide()

    def action_show_or_hide(self) -> None:
        """Show or hide the column; the last one stays."""
        field = self._fields.order[self.lines.cursor]
        self._fields.shown ^= {field}
        if not self._fields.shown:
            self._fields.shown.add(field)
        self.lines.redraw(self.lines.cursor)

    def action_shift(self, step: int) -> None:
        """Move the column."""
        order, at = self._fields.order, self.lines.cursor
        if 0 <= at + step < len(order):
            order[at], order[at + step] = order[at + step], order[at]
            self.lines.redraw(at + step)

    def action_done(self) -> None:
        """Close with the columns."""
        shown = self._fields.shown
        self.dismiss(tuple(field for field in self._fields.order if field in shown))
