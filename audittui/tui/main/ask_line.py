"""The line below the list that asks for a filter or a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from audittui.tui.widgets.field import AskedField

if TYPE_CHECKING:
    from textual.screen import Screen


class AskLine:
    """One line of input, mounted on first use."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen
        self._field: AskedField | None = None

    @property
    def value(self) -> str:
        """What was typed."""
        return "" if self._field is None else self._field.value

    def show(self, shown: bool) -> None:
        """Show or hide the line, if it has been mounted."""
        if self._field is not None:
            self._field.display = shown

    def ask(self, value: str, hint: str) -> None:
        """Focus the line, with an initial value and a hint."""
        if self._field is None:
            self._field = AskedField(id="ask", compact=True)
            self._screen.query_one("#main").mount(self._field)
        with self._screen.prevent(Input.Changed):
            self._field.value = value
        self._field.placeholder = hint
        self._screen.set_focus(self._field)
