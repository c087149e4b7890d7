"""Screens that ask: a few fields at once, or one of a few answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from audittui.escape import escaped, escaped_lines
from audittui.tui.dialogs.modal import Modal
from audittui.tui.theme.palette import ACCENT, DIM
from audittui.tui.widgets.field import Field
from audittui.tui.widgets.form import Choice


class Blank(msgspec.Struct, frozen=True):
    """A field to fill in: one of ``options`` if there are any, otherwise text."""

    name: str
    label: str
    value: str
    options: tuple[str, ...] = ()


class AskScreen(Modal[dict[str, str]]):
    """A few fields to fill in. Enter closes with their values once ``check`` finds no fault (a
    sentence by field name, "" for the fields as a whole)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "cancel", id="leave-question"),
        Binding("down", "app.focus_next", "next field", id="next-blank"),
        Binding("up", "app.focus_previous", "previous field", id="previous-blank"),
    ]

    def __init__(
        self,
        title: str,
        details: Sequence[str],
        blanks: Sequence[Blank],
        check: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> None:
        super().__init__()
        self._title = title
        self._details = details
        self._blanks = blanks
        self._check = check

    def compose(self) -> ComposeResult:
        """The title, the fields, the faults, the keys."""
        text = Text(escaped_lines(self._title), style="bold")
        for detail in self._details:
            text.append("\n" + escaped_lines(detail), f"not bold {DIM}")
        keys = Text("\n")
        keys.append("Enter", f"bold {ACCENT}").append(" OK   ", DIM)
        keys.append("Tab", f"bold {ACCENT}").append(" next   ", DIM)
        keys.append("Esc", f"bold {ACCENT}").append(" cancel", DIM)
        with Vertical(id="asking"):
            yield Static(text, markup=False)
            for blank in self._blanks:
                with Horizontal(classes="blank"):
                    yield Static(Text(escaped(blank.label)), classes="label", markup=False)
                    if blank.options:
                        yield Choice(blank.options, blank.value, widget_id=f"blank-{blank.name}")
                    else:
                        yield Field(blank.value, id=f"blank-{blank.name}", compact=True)
                yield Static(id=f"fault-{blank.name}", classes="fault", markup=False)
            yield Static(id="fault-", classes="fault", markup=False)
            yield Static(keys, markup=False)

    def on_mount(self) -> None:
        """Focus the first field."""
        self._blank(self._blanks[0]).focus()

    def _blank(self, blank: Blank) -> Widget:
        return self.query_one(f"#blank-{blank.name}")

    @property
    def values(self) -> dict[str, str]:
        """The values of the fields."""
        said: dict[str, str] = {}
        for blank in self._blanks:
            widget = self._blank(blank)
            assert isinstance(widget, (Choice, Input))
            said[blank.name] = widget.value
        return said

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field."""
        event.stop()
        self._submit()

    def on_choice_submitted(self, event: Choice.Submitted) -> None:
        """Enter on a choice."""
        event.stop()
        self._submit()

    def _submit(self) -> None:
        values = self.values
        faults = self._check(values)
        for name in ("", *values):
            line = self.query_one(f"#fault-{name}", Static)
            line.update(Text(escaped(faults.get(name, ""))))
            line.display = name in faults
        if not faults:
            self.dismiss(values)

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class ChoiceScreen(Modal[str]):
    """A question with a few answers, each an id and its text. The first one is selected at the
    start and Esc chooses it, so it should be the answer that does least."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "take", "choose the selected answer", id="take-answer"),
        Binding("j,down,tab", "mark(1)", "next answer", id="next-answer"),
        Binding("k,up,shift+tab", "mark(-1)", "previous answer", id="previous-answer"),
        Binding("escape,q", "least", "choose the first answer", id="least-answer"),
    ]

    def __init__(
        self, question: str, details: Sequence[str], answers: Sequence[tuple[str, str]]
    ) -> None:
        super().__init__()
        self._question = question
        self._details = details
        self._answers = answers
        self._marked = 0

    def compose(self) -> ComposeResult:
        """The question, its answers, the keys."""
        yield Static(id="confirm", markup=False)

    def on_mount(self) -> None:
        """Show it."""
        self._show()

    def _show(self) -> None:
        text = Text(escaped_lines(self._question), style="bold")
        for detail in self._details:
            text.append("\n" + escaped_lines(detail), "not bold")
        text.append("\n")
        for at, (_, said) in enumerate(self._answers):
            marked = at == self._marked
            style = f"bold reverse {ACCENT}" if marked else "not bold"
            text.append("\n")
            text.append(f"{'>' if marked else ' '} {escaped(said)} ", style)
        text.append("\n\n↑ ↓", f"bold {ACCENT}").append(" select   ", f"not bold {DIM}")
        text.append("Enter", f"bold {ACCENT}").append(" choose   ", f"not bold {DIM}")
        text.append("Esc", f"bold {ACCENT}")
        text.append(f" {escaped(self._answers[0][1])[:30].lower()}", f"not bold {DIM}")
        self.query_one("#confirm", Static).update(text)

    def action_mark(self, step: int) -> None:
        """Select another answer."""
        self._marked = (self._marked + step) % len(self._answers)
        self._show()

    def action_take(self) -> None:
        """Close with the selected answer."""
        self.dismiss(self._answers[self._marked][0])

    def action_least(self) -> None:
        """Close with the first answer."""
        self.dismiss(self._answers[0][0])
