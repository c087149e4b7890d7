"""The plan, coloured: labels dim, commands apart."""

from __future__ import annotations

from rich.text import Text

from audittui.tui.palette import ACCENT, DIM, WARN

_LABEL = 14


def plan_text(described: str, used: str, command: str) -> Text:
    """``described`` are the lines of `describe_plan`; ``used`` is what was read so far."""
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
        text.append("\nUsed so far   ", DIM).append(used + "\n")
    text.append("\nThe same from a shell:\n", f"bold {ACCENT}")
    return text.append(f"  {command}\n")
