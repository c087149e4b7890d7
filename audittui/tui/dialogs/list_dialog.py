"""The base of the list dialogs."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ScreenResultType
from textual.widget import Widget
from textual.widgets import Static

from audittui.tui.dialogs.modal import Modal
from audittui.tui.theme.palette import ACCENT, DIM
from audittui.tui.widgets.lines import LineList
from audittui.tui.widgets.source import Source


class ListDialog(Modal[ScreenResultType]):
    """A list with a title above and the keys below. Each dialog decides what Enter does on a line;
    leaving closes with None.

    ``name`` is the CSS id of the dialog, ``keys`` the text of the key line, ``empty`` the text of
    an empty list.
    """

    def __init__(self, name: str, source: Source, keys: str, *, empty: str = "") -> None:
        super().__init__()
        self._box = name
        self._source_at_first = source
        self._keys = keys
        self._empty = empty

    def compose(self) -> ComposeResult:
        """The title, the list, what is below it, the keys."""
        with Vertical(id=self._box):
            yield Static(id=f"{self._box}-title", markup=False)
            yield LineList(self._source_at_first, empty=self._empty)
            yield from self.below_list()
            yield Static(Text(self._keys, style=DIM))

    def below_list(self) -> Iterable[Widget]:
        """Widgets between the list and the keys."""
        return ()

    def on_mount(self) -> None:
        """Focus the list."""
        self.lines.focus()

    @property
    def lines(self) -> LineList:
        """The list."""
        return self.query_one(LineList)

    def show_title(self, title: str, told: str = "") -> None:
        """Show the title, with ``told`` after it."""
        text = Text(title, f"bold {ACCENT}")
        if told:
            text.append(f"  {told}", f"not bold {DIM}")
        self.query_one(f"#{self._box}-title", Static).update(text)

    def renew(self, source: Source) -> None:
        """Show other lines, keeping the cursor."""
        self.lines.show(source, max(min(self.lines.cursor, len(source) - 1), 0))

    def open_line(self, at: int) -> None:
        """Enter was pressed on a line."""

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Enter opens the line."""
        event.stop()
        self.open_line(event.lines.cursor)

    def action_leave(self) -> None:
        """Close with None."""
        self.dismiss(None)
