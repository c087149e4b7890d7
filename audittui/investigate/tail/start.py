"""Where to begin in a hash chain: after its tip, or before what was written since some moment."""

from __future__ import annotations

import msgspec

from audittui import timestamp
from audittui.investigate.asker import Asker
from audittui.investigate.tail.cursor import ChainPlace
from audittui.layout.model import Layout
from audittui.store.port import Query

_LAST_SEQ = 2**63 - 1
"""No chain gets there; a cursor can still hold it."""
_LEAP = 8
"""Each step back is this many times longer: most tails begin near the end."""
CLOCK_SLACK = 60 * timestamp.SECOND
"""How far a writer's clock may be behind the one that dated the entry."""


def chain_range(layout: Layout, chain: str, low: int, high: int = _LAST_SEQ) -> Query:
    """The strongly consistent query for the entries ``low`` to ``high`` of a chain."""
    sort = layout.sort.attribute
    first, last = layout.key(chain, low), layout.key(chain, high)
    return Query(
        index="",
        partition=(layout.partition.attribute, first[layout.partition.attribute]),
        sort=sort,
        low=first[sort],
        high=last[sort],
        consistent=True,
    )


def beginning(layout: Layout, asker: Asker, chain: str, since: int | None) -> ChainPlace:
    """The place after the chain's tip, or before the entries written ``since`` (microseconds).

    Raises `StoreError`, `AskingCancelledError`.
    """
    tip = tip_of(layout, asker, chain)
    if tip < 0:
        return ChainPlace(-1, loose=True)
    if since is None:
        return ChainPlace(tip)
    first = first_since(layout, asker, chain, tip, since - CLOCK_SLACK)
    # Entries before the first place may be expired, so the beginning of the chain is unknown.
    return ChainPlace(first - 1, tip, loose=True)


def tip_of(layout: Layout, asker: Asker, chain: str) -> int:
    """The last seq of a chain, -1 for none. Raises `StoreError`, `AskingCancelledError`."""
    request = msgspec.structs.replace(
        chain_range(layout, chain, 0),
        forward=False,
        limit=1,
        attributes=(layout.partition.attribute, layout.sort.attribute),
    )
    items = asker.ask(request).items
    return layout.row(items[0]).seq if items else -1


def first_since(layout: Layout, asker: Asker, chain: str, tip: int, since: int) -> int:
    """The lowest seq written at ``since`` or later: leaps back from the tip, then halving.

    Raises `StoreError`, `AskingCancelledError`.
    """
    early, late, leap = -1, tip + 1, 1
    while late > 0:
        at = max(tip + 1 - leap, 0)
        if _written(layout, asker, chain, at, tip) < since:
            early = at
            break
        late, leap = at, leap * _LEAP
    while late - early > 1:
        middle = (early + late) // 2
        if _written(layout, asker, chain, middle, tip) < since:
            early = middle
        else:
            late = middle
    return late


def _written(layout: Layout, asker: Asker, chain: str, seq: int, tip: int) -> int:
    """When the first entry from ``seq`` on was written; its own time if that is not recorded."""
    request = msgspec.structs.replace(
        chain_range(layout, chain, seq, tip), limit=1, consistent=False
    )
    items = asker.ask(request).items
    if not items:
        return timestamp.MAX_TIME
    recorded = layout.payload_of(items[0]).get("recorded_at")
    try:
        return timestamp.parse(str(recorded))
    except ValueError:
        return layout.row(items[0]).time
