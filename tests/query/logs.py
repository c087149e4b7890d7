"""Random logs, the plans that read them, and the brute-force answer."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from audittui import entry as entries
from audittui import timestamp
from audittui.entry import Draft, hash_body
from audittui.layout import load_layout
from audittui.layout.native import REGISTRY, item_of
from audittui.layout.row import Row
from audittui.query.execution import Execution
from audittui.query.result import ResultPage
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.plan import Facts, Plan
from audittui.runbook.planner import make_plan
from audittui.store.sqlite import SqliteStore

DAY0 = timestamp.parse("2026-11-20T00:00:00Z")
NATIVE = load_layout("native")
CATALOGUE = load_catalogue()
CHAINS = ("app/0", "app/1", "web/0")
# Few distinct times, some at the very edges of days, so that ties and borders are common.
MOMENTS = [
    DAY0 + offset
    for offset in (
        0, 1, timestamp.DAY - 1, timestamp.DAY, timestamp.DAY + 1, timestamp.DAY + 7,
        2 * timestamp.DAY - 1, 2 * timestamp.DAY, 3 * timestamp.DAY + 5,
    )
]  # fmt: skip

Event = tuple[str, int, str, str]
"""Chain, time, actor, outcome."""


def event_lists(moments: st.SearchStrategy[int], most: int = 60) -> st.SearchStrategy[list[Any]]:
    return st.lists(
        st.tuples(
            st.sampled_from(CHAINS),
            moments,
            st.sampled_from(["alice", "bob"]),
            st.sampled_from(["success", "failure", "denied", "unknown"]),
        ),
        max_size=most,
    )


events = event_lists(st.sampled_from(MOMENTS))
edges = st.one_of(st.sampled_from(MOMENTS), st.integers(DAY0 - 10, DAY0 + 4 * timestamp.DAY))


def filled(rows: list[Event], page_bytes: int = 1_048_576) -> SqliteStore:
    store = SqliteStore(":memory:", NATIVE, create=True, page_bytes=page_bytes)
    lengths: dict[str, int] = {}
    items = []
    for chain, time, actor, outcome in rows:
        seq = lengths.get(chain, 0)
        lengths[chain] = seq + 1
        made = entries.complete(
            Draft(
                actor=actor, action="act", outcome=outcome, time=timestamp.text(time)  # type: ignore[arg-type]
            ),
            chain=chain, seq=seq, prev_hash=entries.NO_HASH, recorded_at=time, entry_id="x",
        )  # fmt: skip
        body = entries.encode_body(made)
        items.append(item_of(made, body, hash_body(body)))
    items += [{"pk": REGISTRY, "sk": chain, "created": "-"} for chain in lengths]
    for start in range(0, len(items), 100):
        store.put_new_many(items[start : start + 100])
    return store


def facts(store: SqliteStore, rows: list[Event]) -> Facts:
    chains = tuple(sorted({chain for chain, *_ in rows}))
    return Facts(chains, store.describe().indexes, DAY0 + 5 * timestamp.DAY)


def plan_for(store: SqliteStore, rows: list[Any], runbook: str, **parameters: str) -> Plan:
    return make_plan(CATALOGUE.find(runbook), parameters, NATIVE, facts(store, rows))


def one_partition(
    store: SqliteStore, rows: list[Any], order: str, window: str = "all", **more: str
) -> Plan:
    """Alice's entries: a single partition, in either order."""
    runbook = CATALOGUE.find("actor-activity")
    query = msgspec.structs.replace(runbook.query, order=order)
    return make_plan(
        msgspec.structs.replace(runbook, query=query),
        {"actor": "alice", "window": window, **more}, NATIVE, facts(store, rows),
    )  # fmt: skip


def run(plan: Plan, store: Any, **options: Any) -> tuple[list[Row], ResultPage]:
    rows: list[Row] = []
    page = None
    for page in Execution(plan, store, **options).pages():
        rows += page.rows
    assert page is not None
    return rows, page


def names(rows: list[Row]) -> list[tuple[int, str, int]]:
    return [(row.time, row.chain, row.seq) for row in rows]


def brute_force(
    rows: list[Event], start: int, end: int, newest: bool, **wanted: str
) -> list[tuple[int, str, int]]:
    lengths: dict[str, int] = {}
    found = []
    for chain, time, actor, outcome in rows:
        seq = lengths.get(chain, 0)
        lengths[chain] = seq + 1
        if not start <= time < end:
            continue
        if wanted.get("actor", actor) != actor or wanted.get("outcome", outcome) != outcome:
            continue
        if "failed" in wanted and outcome == "success":
            continue
        found.append((time, chain, seq))
    return sorted(found, reverse=newest)


def window(start: int, end: int) -> str:
    return f"{timestamp.text(start)}..{timestamp.text(end)}"
