"""What an entry changed, as lines: removed, added, changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from audittui.escape import escaped, shortened
from audittui.tui.text.entry import LONGEST, Item
from audittui.tui.theme.palette import BAD, DIM, GOOD

if TYPE_CHECKING:
    from audittui.investigate.diff import DiffLine


def change_items(
    lines: Sequence[DiffLine], same: str = "nothing: before and after are identical"
) -> list[Item]:
    """The difference of two states, a line or two for each value that differs; ``same`` if none
    does."""
    if not lines:
        return [Item(Text(same, DIM))]
    found = []
    for line in lines:
        if line.kind != "added":
            found.append(_item("-", line.path, line.before, BAD))
        if line.kind != "removed":
            found.append(_item("+", line.path, line.after, GOOD))
    return found


def _item(sign: str, path: str, value: Any, style: str) -> Item:
    name = path or "everything"
    text = _json(value)
    shown = f"{sign} {escaped(name)}: {escaped(shortened(text, LONGEST))}"
    which = "before" if sign == "-" else "after"
    return Item(
        Text(shown, style), f"{name}, {which}", value if isinstance(value, str) else text, 2
    )


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to show here; see the body)"
