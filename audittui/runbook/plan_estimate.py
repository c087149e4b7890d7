"""What a plan will cost, computed before it runs from what DescribeTable reports. Pure.

Source: DynamoDB developer guide, "Read consumption": an eventually consistent Query costs 0.5 units
for each 4 KB begun, at least 0.5 units a request; a page ends at 1 MB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from audittui import timestamp
from audittui.layout.parts import Index
from audittui.runbook.estimate import LEAST_UNITS, Estimate, counted_text
from audittui.runbook.plan import Facts, Sample, Shard, Window
from audittui.store.port import IndexDescription

_BYTES_PER_UNIT = 8192
_PAGE_BYTES = 1_048_576


def estimated(
    index: Index, window: Window, shards: Sequence[Shard], everything: bool, facts: Facts
) -> Estimate:
    """What it costs to read ``shards`` of ``index`` in ``window``.

    ``everything``: the partitions hold every entry of their days, not only those of one actor.
    """
    partitions = len(shards)
    least = Estimate(requests_low=partitions, rcu_low=partitions * LEAST_UNITS, price=facts.price)
    if not partitions:
        return msgspec.structs.replace(
            least, requests_high=0, rcu_high=0.0, how="There are no partitions to read."
        )
    known = _size_of(index, facts)
    if known is None or not known.item_count:
        reason = "the table reports no items yet"
        if known is None:
            reason = "DescribeTable did not answer in time"
            if not facts.silent:
                reason = "the table has not been described"
        return msgspec.structs.replace(
            least,
            how=f"The size of {index.label} is not known: {reason}. "
            f"{counted_text(partitions, 'partition')} cost at least {LEAST_UNITS} RCU each.",
        )
    requests = partitions + math.ceil(known.size_bytes / _PAGE_BYTES) - 1
    # Every request rounds up by less than the minimum cost of a request.
    whole = _rounded(known.size_bytes / _BYTES_PER_UNIT) + requests * LEAST_UNITS
    average = known.size_bytes / known.item_count
    place = f"The index {index.name}" if index.name else "The base table"
    sentences = [
        f"{place} holds {counted_text(known.item_count, 'item')} of about {average:,.0f} B, "
        f"{_bytes_text(known.size_bytes)}"
    ]
    share = _share(window, facts) if everything and index.template.by_day else None
    likely = None
    sampled = [
        one
        for one in facts.samples
        if one.index == index.name and one.partition in {shard.partition for shard in shards}
    ]
    if sampled and sampled[0].items is not None:
        units = sampled[0].items * average / _BYTES_PER_UNIT
        likely = min(_rounded(units * partitions) + least.rcu_low, whole)
        if sampled[0].exact and partitions == 1:
            whole, requests = max(_rounded(units), least.rcu_low), partitions
            likely = whole
        sentences[0] += "."
        sentences.append(_sampled_text(sampled[0], partitions))
    elif share is None:
        sentences[0] += f"; {_unknown_share(index)} is not known, so at most all of it is read."
    else:
        likely = min(_rounded(known.size_bytes * share / _BYTES_PER_UNIT) + least.rcu_low, whole)
        days = (facts.now - (facts.since or 0)) / timestamp.DAY
        sentences[0] += "."
        sentences.append(
            f"The window is {_percent(share)} of the {days:,.1f} days since the first chain was "
            "created. The estimate assumes that entries arrive evenly and none have expired; "
            "at most all of the index is read."
        )
    if not facts.exact:
        sentences.append("The table's counts may be up to six hours old.")
    return msgspec.structs.replace(
        least,
        requests_high=requests,
        rcu_high=whole,
        rcu_likely=likely,
        how=" ".join(sentences),
    )


def item_bytes(index: Index, facts: Facts) -> float | None:
    """The mean size of the index's items; None if it is not known."""
    known = _size_of(index, facts)
    return known.size_bytes / known.item_count if known is not None and known.item_count else None


def _sampled_text(sample: Sample, partitions: int) -> str:
    number = f"{sample.items or 0:,.0f}"
    if sample.exact:
        found = f"A sampled partition has {number} items in the window"
    else:
        found = f"Judging by its two ends, a partition has about {number} items in the window"
    return f"{found}." if partitions == 1 else f"{found}; there are {partitions:,} partitions."


def _size_of(index: Index, facts: Facts) -> IndexDescription | None:
    if not index.name:
        return facts.base
    named = (one for one in facts.indexes or () if one.name == index.name)
    return next(named, None)


def _share(window: Window, facts: Facts) -> float | None:
    """The part of the log's time that ``window`` covers; None when that time is not known."""
    if facts.since is None or window.start is None or facts.now <= facts.since:
        return None
    if window.start < facts.since:
        # Entries older than the first chain were imported: how far back is not known.
        return None
    end = facts.now if window.end is None else min(window.end, facts.now)
    return max(end - window.start, 0) / (facts.now - facts.since)


def _unknown_share(index: Index) -> str:
    if index.answers in ("time", "failure"):
        return "the window's share"
    word = index.answers.replace("_", " ")
    return f"one {word}'s share"


def _rounded(units: float) -> float:
    return math.ceil(units / LEAST_UNITS) * LEAST_UNITS


def _bytes_text(size: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size:,} B"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "under 0.1%"
