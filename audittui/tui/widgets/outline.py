"""A view of an outline with a cursor; its parts can be folded, searched and copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from audittui.escape import ELLIPSIS
from audittui.tui.text.cut import cut_styled
from audittui.tui.text.outline import Outline, Part, Place, Value
from audittui.tui.widgets.cursor import CursorView

_FOUND = Style(bold=True, underline=True)


class OutlineView(CursorView):
    """Shows an `Outline`; only visible lines are rendered."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "fold", "Fold, or go to the parent", id="outline-fold"),
        Binding("l,right", "unfold", "Unfold", id="outline-unfold"),
        Binding("a", "fold_all", "Fold or unfold everything", id="outline-fold-all"),
        Binding("J", "title(1)", "Next part", id="outline-next-part"),
        Binding("K", "title(-1)", "Previous part", id="outline-previous-part"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"outline--cursor", "outline--cursor-blurred"}

    DEFAULT_CSS = """
    OutlineView {
        height: 1fr; padding: 0 1; overflow-x: hidden; scrollbar-size-vertical: 1;
    }
    OutlineView > .outline--cursor { background: $primary; color: $background; }
    OutlineView > .outline--cursor-blurred { background: $panel; }
    """

    class Opened(Message):
        """Enter was pressed on a line that does not fold."""

        def __init__(self, view: OutlineView, value: Value) -> None:
            super().__init__()
            self.view = view
            self.value = value

        @property
        def control(self) -> OutlineView:
            """The view."""
            return self.view

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self.outline = Outline()
        self._parts: tuple[Part, ...] = ()
        self._wanted = ""
        self._lost: tuple[Place, int] | None = None
        """The place to keep that does not exist now, and where the cursor is instead."""
        self._strips: LRUCache[tuple[int, int], Strip] = LRUCache(500)

    # Contents

    def show(self, parts: Sequence[Part], *, keep_place: bool = False) -> None:
        """Show other parts, from the start unless ``keep_place``."""
        place, above = self.place, self.cursor - self.scroll_offset.y
        lost, self._lost = self._lost, None
        if lost is not None and lost[1] == self.cursor:
            # Its line disappeared and may come back.
            place = lost[0]
        self._parts = tuple(parts)
        self._lay()
        if keep_place:
            self._go_back(place, above)
            if place.part not in {one.name for one in self._parts}:
                self._lost = place, self.cursor
        else:
            self.set_reactive(OutlineView.cursor, 0)
            self.scroll_to(y=0, animate=False)
        self.refresh()

    def _go_back(self, place: Place, above: int) -> None:
        """Return to a place, at the same distance from the window's edge. The start stays first."""
        found = self.outline.find(place)
        if found is not None and (self.cursor or self.scroll_offset.y):
            self.set_reactive(OutlineView.cursor, found)
            top = max(min(found - above, self.count - self.room), 0)
            self.scroll_to(y=top, animate=False)
        self.set_reactive(OutlineView.cursor, max(min(self.cursor, self.count - 1), 0))
        self.reveal()

    def _lay(self) -> None:
        # Space for the scrollbar is always reserved, so that lines do not rewrap when it appears.
        self.outline.lay(self._parts, self._across)
        self._strips.clear()
        self.virtual_size = Size(self.size.width, self.count)

    @property
    def _across(self) -> int:
        return max(self.size.width - 1, 20)

    @property
    def parts(self) -> Sequence[Part]:
        """The parts."""
        return self._parts

    @property
    def place(self) -> Place:
        """The place of the line under the cursor."""
        return self.outline.place(self.cursor)

    @property
    def value(self) -> Value | None:
        """The value of the line under the cursor."""
        return self.outline.value(self.cursor) if self.count else None

    @property
    def text(self) -> str:
        """All visible lines, not cut."""
        lines = range(self.count)
        return "\n".join(self.outline.text(at, whole=True).plain for at in lines)

    @property
    def count(self) -> int:
        """How many lines are not hidden by folding."""
        return len(self.outline)

    @property
    def room(self) -> int:
        """How many lines fit."""
        return max(self.scrollable_content_region.height, 1)

    def on_resize(self) -> None:
        """Rewrap lines, and stay at the same one."""
        place, above = self.place, self.cursor - self.scroll_offset.y
        self._lay()
        self._go_back(place, min(above, self.room - 1))
        self.refresh()

    def repaint_line(self, line: int) -> None:
        """Repaint a line."""
        region = self.scrollable_content_region
        y = line - self.scroll_offset.y
        if 0 <= y < region.height:
            self.refresh(Region(0, y + self.gutter.top, self.size.width, 1))

    # Folding

    def action_open(self) -> None:
        """Fold or unfold what starts on the line; otherwise post that its value should be shown."""
        if not self.count:
            return
        if self.outline.foldable(self.cursor):
            opened = self.outline.unfold(self.cursor)
            self._refolded(self.cursor if opened else self.outline.fold(self.cursor))
        elif (value := self.value) is not None:
            self.post_message(self.Opened(self, value))

    def action_fold(self) -> None:
        """Fold what starts on the line, or go to its parent."""
        if self.count:
            self._refolded(self.outline.fold(self.cursor))

    def action_unfold(self) -> None:
        """Unfold what starts on the line."""
        if self.count and self.outline.unfold(self.cursor):
            self._refolded(self.cursor)

    def action_fold_all(self) -> None:
        """Fold or unfold everything; the cursor stays where it is or goes to what hides it."""
        place = self.place
        self.outline.fold_all()
        found = self.outline.find(place)
        while found is None:
            place = self._upper(place)
            found = self.outline.find(place)
        self._refolded(found)

    def _upper(self, place: Place) -> Place:
        """The place that hides another, once it is folded."""
        tree = next(one.tree for one in self._parts if one.name == place.part)
        if tree is None or place.item < 0:
            return Place(place.part, -1)
        hiding = tree.around(place.item) & tree.folded
        return place._replace(item=min(hiding, default=-1))

    def action_title(self, step: int) -> None:
        """Go to the next or the previous part."""
        found = self.outline.next_title(self.cursor, step)
        if found is not None:
            self.go(found)
            # Show the title first, with the contents below it.
            self.scroll_to(y=max(min(found, self.count - self.room), 0), animate=False)

    def _refolded(self, cursor: int) -> None:
        self._strips.clear()
        self.virtual_size = Size(self.size.width, self.count)
        self.set_reactive(OutlineView.cursor, max(min(cursor, self.count - 1), 0))
        self.scroll_to(y=min(self.scroll_offset.y, max(self.count - self.room, 0)), animate=False)
        self.reveal()
        self.refresh()

    # Search

    def mark(self, wanted: str) -> None:
        """Highlight a text; an empty one clears the highlight."""
        if wanted != self._wanted:
            self._wanted = wanted
            self._strips.clear()
            self.refresh()

    def go_to(self, place: Place) -> None:
        """Go to a place, unfolding what hides it."""
        before = self.count
        line = self.outline.reveal(place)
        if self.count != before:
            self._refolded(line)
        else:
            self.go(line)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        width, base = self.scrollable_content_region.width, self.rich_style
        at = y + self.scroll_offset.y
        if at >= self.count:
            return Strip.blank(width, base)
        on_cursor = 0 if at != self.cursor else 2 if self.has_focus else 1
        strip = self._strips.get((at, on_cursor))
        if strip is None:
            strip = self._strips[at, on_cursor] = self._line(at, on_cursor, base)
        return strip.extend_cell_length(width, next(iter(strip), Segment("", base)).style or base)

    def _line(self, at: int, on_cursor: int, base: Style) -> Strip:
        text, across = self.outline.text(at), self._across
        if cell_len(text.plain) > across and self._wanted:
            text = self._around_found(at, text)
        if cell_len(text.plain) > across:
            text = text.copy()
            # A line wrapped at a word may end in spaces beyond the edge.
            text.rstrip()
            text = cut_styled(text, across)
        if self._wanted:
            text = self._with_found(text)
        style = base
        if on_cursor:
            name = "outline--cursor" if on_cursor == 2 else "outline--cursor-blurred"
            style += self.get_component_rich_style(name, partial=True)
        if on_cursor == 2:
            # One colour on the cursor's background: the text's own would be unreadable there. Bold
            # words at the start, such as a verdict, colour the cursor instead.
            style += Style(bgcolor=_named_colour(text))
            return Strip([Segment(text.plain or " ", style)])
        if text.style:
            # Rendering drops a text's base style if no part has another style.
            whole = text.style if isinstance(text.style, Style) else Style.parse(text.style)
            style += whole
        segments = Segment.apply_style(text.render(self.app.console), style)
        return Strip([one for one in segments if one.text] or [Segment(" ", style)])

    def _around_found(self, at: int, text: Text) -> Text:
        """A line to be cut, starting a little before the searched text if that is beyond the
        cut."""
        whole = self.outline.text(at, whole=True)
        found = whole.plain.casefold().find(self._wanted.casefold())
        if cell_len(whole.plain[: max(found, 0)]) + cell_len(self._wanted) < self._across:
            return text
        return Text(ELLIPSIS).append_text(whole[max(found - self._across // 3, 0) :])

    def _with_found(self, text: Text) -> Text:
        plain, wanted = text.plain.casefold(), self._wanted.casefold()
        text = text.copy()
        at = plain.find(wanted)
        while at >= 0:
            text.stylize(_FOUND, at, at + len(wanted))
            at = plain.find(wanted, at + len(wanted))
        return text


def _named_colour(text: Text) -> Color | None:
    """The colour of the bold words at the start of a line; None if there are none."""
    for span in text.spans:
        style = span.style if isinstance(span.style, Style) else Style.parse(span.style)
        if span.start == 0 and style.bold:
            return style.color
    return None
