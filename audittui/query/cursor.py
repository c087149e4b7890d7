"""Cursors: where a run stopped, as text that a later run resumes from.

A cursor names the plan that it belongs to (by a digest), the last row given, and for every shard
that is begun and not finished, by its partition key, the start key from which to read again. Rows
up to the last one given are skipped when they are read again. Chains and days that the first run
did not know may join: `audittui.query.position` says how.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from audittui.errors import UsageError
from audittui.query.cursor_text import cursor_parts, cursor_text
from audittui.runbook.plan import Facts, Plan

_VERSION = 2
OrderKey = tuple[int, int, str, str | int]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The parts of a cursor. Shards are named by their partition keys.

    ``now`` is the present of the first run, so that a window that ends "now" stays the same.
    ``index`` is what the run reads ("" for the base table), ``chains`` are those that it knows,
    ``edge`` is the tick at which its last shard ends. ``shards`` maps unfinished ones to their
    start keys, ``begins`` to the ticks (microseconds) from which, in reading order, they go on,
    where that is not the shard's own bound; ``heads`` says that nothing that is wanted comes
    before a tick. No shard from ``unread`` on has been begun; None says that all unfinished ones
    are in ``shards``. ``reached`` is the time up to which every row was given. ``late`` is
    `audittui.query.position.Position`'s.
    """

    version: int
    plan: str
    last: list[Any] | None
    now: int
    index: str
    chains: tuple[str, ...]
    shards: dict[str, dict[str, Any] | None]
    unread: str | None = None
    edge: int | None = None
    begins: dict[str, int] = {}
    heads: dict[str, int] = {}
    reached: int | None = None
    late: int = 0

    @property
    def last_order(self) -> OrderKey | None:
        """The order of the last row that was given."""
        if self.last is None:
            return None
        tick, time, partition, sort = self.last
        return tick, time, partition, sort


def plan_digest(plan: Plan, *, count: bool = False) -> str:
    """A short digest of what a cursor depends on: where and what the plan reads, but for the
    chains and days that there are by now.

    Rows are not what a counting run gave, so that the one cannot go on where the other stopped.
    """
    seen = repr(
        (plan.runbook, plan.layout.name, plan.index.name, plan.order, plan.keyed, plan.filters,
         plan.row_filters, plan.window)
    )  # fmt: skip
    if count:
        seen += "count"
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def encode_cursor(cursor: Cursor) -> str:
    """The text of a cursor, safe in a shell word."""
    return cursor_text(cursor)


def decode_cursor(text: str) -> Cursor:
    """The cursor that ``text`` says. Raises `UsageError`."""
    try:
        cursor = cursor_parts(text, Cursor)
        if cursor.version != _VERSION:
            raise ValueError("another version")
        if cursor.last is not None and len(cursor.last) != 4:
            raise ValueError("a wrong last row")
    except ValueError:
        raise UsageError(
            "The cursor is damaged or from another version.",
            "Copy all of it from the line that printed it.",
        ) from None
    return cursor


def check_cursor(cursor: Cursor, digest: str) -> None:
    """Refuse a cursor of another run than the one with `plan_digest` ``digest``.

    Raises `UsageError`.
    """
    if cursor.plan != digest:
        raise another_run()


def another_run() -> UsageError:
    """The error for a cursor that does not fit the plan."""
    return UsageError(
        "The cursor belongs to another run.",
        "Use it with the same runbook, parameters, table and layout.",
    )


def facts_to_go_on(facts: Facts, cursor: Cursor) -> Facts:
    """What the planner must know to make the plan of ``cursor``'s run again.

    "now" stays what it was, so that the window is the same one, and no chain that the run was
    reading is left out.
    """
    return msgspec.structs.replace(
        facts,
        now=cursor.now,
        until=max(facts.now, cursor.now),
        chains=tuple(sorted({*facts.chains, *cursor.chains})),
    )
