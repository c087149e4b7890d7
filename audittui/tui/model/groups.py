"""The groups of a correlation as a list."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from audittui import timestamp
from audittui.tui.model.filter import compiled_for

if TYPE_CHECKING:
    from audittui.investigate.aftermath import Aftermath
    from audittui.investigate.correlations import Group
    from audittui.query.unregistered_rows import Strangers

Key = tuple[tuple[str, str], ...]
_PARTS = 8
_SHOWN = ("count", "success", "first", "last", "sources", "peak")
_TIMES = frozenset({"success", "first", "last"})
# Full blocks would touch those of the lines above and below.
_BLOCKS = "▁▂▃▄▅▆▇"
_PLAIN = ".:-=+*%#"


def sparkline(counts: Sequence[int], *, blocks: bool) -> str:
    """One character per count, of proportional height; a space for zero. Full height is the
    largest count, but at least the number of heights, so that a few events stay low.

    ``blocks`` False: in ASCII, for terminals that are not UTF-8.
    """
    shades = _BLOCKS if blocks else _PLAIN
    most = max(len(shades), *counts)
    return "".join(
        " " if count <= 0 else shades[max((count * len(shades) + most - 1) // most - 1, 0)]
        for count in counts
    )


def shows_blocks() -> bool:
    """True if the terminal's encoding has block characters."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    try:
        _BLOCKS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class GroupSource:
    """The groups of a correlation, as they are now, or those of them that fit a filter
    (`model.filter`): its fields are those of the key and what the list shows beside it.
    ``strangers`` knows the events that are not of this log.

    ``timespan`` is that of the rule, in microseconds. ``reads_success``: the rows hold successes
    too, so that a group itself knows its first one. ``complete``: all rows are there. What was
    asked of groups beside that is in ``aftermaths``.
    """

    def __init__(
        self,
        group_by: Sequence[str],
        timespan: int,
        *,
        reads_success: bool,
        strangers: Strangers | None = None,
    ) -> None:
        self._group_by = tuple(group_by)
        self._blocks = shows_blocks()
        self._strangers = strangers
        self._lines: dict[Key, int] = {}
        self._all: Sequence[Group] = ()
        self._groups: Sequence[Group] = ()
        self._before: Sequence[Group] = ()
        self._fits: Callable[[Group], bool] | None = None
        self.pattern = ""
        self.timespan = timespan
        self.reads_success = reads_success
        self.complete = False
        self.aftermaths: dict[Key, tuple[int, Aftermath]] = {}
        """By key: the last event that was known then, and what came after it."""

    @property
    def groups(self) -> Sequence[Group]:
        """The groups that are listed, largest first."""
        return self._groups

    @groups.setter
    def groups(self, groups: Sequence[Group]) -> None:
        self._all = groups
        self.filter_again()

    @property
    def total(self) -> int:
        """How many groups there are, listed or not."""
        return len(self._all)

    def filter(self, pattern: str) -> None:
        """List the groups that fit; an empty pattern lists all.

        Raises `PatternError`; then the filter stays what it was.
        """
        fields = (*self._group_by, *_SHOWN)
        self._fits = compiled_for(pattern, fields, self._text) if pattern else None
        self.pattern = pattern
        self.filter_again()

    def filter_again(self) -> None:
        """More is known about the groups: apply the filter again."""
        fits = self._fits
        self._before = self._groups
        self._groups = [one for one in self._all if fits(one)] if fits else self._all
        self._lines = {group.key: at for at, group in enumerate(self._groups)}

    def _text(self, group: Group, field: str) -> str:
        """A group's text in a column, times in UTC, counts without commas."""
        if field in self._group_by:
            return dict(group.key)[field]
        value = self.success(group) if field == "success" else getattr(group, field)
        return (
            timestamp.to_second(value) if field in _TIMES and isinstance(value, int) else str(value)
        )

    def line_of(self, key: Key) -> int | None:
        """The line of the group with this key, if it is listed."""
        return self._lines.get(key)

    def moved(self, line: int) -> int:
        """The new line of the group that was at ``line``; the first line stays the first."""
        if not 0 < line < len(self._before):
            return line
        return self._lines.get(self._before[line].key, line)

    @property
    def titles(self) -> Sequence[str]:
        """The columns' titles."""
        names = [name.replace("_", " ") for name in self._group_by]
        return [*names, "count", "success", "rate", "first", "last", "sources", "peak"]

    @property
    def times(self) -> frozenset[int]:
        """The columns of the first success and of the first and last event."""
        first = len(self._group_by)
        return frozenset({first + 1, first + 3, first + 4})

    def __len__(self) -> int:
        return len(self._groups)

    def cells(self, at: int) -> Sequence[str | int]:
        """The texts of a row; its times as numbers."""
        group = self._groups[at]
        return [
            *(value or "-" for _, value in group.key),
            f"{group.count:,}",
            self.success(group),
            sparkline(group.rate(_PARTS), blocks=self._blocks),
            group.first,
            group.last,
            f"{group.sources:,}",
            f"{group.peak:,}",
        ]

    def tone(self, at: int) -> str:
        """Failures that soon ended in a success stand out, and so do strangers."""
        return "denied" if self.mark(at) else ""

    def mark(self, at: int) -> str:
        """The same as a character: ``!`` for the success, ``?`` for events not of this log."""
        group = self._groups[at]
        return ("!" if self._ended_well(group) else "") + (
            "?" if self._has_strangers(group) else ""
        )

    def _has_strangers(self, group: Group) -> bool:
        strangers = self._strangers
        if strangers is None or not strangers.seen:
            return False
        return any(strangers.why(row) for row in group.rows)

    def _ended_well(self, group: Group) -> bool:
        """True if the success came within the rule's time span of the last failure: a much later
        one may be unrelated."""
        success = self.success(group)
        if not isinstance(success, int):
            return False
        failed = group.last_failure if self.reads_success else group.last
        return failed is not None and success - failed <= self.timespan

    def success(self, group: Group) -> int | str:
        """The time of the first success after a group, or what is known of it."""
        if self.reads_success:
            found = group.success
            if found is not None:
                return found.time
            return "none" if self.complete else "none yet"
        since, asked = self.aftermaths.get(group.key, (0, None))
        if asked is None or since != group.last:
            return "?"
        if asked.success is not None:
            return asked.success.time
        if asked.fault:
            return "unknown"
        return "none" if asked.complete else "not found"

    def unknown(self) -> list[Group]:
        """The groups whose success has not been looked for, largest first."""
        if self.reads_success:
            return []
        return [group for group in self._all if self.success(group) == "?"]
