"""The line that searches the detail view."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from audittui.tui.widgets.field import Field


class SeekField(Field):
    """What is searched for, as it is typed. Esc ends the search, Enter keeps it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "end_search", "End the search", id="end-search"),
    ]

    class Ended(Message):
        """Esc was pressed."""

    def action_end_search(self) -> None:
        """Tell that the search is over."""
        self.post_message(self.Ended())
