"""What one entry of a resource's life changed against the version before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from audittui.entry import decode_strict
from audittui.investigate.diff import DiffLine, diff
from audittui.investigate.document import fetch
from audittui.investigate.lifecycle import change_of
from audittui.layout.model import Layout
from audittui.layout.row import Row
from audittui.store.port import Store

MOST = 25
"""How many earlier entries are looked at for the version before."""


class Version(msgspec.Struct, frozen=True):
    """What changed from the version before to this one.

    ``lines`` is None where that cannot be told; ``told`` says in a sentence what was compared, or
    why nothing was. ``since`` is the entry that left the version before. ``unseen`` is what was
    different before this entry already, though no entry in between says so. ``reads`` entries were
    read for ``rcu`` read units.
    """

    row: Row
    told: str
    lines: tuple[DiffLine, ...] | None = None
    since: Row | None = None
    unseen: tuple[DiffLine, ...] = ()
    reads: int = 0
    rcu: float = 0.0


def compare(
    store: Store, layout: Layout, rows: Sequence[Row], at: int, unread: int = -1
) -> Version:
    """The version that the entry at ``at`` of a life left, against the one before it.

    ``rows`` are in time order; before the place ``unread`` some were left out (-1: none). By its
    own state before where the entry tells it, else by what the nearest earlier entry left; one
    entry after the other is read for that, at most `MOST`. Raises `StoreError`.
    """
    row = rows[at]
    reader = _Reader(store, layout)
    if change_of(row) == "refused":
        return reader.version(row, "It was refused, so it changed nothing.")
    before, after = reader.states(row)
    if reader.missing:
        return reader.version(row, "The entry is not in the table any more.")
    if before is None and after is None:
        return reader.version(row, "This entry tells no state of the resource.")
    since, left, ended = reader.earlier(rows[max(unread, 0) if at >= unread else 0 : at])
    if before is not None:
        unseen = _unseen(left, before) if since is not None else ()
        told = "Its own states before and after."
        return reader.version(row, told, diff(before, after), since, unseen)
    if since is not None:
        return reader.version(row, "By what the entry before left.", diff(left, after), since)
    if ended == "looked at enough":
        told = f"No state is told by the {MOST} entries before it, so there is nothing to compare."
        return reader.version(row, told)
    if at >= unread > 0:
        told = "No entry before it that was read tells a state; some were not read."
        return reader.version(row, told)
    first = "since its deletion" if ended == "deleted" else "that is known"
    told = f"It is the first version {first}: all of it is new."
    return reader.version(row, told, diff(None, after))


class _Reader:
    """Reads entries, and counts."""

    def __init__(self, store: Store, layout: Layout) -> None:
        self._store, self._layout = store, layout
        self._reads, self._rcu = 0, 0.0
        self.missing = False
        """True when the last entry that was looked for is not there."""

    def states(self, row: Row) -> tuple[Any, Any]:
        """The states before and after that an entry tells; None for one that it does not."""
        fetched = fetch(self._store, self._layout, self._layout.key_of(row))
        self._reads += 1
        self._rcu += fetched.rcu
        self.missing = fetched.item is None
        try:
            body = decode_strict(fetched.document)
        except ValueError:
            return None, None
        return (body.get("before"), body.get("after")) if isinstance(body, dict) else (None, None)

    def earlier(self, rows: Sequence[Row]) -> tuple[Row | None, Any, str]:
        """The nearest earlier entry that left a state, the state, and why there is none."""
        looked = 0
        for row in reversed(rows):
            change = change_of(row)
            if change in ("refused", "read"):
                continue
            if looked == MOST:
                return None, None, "looked at enough"
            looked += 1
            if change == "deleted":
                return None, None, "deleted"
            _, after = self.states(row)
            if after is not None:
                return row, after, ""
        return None, None, "the beginning"

    def version(
        self,
        row: Row,
        told: str,
        lines: tuple[DiffLine, ...] | None = None,
        since: Row | None = None,
        unseen: tuple[DiffLine, ...] = (),
    ) -> Version:
        """A version, with what was read for it."""
        return Version(row, told, lines, since, unseen, self._reads, self._rcu)


def _unseen(left: Any, before: Any) -> tuple[DiffLine, ...]:
    """Where the state before an entry is not what the entry before left. Only what both tell is
    compared: many logs write no more than what changed."""
    if not isinstance(left, dict) or not isinstance(before, dict):
        return ()
    both = [key for key in left if key in before]
    return diff({key: left[key] for key in both}, {key: before[key] for key in both})
