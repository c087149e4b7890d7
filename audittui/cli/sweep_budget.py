"""What a sweep may take in read units, how fast, and what it is estimated to take."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import click
import msgspec

from audittui.escape import escaped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audittui.connection import Connection

_SAMPLE = 10
"""The last entries of a chain that its other ones are taken to be like."""


class SweepBudget:
    """``most`` read units for all sweeps of a command (None: no limit), at most ``rate`` of them a
    second on average (None: as fast as it goes)."""

    def __init__(self, most: float | None, rate: float | None = None) -> None:
        self.most = most
        self.spent = 0.0
        self._rate = rate
        self._began = time.monotonic()

    @property
    def used_up(self) -> bool:
        """True when no further page may be asked for."""
        return self.most is not None and self.spent >= self.most

    @property
    def text(self) -> str:
        """How much of it is used."""
        return f"the budget ended it ({self.spent:g} of {self.most:g} RCU used)"

    @property
    def room(self) -> Callable[[float], float] | None:
        """The units that are left, by those that are not paid yet; None where there is nothing to
        keep to."""
        most = self.most
        if most is None:
            return None if self._rate is None else lambda _: math.inf
        return lambda unpaid: most - self.spent - unpaid

    def pay(self, rcu: float) -> None:
        """Count ``rcu``, and wait until the rate has room for more."""
        self.spent += rcu
        if self._rate is not None and rcu:
            due = self._began + self.spent / self._rate
            time.sleep(max(due - time.monotonic(), 0.0))


class SweepEstimate(msgspec.Struct, frozen=True):
    """What a sweep of ``chain`` from ``first`` on reads: ``entries`` and about ``units`` (None:
    nothing is known of their size). ``spent`` units were read to find out."""

    chain: str
    first: int
    entries: int
    units: float | None
    spent: float


def estimated(opened: Connection, chain: str, first: int) -> SweepEstimate:
    """The estimate of a sweep: from the chain's last entries, and what reading those took.

    Raises `StoreError`, and `UsageError` for a chain that is not there.
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
    """Print what sweeps of chains, each from a seq on, are estimated to take.

    ``spent`` units were read to find the chains. ``form`` is text, json or jsonl.
    """
    found = [estimated(opened, chain, first) for chain, first in firsts]
    if form == "text":
        _print(found)
    else:
        _print_objects(found, form)
    spent += sum(one.spent for one in found)
    click.echo(f"{spent:g} RCU to find out. Nothing was verified.", err=True)


def _print(found: Sequence[SweepEstimate]) -> None:
    for one in found:
        units = "an unknown number of" if one.units is None else f"about {one.units:,.1f}"
        start = f" from {one.first}" if one.first else ""
        click.echo(
            f"{escaped(one.chain)}{start}: {one.entries:,} entries, {units} RCU, and tiles and "
            "checkpoints where a key is trusted."
        )
    total = [one.units for one in found if one.units is not None]
    if len(found) > 1 and len(total) == len(found):
        click.echo(f"All {len(found):,} chains: about {sum(total):,.1f} RCU.")


def _print_objects(found: Sequence[SweepEstimate], form: str) -> None:
    from audittui.export.rows import json_line

    lines = [
        json_line(
            {"chain": one.chain, "since": one.first, "entries": one.entries, "rcu": one.units}
        )
        for one in found
    ]
    if form == "jsonl":
        click.echo("".join(f"{line}\n" for line in lines), nl=False)
    else:
        click.echo("[\n" + ",\n".join(lines) + "\n]" if lines else "[]")
