"""How often a live tail polls, and what that costs per hour. Pure: the caller has the clock."""

from __future__ import annotations

from collections import deque

import msgspec

HOUR = 3600.0
"""Seconds in an hour."""


_SHORTEST = 5.0
"""Seconds after which a rate is meaningful."""


class Interval(msgspec.Struct, frozen=True):
    """The shortest and the longest pause between two polls, in seconds."""

    fastest: float = 0.5
    slowest: float = 5.0

    @property
    def polls_per_hour(self) -> float:
        """The number of polls per hour of a quiet log: the floor."""
        return HOUR / self.slowest


class Pace:
    """The pause before the next poll: the shortest after new rows, otherwise twice the last one."""

    def __init__(self, interval: Interval) -> None:
        self._interval = interval
        self._pause = interval.fastest

    def after(self, news: bool) -> float:
        """Seconds to wait after a poll; ``news`` says whether it brought rows."""
        if news:
            self._pause = self._interval.fastest
            return self._pause
        pause = self._pause
        self._pause = min(pause * 2, self._interval.slowest)
        return pause


class Spending:
    """How fast read units are spent, over the last ``span`` seconds (monotonic).

    It counts from ``began``, when ``rcu`` had been spent.
    """

    def __init__(self, began: float, rcu: float, span: float = 60.0) -> None:
        self._span = span
        self._points: deque[tuple[float, float]] = deque([(began, rcu)])

    def reach(self, moment: float, rcu: float) -> None:
        """Record that ``rcu`` had been spent in all at ``moment``."""
        self._points.append((moment, rcu))
        while len(self._points) > 2 and self._points[1][0] <= moment - self._span:
            self._points.popleft()

    def per_hour(self, moment: float) -> float | None:
        """Read units per hour over the last ``span`` seconds; None while it is too early to say."""
        began, before = self._points[0]
        _, total = self._points[-1]
        if moment - began < _SHORTEST:
            return None
        return (total - before) / (moment - began) * HOUR
