"""Text wrapped to a width: between words if possible, otherwise inside them."""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells
from rich.text import Text

_WORD = re.compile(r"\S+\s*|\s+")


def breaks(text: str, width: int, hang: int = 0) -> list[int]:
    """Where a text is wrapped: offsets of the first characters of later lines.

    ``width`` and ``hang`` are in cells; later lines have ``hang`` cells less. ``text`` has no line
    feeds.
    """
    if cell_len(text) <= width:
        return []
    found: list[int] = []
    left, later = width, max(width - hang, 2)
    for match in _WORD.finditer(text):
        start, word = match.start(), match.group()
        size = cell_len(word.rstrip())
        begun = text[found[-1] if found else 0 : start]
        # Leading spaces stay with the text they indent, unless no wide letter fits beside them.
        if size > left and (begun.strip() or left < 2):
            found.append(start)
            left = later
        if size > left:
            # Longer than a line: split it.
            letters = word.rstrip()
            head = chop_cells(letters, left)[0]
            at = len(head)
            for piece in chop_cells(letters[at:], later):
                found.append(start + at)
                at += len(piece)
            left, word = later, text[found[-1] : match.end()]
        left -= cell_len(word)
    return found


def wrapped(text: Text, width: int, hang: int = 0) -> list[Text]:
    """A text over as many lines as it needs; those after the first are indented by ``hang``."""
    hang = min(hang, width // 2)
    at = breaks(text.plain, width, hang)
    if not at:
        return [text]
    lines = list(text.divide(at))
    return [lines[0], *(Text(" " * hang).append_text(line) for line in lines[1:])]
