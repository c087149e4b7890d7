"""What the status line says of a reading: how much, what it covers, what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from audittui.escape import escaped
from audittui.tui.palette import ACCENT, BAD, DIM, WARN

if TYPE_CHECKING:
    from audittui.tui.reading import Reading
    from audittui.tui.sources import RowSource


def status_text(reading: Reading | None, shown: RowSource | None, notice: str = "") -> Text:
    """Two lines: rows and cost, then the coverage. ``notice`` replaces the second for a while."""
    text = Text(" ")
    if reading is None:
        return text.append(escaped(notice) or "Nothing is read yet.", DIM)
    count = len(reading.rows.rows)
    rows = f"{count:,} {'row' if count == 1 else 'rows'}"
    if reading.groups is not None:
        groups = len(reading.groups)
        rows = f"{groups:,} {'group' if groups == 1 else 'groups'} in {rows}"
    if reading.active:
        text.append(f"reading… {rows} so far", f"bold {ACCENT}")
        text.append("  Ctrl-C stops", DIM)
    elif reading.error is not None:
        text.append(f"failed, {rows} kept", f"bold {BAD}")
    elif reading.complete:
        text.append(f"{rows}, all", "bold")
    elif reading.last is not None and reading.last.coverage.stop:
        text.append(f"incomplete, {rows} kept", f"bold {WARN}")
        text.append("  L goes on", DIM)
    else:
        text.append(f"{rows}, more to read", "bold")
        text.append("  L loads all", DIM)
    cost = f"  {reading.requests:,} requests, {reading.rcu:,.1f} RCU"
    if reading.looked_rcu:
        cost += f", {reading.looked_rcu:,.1f} for entries"
    price = reading.plan.estimate.price
    if price.billed and price.per_million is not None:
        cost += f", {price.text(reading.rcu + reading.looked_rcu)}"
    if reading.unmetered:
        cost += f" and {reading.unmetered} of unknown cost"
    text.append(cost, DIM)
    if shown is not None and shown.pattern:
        kind = "shown" if shown.hiding else "n and N"
        so_far = f" so far, {shown.searched:,} rows searched" if shown.searching else ""
        pattern = escaped(shown.pattern)
        text.append(f"  {shown.matches:,} match {pattern!r}{so_far} ({kind})", ACCENT)
    second = notice
    if not second and reading.last is not None:
        second = reading.last.coverage.text()
        if reading.error is not None and reading.error.hint:
            second += f". {reading.error.hint}"
    if second:
        text.append("\n " + escaped(second), BAD if reading.error is not None else DIM)
    return text
