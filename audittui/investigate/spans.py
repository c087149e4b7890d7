"""Which entries of a chain are read together. Pure.

Source: DynamoDB developer guide, "Read consumption": a Query is charged for the bytes of all the
items that it reads, each item of a BatchGetItem for every 4 KB begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from audittui.query.cost import BYTES_PER_UNIT, STEP, STEP_BYTES
from audittui.runbook.plan import Facts


class Span(NamedTuple):
    """The seqs from ``first`` to ``last`` of one chain, both included, for about ``units`` read
    units."""

    first: int
    last: int
    units: float


def spans(seqs: Sequence[int], item_bytes: float) -> list[Span]:
    """The cheapest spans that hold ``seqs`` (ascending) for entries of ``item_bytes``.

    A single entry is a span of its own. Entries in between are read too if that costs less than
    another request.
    """
    found: list[Span] = []
    single = single_units(item_bytes)
    for seq in seqs:
        if found:
            last = found[-1]
            if (seq - last.last) * item_bytes / BYTES_PER_UNIT <= single:
                found[-1] = Span(last.first, seq, span_units(seq - last.first + 1, item_bytes))
                continue
        found.append(Span(seq, seq, single))
    return found


def mean_bytes(facts: Facts) -> float | None:
    """The mean size of the base table's items; None if it is not known."""
    base = facts.base
    return base.size_bytes / base.item_count if base is not None and base.item_count else None


def single_units(item_bytes: float) -> float:
    """The cost of reading one entry by itself."""
    return -(-item_bytes // STEP_BYTES) * STEP


def span_units(entries: int, item_bytes: float) -> float:
    """The cost of a Query over ``entries`` entries, rounded up as it is charged."""
    return -(-entries * item_bytes // STEP_BYTES) * STEP
