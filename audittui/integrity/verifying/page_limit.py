"""How many entries the next page of a sweep requests, so that the sweep stays within a budget."""

from __future__ import annotations

import math
from collections.abc import Callable

Room = Callable[[float], float]
"""The read units left, given those not yet reported by a verdict; `math.inf` if unlimited."""
_GROWTH = 8


class PageLimit:
    """Pages of ``least`` to ``most`` entries that fit into ``room``.

    The size of entries is estimated from those read before, so pages start small and grow.
    ``least`` entries are requested whatever is left.
    """

    def __init__(self, room: Room, least: int, most: int) -> None:
        self._room = room
        self._least = least
        self._most = max(most, least)
        self._limit = least
        self._first = self._left = math.inf
        self._read = 0

    def begin(self, unpaid: float) -> None:
        """Start the first page; ``unpaid`` units were used that no verdict has reported."""
        self._first = self._left = self._room(unpaid)

    def limit(self) -> int:
        """The entries that the next page may have."""
        return self._limit

    def fits(self, read: int, unpaid: float) -> bool:
        """True when a further page fits, after ``read`` entries in all."""
        left = self._room(unpaid)
        most = min(self._limit * _GROWTH, self._most)
        if not math.isinf(left) and read > self._read:
            # At the cost of the last page, or of all so far if that is higher.
            dear = max((self._left - left) / (read - self._read), (self._first - left) / read)
            # A page is charged in whole units.
            most = min(most, int(int(max(left, 0.0)) / dear) if dear else most)
        fits = left > 0 and most >= 1
        self._limit = most if fits else self._least
        self._read, self._left = read, left
        return fits
