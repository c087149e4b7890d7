"""Streams aligned columns of text to standard output; the first rows set the widths."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence

import click

from audittui import timestamp
from audittui.escape import escaped
from audittui.layout.row import Row

_GAP = "  "
_WIDEST = 60
_NARROW = 8
_COLOURS = {"denied": "red", "failure": "yellow"}


def cell(row: Row, name: str) -> str:
    """The text that a column shows for a row, escaped for a terminal."""
    value = getattr(row, name)
    return timestamp.short(value) if name == "time" else escaped(str(value)) or "-"


class Columns:
    """Writes lines of cells under a header. On a terminal, cells are cut to fit its width.

    ``least`` maps column names to minimum widths, for lines that arrive one at a time.
    """

    def __init__(self, names: Sequence[str], least: Mapping[str, int] | None = None) -> None:
        self._names = names
        self._least = least or {}
        self._widths: list[int] = []
        self._terminal = sys.stdout.isatty()
        self._colour = self._terminal and "NO_COLOR" not in os.environ

    def write(self, lines: Iterable[Sequence[str]]) -> None:
        """Write lines; the first call sets the widths."""
        lines = list(lines)
        if not self._widths:
            self._measure(lines)
            self._line([name.replace("_", " ") for name in self._names])
        for line in lines:
            self._line(line)

    def write_rows(self, rows: Iterable[Row]) -> None:
        """Write rows of a result."""
        self.write([[cell(row, name) for name in self._names] for row in rows])

    def _measure(self, lines: Sequence[Sequence[str]]) -> None:
        table = [list(self._names), *lines]
        widths = [
            max(self._least.get(name, 0), *(len(line[at]) for line in table))
            for at, name in enumerate(self._names)
        ]
        if self._terminal:
            room = shutil.get_terminal_size().columns - len(_GAP) * (len(widths) - 1)
            # A truncated time is of little use, so times are cut last.
            others = [at for at, name in enumerate(self._names) if name != "time"]
            for cut in (others, range(len(widths))):
                while sum(widths) > room and max((widths[at] for at in cut), default=0) > _NARROW:
                    widths[max(cut, key=widths.__getitem__)] -= 1
        else:
            widths = [min(width, _WIDEST) for width in widths]
        self._widths = widths

    def _line(self, values: Sequence[str]) -> None:
        parts = []
        for value, width in zip(values, self._widths, strict=True):
            text = value
            if self._terminal and len(text) > width:
                text = text[: max(width - 1, 0)] + "…"
            padded = text.ljust(width)
            if self._colour and value in _COLOURS:
                padded = click.style(padded, fg=_COLOURS[value])
            parts.append(padded)
        sys.stdout.write(_GAP.join(parts).rstrip() + "\n")
