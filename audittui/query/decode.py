"""Decodes a store's page into rows. Runs in a pool thread, so that the reader only merges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audittui.layout.row import Row
from audittui.query.cursor import OrderKey
from audittui.query.tally import Tally, Teller
from audittui.runbook.plan import Plan
from audittui.store.port import Page

StartKey = dict[str, Any]
_FINE = 256
"""Pages of up to this many items have a mark at every change of the sort key."""
_STRIDE = 32


@dataclass(slots=True)
class Chunk:
    """The matching rows of one page, in the server's order.

    ``marks`` are places to resume from: once ``n`` rows of the chunk were yielded, the start key of
    a mark ``(n, key)`` loses nothing. ``start`` is the start key of the page, ``begin`` the tick at
    which its slice begins. ``at`` rows were yielded. ``tally`` is set for runs that only count.
    """

    rows: list[Row]
    marks: list[tuple[int, StartKey]]
    start: StartKey | None
    begin: int | None
    at: int = 0
    tally: Tally | None = None
    weight: float = 0.0

    @property
    def key(self) -> StartKey | None:
        """The start key up to which everything was yielded."""
        found = self.start
        for count, key in self.marks:
            if count > self.at:
                break
            found = key
        return found


@dataclass(slots=True)
class Landed:
    """One decoded answer. ``tick`` is how far it read (None: unknown)."""

    chunk: Chunk
    next_key: StartKey | None
    tick: int | None
    scanned: int
    rcu: float
    unmetered: int
    by_index: tuple[tuple[str, float], ...] = field(default=())


class Decoder:
    """Decodes the pages of one plan. Rows up to ``after`` were yielded by an earlier run."""

    def __init__(self, plan: Plan, after: OrderKey | None, *, count: bool) -> None:
        self._plan = plan
        self._after = after
        self._count = count
        self._teller = Teller(plan.layout) if plan.layout.chained else None
        self._newest = plan.order == "newest"
        layout, index = plan.layout, plan.index
        names = [layout.partition.attribute, layout.sort.attribute]
        if index.name:
            names += [index.partition.attribute, index.sort.attribute]
        self._key_names = tuple(dict.fromkeys(names))

    def decode(self, page: Page, start: StartKey | None, begin: int | None) -> Landed:
        """The rows of ``page``, which was read from ``start`` in a slice that begins at the tick
        ``begin``."""
        index = self._plan.index
        if self._count:
            teller = self._teller
            tally = Tally(page.matched) if teller is None else teller.tally(page.items)
            chunk = Chunk([], [], start, begin, tally=tally)
        else:
            chunk = self._chunk(page, start, begin)
        tick = None
        last = page.last_key
        if last is not None:
            chunk.marks.append((len(chunk.rows), dict(last)))
            if index.sorted_by_time:
                tick = self._plan.layout.row(last, index).tick or None
        return Landed(
            chunk=chunk,
            next_key=None if last is None else dict(last),
            tick=tick,
            scanned=page.scanned,
            rcu=page.rcu,
            unmetered=page.unmetered,
            by_index=page.by_index or (((index.name, page.rcu),) if page.rcu else ()),
        )

    def _chunk(self, page: Page, start: StartKey | None, begin: int | None) -> Chunk:
        row_of, index = self._plan.layout.row, self._plan.index
        wanted, timed = self._wanted, index.sorted_by_time
        rows: list[Row] = []
        marks: list[tuple[int, StartKey]] = []
        stride = 1 if len(page.items) <= _FINE else _STRIDE
        tick: int | None = None
        previous: Mapping[str, Any] | None = None
        boundary: tuple[int, Mapping[str, Any]] | None = None
        since = 0
        for item in page.items:
            row = row_of(item, index)
            since += 1
            if row.tick != tick:
                tick = row.tick
                if previous is not None and timed:
                    boundary = (len(rows), previous)
                    if since >= stride:
                        marks.append((len(rows), self._key_of(previous)))
                        boundary = None
                        since = 0
            previous = item
            if wanted(row):
                rows.append(row)
        if boundary is not None:
            # What the page's last ties are held back from.
            marks.append((boundary[0], self._key_of(boundary[1])))
        return Chunk(rows, marks, start, begin)

    def _wanted(self, row: Row) -> bool:
        if not self._plan.window.contains(row.time):
            return False
        for condition in self._plan.row_filters:
            inside = getattr(row, condition.field) in condition.values
            if inside != (condition.operator == "in"):
                return False
        if self._after is None:
            return True
        return row.order < self._after if self._newest else row.order > self._after

    def _key_of(self, item: Mapping[str, Any]) -> StartKey:
        return {name: item[name] for name in self._key_names}
