"""The plan, coloured: labels dim, commands apart."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from audittui.escape import escaped
from audittui.store.asked import Asked
from audittui.tui.model.counts import counted
from audittui.tui.theme.palette import ACCENT, DIM, WARN

_LABEL = 14
_NAME = 18
_SHOWN = 200


def plan_text(
    described: str, used: Sequence[tuple[str, str, str]], command: str, asked: Sequence[Asked] = ()
) -> Text:
    """``described`` are the lines of `describe_plan`. ``used`` are those of `comparison`: a name,
    the estimate, actual use so far; empty before a run. ``asked`` are the requests sent, by
    partition."""
    text = Text()
    for line in described.splitlines():
        label, rest = line[:_LABEL], line[_LABEL:]
        if label.strip() == "Note":
            text.append(label, DIM).append(rest + "\n", WARN)
        elif label.endswith("  "):
            text.append(label, DIM).append(rest + "\n")
        else:
            style = f"bold {ACCENT}" if line.endswith(":") else ""
            text.append(("\n" if style else "") + line + "\n", style)
    if used:
        text.append("\nEstimated, and used so far:\n", f"bold {ACCENT}")
        width = max(len(estimated) for _, estimated, _ in used)
        for name, estimated, spent in used:
            text.append(name.ljust(_NAME), DIM).append(f"{estimated.ljust(width)}  ", DIM)
            text.append(spent + "\n")
    if used:
        text.append("\nRequests so far, by partition:\n", f"bold {ACCENT}")
        if not asked:
            text.append("  none yet\n", DIM)
        for one in asked[:_SHOWN]:
            text.append(f"  {escaped(str(one.partition))}", "").append(f"  {_range(one)}\n", DIM)
            pages = counted(one.pages, "page")
            if one.requests != one.pages:
                pages += f" of {one.requests:,} requests"
            read = f"{one.scanned:,} items read, {one.rcu:,.1f} RCU"
            text.append(f"    {one.index or 'base table'}, {pages}, {read}\n", DIM)
        if len(asked) > _SHOWN:
            text.append(f"  … and {len(asked) - _SHOWN:,} more partitions\n", DIM)
    text.append("\nThe same from the shell:\n", f"bold {ACCENT}")
    return text.append(f"  {command}\n")


def _range(asked: Asked) -> str:
    """The requested range of the sort key."""
    if asked.low is None and asked.high is None:
        return "everything"
    low = "the beginning" if asked.low is None else escaped(str(asked.low))
    high = "the end" if asked.high is None else escaped(str(asked.high))
    return f"{low} to {high}"
