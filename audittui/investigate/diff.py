"""The structural difference of two JSON values."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

import msgspec

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*", re.ASCII)


class DiffLine(msgspec.Struct, frozen=True):
    """One difference. ``path`` is ``a.b[0]``, odd keys are quoted (``a["x.y"]``), empty: all."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any = None
    after: Any = None


def diff(before: Any, after: Any) -> tuple[DiffLine, ...]:
    """Where two JSON values differ, in the order of ``before``, new keys last.

    None on one side means no state at all: every field of the other side is then added or
    removed. Lists are compared by position. ``true`` and ``1`` differ, ``1`` and ``1.0`` do not.
    """
    if before is None and isinstance(after, dict):
        before = {}
    if after is None and isinstance(before, dict):
        after = {}
    lines: list[DiffLine] = []
    try:
        if before is None and after is not None:
            lines.append(DiffLine("", "added", None, after))
        elif after is None and before is not None:
            lines.append(DiffLine("", "removed", before, None))
        else:
            _compare(before, after, "", lines)
    except RecursionError:
        # Nested too deeply to be walked: report the whole as one change.
        return (DiffLine("", "changed", before, after),)
    return tuple(lines)


def _compare(before: Any, after: Any, path: str, lines: list[DiffLine]) -> None:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            inner = _inside(path, key)
            if key not in after:
                lines.append(DiffLine(inner, "removed", before[key], None))
            elif key not in before:
                lines.append(DiffLine(inner, "added", None, after[key]))
            else:
                _compare(before[key], after[key], inner, lines)
    elif isinstance(before, list) and isinstance(after, list):
        for position in range(max(len(before), len(after))):
            inner = f"{path}[{position}]"
            if position >= len(after):
                lines.append(DiffLine(inner, "removed", before[position], None))
            elif position >= len(before):
                lines.append(DiffLine(inner, "added", None, after[position]))
            else:
                _compare(before[position], after[position], inner, lines)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        lines.append(DiffLine(path, "changed", before, after))


def _inside(path: str, key: str) -> str:
    if _PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}" if path else key
    return f"{path}[{json.dumps(key, ensure_ascii=False)}]"
