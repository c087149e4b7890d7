"""Cursors: where a run stopped, as text that a later run resumes from.

A cursor holds a digest of its plan, the last row yielded, and, for every shard that is begun and
not finished, the partition key and the start key to read from again. Rows up to the last one
yielded are skipped when they are read again. Chains and days that the first run did not know may
join: see `audittui.query.position`.
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
    ``index`` is the index that the run reads ("" for the base table), ``chains`` are the chains
    that it knows, ``edge`` is the tick at which its last shard ends. ``shards`` maps unfinished
    shards to their start keys, ``begins`` to the ticks (microseconds, in reading order) from which
    they continue, unless that is the shard's own bound; ``heads`` to the ticks before which no
    matching row lies. No shard from ``unread`` on has been begun; None means that all unfinished
    ones are in ``shards``. ``reached`` is the time up to which every row was yielded. ``late`` is
    that of `audittui.query.position.Position`.
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
        """The order of the last row that was yielded."""
        if self.last is None:
            return None
        tick, time, partition, sort = self.last
        return tick, time, partition, sort


def plan_digest(plan: Plan, *, count: bool = False) -> str:
    """A short digest of what a cursor depends on: where and what the plan reads, except for the
    chains and days, which may have grown.

    It differs for a counting run, whose cursor cannot resume a run that yields rows.
    """
    seen = repr(
        (plan.runbook, plan.layout.name, plan.index.name, plan.order, plan.keyed, plan.filters,
         plan.row_filters, plan.window)
    )  # fmt: skip
    if count:
        seen += "count"
    return hashlib.sha256(seen.encode()).hexdigest()[:16]


def encode_cursor(cursor: Cursor) -> str:
    """The text of a cursor, which needs no quoting in a shell."""
    return cursor_text(cursor)


def decode_cursor(text: str) -> Cursor:
    """Decode a cursor. Raises `UsageError`."""
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
    """Refuse a cursor that does not belong to the run with `plan_digest` ``digest``.

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
    """The facts for the planner to recreate the plan of ``cursor``'s run.

    "now" is that of the first run, so that the window stays the same, and no chain that the run
    was reading is left out.
    """
    return msgspec.structs.replace(
        facts,
        now=cursor.now,
        until=max(facts.now, cursor.now),
        chains=tuple(sorted({*facts.chains, *cursor.chains})),
    )
