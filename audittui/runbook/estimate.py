"""An estimate of what a plan costs, in words, and held against what it did cost."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from audittui.runbook.price import Price

_LEAST = 0.5
"""What the smallest request costs, in read units."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What reading all of a plan takes.

    ``requests_low`` and ``rcu_low`` are certain. ``requests_high`` and ``rcu_high`` (read units)
    are those of reading all of the index, None where its size is not known; small pages and
    entries newer than the table's counts add to them. ``rcu_likely`` is a fair guess in between,
    None where there is no ground for one. ``how`` says in sentences what this was computed from.
    """

    requests_low: int
    rcu_low: float
    requests_high: int | None = None
    rcu_high: float | None = None
    rcu_likely: float | None = None
    price: Price = Price()
    how: str = ""

    @property
    def requests_text(self) -> str:
        """The requests in words."""
        if self.requests_high is None:
            return f"at least {self.requests_low:,}"
        if self.requests_high == self.requests_low:
            return f"about {self.requests_low:,}"
        return f"{self.requests_low:,} to about {self.requests_high:,}"

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
        """The money in words: of the likely read units, else of the most (else the least)."""
        if self.rcu_likely is not None:
            return self.price.text(self.rcu_likely, "likely")
        if self.rcu_high is not None:
            return self.price.text(self.rcu_high, "at most")
        return self.price.text(self.rcu_low, "at least")

    @property
    def text(self) -> str:
        """The estimate in one line."""
        units = f"{self.rcu_text} RCU in {self.requests_text} requests"
        return f"{units}; {self.money_text}"


def units_text(units: float) -> str:
    """Read units in words."""
    return f"{units:,.1f}".removesuffix(".0")


def counted_text(number: int, word: str) -> str:
    """A number of something, in words."""
    if number >= 1_000_000:
        return f"{number / 1e6:,.1f} M {word}s"
    return f"{number:,} {word if number == 1 else word + 's'}"


def comparison(
    estimate: Estimate,
    *,
    requests: int,
    rcu: float,
    by_index: Sequence[tuple[str, float]],
    unmetered: int,
) -> list[tuple[str, str, str]]:
    """Estimate and actuals side by side: lines of a name, what was estimated, what was used.

    ``by_index`` has read units by index name ("" for the base table); what is left of ``rcu`` is
    what the planning took.
    """
    lines = [
        ("Requests", estimate.requests_text, f"{requests:,}"),
        ("RCU", estimate.rcu_text, units_text(rcu)),
    ]
    for name, units in by_index:
        lines.append((f"  {name or 'the base table'}", "", units_text(units)))
    planning = rcu - sum(units for _, units in by_index)
    if by_index and planning >= _LEAST / 2:
        lines.append(("  planning", "", units_text(planning)))
    if unmetered:
        lines.append(("  unknown cost", "", counted_text(unmetered, "attempt")))
    lines.append(("Money", estimate.money_text, estimate.price.text(rcu)))
    return lines
