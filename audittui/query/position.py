"""Where the shards of a run are: what a cursor keeps, and how a later plan resumes from it.

The later plan may have shards that the first run did not know. A chain created in the meantime
joins after the last row yielded: its earlier entries are too late for the order and are not in the
result. A day that began in the meantime is read like any other unread day.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from audittui.query.cursor import Cursor, another_run
from audittui.query.decode import StartKey
from audittui.runbook.plan import Plan, Shard


@dataclass(slots=True)
class Position:
    """Where the shards of a plan are, by their places in it.

    ``places`` are the unfinished ones, in reading order; none from ``unread`` on has been begun.
    ``keys``, ``begins`` and ``heads`` are those of a cursor, by place. ``late`` counts the shards
    that joined, now or at an earlier resume, after the run had passed part of them.
    """

    places: list[int]
    unread: int
    keys: dict[int, StartKey | None] = field(default_factory=dict)
    begins: dict[int, int] = field(default_factory=dict)
    heads: dict[int, int] = field(default_factory=dict)
    late: int = 0


def beginning(plan: Plan) -> Position:
    """The position at the start, with nothing read."""
    return Position(list(range(len(plan.shards))), 0)


def taken_up(plan: Plan, cursor: Cursor) -> Position:
    """Where ``plan`` resumes from ``cursor``. Raises `UsageError` for a cursor of another run."""
    placed = {shard.partition: place for place, shard in enumerate(plan.shards)}
    if not placed.keys() >= cursor.shards.keys():
        raise another_run()
    unread = len(placed)
    if cursor.unread is not None:
        if cursor.unread not in placed:
            raise another_run()
        unread = placed[cursor.unread]
    position = Position([], unread, late=cursor.late)
    for place, shard in enumerate(plan.shards):
        name = shard.partition
        if name in cursor.shards:
            position.keys[place] = cursor.shards[name]
            if name in cursor.begins:
                position.begins[place] = cursor.begins[name]
            if name in cursor.heads:
                position.heads[place] = cursor.heads[name]
        elif place < unread:
            fresh = chain_of(plan, shard) not in (None, *cursor.chains)
            begin = _joins(plan, shard, cursor) if fresh else _grown(plan, shard, cursor)
            if fresh and cursor.last is not None and begin != _edge(plan, shard):
                position.late += 1
            if begin is None:
                continue
            position.keys[place] = None
            if begin != _edge(plan, shard):
                position.begins[place] = begin
        position.places.append(place)
    return position


def chains_of(plan: Plan) -> tuple[str, ...]:
    """The chains whose partitions the plan reads, sorted."""
    return tuple(sorted({chain_of(plan, shard) or "" for shard in plan.shards} - {""}))


def chain_of(plan: Plan, shard: Shard) -> str | None:
    """The chain of a shard's partition; None if partitions are not divided by chain."""
    return (plan.index.template.read(shard.partition) or {}).get("chain")


def far_edge(plan: Plan) -> int | None:
    """The tick at which the last shard ends, in reading order; None if it is open."""
    if not plan.shards:
        return None
    shard = plan.shards[-1]
    return shard.low if plan.order == "newest" else shard.high


def _edge(plan: Plan, shard: Shard) -> int | None:
    """The tick at which a shard begins, in reading order."""
    return shard.high if plan.order == "newest" else shard.low


def _joins(plan: Plan, shard: Shard, cursor: Cursor) -> int | None:
    """Where the shard of a new chain begins; None if the run has passed it."""
    edge = _edge(plan, shard)
    if cursor.last is None or edge is None:
        return edge
    tick = int(cursor.last[0])
    if plan.order == "newest":
        begin, end = min(edge, tick), shard.low
        return None if end is not None and begin < end else begin
    begin, end = max(edge, tick), shard.high
    return None if end is not None and begin > end else begin


def _grown(plan: Plan, shard: Shard, cursor: Cursor) -> int | None:
    """Where a shard continues that was read to its former end; None if it has no more."""
    if plan.order == "newest" or cursor.edge is None or shard.high is None:
        return None
    begin = max(cursor.edge + plan.index.tick, shard.low or 0)
    return begin if begin <= shard.high else None
