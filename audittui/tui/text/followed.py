"""The status line of a followed run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from audittui.escape import escaped
from audittui.tui.model.counts import counted
from audittui.tui.theme.palette import ACCENT, BAD, DIM, WARN

if TYPE_CHECKING:
    from audittui.tui.model.followed import Live


def followed_status(live: Live, notice: str) -> Text:
    """Two lines: state and cost, then a notice or the keys."""
    text = Text()
    rows = f"{counted(live.came, 'row')} arrived"
    if live.state == "following":
        text.append("following  ", f"bold {ACCENT}").append(rows, "bold")
    elif live.state == "paused":
        text.append(f"paused  +{live.new:,} new", f"bold {WARN}")
    else:
        text.append("stopped  ", f"bold {WARN}").append(rows, "bold")
    text.append(f"  {_cost(live)}", DIM)
    if live.missed:
        text.append(f"  {live.missed:,} possibly missed", f"bold {BAD}")
    keys = {
        "following": "Moving up or = pauses, F stops, Esc goes back.",
        "paused": "G resumes at the end. New rows are still being read; F stops.",
        "stopped": "F resumes where it stopped, Esc goes back.",
    }[live.state]
    if live.trouble:
        text.append("\n" + escaped(live.trouble), BAD)
    else:
        text.append("\n" + escaped(notice or keys), DIM)
    return text


def _cost(live: Live) -> str:
    used = f"{live.rcu:,.1f} RCU"
    if live.batch is None or live.state == "stopped":
        return used
    if live.batch.more:
        return f"{used}, catching up"
    floor = f"{live.batch.floor_rcu_per_hour:,.0f} while quiet"
    if live.batch.rcu_per_hour is None:
        return f"{used}; RCU/hour: {floor}"
    return f"{used}; RCU/hour: now {live.batch.rcu_per_hour:,.0f}, {floor}"
