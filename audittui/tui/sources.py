"""What the lists show: rows of a result, groups of a correlation, a lifecycle."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

from audittui import timestamp
from audittui.layout.row import Row

if TYPE_CHECKING:
    from audittui.investigate.correlations import Group

_TONES = {"denied": "denied", "failure": "failure"}


def list_time(micros: int) -> str:
    """A time as lists show it: UTC, to the second. The detail view has the whole of it."""
    return timestamp.text(micros)[:19].replace("T", " ")


def cell_of(row: Row, column: str) -> str:
    """A column's raw text of a row."""
    value = getattr(row, column)
    return list_time(value) if column == "time" else str(value) or "-"


def title_of(column: str) -> str:
    """A column's title."""
    return "time (UTC)" if column == "time" else column.replace("_", " ")


class RowSource:
    """Rows under a runbook's columns, with a filter that can hide those that do not match.

    A filter is a text that one of the columns must hold (upper and lower case are the same); a
    leading ``!`` turns it round.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self.rows: list[Row] = []
        self.pattern = ""
        self.hiding = True
        self._matches: list[int] = []

    @property
    def titles(self) -> Sequence[str]:
        """The columns' titles."""
        return [title_of(column) for column in self.columns]

    @property
    def times(self) -> frozenset[int]:
        """Where the time stands."""
        return frozenset(at for at, column in enumerate(self.columns) if column == "time")

    @property
    def filtered(self) -> bool:
        """True when rows are hidden."""
        return bool(self.pattern) and self.hiding

    @property
    def matches(self) -> int:
        """How many of the rows match the filter."""
        return len(self._matches)

    def __len__(self) -> int:
        return len(self._matches) if self.filtered else len(self.rows)

    def row(self, at: int) -> Row:
        """The row of a line."""
        return self.rows[self._matches[at]] if self.filtered else self.rows[at]

    def cells(self, at: int) -> Sequence[str]:
        """The texts of a line."""
        row = self.row(at)
        return [cell_of(row, column) for column in self.columns]

    def tone(self, at: int) -> str:
        """Denied and failed entries are coloured."""
        return _TONES.get(self.row(at).outcome, "")

    def add(self, rows: Sequence[Row]) -> None:
        """Append rows."""
        first = len(self.rows)
        self.rows += rows
        if self.pattern:
            self._matches += [at for at in range(first, len(self.rows)) if self._match(at)]

    def filter(self, pattern: str, *, hiding: bool = True) -> None:
        """Set the filter; an empty one shows everything."""
        self.pattern, self.hiding = pattern, hiding
        self._matches = [at for at in range(len(self.rows)) if self._match(at)] if pattern else []

    def line_of(self, at: int) -> int:
        """The line that shows the row at ``at`` of all, or the next one after it."""
        if not self.filtered:
            return at
        return min(bisect_left(self._matches, at), max(len(self._matches) - 1, 0))

    def at_of(self, line: int) -> int:
        """The place of a line's row among all rows."""
        if self.filtered:
            return self._matches[line] if self._matches else 0
        return line

    def next_match(self, at: int, step: int) -> int | None:
        """The place of the next matching row after (or before) ``at``."""
        candidates = self._matches if step > 0 else reversed(self._matches)
        for match in candidates:
            if (match - at) * step > 0:
                return match
        return None

    def _match(self, at: int) -> bool:
        pattern = self.pattern
        inverse = pattern.startswith("!")
        needle = pattern[1:].casefold() if inverse else pattern.casefold()
        row = self.rows[at]
        found = any(needle in cell_of(row, column).casefold() for column in self.columns)
        return found != inverse


class GroupSource:
    """The groups of a correlation."""

    def __init__(self, group_by: Sequence[str]) -> None:
        self._group_by = tuple(group_by)
        self.groups: list[Group] = []

    @property
    def titles(self) -> Sequence[str]:
        """The columns' titles."""
        names = [name.replace("_", " ") for name in self._group_by]
        return [*names, "count", "peak", "first (UTC)", "last (UTC)", "sources"]

    @property
    def times(self) -> frozenset[int]:
        """Where first and last stand."""
        first = len(self._group_by) + 2
        return frozenset({first, first + 1})

    def __len__(self) -> int:
        return len(self.groups)

    def cells(self, at: int) -> Sequence[str]:
        """The texts of a line."""
        group = self.groups[at]
        return [
            *(value or "-" for _, value in group.key), str(group.count), str(group.peak),
            list_time(group.first), list_time(group.last), str(group.sources),
        ]  # fmt: skip

    def tone(self, at: int) -> str:
        """Groups are not coloured."""
        return ""


class LifecycleSource:
    """The rows of a resource's lifecycle, the present entry marked."""

    titles: Sequence[str] = ("    ", "time (UTC)", "change", "action", "actor", "outcome")
    times = frozenset({1})

    def __init__(self, rows: Sequence[Row] = (), present: int = -1) -> None:
        self.rows = list(rows)
        self.present = present

    def __len__(self) -> int:
        return len(self.rows)

    def cells(self, at: int) -> Sequence[str]:
        """The texts of a line."""
        from audittui.investigate.lifecycle import change_of

        row = self.rows[at]
        mark = "this" if at == self.present else ""
        return [mark, list_time(row.time), change_of(row), row.action, row.actor, row.outcome]

    def tone(self, at: int) -> str:
        """The present entry is marked, refused ones are coloured."""
        return "marked" if at == self.present else _TONES.get(self.rows[at].outcome, "")
