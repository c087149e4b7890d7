"""One shard's stream: pages come in, rows go out once every other stream has passed them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from audittui.layout.row import Row
from audittui.query.cursor import OrderKey
from audittui.runbook.plan import Plan, Shard
from audittui.store.port import Page, Query

NOWHERE = float("-inf")


class _Held(msgspec.Struct, gc=False):
    """One evaluated item, in the server's order. ``row`` is None when it needs no giving."""

    row: Row | None
    key: dict[str, Any] | None


class Stream:
    """Reads one shard in the plan's order and holds its rows until they may be given.

    ``place`` is the shard's place in the plan. ``resume`` is the start key of a cursor.
    """

    def __init__(
        self, plan: Plan, place: int, resume: Mapping[str, Any] | None, after: OrderKey | None
    ) -> None:
        self.place = place
        self.shard: Shard = plan.shards[place]
        self.ended = False
        self._plan = plan
        self._newest = plan.order == "newest"
        self._sign = -1 if self._newest else 1
        self._after = after
        self._next_key: Mapping[str, Any] | None = resume
        self._safe_key: Mapping[str, Any] | None = resume
        self._held: deque[_Held] = deque()
        self._waiting = 0
        bound = self.shard.high if self._newest else self.shard.low
        self._frontier: float = NOWHERE if bound is None else self._sign * bound

    @property
    def frontier(self) -> float:
        """How far the server has been read, as a rising number; items to come are not before it."""
        return float("inf") if self.ended else self._frontier

    @property
    def finished(self) -> bool:
        """True when the shard was read to its end and every row of it was given."""
        return self.ended and self._waiting == 0

    @property
    def waiting(self) -> int:
        """Rows that are read and not yet given."""
        return self._waiting

    @property
    def safe_key(self) -> dict[str, Any] | None:
        """The start key behind which every row was given; None for the shard's beginning."""
        return None if self._safe_key is None else dict(self._safe_key)

    def request(self, limit: int | None) -> Query:
        """The next page's request."""
        index = self._plan.index
        low, high = self.shard.low, self.shard.high
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
            start_key=self._next_key,
        )

    def take(self, page: Page, wanted: Callable[[Row], bool]) -> None:
        """Take in one page. ``wanted`` checks what the server did not."""
        layout, index = self._plan.layout, self._plan.index
        row: Row | None = None
        for item in page.items:
            row = layout.row(item, index)
            keep = wanted(row) and not self._given_before(row)
            self._held.append(_Held(row if keep else None, self._key_of(item)))
            self._waiting += keep
        if page.last_key is None:
            self.ended = True
        else:
            self._held.append(_Held(None, dict(page.last_key)))
            if index.sorted_by_time:
                tick = self._tick_of(page.last_key)
                if tick is not None:
                    self._frontier = max(self._frontier, self._sign * tick)
        self._next_key = page.last_key
        self._advance()

    def give(self, barrier: float) -> list[Row]:
        """The rows strictly before ``barrier``, in the server's order; they stay held for
        `given`."""
        rows: list[Row] = []
        for held in self._held:
            if held.row is not None and self._sign * held.row.tick < barrier:
                rows.append(held.row)
        return rows

    def given(self, last: OrderKey) -> None:
        """Mark every row up to ``last`` (in the plan's order) as given."""
        for held in self._held:
            row = held.row
            if row is not None and not self._beyond(row.order, last):
                held.row = None
                self._waiting -= 1
        self._advance()

    def _advance(self) -> None:
        while self._held and self._held[0].row is None:
            self._safe_key = self._held.popleft().key

    def _given_before(self, row: Row) -> bool:
        return self._after is not None and not self._beyond(row.order, self._after)

    def _beyond(self, order: OrderKey, last: OrderKey) -> bool:
        return order < last if self._newest else order > last

    def _tick_of(self, key: Mapping[str, Any]) -> int | None:
        return self._plan.layout.row(key, self._plan.index).tick or None

    def _key_of(self, item: Mapping[str, Any]) -> dict[str, Any]:
        layout, index = self._plan.layout, self._plan.index
        names = {layout.partition.attribute, layout.sort.attribute}
        if index.name:
            names |= {index.partition.attribute, index.sort.attribute}
        return {name: item[name] for name in names}
