"""What requests may cost: the budget with its reservations, and the rate (a token bucket).

A request's cost is known only once it is answered. Its worst case is reserved while it is in
flight: ``Limit`` × the size of the items seen so far, at most a full page. Source: DynamoDB
developer guide, "Read consumption" (0.5 units for each 4 KB begun, eventually consistent) and
"Paginating table query results" (a page ends at 1 MB).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

PAGE_UNITS = 128.0
"""A full page, eventually consistent."""
STEP = 0.5
STEP_BYTES = 4096
BYTES_PER_UNIT = 8192
_GUESSED_ITEM_BYTES = 1024.0
_LEAST_ITEM_BYTES = 64.0


@dataclass(frozen=True)
class Grant:
    """A request that may be sent: its ``limit`` of items (None: a full page), and its worst case
    in read units."""

    limit: int | None
    units: float


class TokenBucket:
    """A rate of ``rate`` units per second; at most one second's worth is saved up."""

    def __init__(self, rate: float, now: float) -> None:
        self.rate = rate
        self._tokens = rate
        self._at = now

    @property
    def most(self) -> float:
        """The units that one request should not exceed."""
        return max(self.rate, STEP)

    def delay(self, units: float, now: float) -> float:
        """Seconds from ``now`` (monotonic) until a request of ``units`` may be sent."""
        self._fill(now)
        missing = min(units, self.rate) - self._tokens
        return max(missing / self.rate, 0.0) if missing > 1e-9 else 0.0

    def take(self, units: float) -> None:
        """Take ``units`` out; a negative number returns the excess of a reservation."""
        self._tokens = min(self._tokens - units, self.rate)

    def _fill(self, now: float) -> None:
        self._tokens = min(self._tokens + (now - self._at) * self.rate, self.rate)
        self._at = now


class Costs:
    """What was spent, what is reserved, and how much a request may take.

    ``spent`` and ``budget`` are read units; a ``budget`` of None is unlimited.
    """

    def __init__(self, budget: float | None, bucket: TokenBucket | None, spent: float) -> None:
        self.budget = budget
        self.spent = spent
        self.bucket = bucket
        self._reserved = 0.0
        self._sent = False
        self._bytes = 0.0
        self._items = 0
        self._page_units = 0.0

    @property
    def item_bytes(self) -> float:
        """The observed size of an item, rounded up as pages are billed."""
        if not self._items:
            return _GUESSED_ITEM_BYTES
        return max(self._bytes / self._items, _LEAST_ITEM_BYTES)

    @property
    def page_units(self) -> float:
        """The observed cost of a page that the size limit ended."""
        most = self.bucket.most if self.bucket is not None else PAGE_UNITS
        return min(self._page_units or PAGE_UNITS, most)

    def grant(self, wanted: int | None, sharers: int, *, must: bool) -> Grant | None:
        """Room for one request of at most ``wanted`` items; None when it must not be sent.

        ``sharers`` requests share what is left. A request that ``must`` be sent for the next row
        asks for fewer items when a page is too much; others wait.
        """
        limit, units = wanted, self._worst(wanted)
        if self.bucket is not None and units > self.bucket.most:
            limit, units = self._fitting(self.bucket.most)
        if self.budget is not None:
            left = self.budget - self.spent - self._reserved
            if left < STEP and (self._sent or self._reserved):
                return None
            if not must:
                return None if units > left else Grant(limit, units)
            share = max(left / sharers, STEP)
            if units > share:
                limit, units = self._fitting(share)
        return Grant(limit, units)

    def reserve(self, units: float) -> None:
        """Record that a request with this worst case was sent."""
        self._reserved += units
        self._sent = True
        if self.bucket is not None:
            self.bucket.take(units)

    def settle(self, reserved: float, spent: float) -> None:
        """Record an answer: its request had ``reserved`` units and used ``spent``."""
        self._reserved = max(self._reserved - reserved, 0.0)
        self.spent += spent
        if self.bucket is not None:
            self.bucket.take(spent - reserved)

    def observe(self, scanned: int, units: float, *, full: bool) -> None:
        """Learn from a page of ``scanned`` items; ``full`` when the size limit ended it."""
        if scanned:
            self._bytes += units * BYTES_PER_UNIT
            self._items += scanned
        if full:
            self._page_units = max(self._page_units, units)

    def items_for(self, units: float) -> int:
        """How many items about ``units`` read units read."""
        return max(int(units * BYTES_PER_UNIT / self.item_bytes), 1)

    def _worst(self, limit: int | None) -> float:
        if limit is None:
            return PAGE_UNITS
        return min(math.ceil(limit * self.item_bytes / STEP_BYTES) * STEP, PAGE_UNITS)

    def _fitting(self, units: float) -> tuple[int, float]:
        whole = max(math.floor(units / STEP), 1) * STEP
        return self.items_for(whole), whole
