"""The plan, coloured: labels dim, commands apart."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from audittui.tui.palette import ACCENT, DIM, WARN

_LABEL = 14
_NAME = 18


def plan_text(described: str, used: Sequence[tuple[str, str, str]], command: str) -> Text:
    """``described`` are the lines of `describe_plan`. ``used`` are those of `comparison`: a name,
    what was estimated, what was used so far; none before a run."""
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
        text.append("\nEstimate and what was used so far:\n", f"bold {ACCENT}")
        width = max(len(estimated) for _, estimated, _ in used)
        for name, estimated, spent in used:
            text.append(name.ljust(_NAME), DIM).append(f"{estimated.ljust(width)}  ", DIM)
            text.append(spent + "\n")
    text.append("\nThe same from a shell:\n", f"bold {ACCENT}")
    return text.append(f"  {command}\n")
