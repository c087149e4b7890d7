"""Lines with a cursor: how it moves, and what is repainted."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.scroll_view import ScrollView


class CursorView(ScrollView, can_focus=True):
    """A view of lines that highlights the one under the cursor.

    A key repaints two lines; at an edge the view jumps by a third of its height. Subclasses
    provide the lines.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", id="list-down", show=False),
        Binding("k,up", "move(-1)", "Up", id="list-up", show=False),
        Binding("space,pagedown", "page(1)", "Page down", id="list-page-down", show=False),
        Binding("b,pageup", "page(-1)", "Page up", id="list-page-up", show=False),
        Binding("ctrl+d", "half(1)", "Half a page down", id="list-half-down", show=False),
        Binding("ctrl+u", "half(-1)", "Half a page up", id="list-half-up", show=False),
        Binding("g,home", "to_start", "First line", id="list-first", show=False),
        Binding("G,end", "to_end", "Last line", id="list-last", show=False),
        Binding("enter", "open", "Open", id="list-open", show=False),
    ]

    cursor = reactive(0, repaint=False)

    @property
    def count(self) -> int:
        """The current number of lines."""
        raise NotImplementedError

    @property
    def room(self) -> int:
        """How many lines fit into the window, at least one."""
        raise NotImplementedError

    def repaint_line(self, line: int) -> None:
        """Repaint a line."""
        raise NotImplementedError

    def moved(self) -> None:
        """The cursor was moved."""

    def grow(self) -> None:
        """Make the view as high as its lines, before it is scrolled."""

    def action_open(self) -> None:
        """Open the line under the cursor."""
        raise NotImplementedError

    def action_move(self, lines: int) -> None:
        """Move the cursor."""
        self.go(self.cursor + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self.go(self.cursor + pages * max(self.room - 1, 1))

    def action_half(self, halves: int) -> None:
        """Move the cursor by half a page."""
        self.go(self.cursor + halves * max(self.room // 2, 1))

    def action_to_start(self) -> None:
        """Go to the first line."""
        self.go(0)

    def action_to_end(self) -> None:
        """Go to the last line that is loaded."""
        self.go(self.count - 1)

    def go(self, line: int) -> None:
        """Put the cursor on a line, or on the nearest one."""
        line = max(min(line, self.count - 1), 0)
        before, top = self.cursor, self.scroll_offset.y
        if line != before:
            self.cursor = line
            self.reveal()
            if self.scroll_offset.y == top:
                self.repaint_line(before)
                self.repaint_line(line)
        self.moved()

    def reveal(self) -> None:
        """Scroll to the cursor; at an edge, by a third of the window."""
        top, room = self.scroll_offset.y, self.room
        if self.cursor < top:
            target = self.cursor - room // 3
        elif self.cursor >= top + room:
            target = self.cursor - room + 1 + room // 3
        else:
            return
        self.grow()
        last = max(self.count - room, 0)
        self.scroll_to(y=max(min(target, last), 0), animate=False)

    def on_focus(self) -> None:
        """Show the cursor strongly."""
        self.repaint_line(self.cursor)

    def on_blur(self) -> None:
        """Show the cursor faintly."""
        self.repaint_line(self.cursor)
