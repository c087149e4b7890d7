"""A plan: how a runbook with its parameters is answered on a layout, before anything is read."""

from __future__ import annotations

from typing import Literal

import msgspec

from audittui.layout.model import Layout
from audittui.layout.parts import Index
from audittui.runbook.estimate import Estimate
from audittui.runbook.price import Price
from audittui.store.port import Condition, IndexDescription

Order = Literal["newest", "oldest"]


class Window(msgspec.Struct, frozen=True):
    """A half-open time window ``[start, end)`` in microseconds; None is an open side."""

    start: int | None
    end: int | None

    def contains(self, time: int) -> bool:
        """True when ``time`` lies in the window."""
        after = self.start is None or time >= self.start
        return after and (self.end is None or time < self.end)


class RowFilter(msgspec.Struct, frozen=True):
    """A condition on a logical field, checked on the rows that were read."""

    field: str
    operator: Literal["in", "not_in"]
    values: tuple[str, ...]


class Correlation(msgspec.Struct, frozen=True):
    """A Sigma 2.1 correlation: groups of events inside a sliding ``timespan`` (microseconds).

    ``condition`` holds bounds on the count (``gte gt lte lt eq``), all of which must hold.
    ``field`` is what ``value_count`` counts distinct values of.
    """

    type: Literal["event_count", "value_count"]
    group_by: tuple[str, ...]
    timespan: int
    condition: tuple[tuple[str, int], ...]
    field: str = ""


class Shard(msgspec.Struct, frozen=True):
    """One partition and the sort-key range to read of it.

    ``low`` and ``high`` are ticks in microseconds (both included), None where open. Shards of one
    ``bucket`` cover the same span of time; buckets are numbered in reading order.
    """

    partition: str
    bucket: int
    low: int | None
    high: int | None


class Probe(msgspec.Struct, frozen=True):
    """A partition whose two ends are read, ``limit`` items each, to learn how much the index holds
    of what is asked for."""

    index: Index
    shard: Shard
    limit: int


class Sample(msgspec.Struct, frozen=True):
    """What a `Probe` found: about how many ``items`` the partition has in the window (None:
    unknown), and whether that is ``exact``."""

    index: str
    partition: str
    items: float | None
    exact: bool


class NotTaken(msgspec.Struct, frozen=True):
    """An index that could answer too, and what it would cost."""

    label: str
    estimate: Estimate


class Facts(msgspec.Struct, frozen=True):
    """What the planner knows about the table. ``indexes`` None: the table was not described.

    ``requests`` and ``rcu`` are what it took to find out. ``base`` describes the base table (its
    ``name`` is empty). ``exact`` is True when the counts are current, not up to six hours old.
    ``since`` is when the first chain was created (microseconds), None if that is not known. ``now``
    is the present that relative times are measured from; ``until`` is a later present of a resumed
    run, up to which there may be entries. ``samples`` are what probes found. ``silent`` is True
    when DescribeTable did not answer in time.
    """

    chains: tuple[str, ...] = ()
    indexes: tuple[IndexDescription, ...] | None = None
    now: int = 0
    requests: int = 0
    rcu: float = 0.0
    base: IndexDescription | None = None
    exact: bool = False
    since: int | None = None
    price: Price = Price()
    until: int = 0
    samples: tuple[Sample, ...] = ()
    silent: bool = False

    @property
    def present(self) -> frozenset[str] | None:
        """The names of the indexes that exist, or None when unknown."""
        return None if self.indexes is None else frozenset(index.name for index in self.indexes)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How a runbook will be answered.

    ``notes`` are sentences about what the plan costs or cannot see. ``parameters`` are the values
    as text, ``window_parameter`` the name of the one that is the window (or empty): the
    reproducible command is made of them. ``now`` is the present (microseconds) that relative
    times were measured from. ``spent_requests`` and ``spent_rcu`` are what planning itself took.
    ``keyed`` is what the index's partition key answers, as conditions on fields; ``filters`` and
    ``row_filters`` are the others. ``not_taken`` are the other indexes that can answer; ``probes``
    show which one is cheapest, if that is not clear. ``chains`` are those of the table.
    """

    runbook: str
    title: str
    parameters: tuple[tuple[str, str], ...]
    window_parameter: str
    layout: Layout
    index: Index
    shards: tuple[Shard, ...]
    window: Window
    order: Order
    filters: tuple[Condition, ...]
    row_filters: tuple[RowFilter, ...]
    columns: tuple[str, ...]
    notes: tuple[str, ...] = ()
    correlation: Correlation | None = None
    estimate: Estimate
    now: int = 0
    spent_requests: int = 0
    spent_rcu: float = 0.0
    keyed: tuple[RowFilter, ...] = ()
    not_taken: tuple[NotTaken, ...] = ()
    probes: tuple[Probe, ...] = ()
    chains: tuple[str, ...] = ()
