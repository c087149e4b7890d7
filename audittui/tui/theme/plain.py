"""The terminal's own sixteen colours, or none: no RGB code is sent, whatever a widget uses.

It filters every line drawn, and so covers our widgets and Textual's in one place.
"""

from __future__ import annotations

from functools import lru_cache

from rich.color import Color as RichColour
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from audittui.tui.theme.palette import ACCENT, BAD, DIM, GOOD, WARN
from audittui.tui.theme.themes import THEME

_OURS = {ACCENT: "cyan", BAD: "red", WARN: "yellow", GOOD: "green"}
_PLAIN = {THEME.foreground, THEME.background, DIM, "#000000", "#ffffff"}
_DEFAULT = RichColour.default()
_DARK = 110
"""The sum of red, green and blue up to which a background counts as none."""


class PlainColours(LineFilter):
    """Turns colours into the terminal's sixteen, or with ``none`` into bold, dim and reversed."""

    def __init__(self, *, none: bool) -> None:
        super().__init__()
        self._none = none

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, without RGB colours."""
        return [
            Segment(text, None if style is None else _plain(style, self._none), control)
            for text, style, control in segments
        ]


@lru_cache(4096)
def _plain(style: Style, none: bool) -> Style:
    # A light background means selected or focused: reversed, it is visible on any terminal.
    reverse = bool(style.reverse) != _stands_out(style.bgcolor)
    colour = _DEFAULT if none or reverse else _sixteen(style.color)
    return style + Style(
        color=colour,
        bgcolor=_DEFAULT,
        reverse=reverse,
        dim=bool(style.dim) or (not reverse and _hex(style.color) == DIM),
    )


def _stands_out(colour: RichColour | None) -> bool:
    if colour is None or colour.is_default:
        return False
    return sum(colour.get_truecolor()) > 3 * _DARK


def _sixteen(colour: RichColour | None) -> RichColour:
    name = _hex(colour)
    if colour is None or name in _PLAIN or not name:
        return _DEFAULT
    if name in _OURS:
        return RichColour.parse(_OURS[name])
    found = colour.downgrade(ColorSystem.STANDARD)
    # Black or white is invisible on some terminals.
    return _DEFAULT if found.number in (0, 7, 8, 15) else found


def _hex(colour: RichColour | None) -> str:
    """``#rrggbb``; empty for the terminal's own colour."""
    return "" if colour is None or colour.is_default else colour.get_truecolor().hex
