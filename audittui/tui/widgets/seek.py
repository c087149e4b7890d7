"""The line that searches the detail view."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.widgets.field import Field


class SeekField(Field):
    """The search text. ``done`` is called with whether the search is kept."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the field's own binding, whose message would come after the next key.
        Binding("enter", "done(True)", "Keep the search", id="keep-search", priority=True),
        Binding("escape", "done(False)", "End the search", id="end-search", priority=True),
    ]

    def __init__(self, done: Callable[[bool], None], widget_id: str) -> None:
        super().__init__(id=widget_id, compact=True, placeholder="search this entry")
        self._done = done

    def action_done(self, kept: bool) -> None:
        """Keep or end the search."""
        self._done(kept)
