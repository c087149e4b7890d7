"""Text to read, scrolled by the same keys as lists."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static


class Pager(VerticalScroll, can_focus=True):
    """A scrolling text. It is never parsed as markup."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "scroll_down", "Down", id="text-down", show=False),
        Binding("k,up", "scroll_up", "Up", id="text-up", show=False),
        Binding("space,pagedown", "page_down", "Page down", id="text-page-down", show=False),
        Binding("b,pageup", "page_up", "Page up", id="text-page-up", show=False),
        Binding("ctrl+d", "half(1)", "Half a page down", id="text-half-down", show=False),
        Binding("ctrl+u", "half(-1)", "Half a page up", id="text-half-up", show=False),
        Binding("g,home", "scroll_home", "Start", id="text-start", show=False),
        Binding("G,end", "scroll_end", "End", id="text-end", show=False),
    ]

    def __init__(self, text: Text | str = "", *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._text = text if isinstance(text, Text) else Text(text)

    def compose(self) -> ComposeResult:
        """The text."""
        yield Static(self._text, markup=False)

    def show(self, text: Text, *, keep_place: bool = False) -> None:
        """Show another text, from the start unless ``keep_place``."""
        self._text = text
        self.query_one(Static).update(text)
        if not keep_place:
            self.scroll_to(y=0, animate=False)

    @property
    def text(self) -> str:
        """The text, without styles."""
        return self._text.plain

    def action_half(self, halves: int) -> None:
        """Scroll by half a page."""
        self.scroll_relative(y=halves * max(self.size.height // 2, 1), animate=False)

    def action_scroll_down(self) -> None:
        """Scroll a line down."""
        self.scroll_relative(y=1, animate=False)

    def action_scroll_up(self) -> None:
        """Scroll a line up."""
        self.scroll_relative(y=-1, animate=False)

    def action_page_down(self) -> None:
        """Scroll a page down."""
        self.scroll_relative(y=max(self.size.height - 1, 1), animate=False)

    def action_page_up(self) -> None:
        """Scroll a page up."""
        self.scroll_relative(y=-max(self.size.height - 1, 1), animate=False)

    def action_scroll_home(self) -> None:
        """Scroll to the start."""
        self.scroll_to(y=0, animate=False)

    def action_scroll_end(self) -> None:
        """Scroll to the end."""
        self.scroll_to(y=self.max_scroll_y, animate=False)
