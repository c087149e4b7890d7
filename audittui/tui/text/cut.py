"""Text cut to a width in cells, with an ellipsis where something is missing.

`audittui.escape.shortened` cuts a value by characters instead, before its width is known.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from audittui.escape import ELLIPSIS


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS if width > 0 else ""


def cut_styled(text: Text, width: int) -> Text:
    """The same of a styled text; another text where something is missing."""
    plain = text.plain
    shown = cut(plain, width)
    if shown == plain:
        return text
    text = text.copy()
    text.right_crop(len(plain) - len(shown.removesuffix(ELLIPSIS)))
    return text.append(ELLIPSIS) if shown else text
