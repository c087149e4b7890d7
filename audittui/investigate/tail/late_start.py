"""Where a long backlog may be begun later: an index knows what the question wants of it, and costs
a fraction of reading the entries whole."""

from __future__ import annotations

import msgspec

from audittui.investigate.asker import Asker, AskingCancelledError
from audittui.investigate.tail.cursor import ChainPlace
from audittui.investigate.tail.start import CLOCK_SLACK, first_since
from audittui.query.execution import Execution
from audittui.query.result import Meter
from audittui.runbook.plan import Plan

LONG = 200
"""Entries from which on a backlog is called long."""
MOST_RCU = 16.0
"""Read units that looking into the index may take."""
_FEWEST = 20
"""Rows of a page."""


def narrowed(places: dict[str, ChainPlace], plan: Plan, asker: Asker) -> dict[str, ChainPlace]:
    """``places`` (each before what was written since some moment), those of long backlogs put later
    where nothing before is wanted.

    ``plan`` asks the tail's question of all that is dated since then. Its rows say the first entry
    wanted of each chain, if there are few enough to be read to their end. What an index may not
    hold yet is read from the chain as ever. An entry dated more than a day ahead of its writing is
    in no partition of the plan, and may be left out.

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
    """The lowest seq that the plan finds, by chain; None when there is too much to look at."""
    budget = MOST_RCU if asker.left is None else min(MOST_RCU, asker.left)
    # Small pages: where there is too much, that is known after a few of them.
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
    # After an error the chain answers all the same, or says why it does not.
    return first if execution.latest.coverage.finished else None


def _read(execution: Execution) -> tuple[dict[str, int], Meter]:
    first: dict[str, int] = {}
    for page in execution.pages():
        for row in page.rows:
            first[row.chain] = min(first.get(row.chain, row.seq), row.seq)
    return first, execution.latest.meter
