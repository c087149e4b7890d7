"""What an export of the screen writes: where to, which records, what the file says of itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from audittui import timestamp
from audittui.export.groups import GROUP_FIELDS, group_object, group_values, strangers_in
from audittui.export.result import SUFFIXES, Extent, Form
from audittui.export.rows import row_object
from audittui.investigate.correlations import Group
from audittui.layout.row import ROW_FIELDS, Row
from audittui.query.unregistered_rows import Strangers
from audittui.runbook.describe import tail_command_of
from audittui.tui.model.counts import counted
from audittui.tui.model.followed import FRESH, Live
from audittui.tui.model.note import is_entry
from audittui.tui.model.run import Run

_FORMS = {f".{suffix}": form for form, suffix in SUFFIXES.items()}
_ENDINGS = ", ".join(list(_FORMS)[:-1]) + f" or {list(_FORMS)[-1]}"
JOINED = 2 * FRESH
"""How long before following began an entry may be written that came with it."""
FORMS_TEXT = f"The end of the name says the format: {_ENDINGS}."


class Taken(msgspec.Struct, frozen=True):
    """What is on the screen to be taken away: rows (with the columns shown) or groups.

    ``loaded`` is how many there are without the ``filter`` that hides some of them. ``told`` is
    what is said of each row, in a column called ``teller``: somebody's note, or the verdict.
    ``strangers`` knows the rows that are not of this log.
    """

    rows: Sequence[Row] | None
    groups: Sequence[Group] = ()
    columns: Sequence[str] = ()
    loaded: int = 0
    filter: str = ""
    of_group: str = ""
    teller: str = ""
    told: Sequence[str] = ()
    strangers: Strangers | None = None

    @property
    def noun(self) -> str:
        """What one of them is."""
        return "group" if self.rows is None else "row"

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.groups if self.rows is None else self.rows)


def proposed_name(subject: str, suffix: str, folder: Path) -> str:
    """A free name in ``folder`` for what is written now about ``subject``."""
    stem = f"{subject}-{timestamp.text(timestamp.now())[:19].replace(':', '')}"
    for number in range(1, 1000):
        name = f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"
        if not (folder / name).exists() and not (folder / f"{name}.partial").exists():
            return name
    return f"{stem}{suffix}"


def fault_of(name: str, suffixes: Collection[str] = _FORMS, rule: str = FORMS_TEXT) -> str:
    """What is wrong with a file's name; empty when nothing is. ``rule`` says which ends it may
    have."""
    path = path_of(name)
    if "\0" in name:
        return "No file can have this name."
    if path.suffix not in suffixes:
        return rule
    try:
        if path.exists() or path.is_symlink():
            return f"{path.name} exists already, and nothing is written over: give another name."
        if not path.parent.is_dir():
            return f"There is no folder {path.parent}."
    except (OSError, ValueError):
        return "No file can have this name."
    return ""


def path_of(name: str) -> Path:
    """The path that somebody typed."""
    try:
        return Path(name.strip()).expanduser()
    except RuntimeError:  # ~nobody
        return Path(name.strip())


def form_of(path: Path) -> Form:
    """The format that a name's end says."""
    return _FORMS[path.suffix]


def extent_of(run: Run, taken: Taken, title: str, command: str) -> Extent:
    """What the file will say of itself."""
    last = run.last
    covers = "nothing" if last is None else last.coverage.text()
    strange = run.strangers.sentence()
    selection = ""
    if taken.of_group:
        selection = f"only the events of the group {taken.of_group}"
    if taken.filter:
        of = f"{taken.loaded:,} {'groups' if taken.rows is None else 'loaded rows'}"
        selection = f"only those of {of} that match the filter {taken.filter}"
    return Extent(
        title=title,
        command=command,
        complete=last is not None and last.coverage.complete and not strange,
        covers=f"{covers}. {strange.rstrip('.')}" if strange else covers,
        selection=selection,
        noun=taken.noun,
    )


def followed_extent(live: Live, taken: Taken, title: str, options: Sequence[str]) -> Extent:
    """What the file says of itself when the list was followed: it has a beginning and no end, so
    that it is never all. ``options`` name the table in the command."""
    run = live.run
    rows = live.source.rows
    at = next(at for at, row in enumerate(rows) if not is_entry(row))
    began, before = rows[at].time, at
    came = [row for row in rows[at:] if is_entry(row)]
    # What joins the rows above to the following was written a moment before it began.
    joined = [row.time for row in came if row.time >= began - JOINED]
    since = min([began, *joined])
    until = "it was stopped"
    if live.state != "stopped":
        until = timestamp.short(timestamp.now())
    parts = [
        f"followed from {timestamp.short(began)} until {until}",
        f"{counted(len(came), 'row')} came",
    ]
    if before:
        covers = "nothing" if run.last is None else run.last.coverage.text()
        parts.append(f"the {before:,} before were read earlier, of a reading that is {covers}")
    if live.missed:
        parts.append(f"{live.missed:,} perhaps missed")
    selection = ""
    if taken.filter:
        loaded = before + len(came)
        selection = f"only those of {loaded:,} rows that match the filter {taken.filter}"
    return Extent(
        title=title,
        command=tail_command_of(run.plan, run.runbook, since, options),
        complete=False,
        covers="; ".join(parts),
        selection=selection,
        noun=taken.noun,
    )


def records_of(taken: Taken, form: Form) -> tuple[Sequence[str], Iterator[Mapping[str, Any]]]:
    """The columns and the records of an export. Those of strangers say so: in JSON Lines a row has
    the key ``stranger``, else its chain is named as such."""
    strangers = taken.strangers
    if taken.rows is None:
        key = [name for name, _ in taken.groups[0].key] if taken.groups else []
        columns = [*key, *GROUP_FIELDS]
        if strangers is None or not strangers.seen:
            made = group_object if form == "jsonl" else group_values
            return columns, (made(group) for group in taken.groups)
        if form == "jsonl":
            return columns, (group_object(group, strangers.why) for group in taken.groups)
        return [*columns, "strangers"], (
            {**group_values(group), "strangers": strangers_in(group, strangers.why)}
            for group in taken.groups
        )
    shown = ROW_FIELDS if form != "markdown" else tuple(taken.columns)
    if taken.teller:
        told = zip(taken.rows, taken.told, strict=True)
        return (*shown, taken.teller), (
            {**_record(row, form, strangers), taken.teller: said} for row, said in told
        )
    return shown, (_record(row, form, strangers) for row in taken.rows)


def _record(row: Row, form: Form, strangers: Strangers | None) -> dict[str, Any]:
    why = strangers.why(row) if strangers is not None else ""
    if not why or strangers is None:
        return row_object(row)
    if form == "jsonl":
        return row_object(row, why)
    return {**row_object(row), "chain": strangers.chain(row)}
