"""A virtual list: any number of lines, of which only the visible ones are ever made.

Not a ``DataTable``: that one measures every row, parses cells as markup, and repaints all that is
visible for each key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import ClassVar, Protocol

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from audittui.escape import ELLIPSIS, escaped, shortened

GAP = 2
WIDEST = 60
NARROWEST = 10
TIME_WITHOUT_YEAR = len("11-24 14:00:00")
_LONGEST_CELL = 300
_MEASURED = 300


class Source(Protocol):
    """What a list shows. Cells are raw text: the list makes them harmless."""

    @property
    def titles(self) -> Sequence[str]:
        """The columns' titles."""
        ...

    @property
    def times(self) -> frozenset[int]:
        """The columns that hold times; they lose their year before anything is cut off them."""
        ...

    def __len__(self) -> int:
        """How many lines there are now."""
        ...

    def cells(self, at: int) -> Sequence[str]:
        """The texts of one line."""
        ...

    def tone(self, at: int) -> str:
        """How a line is coloured: empty, ``denied``, ``failure`` or ``marked``."""
        ...


class LineList(ScrollView, can_focus=True):
    """A list with a header, a cursor, and a sentence where it is empty."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", id="list-down", show=False),
        Binding("k,up", "move(-1)", "Up", id="list-up", show=False),
        Binding("space,pagedown", "page(1)", "Page down", id="list-page-down", show=False),
        Binding("b,pageup", "page(-1)", "Page up", id="list-page-up", show=False),
        Binding("ctrl+d", "half(1)", "Half a page down", id="list-half-down", show=False),
        Binding("ctrl+u", "half(-1)", "Half a page up", id="list-half-up", show=False),
        Binding("g,home", "to_start", "First line", id="list-first", show=False),
        Binding("G,end", "to_end", "Last line", id="list-last", show=False),
        Binding("h,left", "sideways(-8)", "Left", id="list-left", show=False),
        Binding("l,right", "sideways(8)", "Right", id="list-right", show=False),
        Binding("enter", "open", "Open", id="list-open", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--header", "lines--cursor", "lines--cursor-blurred", "lines--denied",
        "lines--failure", "lines--marked", "lines--empty",
    }  # fmt: skip

    DEFAULT_CSS = """
    LineList { overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    cursor = reactive(0, repaint=False)

    class Moved(Message):
        """The cursor is on another line."""

        def __init__(self, lines: LineList) -> None:
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> LineList:
            """The list."""
            return self.lines

    class Opened(Moved):
        """Enter was pressed on a line."""

    def __init__(self, source: Source, *, empty: str = "", widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._source = source
        self._empty = empty
        self._natural: list[int] = []
        self._widths: list[int] = []
        self._left = 0
        self._measured = -1
        self._strips: LRUCache[tuple[int, bool, int], Strip] = LRUCache(1000)

    @property
    def source(self) -> Source:
        """What is shown."""
        return self._source

    def show(self, source: Source, cursor: int = 0) -> None:
        """Show another source from its line ``cursor``."""
        self._source = source
        self._measured = -1
        self._left = 0
        self._strips.clear()
        self._resize()
        self.scroll_to(0, 0, animate=False)
        self.set_reactive(LineList.cursor, 0)
        self.cursor = min(cursor, max(len(source) - 1, 0))
        self._reveal()
        self.refresh()

    def grown(self) -> None:
        """The source has more lines at its end; what is shown stays where it is."""
        self._resize()
        self.refresh()

    def changed(self, cursor: int) -> None:
        """The source's lines are others now; go to the line ``cursor``."""
        self._strips.clear()
        self._resize()
        self.cursor = max(min(cursor, len(self._source) - 1), 0)
        self._reveal()
        self.refresh()

    def say(self, text: str) -> None:
        """What an empty list says."""
        if text != self._empty:
            self._empty = text
            if not len(self._source):
                self.refresh()

    def action_move(self, lines: int) -> None:
        """Move the cursor."""
        self._go(self.cursor + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a page."""
        self._go(self.cursor + pages * max(self._room - 1, 1))

    def action_half(self, halves: int) -> None:
        """Move the cursor by half a page."""
        self._go(self.cursor + halves * max(self._room // 2, 1))

    def action_to_start(self) -> None:
        """Go to the first line."""
        self._go(0)

    def action_to_end(self) -> None:
        """Go to the last line that is loaded."""
        self._go(len(self._source) - 1)

    def action_sideways(self, cells: int) -> None:
        """Scroll sideways. At the left end columns are cut to fit, further right they are whole."""
        whole = sum(self._natural) + GAP * len(self._natural)
        room = self.scrollable_content_region.width
        self._left = max(min(self._left + cells, whole - room), 0)
        self._fit()
        self.refresh()

    def action_open(self) -> None:
        """Open the line under the cursor."""
        if len(self._source):
            self.post_message(self.Opened(self))

    def go(self, line: int) -> None:
        """Put the cursor on a line."""
        self._go(line)

    @property
    def _room(self) -> int:
        """How many lines fit under the header."""
        return max(self.scrollable_content_region.height - 1, 1)

    def _go(self, line: int) -> None:
        line = max(min(line, len(self._source) - 1), 0)
        before, top = self.cursor, self.scroll_offset.y
        if line == before:
            self.post_message(self.Moved(self))
            return
        self.cursor = line
        self._reveal()
        if self.scroll_offset.y == top:
            self._refresh_entry(before)
            self._refresh_entry(line)
        self.post_message(self.Moved(self))

    def _refresh_entry(self, line: int) -> None:
        y = line - self.scroll_offset.y + 1
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _reveal(self) -> None:
        """Scroll so that the cursor is seen; at an edge by a third of the window."""
        top, room = self.scroll_offset.y, self._room
        if self.cursor < top:
            target = self.cursor - room // 3
        elif self.cursor >= top + room:
            target = self.cursor - room + 1 + room // 3
        else:
            return
        last = max(len(self._source) - room, 0)
        self.scroll_to(y=max(min(target, last), 0), animate=False)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Tell that other lines are in sight, by whatever means."""
        super().watch_scroll_y(old_value, new_value)
        self._widen_to_sight()
        self.post_message(self.Moved(self))

    @property
    def last_in_sight(self) -> int:
        """The last line in the window."""
        return min(self.scroll_offset.y + self._room, len(self._source)) - 1

    @property
    def room(self) -> int:
        """How many lines fit under the header."""
        return self._room

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self._resize()
        self._reveal()

    def on_focus(self) -> None:
        """Show the cursor strongly."""
        self._refresh_entry(self.cursor)

    def on_blur(self) -> None:
        """Show the cursor faintly."""
        self._refresh_entry(self.cursor)

    def _resize(self) -> None:
        self._measure()
        self._fit()
        height = len(self._source) + 1 if len(self._source) else 0
        self.virtual_size = Size(self.size.width, height)

    @property
    def _room_across(self) -> int:
        # A place for the scrollbar is always kept: columns do not jump when it appears.
        return self.size.width - 1

    def _fit(self) -> None:
        """The widths to show: narrowed, the widest first; what fits not even so stands further
        right, where `l` leads."""
        shown = len(self._natural)
        widths = self._narrowed(shown)
        while not self._left and shown > 2 and self._across(widths) > self._room_across:
            shown -= 1
            widths = self._narrowed(shown)
        if widths != self._widths:
            self._widths = widths
            self._strips.clear()

    @staticmethod
    def _across(widths: Sequence[int]) -> int:
        return sum(widths) + GAP * len(widths)

    def _narrowed(self, shown: int) -> list[int]:
        """The widths of the first columns, narrowed as far as needed and may be."""
        widths = self._natural[:shown]
        if self._left or self._across(widths) <= self._room_across:
            return widths
        times = self._source.times
        for column in times:
            if column < shown:
                widths[column] = min(widths[column], TIME_WITHOUT_YEAR)
        others = [column for column in range(shown) if column not in times]
        while self._across(widths) > self._room_across and others:
            widest = max(others, key=widths.__getitem__)
            if widths[widest] <= NARROWEST:
                break
            widths[widest] -= 1
        return widths

    def _measure(self) -> None:
        """Columns as wide as their content, within limits: that of the first lines."""
        measured = min(len(self._source), _MEASURED)
        if measured == self._measured:
            return
        self._measured = measured
        self._natural = [cell_len(title) for title in self._source.titles]
        self._widen(range(measured))

    def _widen(self, lines: Iterable[int]) -> None:
        for line in lines:
            for column, text in enumerate(self._source.cells(line)):
                shown = cell_len(escaped(shortened(text, _LONGEST_CELL)))
                if shown > self._natural[column]:
                    self._natural[column] = min(shown, WIDEST)

    def _widen_to_sight(self) -> None:
        """Columns grow with what comes into sight; they never shrink, so that they seldom jump."""
        first = max(self.scroll_offset.y, self._measured)
        if first <= self.last_in_sight:
            self._widen(range(first, self.last_in_sight + 1))
            self._fit()

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        if not len(self._source):
            return self._empty_line(y, width, base)
        x = self._left
        if y == 0:
            header = self._header(base + self.get_component_rich_style("lines--header"))
            return self._cropped(header, x, width, base)
        line = self.scroll_offset.y + y - 1
        if line >= len(self._source):
            return Strip.blank(width, base)
        on_cursor = line == self.cursor
        key = (line, on_cursor and self.has_focus, int(on_cursor))
        strip = self._strips.get(key)
        if strip is None:
            strip = self._line(line, base, on_cursor)
            self._strips[key] = strip
        return self._cropped(strip, x, width, next(iter(strip)).style or base)

    @staticmethod
    def _cropped(strip: Strip, x: int, width: int, style: Style) -> Strip:
        return strip.crop(x, x + width).extend_cell_length(width, style)

    def _line(self, line: int, base: Style, on_cursor: bool) -> Strip:
        tone = self._source.tone(line)
        style = base
        if tone:
            style += self.get_component_rich_style(f"lines--{tone}", partial=True)
        if on_cursor:
            name = "lines--cursor" if self.has_focus else "lines--cursor-blurred"
            style += self.get_component_rich_style(name, partial=True)
        times = self._source.times
        text = " " + (" " * GAP).join(
            self._fitted(cell, width, cut_front=column in times)
            for column, (cell, width) in enumerate(
                zip(self._source.cells(line), self._widths, strict=False)
            )
        )
        return Strip([Segment(text, style)], cell_len(text))

    @staticmethod
    def _fitted(cell: str, width: int, *, cut_front: bool) -> str:
        text = escaped(shortened(cell, _LONGEST_CELL))
        if cut_front:
            text = text[-width:]
        elif cell_len(text) > width:
            text = set_cell_size(text, width - 1).rstrip() + ELLIPSIS
        return set_cell_size(text, width)

    def _header(self, style: Style) -> Strip:
        text = " " + (" " * GAP).join(
            set_cell_size(title, width)
            for title, width in zip(self._source.titles, self._widths, strict=False)
        )
        if len(self._widths) < len(self._natural):
            hidden = f"l: {len(self._natural) - len(self._widths)} more"
            if cell_len(text) + GAP + len(hidden) <= self._room_across:
                text += " " * GAP + hidden
        return Strip([Segment(text, style)], cell_len(text))

    def _empty_line(self, y: int, width: int, base: Style) -> Strip:
        lines = [""]
        for paragraph in self._empty.split("\n"):
            lines += wrap(escaped(paragraph), max(width - 4, 20)) or [""]
        if y >= len(lines) or not lines[y]:
            return Strip.blank(width, base)
        style = base + self.get_component_rich_style("lines--empty", partial=True)
        text = "  " + lines[y]
        return Strip([Segment(text, style)]).adjust_cell_length(width, base)
