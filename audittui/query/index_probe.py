"""Makes plans whose index is chosen by probing the table, when a probe is worth its cost."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from audittui.errors import StoreError
from audittui.layout.model import Layout
from audittui.runbook.model import Runbook
from audittui.runbook.plan import Facts, Plan, Probe, Sample
from audittui.runbook.planner import make_plan
from audittui.store.port import PATIENT, Page, Patience, Query, Store

_SHARE = 4
"""Probes take at most a quarter of a budget."""


def probed_plan(
    runbook: Runbook,
    texts: Mapping[str, str],
    layout: Layout,
    facts: Facts,
    store: Store,
    *,
    budget: float | None = None,
    patience: Patience = PATIENT,
) -> Plan:
    """The plan of `make_plan`, made after probing both ends of the partitions in doubt.

    A probe costs 0.5 read units an end, counted as planning; nothing is probed unless ``budget``
    (read units) is much larger. An index that cannot be probed is judged by its estimate. Raises
    what `make_plan` raises.
    """
    plan = make_plan(runbook, texts, layout, facts)
    if not plan.probes or (budget is not None and budget < _SHARE * len(plan.probes)):
        return plan
    samples, requests, rcu = [], 0, 0.0
    for probe in plan.probes:
        pages = _look(store, probe, patience)
        requests += len(pages)
        rcu += sum(page.rcu for page in pages if page is not None)
        sample = _sample(layout, probe, pages)
        if sample is not None:
            samples.append(sample)
    known = msgspec.structs.replace(
        facts,
        samples=tuple(samples),
        requests=facts.requests + requests,
        rcu=facts.rcu + rcu,
    )
    if not samples:
        spent = {"spent_requests": known.requests, "spent_rcu": known.rcu}
        return msgspec.structs.replace(plan, **spent)
    return make_plan(runbook, texts, layout, known)


def _look(store: Store, probe: Probe, patience: Patience) -> list[Page | None]:
    """The pages at both ends of a partition, the second only if there is more than the first;
    None for a page that failed."""
    index, shard = probe.index, probe.shard
    timed = index.sorted_by_time
    pages: list[Page | None] = []
    for forward in (False, True):
        request = Query(
            index=index.name,
            partition=(index.partition.attribute, shard.partition),
            sort=index.sort.attribute,
            low=index.sort_value(shard.low) if timed and shard.low is not None else None,
            high=index.sort_value(shard.high) if timed and shard.high is not None else None,
            forward=forward,
            limit=probe.limit,
        )
        try:
            page = store.query(request, patience)
        except StoreError:
            # Only an estimate depends on it; the run itself reports errors.
            pages.append(None)
            return pages
        pages.append(page)
        if page.last_key is None:
            return pages
    return pages


def _sample(layout: Layout, probe: Probe, pages: list[Page | None]) -> Sample | None:
    """The size of the whole, estimated from its ends."""
    name, partition = probe.index.name, probe.shard.partition
    whole = [page for page in pages if page is not None]
    if len(whole) < len(pages):
        return None
    scanned = sum(page.scanned for page in whole)
    if whole[0].last_key is None:
        return Sample(name, partition, float(scanned), exact=True)
    ends = [sorted(layout.row(item, probe.index).tick for item in page.items) for page in whole]
    if len(ends) < 2 or not all(ends):
        return Sample(name, partition, None, exact=False)
    (newest, oldest) = ends
    spans = (newest[-1] - newest[0]) + (oldest[-1] - oldest[0])
    between = newest[0] - oldest[-1]
    if between <= 0:
        return Sample(name, partition, float(scanned), exact=False)
    if spans <= 0:
        return Sample(name, partition, None, exact=False)
    return Sample(name, partition, scanned + between * (scanned - 2) / spans, exact=False)
