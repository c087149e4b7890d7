"""The form: one line per parameter, its fault right below it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from audittui import timestamp
from audittui.escape import escaped
from audittui.tui.widgets.field import Field

if TYPE_CHECKING:
    from audittui.runbook.model import Parameter, Runbook


class Choice(Static, can_focus=True):
    """One of a few values, chosen with the left and right keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", "Previous", id="choice-previous", show=False),
        Binding("right,l,space", "step(1)", "Next", id="choice-next", show=False),
    ]

    class Submitted(Message):
        """Posted when Enter is pressed."""

    def __init__(self, options: tuple[str, ...], value: str, widget_id: str | None = None) -> None:
        self._options = options
        self.value = value if value in options else options[0]
        super().__init__(id=widget_id)

    def on_mount(self) -> None:
        """Show the value."""
        self._show()

    def set_value(self, value: str) -> None:
        """Choose a value."""
        if value in self._options:
            self.value = value
            self._show()

    def action_step(self, step: int) -> None:
        """Choose the next or the previous value."""
        at = (self._options.index(self.value) + step) % len(self._options)
        self.value = self._options[at]
        self._show()

    def _show(self) -> None:
        text = Text()
        for option in self._options:
            chosen = option == self.value
            shown = f"[{escaped(option)}]" if chosen else f" {escaped(option)} "
            text.append(shown, "bold" if chosen else "dim")
        self.update(text)

    def on_key(self, event: object) -> None:
        """Enter runs the form."""
        from textual.events import Key

        if isinstance(event, Key) and event.key == "enter":
            event.stop()
            self.post_message(self.Submitted())


class Line(Vertical):
    """A parameter: label, value, and its fault, if any."""

    def __init__(self, parameter: Parameter, text: str, width: int) -> None:
        from audittui.runbook.binding import choices_of

        super().__init__(classes="line")
        self.parameter = parameter
        self.field: Input | Choice
        choices = choices_of(parameter)
        if choices and parameter.type != "multi":
            self.field = Choice(choices, text or choices[0])
        else:
            hint = parameter.placeholder or parameter.help
            self.field = Field(text, placeholder=escaped(hint), compact=True)
        self.fault = ""
        self._fault = Static("", classes="fault", markup=False)
        self._width = width

    def compose(self) -> ComposeResult:
        """The label beside the value, the fault below."""
        with Horizontal(classes="pair"):
            name = escaped(self.parameter.name.replace("_", " "))
            label = name + (" *" if self.parameter.required else "")
            yield Static(Text(label.ljust(self._width)), classes="label")
            yield self.field
        yield self._fault

    @property
    def value(self) -> str:
        """The value as text."""
        return self.field.value

    @value.setter
    def value(self, text: str) -> None:
        field = self.field
        if isinstance(field, Input):
            field.value = text
        else:
            field.set_value(text)

    def check(self) -> str | None:
        """Show and return the fault of the value."""
        from audittui.runbook.binding import check_value

        return self.show_fault(check_value(self.parameter, self.value, timestamp.now()))

    def show_fault(self, fault: str | None) -> str | None:
        """Show a fault, or none."""
        self.fault = fault or ""
        self._fault.update(Text(escaped(self.fault)))
        self._fault.display = fault is not None
        return fault


class Form(VerticalScroll, can_focus=False):
    """The parameters of one runbook."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the field's own binding, whose message would come after the next key.
        Binding("enter", "screen.run", "run", id="run", priority=True),
        Binding("down", "field(1)", "next field", id="form-down"),
        Binding("up", "field(-1)", "previous field", id="form-up"),
    ]

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self.runbook: Runbook | None = None
        self._asked = 0
        self._showing = asyncio.Lock()

    async def show(self, runbook: Runbook, texts: Mapping[str, str] | None = None) -> None:
        """Show a runbook's parameters, with their defaults or ``texts``. Without ``texts`` a form
        that is already shown stays as it is."""
        width = max((len(one.name) + 2 for one in runbook.params), default=0)
        about = Static(Text(escaped(runbook.description)), classes="about")
        lines = [
            Line(one, (texts or {}).get(one.name, one.default_text), width)
            for one in runbook.params
        ]
        await self._put(runbook, [about, *lines], keep=texts is None)

    async def say(self, text: str) -> None:
        """Show a text instead of a form."""
        await self._put(None, [Static(Text(escaped(text)), classes="about")])

    async def _put(
        self, runbook: Runbook | None, widgets: Sequence[Widget], *, keep: bool = False
    ) -> None:
        """One at a time; of several waiting, only the last."""
        self._asked += 1
        asked = self._asked
        async with self._showing:
            if asked == self._asked and not (keep and runbook is self.runbook):
                self.runbook = runbook
                await self.remove_children()
                if not self.is_attached:
                    # The user has already quit.
                    return
                await self.mount(*widgets)
                focused = self.screen.focused
                if focused is not None and not focused.is_attached:
                    # The user moved to a field that was being removed.
                    self.start()

    def start(self) -> None:
        """Focus the first field that needs a value, otherwise the first field."""
        lines = list(self.query(Line))
        empty = [line for line in lines if line.parameter.required and not line.value.strip()]
        for line in [*empty, *lines]:
            # Immediately: the next keys are meant for it.
            self.screen.set_focus(line.field)
            return

    @property
    def fields(self) -> list[Widget]:
        """The widgets with values, from top to bottom."""
        return [line.field for line in self.query(Line)]

    @property
    def texts(self) -> dict[str, str]:
        """The values as texts; empty ones left out."""
        values = {line.parameter.name: line.value for line in self.query(Line)}
        return {name: value for name, value in values.items() if value.strip()}

    def checked(self) -> dict[str, str] | None:
        """The values as texts if all are valid; otherwise None, with the first fault focused."""
        faulty = [line for line in self.query(Line) if line.check() is not None]
        if faulty:
            self.screen.set_focus(faulty[0].field)
            return None
        return self.texts

    def show_faults(self, errors: Mapping[str, str]) -> None:
        """Show faults of the form as a whole."""
        for line in self.query(Line):
            line.show_fault(errors.get(line.parameter.name))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Clear a fault as soon as it is corrected."""
        event.stop()
        for line in self.query(Line):
            if line.field is event.input and line.fault:
                line.check()

    def on_descendant_blur(self, event: object) -> None:
        """Check a value when the cursor leaves it."""
        widget = getattr(event, "widget", None)
        for line in self.query(Line):
            if line.field is widget and line.value.strip():
                line.check()

    def action_field(self, step: int) -> None:
        """Go to the next or the previous field."""
        fields = self.fields
        focused = self.screen.focused
        if focused in fields:
            at = fields.index(focused) + step
            if 0 <= at < len(fields):
                self.screen.set_focus(fields[at])
