"""An estimate of what a plan costs, in words and compared with what it did cost."""

from __future__ import annotations

import math

import msgspec

from audittui.runbook.price import Price

LEAST_UNITS = 0.5
"""The fewest read units that a request costs, eventually consistent."""
PAGE_UNITS = 128.0
"""Read units of a full page (1 MB), eventually consistent."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """The estimated cost of reading a whole plan.

    ``requests_low`` and ``rcu_low`` are certain. ``requests_high`` and ``rcu_high`` (read units)
    are those of reading the whole index in full pages, None if its size is not known; small pages
    (a screenful, say) and entries newer than the table's counts add to them. ``rcu_likely`` is a
    fair guess in between, None if there is no basis for one. ``how`` explains the estimate in
    sentences.
    """

    requests_low: int
    rcu_low: float
    requests_high: int | None = None
    rcu_high: float | None = None
    rcu_likely: float | None = None
    price: Price = Price()
    how: str = ""

    def fits(self, budget: float | None) -> bool:
        """True when a ``budget`` in read units (None: unlimited) cannot stop the run early."""
        return budget is None or (self.rcu_high is not None and self.rcu_high <= budget)

    @property
    def requests_text(self) -> str:
        """The requests in words."""
        if self.requests_high is None:
            return f"at least {counted_text(self.requests_low, 'request')}"
        most = f"about {counted_text(self.requests_high, 'full-page request')}"
        return (
            most if self.requests_high <= self.requests_low else f"{self.requests_low:,} to {most}"
        )

    @property
    def rcu_text(self) -> str:
        """The read units in words."""
        if self.rcu_high is None:
            return f"at least {units_text(self.rcu_low)}"
        if self.rcu_high <= self.rcu_low:
            return f"about {units_text(self.rcu_low)}"
        likely = "" if self.rcu_likely is None else f", likely about {units_text(self.rcu_likely)}"
        return f"{units_text(self.rcu_low)} to about {units_text(self.rcu_high)}{likely}"

    @property
    def money_text(self) -> str:
        """The cost in money, in words: of the likely read units, else the most, else the least."""
        if self.rcu_likely is not None:
            return self.price.text(self.rcu_likely, "likely")
        if self.rcu_high is not None:
            return self.price.text(self.rcu_high, "at most")
        return self.price.text(self.rcu_low, "at least")

    def left_text(self, rcu: float, partitions: int) -> str:
        """What is left to read, in one line, after ``rcu`` read units were used for rows, with
        ``partitions`` not read to their end."""
        least = partitions * LEAST_UNITS
        at_least = f"at least {units_text(least)} RCU more in at least {_requests_text(partitions)}"
        if self.rcu_high is None:
            return f"{at_least}; {self.price.text(least, 'at least')}"
        most = self.rcu_high - rcu
        if most < least:
            grown = "the estimate for the whole index is used up"
            return f"{at_least}: {grown}; {self.price.text(least, 'at least')}"
        word, units = "at most about", most
        if self.rcu_likely is not None and least < self.rcu_likely - rcu < most:
            word, units = "likely about", self.rcu_likely - rcu
        # The last page of a partition is rarely full.
        pages = partitions + math.ceil(units / PAGE_UNITS) - 1
        text = f"{word} {units_text(units)} RCU more"
        if units < most:
            text += f", at most about {units_text(most)}"
        money = self.price.text(units, word.removesuffix(" about"))
        return f"{text}, in about {_requests_text(pages, 'full page')}; {money}"

    @property
    def text(self) -> str:
        """The estimate in one line."""
        units = f"{self.rcu_text} RCU in {self.requests_text}"
        return f"{units}; {self.money_text}"


def units_text(units: float) -> str:
    """Read units in words."""
    return f"{units:,.1f}".removesuffix(".0")


def _requests_text(number: int, word: str = "request") -> str:
    return counted_text(max(number, 0), word)


def counted_text(number: int, word: str) -> str:
    """A number of something, in words."""
    if number >= 1_000_000:
        return f"{number / 1e6:,.1f} M {word}s"
    return f"{number:,} {word if number == 1 else word + 's'}"


def estimate_object(estimate: Estimate) -> dict[str, object]:
    """The estimate as data; what is not known is None."""
    return {
        "requests": [estimate.requests_low, estimate.requests_high],
        "rcu": [estimate.rcu_low, estimate.rcu_high],
        "rcu_likely": estimate.rcu_likely,
        "how": estimate.how,
    }


class Used(msgspec.Struct, frozen=True):
    """What a run has used so far: ``requests`` and ``rcu`` (read units) in all, of which planning
    took ``planning_requests`` and ``planning_rcu``.

    ``by_index`` has read units by index name ("" for the base table); ``unmetered`` counts attempts
    whose cost is unknown.
    """

    requests: int
    rcu: float
    by_index: tuple[tuple[str, float], ...] = ()
    unmetered: int = 0
    planning_requests: int = 0
    planning_rcu: float = 0.0


def comparison(estimate: Estimate, used: Used) -> list[tuple[str, str, str]]:
    """Estimate and actuals side by side: lines of a name, the estimate and the actual use."""
    lines = [("Requests", estimate.requests_text, f"{used.requests:,}")]
    if used.planning_requests:
        lines.append(("  planning", "", f"{used.planning_requests:,}"))
    lines.append(("RCU", estimate.rcu_text, units_text(used.rcu)))
    for name, units in used.by_index:
        lines.append((f"  {name or 'the base table'}", "", units_text(units)))
    if used.planning_rcu:
        lines.append(("  planning", "", units_text(used.planning_rcu)))
    if used.unmetered:
        lines.append(("  unknown cost", "", counted_text(used.unmetered, "attempt")))
    lines.append(("Cost", estimate.money_text, estimate.price.text(used.rcu)))
    return lines
