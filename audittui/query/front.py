"""All shards of a plan: which are open, how far they have come together, what may be given."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from audittui.layout.row import Row
from audittui.query.cursor import Cursor
from audittui.query.decode import Landed
from audittui.query.stream import END, NOWHERE, Slice, Stream
from audittui.runbook.plan import Plan

_ORDER = attrgetter("order")


class Front:
    """The streams of ``plan``, opened in reading order as they are needed; ``resume`` is where an
    earlier run stopped."""

    def __init__(self, plan: Plan, resume: Cursor | None) -> None:
        total = len(plan.shards)
        self._plan = plan
        self._newest = plan.order == "newest"
        self._resume = resume
        self._places = list(range(total)) if resume is None else resume.places(total)
        self._unread = 0
        if resume is not None:
            self._unread = total if resume.unread is None else min(resume.unread, total)
        self._fresh = 0
        self._active: dict[int, Stream] = {}
        self._holding: dict[int, Stream] = {}
        # The least bound from each place on: what no entry of an unopened shard is before.
        self._least = [END]
        for place in reversed(self._places):
            self._least.append(min(self._least[-1], self._bound(place)))
        self._least.reverse()

    @property
    def barrier(self) -> float:
        """How far every shard was read, as a rising number."""
        opened = (stream.frontier for stream in self._active.values())
        return min(self._least[self._fresh], min(opened, default=END))

    @property
    def unfinished(self) -> int:
        """Shards that are not read to their end, or whose rows are not all given."""
        given = sum(place not in self._active for place in self._holding)
        return len(self._places) - self._fresh + len(self._active) + given

    @property
    def waiting(self) -> int:
        """Rows that were read and not given."""
        return sum(stream.waiting for stream in self._holding.values())

    @property
    def weight(self) -> float:
        """The memory that these rows take, in bytes."""
        return sum(stream.weight for stream in self._holding.values())

    @property
    def first_bucket(self) -> int:
        """How many open shards are in the bucket that is read first."""
        if not self._active:
            return 1
        bucket = self._active[min(self._active)].shard.bucket
        return sum(stream.shard.bucket == bucket for stream in self._active.values())

    def near(self, ahead: int) -> Iterator[Stream]:
        """The first ``ahead`` shards that are not read to their end, and at least those of the
        first bucket, in reading order."""
        bucket: int | None = None
        seen = 0
        for place in sorted(self._active):
            stream = self._active[place]
            bucket = stream.shard.bucket if bucket is None else bucket
            if seen >= ahead and stream.shard.bucket != bucket:
                return
            seen += 1
            yield stream
        while self._fresh < len(self._places):
            shard = self._plan.shards[self._places[self._fresh]]
            bucket = shard.bucket if bucket is None else bucket
            if seen >= ahead and shard.bucket != bucket:
                return
            seen += 1
            yield self._open()

    def open_first(self) -> None:
        """Open the shards of the first bucket, if none is open."""
        if not self._active:
            list(self.near(1))

    def idle(self) -> Idle:
        """The slices that no request reads, nearest first."""
        return Idle(self)

    def take(self, stream: Stream, part: Slice, landed: Landed, page_units: float) -> None:
        """Take in one page."""
        stream.take(part, landed, page_units)
        if stream.ended:
            self._active.pop(stream.place, None)
        if stream.waiting:
            self._holding[stream.place] = stream

    def ready(self, most: int) -> tuple[list[Row], float]:
        """The rows that may be given, in exact order, and the barrier that they are before.

        When more than ``most`` wait, then only those of about one page of a shard.
        """
        barrier = self.barrier
        if self.waiting > most:
            nearer = min(
                (stream.milestone + 1 for stream in self._holding.values() if stream.holds),
                default=barrier,
            )
            if nearer < barrier and self._plan.index.sorted_by_time:
                return self._merged(nearer), nearer
        return self._merged(barrier), barrier

    def holds_at(self, barrier: float) -> bool:
        """True when rows wait that lie exactly at the ``barrier``."""
        return any(stream.holds and stream.nearest == barrier for stream in self._holding.values())

    def drop(self, barrier: float) -> None:
        """The rows before ``barrier`` were given."""
        for place, stream in list(self._holding.items()):
            stream.drop(barrier)
            if not stream.waiting:
                del self._holding[place]

    def positions(self) -> tuple[dict[int, Any], dict[int, int], int]:
        """Where to go on: start keys by shard, ticks by shard, the first shard not begun."""
        keys: dict[int, Any] = {}
        begins: dict[int, int] = {}
        for place, stream in sorted({**self._holding, **self._active}.items()):
            begin, keys[place] = stream.position
            if begin is not None and begin != self._edge(place):
                begins[place] = begin
        unread = len(self._plan.shards)
        for place in self._places[self._fresh :]:
            if place >= self._unread:
                unread = place
                break
            assert self._resume is not None
            keys[place] = self._resume.shards[place]
            if place in self._resume.begins:
                begins[place] = self._resume.begins[place]
        return keys, begins, unread

    def _open(self) -> Stream:
        place = self._places[self._fresh]
        self._fresh += 1
        key = None if self._resume is None else self._resume.shards.get(place)
        stream = self._active[place] = Stream(self._plan, place, self._begin(place), key)
        return stream

    def _merged(self, barrier: float) -> list[Row]:
        rows: list[Row] = []
        for stream in self._holding.values():
            rows += stream.ready(barrier)
        rows.sort(key=_ORDER, reverse=self._newest)
        return rows

    def _edge(self, place: int) -> int | None:
        shard = self._plan.shards[place]
        return shard.high if self._newest else shard.low

    def _begin(self, place: int) -> int | None:
        begins = {} if self._resume is None else self._resume.begins
        return begins.get(place, self._edge(place))

    def _bound(self, place: int) -> float:
        begin = self._begin(place)
        if begin is None:
            return NOWHERE
        return -begin if self._newest else begin


class Idle:
    """Slices that no request reads, nearest first; shards are opened when their turn comes."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._number = 0
        self._heap: list[tuple[float, int, int, Stream, Slice]] = []
        for stream in front._active.values():
            for part in stream.slices:
                self.add(stream, part)

    def add(self, stream: Stream, part: Slice) -> None:
        """One more slice."""
        if not part.flying and not part.ended:
            self._number += 1
            heapq.heappush(self._heap, (part.frontier, stream.place, self._number, stream, part))

    def next(self) -> tuple[Stream, Slice] | None:
        """The nearest slice, or None."""
        front = self._front
        if front._fresh < len(front._places):
            least = front._least[front._fresh]
            if not self._heap or least < self._heap[0][0]:
                stream = front._open()
                return stream, stream.slices[0]
        if not self._heap:
            return None
        *_, stream, part = heapq.heappop(self._heap)
        return stream, part
