"""Cursors: where a run stopped, as text that a later run resumes from.

A cursor names the plan that it belongs to (by a digest), the last row given, and for every shard
that is not finished the start key from which to read again. Rows up to the last one given are
skipped when they are read again.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from audittui.errors import UsageError
from audittui.query.cursor_text import cursor_parts, cursor_text
from audittui.runbook.plan import Plan

_VERSION = 1
OrderKey = tuple[int, int, str, str | int]


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """The parts of a cursor. ``shards`` maps the place of an unfinished shard to its start key.

    ``now`` is the present of the first run, so that a window that ends "now" stays the same.
    ``begins`` maps a shard's place to the tick (microseconds) from which, in reading order, it
    goes on, where that is not the shard's own bound. No shard at or after the place ``unread`` has
    been begun; None says that all unfinished ones are in ``shards``.
    """

    version: int
    plan: str
    last: list[Any] | None
    shards: dict[int, dict[str, Any] | None]
    now: int
    begins: dict[int, int] = {}
    unread: int | None = None

    @property
    def last_order(self) -> OrderKey | None:
        """The order of the last row that was given."""
        if self.last is None:
            return None
        tick, time, partition, sort = self.last
        return tick, time, partition, sort

    def places(self, shards: int) -> list[int]:
        """The places of the shards that are not finished, of a plan that has ``shards``."""
        begun = [place for place in self.shards if 0 <= place < shards]
        return sorted({*begun, *range(shards if self.unread is None else self.unread, shards)})


def plan_digest(plan: Plan, *, count: bool = False) -> str:
    """A short digest of what a cursor depends on: where and what the plan reads.

    Rows are not what a counting run gave, so that the one cannot go on where the other stopped.
    """
    seen = repr(
        (plan.runbook, plan.layout.name, plan.index.name, plan.order, plan.filters,
         plan.row_filters, plan.window, plan.shards)
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
        if cursor.unread is not None and cursor.unread < 0:
            raise ValueError("a wrong place")
    except ValueError:
        raise UsageError(
            "The cursor is damaged.", "Copy it whole from the line that printed it."
        ) from None
    return cursor


def check_cursor(cursor: Cursor, digest: str) -> None:
    """Refuse a cursor of another run than the one with `plan_digest` ``digest``.

    Raises `UsageError`.
    """
    if cursor.plan != digest:
        raise UsageError(
            "The cursor belongs to another run.",
            "Use it with the same runbook, parameters, table and layout.",
        )
