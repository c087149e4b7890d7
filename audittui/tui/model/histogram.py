"""Entries over time by outcome: counted as rows arrive, shown as bars."""

from __future__ import annotations

import time
from collections.abc import Sequence

import msgspec

from audittui import timestamp
from audittui.layout.row import Row
from audittui.tui.model.outcomes import BAR_LETTERS, OUTCOMES

_LADDER = (
    1, 5, 15, 60, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400,
    604_800, 2_419_200, 31_449_600, 314_496_000,
)  # fmt: skip
"""Widths of bars in seconds; each divides the next, so that counts can be put together."""
_MOST = 4096
_STRIDE = 2_000
_PLACE = {outcome: at for at, outcome in enumerate(OUTCOMES)}
_UNKNOWN = _PLACE["unknown"]


class Bar(msgspec.Struct, frozen=True):
    """The entries of ``[start, end)`` in microseconds, counted by outcome as in `OUTCOMES`."""

    start: int
    end: int
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All entries."""
        return sum(self.counts)

    def count(self, outcome: str) -> int:
        """The entries with one outcome of `OUTCOMES`."""
        return self.counts[_PLACE[outcome]]

    def text(self, most: int, room: int) -> str:
        """A bar of at most ``room`` letters, full for ``most`` entries; every outcome present
        shows, however small."""
        if not self.total:
            return ""
        length = max(round(self.total * room / most), sum(1 for count in self.counts if count))
        parts = [
            max(round(count * length / self.total), 1) if count else 0 for count in self.counts
        ]
        while sum(parts) > max(length, 1):
            parts[parts.index(max(parts))] -= 1
        letters = BAR_LETTERS.values()
        return "".join(letter * part for letter, part in zip(letters, parts, strict=True))[:room]


class Histogram:
    """Counts of rows by time and outcome. `take` counts each row once; the span may grow."""

    def __init__(self) -> None:
        self.taken = 0
        self._rung = 0
        self._slots: dict[int, list[int]] = {}

    def take(self, rows: Sequence[Row], *, seconds: float | None = None) -> bool:
        """Count the rows not counted yet; False if some are left after ``seconds``."""
        until = time.perf_counter() + (seconds or 0)
        while self.taken < len(rows):
            last = min(self.taken + _STRIDE, len(rows))
            self._count(rows[self.taken : last])
            self.taken = last
            if seconds is not None and time.perf_counter() > until:
                break
        return self.taken >= len(rows)

    def _count(self, rows: Sequence[Row]) -> None:
        width, slots = _LADDER[self._rung] * timestamp.SECOND, self._slots
        for row in rows:
            slot = row.time // width
            counts = slots.get(slot)
            if counts is None:
                counts = slots[slot] = [0] * len(OUTCOMES)
            counts[_PLACE.get(row.outcome, _UNKNOWN)] += 1
        while len(self._slots) > _MOST and self._rung + 1 < len(_LADDER):
            self._slots = self._together(self._rung + 1)
            self._rung += 1

    def _together(self, rung: int) -> dict[int, list[int]]:
        factor = _LADDER[rung] // _LADDER[self._rung]
        slots: dict[int, list[int]] = {}
        for slot, counts in self._slots.items():
            into = slots.setdefault(slot // factor, [0] * len(OUTCOMES))
            for at, count in enumerate(counts):
                into[at] += count
        return slots

    def bars(self, most: int) -> list[Bar]:
        """At most ``most`` bars (16 or more) of equal width from the first entry to the last.

        Empty bars in between are included.
        """
        if not self._slots:
            return []
        rung = self._rung
        base = _LADDER[rung]
        first, last = min(self._slots), max(self._slots)
        while rung + 1 < len(_LADDER):
            factor = _LADDER[rung] // base
            if last // factor - first // factor < most:
                break
            rung += 1
        slots = self._slots if rung == self._rung else self._together(rung)
        width = _LADDER[rung] * timestamp.SECOND
        none = [0] * len(OUTCOMES)
        return [
            Bar(slot * width, (slot + 1) * width, tuple(slots.get(slot, none)))
            for slot in range(min(slots), max(slots) + 1)
        ]
