"""The sentences of the screen: why a list is empty, what to do next, which keys matter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from audittui import timestamp
from audittui.connection import TABLE_HINT
from audittui.escape import escaped, shortened
from audittui.layout.row import ROW_FIELDS
from audittui.tui.model.connection import ConnectionState, place_of
from audittui.tui.model.rows import cell_of
from audittui.tui.text.times import ago

if TYPE_CHECKING:
    from audittui.connection import Target
    from audittui.investigate.correlations import Group
    from audittui.layout.row import Row
    from audittui.runbook.plan import Order
    from audittui.tui.model.entry import Life
    from audittui.tui.model.groups import GroupSource
    from audittui.tui.model.rows import RowSource
    from audittui.tui.model.run import Run
    from audittui.tui.model.session import Session

_VALUE = 40
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d\d", re.ASCII)
CHOOSE = "Choose a runbook (1), fill in the form (2), Enter runs it. x shows the plan first."


def _connection_text(state: ConnectionState, target: Target) -> str:
    """The text of an empty list while there is no connection."""
    if state.kind == "none":
        profiles = (
            f"P shows the profiles of config.toml ({state.profiles:,}): Enter connects to one.\n"
            if state.profiles
            else "P shows how to write a profile and connects to it.\n"
        )
        return (
            "No table or store is set, so there is nothing to query yet.\n"
            f"{profiles}Or quit with q. {TABLE_HINT}\n"
            "To try it without a table: audittui demo"
        )
    if state.kind == "connecting":
        waits = f"{state.message} Trying again…\n" if state.message else ""
        return (
            f"Connecting to {place_of(target)}…\n{waits}"
            "You can fill in a runbook meanwhile. P connects elsewhere."
        )
    tried = "".join(f"{name}: {value}\n" for name, value in state.tried)
    return f"{state.message}\n{state.hint}\n{tried}r tries again, P connects elsewhere, q quits."


def crumb(run: Run, window: str = "") -> str:
    """A run in a few words: the runbook and its parameters, with the window as given or as
    ``window``."""
    timed = run.plan.window_parameter
    subject = [
        shortened(window if window and name == timed else value, _VALUE)
        for name, value in run.plan.parameters
        if name == timed or value not in ("", "any")
    ]
    return f"{run.runbook.name}: {', '.join(subject)}" if subject else run.runbook.name


def empty_text(
    run: Run | None, source: RowSource | None, state: ConnectionState, target: Target
) -> str:
    """The text of an empty list: why it is empty, and the next key."""
    if run is None:
        if state.kind != "open":
            return _connection_text(state, target)
        return CHOOSE
    if run.rows.rows and source is not None and source.filtered:
        if source.searching:
            return f"None of the first {source.searched:,} rows matches; still searching…"
        here = source is run.rows and run.more
        more = "\nNot everything is loaded: n n loads up to the next match." if here else ""
        loaded = f"{len(source.rows):,} loaded rows"
        return f"None of the {loaded} matches. Esc clears the filter.{more}"
    if run.more:
        return "Nothing found yet. L continues."
    if run.active or run.last is None:
        return "Reading… Ctrl-C stops and keeps what was read."
    if run.error is not None:
        if state.kind == "failed":
            return _connection_text(state, target)
        return f"{run.error.message}\n{run.error.hint}\nr runs it again."
    if run.last.coverage.stop:
        return "Stopped before any row was found. L continues, r starts again."
    what = "No group reaches the threshold" if run.groups is not None else "No entries"
    covers = "the window was read completely"
    if not run.last.coverage.complete:
        covers = run.last.coverage.text()
    around = "".join(f"{sentence}\n" for sentence in run.around)
    return f"{what}: {covers}.\n{around}2 edits the parameters, 1 chooses another runbook."


def offer_text(session: Session) -> str:
    """The investigation that can be resumed, and the cost."""
    told = ago(timestamp.now() - session.left)
    if not session.steps:
        last = "marks only"
    else:
        step = session.steps[-1]
        place = f", at row {step.line + 1:,} of {step.rows:,}" if step.rows else ""
        last = f"{step.title}{place}, rereading takes about {step.rcu:,.1f} RCU"
    marks = f"; {len(session.marks):,} marked" if session.marks else ""
    return f"B resumes where you were {told} ago: {last}{marks}."


def group_name(group: Group) -> str:
    """A group of repeated events in a few words."""
    return ", ".join(value or "-" for _, value in group.key)


def no_more(what: str, step: int, run: Run | None) -> str:
    """A search found nothing; say whether that is certain."""
    where = "below" if step > 0 else "above"
    if step > 0 and run is not None and not run.complete:
        return f"No {what} {where} in the loaded rows; L loads all."
    return f"No {what} {where}."


def end_of_life(life: Life | None, step: int) -> str:
    """Why there is no next entry of a lifecycle."""
    if life is None:
        return "The lifecycle has not been read yet."
    if step > 0 and not life.complete:
        return "Later entries of this resource are not loaded: Tab to the lifecycle, then L."
    return f"This is the {'last' if step > 0 else 'first'} entry of the lifecycle."


def row_line(row: Row) -> str:
    """A row as one line for the clipboard: all fields, separated by tabs, harmless."""
    return "\t".join(
        timestamp.text(row.time) if name == "time" else escaped(cell_of(row, name))
        for name in ROW_FIELDS
    )


def find_time(source: RowSource, text: str, order: Order, near: int) -> int | str:
    """The line of the first row at or after a time (in the list's order), or why there is none.

    A time of day, such as 14:00, is one of the day of ``near`` (microseconds), in UTC.
    """
    from audittui.runbook.timerange import parse_time

    if _TIME_OF_DAY.fullmatch(text.strip()):
        text = f"{timestamp.text(near)[:10]}T{text.strip().zfill(5)}"
    try:
        moment = parse_time(text, timestamp.now())
    except ValueError as error:
        return str(error)
    newest = order == "newest"
    low, high = 0, len(source)
    while low < high:
        middle = (low + high) // 2
        at = source.row(middle).time
        if (at > moment) if newest else (at < moment):
            low = middle + 1
        else:
            high = middle
    return min(low, max(len(source) - 1, 0))


def keys_of(pane: str, *, grouped: bool) -> Sequence[tuple[str, str]]:
    """The keys that matter most in a pane."""
    match pane:
        case "sidebar":
            return (
                ("Enter", "choose"), ("/", "find"), ("Tab", "form"), ("x", "plan"),
                ("3", "results"), (":", "commands"), ("?", "help"), ("q", "quit"),
            )  # fmt: skip
        case "form":
            return (
                ("Enter", "run"), ("Tab", "next field"), ("←→", "choose"), ("Esc", "runbooks"),
                ("Ctrl-R", "last values"),
            )  # fmt: skip
        case "results" if grouped:
            return (
                ("Enter", "events"), ("/", "filter"), ("T", "thresholds"), ("S", "success?"),
                ("x", "plan"), ("s", "export"), ("?", "help"), ("Esc", "back"), ("r", "rerun"),
            )  # fmt: skip
        case "results":
            return (
                ("Enter", "open"), ("/", "filter"), ("e", "failure"), ("A R Q", "pivot"),
                ("F", "follow"), ("x", "plan"), ("?", "help"), ("Esc", "back"), ("L", "all"),
                ("s", "export"), ("t", "time"), ("y", "copy"), ("r", "rerun"),
            )  # fmt: skip
    return (
        ("/", "search"), ("c", "copy"), ("Tab", "lifecycle"), ("d", "diff"), ("o O", "step"),
        ("Esc", "back"), ("?", "help"), ("a", "fold all"), ("v", "verify"), ("y", "JSON"),
        ("A R Q", "pivot"), ("e", "failure"),
    )  # fmt: skip


def no_group_matches(groups: GroupSource) -> str:
    """The text of a list whose filter hides every group."""
    return f"None of the {groups.total:,} groups matches. Esc clears the filter, / changes it."
