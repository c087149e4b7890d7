"""One shard's stream: pages come in, rows go out once every other stream has passed them.

A shard is read as one slice of its sort-key range or, when everything is wanted, as several
adjacent slices in parallel. Slices meet between two ticks, so that ties never span them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque

from audittui import timestamp
from audittui.layout.row import Row
from audittui.query.decode import Chunk, Landed, StartKey
from audittui.query.tally import Tally
from audittui.runbook.plan import Plan
from audittui.store.port import Query

NOWHERE = float("-inf")
END = float("inf")
MOST_LANES = 64
_FIRST_LANES = 4
_SLICE_PAGES = 1.8
"""A little less than two pages, so that a slice takes two requests and not three."""
_LEAST_ROWS = 8


class Slice:
    """A stretch of a shard's range, from the tick ``begin`` to ``end`` in reading order (both
    included, None where open). One request at a time reads it.

    ``density`` is in read units a tick, 0 where unknown, and ``guessed`` while nothing was read.
    """

    __slots__ = (
        "begin", "chunks", "density", "end", "ended", "flying", "frontier", "guessed", "key",
    )  # fmt: skip

    def __init__(
        self, begin: int | None, end: int | None, key: StartKey | None, sign: int,
        density: float = 0.0,
    ) -> None:  # fmt: skip
        self.begin = begin
        self.end = end
        self.key = key
        self.density = density
        self.guessed = True
        self.ended = False
        self.flying = False
        self.chunks: list[Chunk] = []
        self.frontier: float = NOWHERE if begin is None else sign * begin


class Stream:
    """Reads one shard in the plan's order and holds its rows until they may be yielded.

    ``place`` is the shard's place in the plan. ``begin`` (a tick) and ``key`` (a start key) are
    where a cursor resumes; no matching row comes before the tick ``head``.
    """

    def __init__(
        self, plan: Plan, place: int, begin: int | None, key: StartKey | None,
        head: int | None = None,
    ) -> None:  # fmt: skip
        self.place = place
        self.shard = plan.shards[place]
        self.waiting = 0
        self.weight = 0.0
        self.spent = 0.0
        self.lanes = _FIRST_LANES
        self._plan = plan
        self._timed = plan.index.sorted_by_time
        self._newest = plan.order == "newest"
        self._sign = -1 if self._newest else 1
        end = self.shard.low if self._newest else self.shard.high
        self.slices = [Slice(begin, end, key, self._sign)]
        if head is not None:
            self.slices[0].frontier = max(self.slices[0].frontier, self._sign * head)
        self._held: deque[Chunk] = deque()
        self._sparse = False
        self._begun = self.position

    @property
    def frontier(self) -> float:
        """How far the shard has been read, as a rising number; no later item comes before it."""
        return self.slices[0].frontier if self.slices else END

    @property
    def ended(self) -> bool:
        """True when the shard was read to its end."""
        return not self.slices

    @property
    def finished(self) -> bool:
        """True when the shard was read to its end and all its rows were yielded."""
        return not self.slices and not self.waiting

    @property
    def position(self) -> tuple[int | None, StartKey | None, int | None]:
        """Where to resume without losing anything: the tick at which a slice begins, the start
        key in it (None for its beginning), and the tick before which no matching row comes (None
        if that adds nothing)."""
        if self._held:
            held = self._held[0]
            begin, key, ahead = held.begin, held.key, self.nearest if self._timed else NOWHERE
        else:
            part = self.slices[0]
            begin, key, ahead = part.begin, part.key, part.frontier
        known = NOWHERE if begin is None else self._sign * begin
        return begin, key, int(self._sign * ahead) if ahead > known else None

    @property
    def moved(self) -> bool:
        """True when what was read need not be read again."""
        return self.position[:2] != self._begun[:2]

    @property
    def headed(self) -> bool:
        """True once it is known that no matching row comes before some tick."""
        return self.position[2] != self._begun[2]

    def rows_at(self, barrier: float) -> int:
        """The held rows whose tick is ``barrier``."""
        return sum(
            self._sign * row.tick == barrier
            for chunk in self._held
            for row in chunk.rows[chunk.at :]
        )

    @property
    def holds(self) -> bool:
        """True when only the other streams hold back the rows that wait."""
        return bool(self._held)

    @property
    def nearest(self) -> float:
        """Where the first of these rows lies, as a rising number."""
        return self._sign * self._held[0].rows[self._held[0].at].tick

    @property
    def milestone(self) -> float:
        """How far the first page held reaches, as a rising number."""
        return self._sign * self._held[0].rows[-1].tick

    def request(self, part: Slice, limit: int | None, *, count: bool) -> Query:
        """The request for the next page of the slice ``part``.

        For layouts with chains, items are counted by their keys. That costs the same read units as
        the table's own count, which does not say which chain they belong to.
        """
        layout = self._plan.layout
        keys = (layout.partition.attribute, layout.sort.attribute)
        index = self._plan.index
        low, high = (part.end, part.begin) if self._newest else (part.begin, part.end)
        timed = index.sorted_by_time
        return Query(
            index=index.name,
            partition=(index.partition.attribute, self.shard.partition),
            sort=index.sort.attribute,
            low=index.sort_value(low) if timed and low is not None else None,
            high=index.sort_value(high) if timed and high is not None else None,
            forward=not self._newest,
            filters=self._plan.filters,
            limit=limit,
            start_key=part.key,
            count=count and not layout.chained,
            attributes=keys if count and layout.chained else (),
        )

    def take(self, part: Slice, landed: Landed, page_units: float) -> None:
        """Add one page of the slice ``part``. ``page_units`` is what a full page costs."""
        part.flying = False
        self.spent += landed.rcu
        before = part.frontier
        part.key = landed.next_key
        if landed.next_key is None:
            part.ended = True
        elif landed.tick is not None:
            part.frontier = max(part.frontier, self._sign * landed.tick)
        self._learn(part, before, landed, page_units)
        chunk = landed.chunk
        if chunk.rows or (chunk.tally is not None and chunk.tally.matched):
            self.waiting += len(chunk.rows)
            self.weight += chunk.weight
            (self._held if part is self.slices[0] else part.chunks).append(chunk)
        while self.slices and self.slices[0].ended:
            self.slices.pop(0)
            if self.slices:
                self._held.extend(self.slices[0].chunks)
                self.slices[0].chunks = []

    def ready(self, barrier: float) -> list[Row]:
        """The rows strictly before ``barrier``, in the server's order; they stay held."""
        rows: list[Row] = []
        for chunk in self._held:
            cut = self._cut(chunk, barrier)
            rows += chunk.rows[chunk.at : cut] if chunk.at or cut < len(chunk.rows) else chunk.rows
            if cut < len(chunk.rows):
                break
        return rows

    def drop(self, barrier: float) -> None:
        """Drop the rows strictly before ``barrier``: they were yielded."""
        held = self._held
        while held:
            chunk = held[0]
            cut = self._cut(chunk, barrier)
            self.waiting -= cut - chunk.at
            chunk.at = cut
            if cut < len(chunk.rows):
                return
            self.weight -= chunk.weight
            held.popleft()

    def counted(self) -> Tally:
        """Remove the counts that were read without a gap and return their sum."""
        total = Tally()
        for chunk in self._held:
            if chunk.tally is not None:
                total.add(chunk.tally)
        self._held.clear()
        return total

    def splits(self, part: Slice) -> bool:
        """True when ``part`` may be split: its density is known, and a lane is free."""
        return (
            self._timed
            and part.density > 0
            and len(self.slices) < self.lanes
            and part.frontier != NOWHERE
            and not (part.guessed and self._sparse)
        )

    def split(self, part: Slice, page_units: float) -> Slice | None:
        """Cut ``part`` after about two pages; what follows becomes a slice of its own.

        None when too little is left for two slices.
        """
        width = _SLICE_PAGES * page_units / part.density
        unit = self._plan.index.tick
        reach = part.frontier + max(width, unit)
        bound = self._sign * (self._horizon() if part.end is None else part.end)
        if reach + width > bound:
            return None
        cut = int(self._sign * reach)
        cut -= cut % unit
        begin = cut + self._sign * unit
        if self._sign * begin > bound:
            return None
        rest = Slice(begin, part.end, None, self._sign, part.density)
        self.slices.insert(self.slices.index(part) + 1, rest)
        part.end = cut
        return rest

    def _cut(self, chunk: Chunk, barrier: float) -> int:
        rows, sign = chunk.rows, self._sign
        if barrier == END or not rows or sign * rows[-1].tick < barrier:
            return len(rows)
        if not self._timed or sign * rows[chunk.at].tick >= barrier:
            return chunk.at
        return bisect_left(rows, barrier, lo=chunk.at, key=lambda row: sign * row.tick)

    def _horizon(self) -> int:
        """The tick after which an open range hardly continues."""
        if self._newest:
            return 0
        return self._plan.now or timestamp.MAX_TIME

    def _learn(self, part: Slice, before: float, landed: Landed, page_units: float) -> None:
        """How dense the range is where the page ended."""
        if not self._timed:
            return
        part.guessed = False
        if landed.scanned == 0:
            # The next slices may be empty too: add none until more is known.
            if not self._sparse:
                self.lanes = max(self.lanes // 2, _FIRST_LANES)
            self._sparse = True
            return
        self._sparse = False
        rows = landed.chunk.rows
        if len(rows) >= _LEAST_ROWS and rows[-1].tick != rows[len(rows) // 2].tick:
            # The later half is a better guide than the whole page, which may begin with a gap.
            half = len(rows) - len(rows) // 2
            span = abs(rows[-1].tick - rows[len(rows) // 2].tick)
            part.density = landed.rcu * half / len(rows) / span
        elif before != NOWHERE and not part.ended and part.frontier > before:
            part.density = landed.rcu / (part.frontier - before)
        if landed.rcu >= page_units / 2:
            self.lanes = min(self.lanes * 2, MOST_LANES)
