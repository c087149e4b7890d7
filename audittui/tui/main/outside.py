"""What some features need from the application around the panes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audittui.tui.theme.palette import DIM
from audittui.tui.widgets.bars import TitleBar
from audittui.tui.widgets.lines import LineList

if TYPE_CHECKING:
    from textual.screen import Screen

    from audittui.tui.text.times import TimeStyle


class Outside:
    """The header, the clipboard, the time style of all lists, and the way out."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text by way of the terminal."""
        self._screen.app.copy_to_clipboard(text)

    def leave(self) -> None:
        """End the application."""
        self._screen.app.exit()

    def show_connection(self, text: str, style: str = DIM) -> None:
        """Show the state of the connection in the header."""
        self._screen.query_one(TitleBar).show(connection=text, style=style)

    def tell_times(self, style: TimeStyle) -> None:
        """Set the time style of every list."""
        for lines in self._screen.query(LineList):
            lines.set_time_style(style)
