"""A line of input whose value may come from a log: drawn harmless, kept exactly."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Input

from audittui.escape import escaped
from audittui.tui.textual_private import drawn_by

HIDDEN = "\N{REPLACEMENT CHARACTER}"
"""Shown for a character that would act on the terminal or be invisible."""


def _harmless(value: str) -> Text | None:
    """How to draw a value with characters that act or are invisible; None if it has none."""
    # Made from the value: Rich drops some control characters from a text, which would misplace
    # the cursor.
    if escaped(value) == value:
        return None
    shown = "".join(one if escaped(one) == one else HIDDEN for one in value)
    return Text(shown, no_wrap=True, overflow="ignore", end="")


@drawn_by(_harmless)
class Field(Input):
    """An `Input` that never sends a character that acts or is invisible to the terminal.

    Each such character is shown as one `HIDDEN`, so that the cursor is placed correctly; the value
    is kept unchanged.
    """

    def on_mount(self) -> None:
        """Turn blinking off, so that nothing is sent while idle."""
        self.cursor_blink = False


class AskedField(Field):
    """The input line below a list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the field's own binding, whose message would come after the next key.
        Binding("enter", "screen.answer", "accept", id="answer", priority=True),
    ]
