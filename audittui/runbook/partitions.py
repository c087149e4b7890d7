"""The partitions of an index that a window is read from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from audittui import timestamp
from audittui.errors import UsageError
from audittui.layout.model import Layout
from audittui.layout.parts import Index
from audittui.runbook.plan import Facts, RowFilter, Shard, Window

MAX_PARTITIONS = 50_000


def partitions(
    index: Index, window: Window, keyed: Sequence[RowFilter], layout: Layout, facts: Facts
) -> tuple[Shard, ...]:
    """The partitions to read, oldest first: those of every value in ``keyed`` for the field that
    the index answers. Raises `UsageError` when there are too many, or no limit to them."""
    template = index.template
    tick = index.tick
    values = next((one.values for one in keyed if one.field == index.answers), ("",))
    chains: Sequence[str] = facts.chains if "chain" in template.fields else ("",)
    owners = [{index.answers: value, "chain": chain} for value, chain in product(values, chains)]
    if not template.by_day:
        low, high = ticks(window.start, window.end, tick)
        if not index.sorted_by_time:
            low = high = None
        return tuple(Shard(template.fill(owner), 0, low, high) for owner in owners)
    if window.start is None:
        raise UsageError(
            f"{index.label} is read day by day, so the window needs a start.",
            "Write a range such as -30d..now.",
        )
    now = max(facts.now or timestamp.now(), facts.until)
    # Clocks differ: entries may carry a time a little ahead of ours.
    end = window.end if window.end is not None else max(now, window.start) + timestamp.DAY
    days = range(timestamp.day_start(window.start), end, timestamp.DAY)
    if len(days) * len(owners) > MAX_PARTITIONS:
        raise UsageError(
            f"The window spans {len(days):,} days, {len(days) * len(owners):,} partitions.",
            "Give a shorter window.",
        )
    shards = []
    for bucket, day in enumerate(days):
        low, high = ticks(max(day, window.start), min(day + timestamp.DAY, end), tick)
        shards += [Shard(template.fill(owner, day), bucket, low, high) for owner in owners]
    return tuple(shards)


def newest_first(shards: Iterable[Shard]) -> tuple[Shard, ...]:
    """The shards in reverse order, with their buckets numbered from 0."""
    numbers: dict[int, int] = {}
    return tuple(
        Shard(
            shard.partition, numbers.setdefault(shard.bucket, len(numbers)), shard.low, shard.high
        )
        for shard in reversed(tuple(shards))
    )


def ticks(start: int | None, end: int | None, tick: int) -> tuple[int | None, int | None]:
    """``[start, end)`` as a closed range of ticks: ``to`` minus one tick of the index."""
    low = None if start is None else start - start % tick
    high = None if end is None else -(-end // tick) * tick - tick
    return low, high
