"""Screens that show a text or ask a yes/no question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from audittui.escape import escaped_lines
from audittui.tui.dialogs.modal import Modal
from audittui.tui.dialogs.room import SMALLEST, fits
from audittui.tui.theme.palette import ACCENT, DIM
from audittui.tui.widgets.pager import Pager


class ReaderScreen(Modal[None]):
    """A full-screen text, such as the plan or the help."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x,question_mark", "dismiss", "Back", id="close-text"),
    ]

    def __init__(self, title: str, text: Text) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """The title, the text, the keys."""
        with Vertical(id="reader"):
            yield Static(
                Text(escaped_lines(self._title), style=f"bold {ACCENT}"), id="reader-title"
            )
            yield Pager(self._text)
            yield Static(Text("Esc back   j/k scroll   space page", style=DIM), id="reader-keys")

    def on_mount(self) -> None:
        """Focus the text."""
        self.query_one(Pager).focus()


class ConfirmScreen(Modal[bool]):
    """A yes/no question. Enter or y means yes, every other way of closing means no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,y", "answer(True)", "Yes", id="answer-yes"),
        Binding("escape,n,q", "answer(False)", "No", id="answer-no"),
    ]

    def __init__(self, question: str, details: Sequence[str]) -> None:
        super().__init__()
        self._question = question
        self._details = details

    def compose(self) -> ComposeResult:
        """The question, the details, the keys."""
        text = Text(escaped_lines(self._question), style="bold")
        for detail in self._details:
            text.append("\n" + escaped_lines(detail), "not bold")
        text.append("\n\nEnter", f"bold {ACCENT}")
        text.append(" yes   ", f"not bold {DIM}")
        text.append("Esc", f"bold {ACCENT}")
        text.append(" no", f"not bold {DIM}")
        yield Static(text, id="confirm", markup=False)

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)


class TooSmallScreen(Modal[None]):
    """Says that the terminal is too small; takes only q."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("q", "app.quit", "Quit", id="quit-small")]

    def compose(self) -> ComposeResult:
        """The message."""
        yield Static(
            Text(
                f"audittui needs {SMALLEST.width} columns and {SMALLEST.height} lines.\n"
                "Make the terminal larger. q quits."
            ),
            markup=False,
        )

    def on_resize(self) -> None:
        """Close once there is room, if no screen is on top."""
        if fits(self.app.size) and self.app.screen is self:
            self.dismiss()

    def on_screen_resume(self) -> None:
        """The screen on top was closed."""
        self.on_resize()
