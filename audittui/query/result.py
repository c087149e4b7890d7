"""What a run yields: pages of rows, how far they reach, and what they cost."""

from __future__ import annotations

from typing import Literal

import msgspec

from audittui import timestamp
from audittui.layout.row import Row
from audittui.runbook.plan import Order, Window

_MINUTE = 60 * timestamp.SECOND
Stop = Literal["", "limit", "budget", "cancelled", "error"]


class Meter(msgspec.Struct, frozen=True):
    """What was paid so far, summed over every response of every request.

    ``requests`` were sent, ``pages`` came back. ``rcu`` is consumed read capacity in units,
    ``by_index`` says where it was spent (index name, "" for the base table; what the planning took
    is in ``rcu`` alone). ``unmetered`` counts attempts whose cost never came back. ``matched``
    counts the entries of a run that only counts, as far as its cursor says they are counted.
    """

    requests: int = 0
    pages: int = 0
    scanned: int = 0
    returned: int = 0
    rcu: float = 0.0
    unmetered: int = 0
    matched: int = 0
    by_index: tuple[tuple[str, float], ...] = ()


class Tied(msgspec.Struct, frozen=True):
    """Why a budget is too small to get anywhere: ``rows`` that were read and can only be given
    once at least ``units`` read units were used in one run.

    They share ``time`` (microseconds), or, where it is None, wait for the rest of a partition.
    """

    rows: int
    time: int | None
    units: float

    @property
    def text(self) -> str:
        """The same in words."""
        need = f"at least {self.units:g} RCU are needed in one run"
        if not self.rows:
            return need
        entries = f"{self.rows:,} entr{'y' if self.rows == 1 else 'ies'}"
        if self.time is None:
            return f"{entries} wait for the rest of the partition; {need}"
        return f"{entries} and maybe more share {timestamp.short(self.time)}; {need}"


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What a result covers.

    ``reached`` is the time up to which every row of the window has been given (in reading order);
    None before the first page. ``stop`` says why a run ended early. ``as_of`` is the moment of
    reading (microseconds): nothing is known of what comes after it. ``ahead``: the window asked for
    ends later than that. ``unsettled`` is the time from which indexes may not hold everything yet
    (None: the window ends before it). ``tied`` says why a budget got nowhere. ``begun`` is when
    the first run began, of a run that goes on: what was read before is known as of then. ``late``
    counts the partitions of new chains that it had passed already, at least in part.
    """

    window: Window
    order: Order
    partitions: int
    partitions_read: int
    reached: int | None = None
    stop: Stop = ""
    error: str = ""
    as_of: int
    ahead: bool = False
    unsettled: int | None = None
    budget: float | None = None
    rcu: float = 0.0
    tied: Tied | None = None
    begun: int | None = None
    late: int = 0

    @property
    def finished(self) -> bool:
        """True when every partition was read to its end and every row given: nothing is left to
        read now."""
        return not self.stop and self.partitions_read == self.partitions

    @property
    def complete(self) -> bool:
        """True when all of the window is covered: it was read to its end, and it is over."""
        return self.finished and not self.ahead

    def text(self) -> str:
        """The coverage in one line."""
        start, end = self.window.start, self.window.end
        if start is not None and end is not None and end - start >= _MINUTE:
            # Whole seconds read better; inwards, so that no more is claimed than is true.
            start, end = start + -start % timestamp.SECOND, _second(end)
        if end is not None and not self.ahead:
            # A tick that the present lies in is counted whole, but only known so far.
            end = min(end, self.as_of)
        first = "the beginning" if start is None else timestamp.short(start)
        last = "now" if end is None else timestamp.short(end)
        if self.finished and self.ahead:
            return self._ahead_text(first, last)
        if self.finished:
            return f"complete from {first} to {last}{self._unsettled_text()}{self._begun_text()}"
        parts = f"{self.partitions_read} of {self.partitions} partitions read"
        if not self.stop:
            way = "back to" if self.order == "newest" else "up to"
            far = "nothing read yet" if self.reached is None else f"read {way} {self._reached}"
            return f"{far}, {parts}, window {first} to {last}"
        place = "before the first row" if self.reached is None else f"at {self._reached}"
        if self.reached is None and self.begun is not None:
            place = "before any row"
        why = {
            "limit": "stopped",
            "budget": "stopped by the budget",
            "cancelled": "cancelled",
            "error": "failed",
        }[self.stop]
        if self.stop == "budget" and self.budget is not None:
            why += f" ({self.rcu:g} of {self.budget:g} RCU used)"
        tail = f": {self.error.rstrip('.')}" if self.error else ""
        if self.tied is not None:
            tail = f": {self.tied.text}"
        return f"{why} {place}, {parts}, window {first} to {last}{tail}"

    @property
    def _reached(self) -> str:
        return "" if self.reached is None else timestamp.short(self.reached)

    def _ahead_text(self, first: str, last: str) -> str:
        """What is known of a window that was not over when it was read."""
        read = timestamp.short(_second(self.as_of))
        if self.window.start is not None and self.window.start >= self.as_of:
            return (
                f"nothing of the window {first} to {last} has happened yet: "
                f"it lies in the future of {read}, when it was read"
            )
        unsettled = "" if self.unsettled is None else f"; {self._unsettled_since}"
        return (
            f"complete from {first} to {read}, when it was read{unsettled}; "
            f"the rest of the window, to {last}, lies in the future{self._begun_text()}"
        )

    def _begun_text(self) -> str:
        """As of when the part is known that earlier runs gave."""
        if self.begun is None:
            return ""
        began = f"; what was read before the cursor is as of {timestamp.short(self.begun)}"
        if self.late:
            began += ", without the entries that chains begun later had before"
        return began

    def _unsettled_text(self) -> str:
        if self.unsettled is None:
            return ""
        return f", as of {timestamp.short(_second(self.as_of))}; {self._unsettled_since}"

    @property
    def _unsettled_since(self) -> str:
        since = timestamp.short(_second(self.unsettled or 0))
        return f"entries since {since} may not be indexed yet"


def _second(micros: int) -> int:
    return micros - micros % timestamp.SECOND


class ResultPage(msgspec.Struct, frozen=True):
    """One page of a result: new rows in exact order, the coverage and the meter so far.

    ``cursor`` resumes right after the last row of this page; empty when the result is complete,
    and when going on with the same budget would get nowhere (``coverage.tied``).
    """

    rows: tuple[Row, ...]
    coverage: Coverage
    meter: Meter
    cursor: str
