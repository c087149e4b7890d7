"""Where a tail can skip the start of a long backlog: an index finds the first entries that match,
at a fraction of the cost of reading all of them."""

from __future__ import annotations

import msgspec

from audittui.investigate.asker import Asker, AskingCancelledError
from audittui.investigate.tail.cursor import ChainPlace
from audittui.investigate.tail.start import CLOCK_SLACK, first_since
from audittui.query.execution import Execution
from audittui.query.result import Meter
from audittui.runbook.plan import Plan

LONG = 200
"""A backlog of at least this many entries is long."""
MOST_RCU = 16.0
"""Read units that reading the index may take."""
_FEWEST = 20
"""Rows of a page."""


def narrowed(places: dict[str, ChainPlace], plan: Plan, asker: Asker) -> dict[str, ChainPlace]:
    """``places`` (each before what was written since some moment), with those of long backlogs
    moved later if no earlier entry matches.

    ``plan`` asks the tail's question of everything dated since then. Its rows give the first
    matching entry of each chain, if there are few enough to read them all. Entries that may not be
    in the index yet are read from the chain as usual. An entry dated more than a day ahead of its
    writing is in no partition of the plan, and may be left out.

    Raises `StoreError`, `AskingCancelledError`.
    """
    behind = {name: place.tip - place.seq for name, place in places.items()}
    if sum(behind.values()) <= LONG or not plan.index.name:
        return places
    wanted = _first_wanted(plan, asker)
    if wanted is None:
        return places
    settled = plan.now - asker.store.index_lag - CLOCK_SLACK
    later = dict(places)
    for name, place in places.items():
        if behind[name] <= 0:
            continue
        start = wanted.get(name, place.tip + 1)
        if asker.store.index_lag:
            start = min(start, first_since(plan.layout, asker, name, place.tip, settled))
        later[name] = msgspec.structs.replace(place, seq=max(start - 1, place.seq))
    return later


def _first_wanted(plan: Plan, asker: Asker) -> dict[str, int] | None:
    """The lowest seq that the plan finds, by chain; None when there is too much to read."""
    budget = MOST_RCU if asker.left is None else min(MOST_RCU, asker.left)
    # Small pages: a few of them show whether there is too much.
    rows = max(LONG // max(len(plan.shards), 1), _FEWEST)
    execution = Execution(
        plan, asker.store, limit=LONG, max_rcu=budget, page_rows=rows, notify=asker.notify
    )
    try:
        first, meter = asker.call(lambda: _read(execution))
    except AskingCancelledError:
        execution.cancel()
        raise
    asker.spend(
        requests=meter.requests, pages=meter.pages, scanned=meter.scanned, rcu=meter.rcu,
        unmetered=meter.unmetered,
    )  # fmt: skip
    # After an error, reading the chain still works, or reports the error.
    return first if execution.latest.coverage.finished else None


def _read(execution: Execution) -> tuple[dict[str, int], Meter]:
    first: dict[str, int] = {}
    for page in execution.pages():
        for row in page.rows:
            first[row.chain] = min(first.get(row.chain, row.seq), row.seq)
    return first, execution.latest.meter
