"""What an entry changed, as lines: taken away, put in, made different."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from audittui.escape import escaped, shortened
from audittui.tui.palette import BAD, DIM, GOOD

if TYPE_CHECKING:
    from audittui.investigate.diff import DiffLine

_LONGEST = 2000


def change_lines(lines: Sequence[DiffLine]) -> Text:
    """The difference of two states, a line or two for each value that differs."""
    text = Text()
    if not lines:
        return text.append("nothing: before and after are the same\n", DIM)
    for line in lines:
        path = escaped(line.path) or "everything"
        if line.kind != "added":
            text.append(f"- {path}: {_value(line.before)}\n", BAD)
        if line.kind != "removed":
            text.append(f"+ {path}: {_value(line.after)}\n", GOOD)
    return text


def _value(value: Any) -> str:
    return escaped(shortened(json.dumps(value, ensure_ascii=False, default=str), _LONGEST))
