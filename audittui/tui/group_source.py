"""The groups of a correlation as a list, and what of them its lines say."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audittui.investigate.aftermath import Aftermath
    from audittui.investigate.correlations import Group

Key = tuple[tuple[str, str], ...]
_PARTS = 8
_BLOCKS = "▁▂▃▄▅▆▇█"
_PLAIN = ".:-=+*%#"


def sparkline(counts: Sequence[int], *, blocks: bool) -> str:
    """One character a count, as high as it is; a space where there is nothing.

    ``blocks`` False: in ASCII, for terminals that are not UTF-8.
    """
    shades = _BLOCKS if blocks else _PLAIN
    most = max(counts, default=0)
    return "".join(
        " " if count <= 0 else shades[max((count * len(shades) + most - 1) // most - 1, 0)]
        for count in counts
    )


def shows_blocks() -> bool:
    """True when the terminal's encoding has block characters."""
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    try:
        _BLOCKS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class GroupSource:
    """The groups of a correlation, as they are now.

    ``reads_success``: the rows hold successes too, so that a group itself knows its first one.
    ``complete``: all rows are there. What was asked of groups beside that is in ``aftermaths``.
    """

    def __init__(self, group_by: Sequence[str], *, reads_success: bool) -> None:
        self._group_by = tuple(group_by)
        self._blocks = shows_blocks()
        self._lines: dict[Key, int] = {}
        self._groups: Sequence[Group] = ()
        self._before: Sequence[Group] = ()
        self.reads_success = reads_success
        self.complete = False
        self.aftermaths: dict[Key, tuple[int, Aftermath]] = {}
        """By key: the last event that was known then, and what came after it."""

    @property
    def groups(self) -> Sequence[Group]:
        """The groups, largest first."""
        return self._groups

    @groups.setter
    def groups(self, groups: Sequence[Group]) -> None:
        self._before, self._groups = self._groups, groups
        self._lines = {group.key: at for at, group in enumerate(groups)}

    def line_of(self, key: Key) -> int | None:
        """The line of the group with this key, if there is one."""
        return self._lines.get(key)

    def moved(self, line: int) -> int:
        """Where the group is now that was at ``line`` before; the first line stays the first."""
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
        """Where the success, first and last stand."""
        first = len(self._group_by)
        return frozenset({first + 1, first + 3, first + 4})

    def __len__(self) -> int:
        return len(self._groups)

    def cells(self, at: int) -> Sequence[str | int]:
        """The texts of a row; its times as numbers."""
        group = self._groups[at]
        return [
            *(value or "-" for _, value in group.key), f"{group.count:,}", self.success(group),
            sparkline(group.rate(_PARTS), blocks=self._blocks), group.first, group.last,
            f"{group.sources:,}", f"{group.peak:,}",
        ]  # fmt: skip

    def tone(self, at: int) -> str:
        """Failures that ended in a success need a look."""
        return "denied" if self.mark(at) else ""

    def mark(self, at: int) -> str:
        """The same in a character."""
        return "!" if isinstance(self.success(self._groups[at]), int) else ""

    def success(self, group: Group) -> int | str:
        """When the first success after a group was, or what is known of it."""
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
        """The groups whose success was not looked for, largest first."""
        if self.reads_success:
            return []
        return [group for group in self._groups if self.success(group) == "?"]
