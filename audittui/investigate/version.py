"""What one entry of a resource's lifecycle changed, compared with the previous version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from audittui.errors import StoreError
from audittui.investigate.attribution import KnownState, States, states_in
from audittui.investigate.diff import DiffLine, diff
from audittui.investigate.document import fetch
from audittui.investigate.lifecycle import HARMLESS, change_of
from audittui.layout.model import Layout
from audittui.layout.row import Row
from audittui.store.port import Store

_UNREADABLE = "The entry's body is not a JSON object, so what it changed is not known."


class Version(msgspec.Struct, frozen=True):
    """What changed from the version before to this one.

    ``lines`` is None if that is not known; ``told`` says in a sentence what was compared, or why
    nothing was. ``since`` is the entry that left the previous version. ``unseen`` is what had
    already changed before this entry, although no entry in between records it. ``reads`` entries
    were read for ``rcu`` read units.
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
    """The version that the entry at ``at`` of a lifecycle left, compared with the previous one.

    ``rows`` are in time order; before the place ``unread`` some were left out (-1: none). The
    previous version is the entry's own state before, if it records one, else what the nearest
    earlier entry left that may have changed the resource. Nothing is compared across an entry that
    was not read or records no state. Raises `StoreError` when the entry itself cannot be read.
    """
    row, change = rows[at], change_of(rows[at])
    if change == "refused":
        return Version(row, "It was refused, so it changed nothing.")
    if change == "failed":
        why = f" ({row.reason})" if row.reason else ""
        return Version(row, f"It failed{why}, so it changed nothing.")
    reader = _Reader(store, layout)
    states = reader.states(row)
    if states is None:
        return reader.version(row, reader.fault)
    if states.before is None and states.after is None:
        return reader.version(row, "This entry records no state of the resource.")
    if change in HARMLESS and states.before is None:
        return reader.version(row, "It only records the state that it found.")
    known = KnownState()
    since = reader.earlier(rows[max(unread, 0) if at >= unread else 0 : at], known)
    if since is None and at >= unread > 0 and not known.gone:
        known.lose("some earlier entries were not read")
    before, gone = known.value, known.gone
    found = known.follow(row, states)
    if found.lines is None:
        return reader.version(row, f"What it changed is not known: {found.unknown}.")
    if states.before is not None:
        unseen = _unseen(before, states.before) if since is not None else ()
        told = "From its own states before and after."
        return reader.version(row, told, found.lines, since, unseen)
    if since is not None:
        return reader.version(
            row, "Compared with the state that the previous entry left.", found.lines, since
        )
    first = "first version since its deletion" if gone else "first known version"
    return reader.version(row, f"This is the {first}: all of it is new.", found.lines)


class _Reader:
    """Reads entries, and counts reads and read units."""

    def __init__(self, store: Store, layout: Layout) -> None:
        self._store, self._layout = store, layout
        self._reads, self._rcu = 0, 0.0
        self.fault = ""
        """Why the last entry that was looked for could not be used."""

    def states(self, row: Row) -> States | None:
        """The states that an entry records; None, with a `fault`, if it cannot be read."""
        fetched = fetch(self._store, self._layout, self._layout.key_of(row))
        self._reads += 1
        self._rcu += fetched.rcu
        if fetched.item is None:
            self.fault = "The entry is no longer in the table."
            return None
        try:
            return states_in(fetched.document)
        except ValueError:
            self.fault = _UNREADABLE
            return None

    def earlier(self, rows: Sequence[Row], known: KnownState) -> Row | None:
        """The nearest earlier entry that may have changed the resource, if it left a state, which
        ``known`` then has; otherwise ``known`` says why there is none."""
        for row in reversed(rows):
            change = change_of(row)
            if known.passes(change):
                continue
            if change == "deleted":
                known.follow(row, States())
                return None
            try:
                states = self.states(row)
            except StoreError:
                states = None
            if states is None:
                known.lose("the previous entry could not be read")
                return None
            known.follow(row, states)
            return row if states.after is not None else None
        return None

    def version(
        self,
        row: Row,
        told: str,
        lines: tuple[DiffLine, ...] | None = None,
        since: Row | None = None,
        unseen: tuple[DiffLine, ...] = (),
    ) -> Version:
        """A version, with the cost of reading it."""
        return Version(row, told, lines, since, unseen, self._reads, self._rcu)


def _unseen(left: Any, before: Any) -> tuple[DiffLine, ...]:
    """How the state before an entry differs from what the previous entry left. Only keys in both
    are compared: many logs record only what changed."""
    if not isinstance(left, dict) or not isinstance(before, dict):
        return ()
    both = [key for key in left if key in before]
    return diff({key: left[key] for key in both}, {key: before[key] for key in both})
