"""The status line of a run: how much was read, what it covers, what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from audittui.escape import escaped
from audittui.tui.model.counts import counted
from audittui.tui.text.cut import cut
from audittui.tui.theme.palette import ACCENT, BAD, DIM, WARN

if TYPE_CHECKING:
    from audittui.tui.model.rows import RowSource
    from audittui.tui.model.run import Run


_SHORTEST = 10
"""Cells of a filter that are shown even if there is no room."""


def status_text(run: Run | None, shown: RowSource | None, notice: str = "", width: int = 0) -> Text:
    """Rows and cost in one line of ``width`` cells if possible, then the coverage in as many as it
    takes. ``notice`` temporarily replaces the coverage. A ``width`` of 0 is unlimited."""
    if run is None:
        return Text(escaped(notice) or "Nothing has been read yet.", DIM)
    said, style, hint = _state_text(run, _rows_text(run, shown))
    requests, cost = f"  {run.requests:,} requests,", _cost_text(run)
    before, pattern, after = _filter_texts(run, shown)
    room = width - cell_len(said + cost + before + after) - min(cell_len(pattern), _SHORTEST)
    if width and pattern:
        # The filter displaces what is also shown elsewhere, to fit on one line.
        hint = hint if cell_len(hint + requests) <= room else ""
        requests = requests if cell_len(hint + requests) <= room else " "
        left = width - cell_len(said + hint + requests + cost + before + after)
        pattern = cut(pattern, max(left, _SHORTEST))
    text = Text.assemble((said, style), (hint + requests + cost, DIM))
    text.append(before + pattern + after, ACCENT)
    second = notice
    if not second and run.last is not None:
        second = run.last.coverage.text()
        if run.strangers.seen:
            second = f"{run.strangers.sentence()} {second}"
        if run.error is not None and run.error.hint:
            second += f". {run.error.hint}"
    if second:
        wrong = run.error is not None or (not notice and run.strangers.seen)
        text.append("\n" + escaped(second), BAD if wrong else DIM)
    return text


def _state_text(run: Run, rows: str) -> tuple[str, str, str]:
    """The state of reading, its style, and the next key."""
    if run.active:
        return f"reading… {rows} so far", f"bold {ACCENT}", "  Ctrl-C stops"
    if run.error is not None:
        return f"failed, {rows} kept", f"bold {BAD}", ""
    if run.complete:
        return f"{rows}, all", "bold", ""
    if run.last is not None and run.last.coverage.stop:
        return f"incomplete, {rows} kept", f"bold {WARN}", "  L continues"
    return f"{rows}, more to read", "bold", "  L loads all"


def _cost_text(run: Run) -> str:
    """The cost so far."""
    cost = f" {run.rcu:,.1f} RCU"
    if run.looked_rcu:
        cost += f", {run.looked_rcu:,.1f} for entries"
    price = run.plan.estimate.price
    if price.billed and price.per_million is not None:
        cost += f", {price.text(run.rcu + run.looked_rcu)}"
    if run.unmetered:
        cost += f" and {run.unmetered} of unknown cost"
    return cost


def _rows_text(run: Run, shown: RowSource | None) -> str:
    """How much is loaded; for groups their number, or the events of the open one."""
    rows = counted(len(run.rows.rows), "row")
    if run.groups is None:
        return rows
    if shown is not None:
        return f"{counted(len(shown.rows), 'event')} of this group, of {rows}"
    return f"{counted(run.groups.total, 'group')} in {rows}"


def _filter_texts(run: Run, shown: RowSource | None) -> tuple[str, str, str]:
    """How much matches the filter: the text before it, the filter, the text after it."""
    if shown is not None and shown.pattern:
        kind = "shown" if shown.hiding else "n and N"
        so_far = f" so far, {shown.searched:,} rows searched" if shown.searching else ""
        before, after = f"  {shown.matches:,} match ", f"{so_far} ({kind})"
        return before, f"'{escaped(shown.pattern)}'", after
    groups = run.groups
    if shown is None and groups is not None and groups.pattern:
        return f"  {len(groups):,} match ", f"'{escaped(groups.pattern)}'", " (shown)"
    return "", "", ""
