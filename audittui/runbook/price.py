"""What read units cost in money: an estimate, at the on-demand price of a region."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

_REFERENCE = "us-east-1"
"""The region whose price an embedded store is compared with."""


class Price(msgspec.Struct, frozen=True):
    """The price of reading in one region.

    ``per_million`` is US dollars per million read request units (one consumed read unit is one
    request unit), None if it is not known. ``region`` is where the price applies. ``billed`` is
    False if nothing is charged: an embedded store, or an endpoint that is not AWS.
    """

    region: str = ""
    per_million: float | None = None
    billed: bool = True

    def dollars(self, rcu: float) -> float | None:
        """What ``rcu`` read units cost here, in US dollars; None if the price is not known."""
        if not self.billed:
            return 0.0
        return None if self.per_million is None else rcu * self.per_million / 1e6

    def text(self, rcu: float, word: str = "") -> str:
        """What ``rcu`` read units cost, in words: ``about $0.0012``. ``word`` precedes the amount:
        ``at most``, say."""
        if self.per_million is None:
            return (
                f"no price known for {self.region or 'this region'}" if self.billed else "$0 here"
            )
        money = money_text(rcu * self.per_million / 1e6)
        if word and money.startswith("about"):
            money = f"{word} {money}"
        return money if self.billed else f"$0 here; on a table {money}"

    @property
    def rate_text(self) -> str:
        """The price itself, in words; empty if it is not known."""
        if self.per_million is None:
            return ""
        place = f"{self.region}: " if self.region else ""
        return f"{place}${self.per_million:g} per million read request units, on demand"


def money_text(dollars: float) -> str:
    """An amount in words. Two digits are enough for an estimate."""
    if dollars <= 0:
        return "$0"
    if dollars < 0.0001:
        return "under $0.0001"
    return f"about ${dollars:,.4f}" if dollars < 0.1 else f"about ${dollars:,.2f}"


@lru_cache(maxsize=1)
def known_prices() -> Mapping[str, float]:
    """The prices that ship: US dollars per million read request units, by region."""
    data = Path(__file__).with_name("prices.toml").read_bytes()
    return msgspec.toml.decode(data, type=dict[str, float])


def price_of(
    region: str | None,
    *,
    own: float | None = None,
    prices: Mapping[str, float] | None = None,
    billed: bool = True,
) -> Price:
    """The price in ``region``: ``own``, else the one in ``prices``, else the one that ships.

    If nothing is ``billed`` and no region is named, a well-known region serves for comparison.
    """
    if region is None and not billed:
        region = _REFERENCE
    name = region or ""
    found = own
    if found is None and prices is not None:
        found = prices.get(name)
    if found is None:
        found = known_prices().get(name)
    return Price(name, found, billed)
