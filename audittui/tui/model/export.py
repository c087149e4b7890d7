"""Exports of the screen: the file, the records, and the description in the file."""

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
"""How long before following started one of its entries may have been written."""
FORMS_TEXT = f"The extension sets the format: {_ENDINGS}."


class Taken(msgspec.Struct, frozen=True):
    """Contents of the screen to export: rows (with the columns shown) or groups.

    ``loaded`` is their number without the ``filter``, which hides some of them. ``told`` is a text
    for each row, such as a note or a verdict, in a column called ``teller``. ``strangers`` knows
    the rows that are not part of this log.
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
        """The noun for one record."""
        return "group" if self.rows is None else "row"

    @property
    def count(self) -> int:
        """The number of records."""
        return len(self.groups if self.rows is None else self.rows)


def proposed_name(subject: str, suffix: str, folder: Path) -> str:
    """A free file name in ``folder`` for an export about ``subject``."""
    stem = f"{subject}-{timestamp.text(timestamp.now())[:19].replace(':', '')}"
    for number in range(1, 1000):
        name = f"{stem}{suffix}" if number == 1 else f"{stem}-{number}{suffix}"
        if not (folder / name).exists() and not (folder / f"{name}.partial").exists():
            return name
    return f"{stem}{suffix}"


def fault_of(name: str, suffixes: Collection[str] = _FORMS, rule: str = FORMS_TEXT) -> str:
    """The fault of a file name; empty if it is valid. ``rule`` is the sentence for a wrong
    extension."""
    path = path_of(name)
    if "\0" in name:
        return "This is not a valid file name."
    if path.suffix not in suffixes:
        return rule
    try:
        if path.exists() or path.is_symlink():
            return f"{path.name} already exists: choose another name."
        if not path.parent.is_dir():
            return f"There is no folder {path.parent}."
    except (OSError, ValueError):
        return "This is not a valid file name."
    return ""


def path_of(name: str) -> Path:
    """The path that the user typed."""
    try:
        return Path(name.strip()).expanduser()
    except RuntimeError:  # ~nobody
        return Path(name.strip())


def form_of(path: Path) -> Form:
    """The format of a file, by its extension."""
    return _FORMS[path.suffix]


def extent_of(run: Run, taken: Taken, title: str, command: str) -> Extent:
    """The file's description of itself."""
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
    """The file's description of itself for a live list, which has a start but no end and so is
    never complete. ``options`` name the table in the command."""
    run = live.run
    rows = live.source.rows
    at = next(at for at, row in enumerate(rows) if not is_entry(row))
    began, before = rows[at].time, at
    came = [row for row in rows[at:] if is_entry(row)]
    # The first live entries may have been written a moment before following started.
    joined = [row.time for row in came if row.time >= began - JOINED]
    since = min([began, *joined])
    until = "it was stopped"
    if live.state != "stopped":
        until = timestamp.short(timestamp.now())
    parts = [
        f"followed from {timestamp.short(began)} until {until}",
        f"{counted(len(came), 'row')} arrived",
    ]
    if before:
        covers = "nothing" if run.last is None else run.last.coverage.text()
        parts.append(f"the {before:,} rows before that were read earlier, {covers}")
    if live.missed:
        parts.append(f"{live.missed:,} possibly missed")
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
    """The columns and the records of an export. Strangers are labelled: in JSON Lines by the key
    ``stranger``, otherwise in the chain's column."""
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
