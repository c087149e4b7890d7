"""The read unit budget, rate and cost estimate of sweeps."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import click
import msgspec

from audittui.cli.formats import write_objects
from audittui.escape import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audittui.connection import Connection

_SAMPLE = 10
"""How many entries at the end of a chain an estimate samples."""


class SweepBudget:
    """Limits all sweeps of a command to ``most`` read units (None: no limit), at ``rate`` units per
    second on average (None: unlimited)."""

    def __init__(self, most: float | None, rate: float | None = None) -> None:
        self.most = most
        self.spent = 0.0
        self._rate = rate
        self._began = time.monotonic()

    @property
    def used_up(self) -> bool:
        """True when no further page may be requested."""
        return self.most is not None and self.spent >= self.most

    @property
    def text(self) -> str:
        """How much of the budget is used, in words."""
        return f"the budget ended it ({self.spent:g} of {self.most:g} RCU used)"

    @property
    def room(self) -> Callable[[float], float] | None:
        """Maps units not yet paid to the units left; None if there is neither budget nor rate."""
        most = self.most
        if most is None:
            return None if self._rate is None else lambda _: math.inf
        return lambda unpaid: most - self.spent - unpaid

    def pay(self, rcu: float) -> None:
        """Count ``rcu``, and wait until the rate allows more."""
        self.spent += rcu
        if self._rate is not None and rcu:
            due = self._began + self.spent / self._rate
            time.sleep(max(due - time.monotonic(), 0.0))


class SweepEstimate(msgspec.Struct, frozen=True):
    """What a sweep of ``chain`` from ``first`` on reads: ``entries``, for about ``units`` (None:
    unknown). The estimate itself cost ``spent`` units."""

    chain: str
    first: int
    entries: int
    units: float | None
    spent: float


def estimated(opened: Connection, chain: str, first: int) -> SweepEstimate:
    """Estimate a sweep from the cost of reading the chain's last entries.

    Raises `StoreError`, and `UsageError` for a chain that does not exist.
    """
    from audittui.integrity.chain_reader import ChainReader

    reader = ChainReader(opened.store, opened.layout, chain)
    tip = reader.tip()
    if tip is None:
        reader.demand_registered()
        return SweepEstimate(chain, first, 0, 0.0, reader.take())
    entries = max(tip + 1 - first, 0)
    spent = reader.take()
    sample = sum(1 for _ in reader.between(max(tip + 1 - _SAMPLE, 0), tip))
    read = reader.take()
    return SweepEstimate(
        chain, first, entries, entries * read / sample if sample else None, spent + read
    )


def explain(opened: Connection, firsts: Sequence[tuple[str, int]], form: str, spent: float) -> None:
    """Print the estimated cost of sweeping chains, each from a seq on.

    Finding the chains cost ``spent`` units. ``form`` is text, json or jsonl.
    """
    found = [estimated(opened, chain, first) for chain, first in firsts]
    if form == "text":
        _print(found)
    else:
        write_objects(
            form,
            (
                {"chain": one.chain, "since": one.first, "entries": one.entries, "rcu": one.units}
                for one in found
            ),
        )
    spent += sum(one.spent for one in found)
    click.echo(f"The estimate used {spent:g} RCU. Nothing was verified.", err=True)


def _print(found: Sequence[SweepEstimate]) -> None:
    for one in found:
        units = "an unknown number of" if one.units is None else f"about {one.units:,.1f}"
        start = f" from {one.first}" if one.first else ""
        click.echo(
            f"{escaped(one.chain)}{start}: {one.entries:,} entries, {units} RCU, plus tiles and "
            "checkpoints if a key is trusted."
        )
    total = [one.units for one in found if one.units is not None]
    if len(found) > 1 and len(total) == len(found):
        click.echo(f"All {len(found):,} chains: about {sum(total):,.1f} RCU.")
