"""What an export of the screen writes: where to, which records, what the file says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from audittui import timestamp
from audittui.export.groups import GROUP_FIELDS, group_object, group_values
from audittui.export.result import SUFFIXES, Extent, Form
from audittui.export.rows import row_object
from audittui.investigate.correlations import Group
from audittui.layout.row import ROW_FIELDS, Row
from audittui.tui.reading import Reading

_FORMS = {f".{suffix}": form for form, suffix in SUFFIXES.items()}
_ENDINGS = ", ".join(list(_FORMS)[:-1]) + f" or {list(_FORMS)[-1]}"
FORMS_TEXT = f"The end of the name says the format: {_ENDINGS}."


class Taken(msgspec.Struct, frozen=True):
    """What is on the screen to be taken away: rows (with the columns shown) or groups.

    ``loaded`` is how many there are without the ``filter`` that hides some of them.
    """

    rows: Sequence[Row] | None
    groups: Sequence[Group] = ()
    columns: Sequence[str] = ()
    loaded: int = 0
    filter: str = ""
    of_group: str = ""

    @property
    def noun(self) -> str:
        """What one of them is."""
        return "group" if self.rows is None else "row"

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.groups if self.rows is None else self.rows)


def proposed_name(reading: Reading, folder: Path) -> str:
    """A free name in ``folder``."""
    stem = f"{reading.runbook.id}-{timestamp.text(timestamp.now())[:19].replace(':', '')}"
    for number in range(1, 1000):
        name = f"{stem}.jsonl" if number == 1 else f"{stem}-{number}.jsonl"
        if not (folder / name).exists() and not (folder / f"{name}.partial").exists():
            return name
    return f"{stem}.jsonl"


def fault_of(name: str) -> str:
    """What is wrong with a file's name; empty when nothing is."""
    path = path_of(name)
    if "\0" in name:
        return "No file can have this name."
    if path.suffix not in _FORMS:
        return FORMS_TEXT
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


def extent_of(reading: Reading, taken: Taken, title: str, command: str) -> Extent:
    """What the file will say of itself."""
    last = reading.last
    selection = ""
    if taken.of_group:
        selection = f"only the events of the group {taken.of_group}"
    if taken.filter:
        selection = (
            f"only those of {taken.loaded:,} loaded rows that match the filter {taken.filter}"
        )
    return Extent(
        title=title,
        command=command,
        complete=reading.complete,
        covers="nothing" if last is None else last.coverage.text(),
        selection=selection,
        noun=taken.noun,
    )


def records_of(taken: Taken, form: Form) -> tuple[Sequence[str], Iterator[Mapping[str, Any]]]:
    """The columns and the records of an export."""
    if taken.rows is None:
        key = [name for name, _ in taken.groups[0].key] if taken.groups else []
        made = group_object if form == "jsonl" else group_values
        return [*key, *GROUP_FIELDS], (made(group) for group in taken.groups)
    columns = ROW_FIELDS if form != "markdown" else tuple(taken.columns)
    return columns, (row_object(row) for row in taken.rows)
