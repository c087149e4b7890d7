"""The sidebar: runbooks by tag, and a line for finding one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from audittui.escape import escaped
from audittui.runbook.catalogue import Catalogue
from audittui.tui.widgets.field import Field

if TYPE_CHECKING:
    from audittui.runbook.catalogue import BrokenRunbook
    from audittui.runbook.model import Runbook

_BROKEN = "broken"


class RunbookOptions(OptionList):
    """The list of runbooks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", id="runbooks-down", show=False),
        Binding("k", "cursor_up", "Up", id="runbooks-up", show=False),
        Binding("g", "first", "First", id="runbooks-first", show=False),
        Binding("G", "last", "Last", id="runbooks-last", show=False),
    ]

    def action_page_up(self) -> None:
        """Page up; does nothing before the list is drawn, when Textual would look up a line that
        does not exist yet."""
        with contextlib.suppress(KeyError):
            super().action_page_up()  # type: ignore[no-untyped-call]

    def action_page_down(self) -> None:
        """A page down."""
        with contextlib.suppress(KeyError):
            super().action_page_down()  # type: ignore[no-untyped-call]


class Sidebar(Vertical):
    """Every runbook once, under its first tag; invalid files under "broken"."""

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the field's own binding, whose message would come after the next key.
        Binding("enter", "screen.choose", "choose", id="choose", priority=True),
    ]

    @dataclass
    class Highlighted(Message):
        """Another runbook is under the cursor."""

        runbook: Runbook | None
        broken: BrokenRunbook | None

    @dataclass
    class Chosen(Message):
        """Enter was pressed on a runbook."""

        runbook: Runbook | None
        broken: BrokenRunbook | None

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._catalogue = Catalogue(())
        self._wanted = ""

    def compose(self) -> ComposeResult:
        """The search line and the list."""
        yield Field(placeholder="/ to find a runbook", id="find", compact=True)
        yield RunbookOptions(id="runbooks", compact=True)

    @property
    def finder(self) -> Input:
        """The search line."""
        return self.query_one("#find", Input)

    def fill(self, catalogue: Catalogue) -> None:
        """Show a catalogue."""
        self._catalogue = catalogue
        self._show()

    def chosen(self) -> tuple[Runbook | None, BrokenRunbook | None]:
        """The runbook under the cursor, among those found now."""
        # When typing fast, this comes before the last change message.
        self._find(self.finder.value)
        options = self.query_one(RunbookOptions)
        at = options.highlighted
        return self._meant(None if at is None else options.get_option_at_index(at).id)

    def focus_list(self) -> None:
        """Put the cursor on the list."""
        self.query_one(RunbookOptions).focus()

    def select(self, runbook: str) -> None:
        """Move the cursor to a runbook."""
        if self._wanted:
            self._wanted = ""
            self.finder.value = ""
            self._show(runbook)
            return
        options = self.query_one(RunbookOptions)
        for at in range(options.option_count):
            if options.get_option_at_index(at).id == runbook:
                options.highlighted = at
                return

    def _show(self, chosen: str = "") -> None:
        options = self.query_one(RunbookOptions)
        options.clear_options()
        wanted = self._wanted.casefold()
        tags: dict[str, list[Runbook]] = {}
        for runbook in self._found(wanted):
            tags.setdefault(runbook.tags[0] if runbook.tags else "other", []).append(runbook)
        first = None
        for tag in sorted(tags):
            options.add_option(Option(Text(escaped(tag), style="dim"), disabled=True))
            for runbook in tags[tag]:
                options.add_option(Option(Text(f"  {escaped(runbook.name)}"), id=runbook.id))
                if first is None or runbook.id == chosen:
                    first = options.option_count - 1
        broken = [one for one in self._catalogue.broken if wanted in str(one.path).casefold()]
        if broken:
            options.add_option(Option(Text(_BROKEN, style="dim"), disabled=True))
            for one in broken:
                number = self._catalogue.broken.index(one)
                options.add_option(
                    Option(Text(f"  {escaped(one.path.name)}"), id=f"{_BROKEN}:{number}")
                )
                first = options.option_count - 1 if first is None else first
        if first is not None:
            options.highlighted = first
        else:
            options.add_option(Option(Text("  no matches"), disabled=True))

    def _found(self, wanted: str) -> list[Runbook]:
        """The runbooks with a matching name; if none, those that mention the text."""
        runbooks = self._catalogue.runbooks
        named = [one for one in runbooks if wanted in f"{one.name} {one.id}".casefold()]
        about = [
            one
            for one in runbooks
            if wanted in f"{one.description} {' '.join(one.tags)}".casefold()
        ]
        return named or about

    def _meant(self, name: str | None) -> tuple[Runbook | None, BrokenRunbook | None]:
        if name is None:
            return None, None
        if name.startswith(f"{_BROKEN}:"):
            return None, self._catalogue.broken[int(name.partition(":")[2])]
        return next((one for one in self._catalogue.runbooks if one.id == name), None), None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find while typing."""
        event.stop()
        self._find(event.value)

    def _find(self, wanted: str) -> None:
        if wanted != self._wanted:
            self._wanted = wanted
            self._show()

    def on_key(self, event: object) -> None:
        """The down key leaves the line for the list."""
        from textual.events import Key

        if isinstance(event, Key) and self.finder.has_focus:
            if event.key == "down":
                self.focus_list()
                event.stop()
            elif event.key == "escape":
                self.finder.value = ""
                self.focus_list()
                event.stop()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Post which runbook is under the cursor."""
        event.stop()
        self.post_message(self.Highlighted(*self._meant(event.option.id)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Post which runbook was chosen."""
        event.stop()
        self.post_message(self.Chosen(*self._meant(event.option.id)))
