"""All shards of a plan: which are open, how far all have been read, which rows may be yielded."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from operator import attrgetter

from audittui.layout.row import Row
from audittui.query.decode import Landed
from audittui.query.position import Position
from audittui.query.stream import END, NOWHERE, Slice, Stream
from audittui.runbook.plan import Plan

_ORDER = attrgetter("order")


class Front:
    """The streams of ``plan``, opened in reading order as they are needed; ``start`` is where an
    earlier run stopped."""

    def __init__(self, plan: Plan, start: Position) -> None:
        self._plan = plan
        self._newest = plan.order == "newest"
        self._start = start
        self._places = start.places
        self._fresh = 0
        self._finished = False
        self._active: dict[int, Stream] = {}
        self._holding: dict[int, Stream] = {}
        # The least bound from each place on: no entry of an unopened shard comes before it.
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
        """Shards not read to their end, or with rows that were not yielded yet."""
        given = sum(place not in self._active for place in self._holding)
        return len(self._places) - self._fresh + len(self._active) + given

    def moved(self, spent: float) -> bool:
        """True when resuming from here does not read all of the same again, after ``spent``
        read units were used."""
        streams = list({**self._holding, **self._active}.values())
        if self._finished or any(stream.moved for stream in streams):
            return True
        # It helps to know where a shard's first row lies, unless the others wait for that row.
        barrier = self.barrier
        tied = sum(stream.spent for stream in streams if stream.rows_at(barrier))
        return any(stream.headed for stream in streams) and tied < spent

    @property
    def waiting(self) -> int:
        """Rows that were read and not yielded."""
        return sum(stream.waiting for stream in self._holding.values())

    def tied(self, barrier: float) -> tuple[int, int]:
        """The rows that wait at the ``barrier``, and the shards not read beyond it."""
        rows = sum(stream.rows_at(barrier) for stream in self._holding.values())
        behind = sum(stream.frontier <= barrier for stream in self._active.values())
        left = self._places[self._fresh :]
        return rows, behind + sum(self._bound(place) <= barrier for place in left)

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
        """The first ``ahead`` shards not read to their end, in reading order; at least those of
        the first bucket."""
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
        self._finished = self._finished or stream.finished
        if stream.waiting:
            self._holding[stream.place] = stream

    def ready(self, most: int) -> tuple[list[Row], float]:
        """The rows that may be yielded, in exact order, and the barrier that they precede.

        When more than ``most`` wait, only about one page of a shard is yielded.
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
        """Drop the rows before ``barrier``: they were yielded."""
        for place, stream in list(self._holding.items()):
            stream.drop(barrier)
            self._finished = self._finished or stream.finished
            if not stream.waiting:
                del self._holding[place]

    @property
    def position(self) -> Position:
        """Where to resume without losing anything."""
        start = self._start
        found = Position([], len(self._plan.shards))
        for place, stream in sorted({**self._holding, **self._active}.items()):
            begin, found.keys[place], head = stream.position
            if begin is not None and begin != self._edge(place):
                found.begins[place] = begin
            if head is not None:
                found.heads[place] = head
        for place in self._places[self._fresh :]:
            if place >= start.unread:
                found.unread = place
                break
            found.keys[place] = start.keys[place]
            for mine, theirs in ((found.begins, start.begins), (found.heads, start.heads)):
                if place in theirs:
                    mine[place] = theirs[place]
        return found

    def _open(self) -> Stream:
        place = self._places[self._fresh]
        self._fresh += 1
        start = self._start
        stream = self._active[place] = Stream(
            self._plan, place, self._begin(place), start.keys.get(place), start.heads.get(place)
        )
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
        return self._start.begins.get(place, self._edge(place))

    def _bound(self, place: int) -> float:
        begin, head = self._begin(place), self._start.heads.get(place)
        sign = -1 if self._newest else 1
        bounds = (sign * one for one in (begin, head) if one is not None)
        return max(bounds, default=NOWHERE)


class Idle:
    """Slices that no request reads, nearest first; shards are opened as needed."""

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
