"""A line of input whose value may come from a log: shown harmless, kept exactly."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import Input

from audittui.escape import escaped
from audittui.tui.textual_private import drawn_by

HIDDEN = "\N{REPLACEMENT CHARACTER}"
"""Stands for a character that would act on the terminal or hide."""


def _harmless(value: str) -> Text | None:
    """What is drawn of a value that holds what acts or hides; None where it holds none."""
    # Made from the value: Rich drops some control characters from a text, and the cursor would
    # stand beside its place.
    if escaped(value) == value:
        return None
    shown = "".join(one if escaped(one) == one else HIDDEN for one in value)
    return Text(shown, no_wrap=True, overflow="ignore", end="")


@drawn_by(_harmless)
class Field(Input):
    """An `Input` that never sends a character that acts or hides to the terminal.

    Each such character is shown as one `HIDDEN`, so that the cursor stays where it belongs; the
    value is kept as it is.
    """

    def on_mount(self) -> None:
        """Nothing blinks, and nothing is sent while nothing happens."""
        self.cursor_blink = False


class AskedField(Field):
    """The line below a list that asks for something."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the field's own, which would tell of it later than the next key is taken.
        Binding("enter", "screen.answer", "accept", id="answer", priority=True),
    ]
