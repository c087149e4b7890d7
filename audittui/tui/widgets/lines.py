"""A virtual list: any number of lines, of which only the visible ones are rendered.

It is not a ``DataTable``, which measures every row, parses cells as markup, and repaints everything
visible on each key.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

import msgspec
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from audittui.escape import escaped
from audittui.tui.text.times import TimeStyle
from audittui.tui.textual_private import scroll_over
from audittui.tui.widgets.columns import GUTTER
from audittui.tui.widgets.cursor import CursorView
from audittui.tui.widgets.source import Source, Vouched
from audittui.tui.widgets.table import Table

_LAG = 0.25
"""Seconds that the scrollbar may lag behind rows added below the window."""


class Sight(msgspec.Struct, frozen=True):
    """A list's view: the row of the cursor, the first visible row, the cells scrolled sideways."""

    cursor: int = 0
    top: int = 0
    left: int = 0


class LineList(CursorView):
    """A list with a header, a cursor, and a text for when it is empty."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "sideways(-8)", "Left", id="list-left", show=False),
        Binding("l,right", "sideways(8)", "Right", id="list-right", show=False),
        Binding("less_than_sign", "column(-1)", "one column left", id="list-column-left"),
        Binding("greater_than_sign", "column(1)", "one column right", id="list-column-right"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "lines--header",
        "lines--cursor",
        "lines--cursor-blurred",
        "lines--denied",
        "lines--failure",
        "lines--marked",
        "lines--proven",
        "lines--empty",
    }

    DEFAULT_CSS = """
    LineList { overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    @dataclass
    class Moved(Message):
        """The cursor is on another line."""

        lines: LineList

    @dataclass
    class Opened(Message):
        """Enter was pressed on a line."""

        lines: LineList

    def __init__(self, source: Source, *, empty: str = "", widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._table = Table(source)
        self._empty = empty
        self._left = 0
        self._counted = 0
        self._lagging = False
        self._wrapped = False
        self._strips: LRUCache[tuple[int, int, int], Strip] = LRUCache(1000)

    @property
    def source(self) -> Source:
        """What is shown."""
        return self._table.source

    def show(self, source: Source, cursor: int = 0) -> None:
        """Show another source from its row ``cursor``."""
        self.show_at(source, Sight(cursor))

    @property
    def sight(self) -> Sight:
        """The position of the cursor, and the visible part of the list."""
        return Sight(self.cursor, self.scroll_offset.y, self._left)

    def show_at(self, source: Source, sight: Sight) -> None:
        """Show another source, restored to ``sight``."""
        self._table.show(source)
        self._left = sight.left
        self._strips.clear()
        self._resize()
        self.scroll_to(0, min(sight.top, max(len(source) - self.room, 0)), animate=False)
        self.set_reactive(LineList.cursor, 0)
        self.cursor = min(sight.cursor, max(len(source) - 1, 0))
        self.reveal()
        self.refresh()

    def show_growth(self) -> None:
        """The source has more rows at its end; the view stays in place.

        Cheap if no new row is visible: pages may arrive a hundred times a second.
        """
        if self._counted <= self.scroll_offset.y + self.room:
            self._resize()
            self.refresh()
        elif not self._lagging:
            self._lagging = True
            self.set_timer(_LAG, self._extend)

    def _extend(self) -> None:
        self._lagging = False
        self._resize()

    def redraw(self, cursor: int) -> None:
        """The source's rows changed; go to the row ``cursor``."""
        self._strips.clear()
        self._resize()
        self._table.widen(range(self.scroll_offset.y, self.last_in_sight + 1))
        self._fit()
        self.cursor = max(min(cursor, self.count - 1), 0)
        self.reveal()
        self.refresh()

    def redraw_row(self, at: int) -> None:
        """The contents of one row changed."""
        for focused in (0, 1, 2):
            for part in range(self._table.height):
                self._strips.discard((at, focused, part))
        self.repaint_line(at)

    @property
    def time_style(self) -> TimeStyle:
        """How times are shown."""
        return self._table.time_style

    def set_time_style(self, style: TimeStyle) -> None:
        """Change how times are shown."""
        self._table.time_style = style
        self._again()

    @property
    def wrapped(self) -> bool:
        """True while each row takes as many lines as its columns need."""
        return self._wrapped

    def set_wrapped(self, wrapped: bool) -> None:
        """Show each row on one line, or on as many as its columns need."""
        self._wrapped = wrapped
        self._left = 0
        self._again()

    def _again(self) -> None:
        """Measure and redraw everything, at the same row."""
        self._table.forget()
        self.redraw(self.cursor)

    def say(self, text: str) -> None:
        """Set the text of an empty list."""
        if text != self._empty:
            self._empty = text
            if not self.count:
                self.refresh()

    def action_sideways(self, cells: int) -> None:
        """Scroll sideways. At the left end columns are cut to fit; further right they are whole."""
        self._scroll_across(self._left + cells)

    def action_column(self, step: int) -> None:
        """Scroll sideways to the start of the next or the previous column."""
        starts = self._table.columns.starts()
        beyond = [at for at in starts if (at - self._left) * step > 0]
        if beyond:
            self._scroll_across(min(beyond) if step > 0 else max(beyond))

    def _scroll_across(self, left: int) -> None:
        room = self.scrollable_content_region.width
        left = 0 if self._wrapped else max(min(left, self._table.columns.whole - room), 0)
        if left != self._left:
            self._left = left
            self._fit()
            self.refresh()

    def action_open(self) -> None:
        """Open the line under the cursor."""
        if self.count:
            self.post_message(self.Opened(self))

    @property
    def room(self) -> int:
        """How many rows fit under the header."""
        return max(self.scrollable_content_region.height // self._table.height - 1, 1)

    @property
    def count(self) -> int:
        """The current number of rows."""
        return len(self._table.source)

    def moved(self) -> None:
        """Post that the cursor may have moved."""
        self.post_message(self.Moved(self))

    def grow(self) -> None:
        """Make the list as high as its rows, which may have grown out of view."""
        if self._counted != self.count:
            self._resize()

    def repaint_line(self, line: int) -> None:
        """Repaint a row."""
        height = self._table.height
        y = (line - self.scroll_offset.y + 1) * height
        if height <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, height))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Post that other lines are visible, however it was scrolled."""
        super().watch_scroll_y(old_value, new_value)
        if self._table.widen_to_sight(self.scroll_offset.y, self.last_in_sight):
            self._fit()
        self.post_message(self.Moved(self))

    @property
    def last_in_sight(self) -> int:
        """The last line in the window."""
        return min(self.scroll_offset.y + self.room, self.count) - 1

    def on_resize(self) -> None:
        """Keep the cursor visible; redraw what was drawn before the resize."""
        self._resize()
        self.reveal()
        self.refresh()

    def _resize(self) -> None:
        if self._table.measure():
            self._strips.clear()
        self._fit()
        self._counted = count = self.count
        # Scrolling moves by rows: the space below the last page is not a row.
        inside = self.container_size.height or self.size.height
        size = Size(self.size.width, count - self.room + inside if count else 0)
        if self.show_vertical_scrollbar and size.height > inside:
            # Only the scrollbar changes; the screen needs no new layout.
            self.set_reactive(CursorView.virtual_size, size)
            scroll_over(self, size)
        else:
            self.virtual_size = size

    @property
    def _room_across(self) -> int:
        # Space for the scrollbar is always reserved, so that columns do not jump when it appears.
        return self.size.width - 1

    def _fit(self) -> None:
        columns = self._table.columns
        if columns.fit(self._room_across, moved=self._left > 0, wrapped=self._wrapped):
            self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        width, height = self.scrollable_content_region.width, self._table.height
        base = self.rich_style
        if not self.count:
            return self._empty_line(y, width, base)
        if y < height:
            header = self._header(y, base + self.get_component_rich_style("lines--header"))
            return self._cropped(header, width, base)
        line, part = divmod(y, height)
        line += self.scroll_offset.y - 1
        if line >= self.count or y >= (self.room + 1) * height:
            return Strip.blank(width, base)
        on_cursor = 0 if line != self.cursor else 2 if self.has_focus else 1
        key = (line, on_cursor, part)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._line(line, part, base, on_cursor)
        return self._cropped(strip, width, next(iter(strip)).style or base)

    def _cropped(self, strip: Strip, width: int, style: Style) -> Strip:
        if self._left:
            first = GUTTER + self._left
            strip = Strip.join([strip.crop(0, GUTTER), strip.crop(first, first + width - GUTTER)])
        return strip.crop(0, width).extend_cell_length(width, style)

    def _line(self, line: int, part: int, base: Style, on_cursor: int) -> Strip:
        source = self._table.source
        tone = source.tone(line)
        style = base
        if tone:
            style += self.get_component_rich_style(f"lines--{tone}", partial=True)
        if on_cursor:
            name = "lines--cursor" if on_cursor == 2 else "lines--cursor-blurred"
            style += self.get_component_rich_style(name, partial=True)
        text = self._table.line(line, part, self._room_across)
        strip = Strip([Segment(text, style)], cell_len(text))
        if part == 0 and on_cursor != 2 and isinstance(source, Vouched):
            return self._vouched(strip, source.first_tone(line))
        return strip

    def _vouched(self, strip: Strip, tone: str) -> Strip:
        """A line with its first column coloured."""
        if not tone:
            return strip
        end = GUTTER + self._table.columns.widths[0]
        gutter, cell, rest = strip.divide([GUTTER, end, strip.cell_length])
        colour = self.get_component_rich_style(f"lines--{tone}", partial=True)
        return Strip.join([gutter, Strip(Segment.apply_style(cell, post_style=colour)), rest])

    def _header(self, part: int, style: Style) -> Strip:
        text = self._table.header(part, self._room_across)
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
