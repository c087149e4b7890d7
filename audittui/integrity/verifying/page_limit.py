"""How many entries the next page of a sweep asks for, so that the sweep keeps to a budget."""

from __future__ import annotations

import math
from collections.abc import Callable

Room = Callable[[float], float]
"""The read units that are left, by those that no verdict has told yet; `math.inf` for no bound."""
_GROWTH = 8


class PageLimit:
    """Pages of ``least`` to ``most`` entries that fit into ``room``.

    How large entries are is only known from those before them, so that pages begin small and grow.
    ``least`` entries are asked for whatever is left.
    """

    def __init__(self, room: Room, least: int, most: int) -> None:
        self._room = room
        self._least = least
        self._most = max(most, least)
        self._limit = least
        self._first = self._left = math.inf
        self._read = 0

    def begin(self, unpaid: float) -> None:
        """The first page comes now; ``unpaid`` units were used that no verdict has told."""
        self._first = self._left = self._room(unpaid)

    def limit(self) -> int:
        """The entries that the next page may have."""
        return self._limit

    def fits(self, read: int, unpaid: float) -> bool:
        """True when a further page fits, after ``read`` entries in all."""
        left = self._room(unpaid)
        most = min(self._limit * _GROWTH, self._most)
        if not math.isinf(left) and read > self._read:
            # As the last page was, or all of them, where that is dearer.
            dear = max((self._left - left) / (read - self._read), (self._first - left) / read)
            # A page takes whole units.
            most = min(most, int(int(max(left, 0.0)) / dear) if dear else most)
        fits = left > 0 and most >= 1
        self._limit = most if fits else self._least
        self._read, self._left = read, left
        return fits
