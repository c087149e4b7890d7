"""The lines at the top and the bottom of the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.widget import Widget

from audittui.escape import ELLIPSIS, escaped
from audittui.tui.text.cut import cut
from audittui.tui.theme.palette import ACCENT, DIM

STEP = " › "
"""The separator between the steps of a place."""


class TitleBar(Widget):
    """The name, the place, and the connection."""

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._place = ""
        self._connection = ""
        self._style = DIM

    def show(
        self, *, place: str | None = None, connection: str | None = None, style: str | None = None
    ) -> None:
        """Update the given texts; others stay. Texts are made harmless here."""
        before = self._place, self._connection, self._style
        if place is not None:
            self._place = escaped(place)
        if connection is not None:
            self._connection = escaped(connection)
        if style is not None:
            self._style = style
        if before != (self._place, self._connection, self._style):
            self.refresh()

    def render(self) -> Text:
        """The line: the connection at the right end, the place cut to what is left."""
        width = self.size.width
        text = Text(" audittui  ", style=f"bold {ACCENT}", no_wrap=True)
        right = cut(self._connection, max(width // 2 - 8, 10))
        room = max(width - cell_len(text.plain) - cell_len(right) - 2, 0)
        text.append(set_cell_size(_cut_front(self._place, room), room), "not bold default")
        text.append(" " + right + " ", f"not bold {self._style}")
        return text


class StatusBar(Widget):
    """How much is loaded, its coverage, its cost."""

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._text = Text()

    def show(self, text: Text) -> None:
        """Show a text of up to three lines."""
        if text != self._text or text.spans != self._text.spans:
            before, self._text = self._text, text
            self.refresh(layout=self._lines(before) != self._lines(text))

    def _lines(self, text: Text) -> int:
        """About how many lines a text takes."""
        width = max(self.size.width, 1)
        return sum(1 + cell_len(line) // width for line in text.plain.split("\n"))

    @property
    def text(self) -> str:
        """The text, without styles."""
        return self._text.plain

    def render(self) -> Text:
        """The text."""
        return self._text


class KeyBar(Widget):
    """The keys that matter most in the focused pane; as many as fit, none of them cut."""

    def __init__(self, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self._keys: Sequence[tuple[str, str]] = ()

    def show(self, keys: Sequence[tuple[str, str]]) -> None:
        """Show keys and their actions, the most useful first."""
        if tuple(keys) != tuple(self._keys):
            self._keys = tuple(keys)
            self.refresh()

    def render(self) -> Text:
        """The line."""
        text = Text(" ", no_wrap=True)
        for key, what in self._keys:
            if len(text.plain) + len(key) + len(what) + 1 > self.size.width:
                break
            text.append(key, f"bold {ACCENT}")
            text.append(f" {what}  ", DIM)
        return text


def _cut_front(place: str, width: int) -> str:
    """A place that is too long, cut to its last steps."""
    steps = place.split(STEP)
    while len(steps) > 1 and cell_len(place) > width:
        steps.pop(0)
        place = STEP.join([ELLIPSIS, *steps])
    return cut(place, width)
