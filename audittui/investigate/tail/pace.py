"""How often a live tail asks, and what that costs an hour. Pure: the caller has the clock."""

from __future__ import annotations

from collections import deque

import msgspec

HOUR = 3600.0
"""Seconds in an hour."""


_SHORTEST = 5.0
"""Seconds from which on a rate means something."""


class Interval(msgspec.Struct, frozen=True):
    """The shortest and the longest pause between two polls, in seconds."""

    fastest: float = 0.5
    slowest: float = 5.0

    @property
    def polls_per_hour(self) -> float:
        """How many polls an hour a quiet log gets: the floor."""
        return HOUR / self.slowest


class Pace:
    """The pause before the next poll: the shortest after news, twice the last one after none."""

    def __init__(self, interval: Interval) -> None:
        self._interval = interval
        self._pause = interval.fastest

    def after(self, news: bool) -> float:
        """Seconds to wait after a poll that brought ``news`` or did not."""
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
        """The sum spent so far has reached ``rcu`` at ``moment``."""
        self._points.append((moment, rcu))
        while len(self._points) > 2 and self._points[1][0] <= moment - self._span:
            self._points.popleft()

    def per_hour(self, moment: float) -> float | None:
        """Read units an hour over the last ``span`` seconds; None while it is too early to say."""
        began, before = self._points[0]
        _, total = self._points[-1]
        if moment - began < _SHORTEST:
            return None
        return (total - before) / (moment - began) * HOUR
