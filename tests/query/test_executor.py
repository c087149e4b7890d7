"""The executor against a brute-force answer, over random tables, windows and page sizes."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import entry as entries
from audittui import timestamp
from audittui.entry import Draft, hash_body
from audittui.errors import StoreError, UsageError
from audittui.layout import load_layout
from audittui.layout.native import REGISTRY, item_of
from audittui.layout.row import Row
from audittui.query.execute import Execution
from audittui.query.result import ResultPage
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.plan import Facts, Plan
from audittui.runbook.planner import make_plan
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore

DAY0 = timestamp.parse("2026-11-20T00:00:00Z")
NATIVE = load_layout("native")
CATALOGUE = load_catalogue()
CHAINS = ("app/0", "app/1", "web/0")
# Few distinct moments, some at the very edges of days, so that ties and borders are common.
MOMENTS = [
    DAY0 + offset
    for offset in (
        0, 1, timestamp.DAY - 1, timestamp.DAY, timestamp.DAY + 1, timestamp.DAY + 7,
        2 * timestamp.DAY - 1, 2 * timestamp.DAY, 3 * timestamp.DAY + 5,
    )
]  # fmt: skip

events = st.lists(
    st.tuples(
        st.sampled_from(CHAINS),
        st.sampled_from(MOMENTS),
        st.sampled_from(["alice", "bob"]),
        st.sampled_from(["success", "failure", "denied", "unknown"]),
    ),
    max_size=60,
)
edges = st.one_of(st.sampled_from(MOMENTS), st.integers(DAY0 - 10, DAY0 + 4 * timestamp.DAY))


def filled(rows: list[tuple[str, int, str, str]], page_bytes: int = 1_048_576) -> SqliteStore:
    store = SqliteStore(":memory:", NATIVE, create=True, page_bytes=page_bytes)
    lengths: dict[str, int] = {}
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
        store.put_new(item_of(made, body, hash_body(body)))
    for chain in lengths:
        store.put_new({"pk": REGISTRY, "sk": chain, "created": "-"})
    return store


def facts(store: SqliteStore, rows: list[tuple[str, int, str, str]]) -> Facts:
    chains = tuple(sorted({chain for chain, *_ in rows}))
    return Facts(chains, store.describe().indexes, DAY0 + 5 * timestamp.DAY)


def plan_for(store: SqliteStore, rows: list[Any], runbook: str, **parameters: str) -> Plan:
    return make_plan(CATALOGUE.find(runbook), parameters, NATIVE, facts(store, rows))


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
    rows: list[tuple[str, int, str, str]], start: int, end: int, newest: bool, **wanted: str
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


@settings(max_examples=150, deadline=None)
@given(events, edges, edges, st.integers(1, 9), st.sampled_from(["any", "denied", "success"]))
def test_a_window_over_all_chains_is_exact_at_any_page_size(
    rows: list[Any], one: int, other: int, page_rows: int, outcome: str
) -> None:
    start, end = min(one, other), max(one, other) + 1
    store = filled(rows)
    plan = plan_for(store, rows, "time-window", window=window(start, end), outcome=outcome)
    got, last = run(plan, store, page_rows=page_rows)
    wanted = {} if outcome == "any" else {"outcome": outcome}
    assert names(got) == brute_force(rows, start, end, True, **wanted)
    assert last.coverage.complete and last.cursor == ""
    assert last.meter.returned == len(got) and last.meter.pages == last.meter.requests


@settings(max_examples=100, deadline=None)
@given(events, st.integers(1, 9))
def test_one_partition_with_ties_is_exact_oldest_first(rows: list[Any], page_rows: int) -> None:
    store = filled(rows)
    runbook = CATALOGUE.find("actor-activity")
    oldest = msgspec.structs.replace(
        runbook, query=msgspec.structs.replace(runbook.query, order="oldest")
    )
    plan = make_plan(oldest, {"actor": "alice", "window": "all"}, NATIVE, facts(store, rows))
    got, _ = run(plan, store, page_rows=page_rows)
    assert names(got) == brute_force(rows, 0, timestamp.MAX_TIME, False, actor="alice")


@settings(max_examples=150, deadline=None)
@given(events, st.integers(1, 7), st.integers(1, 9), st.sampled_from(["any", "failure"]))
def test_resuming_at_any_point_gives_every_row_once(
    rows: list[Any], limit: int, page_rows: int, outcome: str
) -> None:
    store = filled(rows)
    plan = plan_for(
        store, rows, "time-window",
        window=window(DAY0, DAY0 + 4 * timestamp.DAY), outcome=outcome,
    )  # fmt: skip
    got: list[Row] = []
    cursor = ""
    for _ in range(200):
        part, last = run(plan, store, limit=limit, page_rows=page_rows, cursor=cursor)
        assert len(part) <= limit
        got += part
        cursor = last.cursor
        if last.coverage.complete:
            break
        assert cursor and last.coverage.stop == "limit"
    wanted = {} if outcome == "any" else {"outcome": outcome}
    assert names(got) == brute_force(rows, DAY0, DAY0 + 4 * timestamp.DAY, True, **wanted)


@settings(max_examples=60, deadline=None)
@given(events, st.integers(0, 12), st.integers(1, 5))
def test_cancelling_keeps_a_true_prefix_that_can_be_resumed(
    rows: list[Any], pages: int, page_rows: int
) -> None:
    store = filled(rows)
    everything = window(DAY0, DAY0 + 4 * timestamp.DAY)
    plan = plan_for(store, rows, "time-window", window=everything)
    execution = Execution(plan, store, page_rows=page_rows)
    got: list[Row] = []
    last = None
    for number, page in enumerate(execution.pages()):
        got += page.rows
        last = page
        if number == pages:
            execution.cancel()
    assert last is not None
    truth = brute_force(rows, DAY0, DAY0 + 4 * timestamp.DAY, True)
    assert names(got) == truth[: len(got)]
    if not last.coverage.complete:
        assert last.coverage.stop == "cancelled"
        rest, _ = run(plan, store, cursor=last.cursor)
        assert names(got + rest) == truth


@settings(max_examples=60, deadline=None)
@given(events, st.integers(1, 9))
def test_a_missing_index_falls_back_to_time_with_the_same_answer(
    rows: list[Any], page_rows: int
) -> None:
    store = filled(rows)
    everything = window(DAY0, DAY0 + 4 * timestamp.DAY)
    known = facts(store, rows)
    assert known.indexes is not None
    without = Facts(
        known.chains, tuple(i for i in known.indexes if i.name != "by-actor"), known.now
    )
    plan = make_plan(
        CATALOGUE.find("actor-activity"), {"actor": "bob", "window": everything}, NATIVE, without
    )
    assert plan.index.name == "by-time"
    assert any("No index answers actor" in note for note in plan.notes)
    got, _ = run(plan, store, page_rows=page_rows)
    assert names(got) == brute_force(rows, DAY0, DAY0 + 4 * timestamp.DAY, True, actor="bob")


def test_coverage_is_true_at_every_page() -> None:
    rows = [("app/0", DAY0 + i * 1000, "alice", "success") for i in range(50)]
    store = filled(rows)
    plan = plan_for(store, rows, "actor-activity", actor="alice", window="all")
    seen: list[Row] = []
    for page in Execution(plan, store, page_rows=7).pages():
        seen += page.rows
        if page.coverage.reached is not None:
            missing = [
                time for _, time, *_ in rows
                if time > page.coverage.reached and time not in {row.time for row in seen}
            ]  # fmt: skip
            assert missing == []
    assert len(seen) == 50


def test_a_budget_stops_a_run_and_the_cursor_goes_on() -> None:
    rows = [("app/0", DAY0 + i * 1000, "alice", "success") for i in range(2000)]
    store = filled(rows)
    plan = plan_for(store, rows, "actor-activity", actor="alice", window="all")
    got, last = run(plan, store, max_rcu=5.0)
    assert last.coverage.stop == "budget" and 0 < len(got) < 2000
    assert last.meter.rcu <= 5.0 + 0.5
    assert "budget" in last.coverage.text()
    rest, end = run(plan, store, cursor=last.cursor)
    assert len(got) + len(rest) == 2000 and end.coverage.complete


def test_exactly_the_limit_is_complete_when_nothing_remains() -> None:
    rows = [("app/0", DAY0 + i, "alice", "success") for i in range(5)]
    store = filled(rows)
    plan = plan_for(store, rows, "actor-activity", actor="alice", window="all")
    _, last = run(plan, store, limit=5)
    assert last.coverage.complete
    _, last = run(plan, store, limit=4)
    assert last.coverage.stop == "limit"


class _Failing:
    """A store whose n-th query fails."""

    index_lag = 0

    def __init__(self, store: SqliteStore, fail_at: int, kind: str = "permission") -> None:
        self._store, self._fail_at, self._kind = store, fail_at, kind
        self._lock = threading.Lock()
        self.calls = 0

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        with self._lock:
            self.calls += 1
            if self.calls == self._fail_at:
                raise StoreError("Access was denied.", "Ask.", kind=self._kind)
        return self._store.query(request, patience)


@pytest.mark.parametrize("fail_at", [1, 2, 3, 5, 8])
def test_a_permanent_error_keeps_what_was_read_and_says_so(fail_at: int) -> None:
    rows = [(CHAINS[i % 3], DAY0 + i * 1000, "alice", "success") for i in range(60)]
    store = filled(rows)
    plan = plan_for(store, rows, "time-window", window=window(DAY0, DAY0 + timestamp.DAY))
    execution = Execution(plan, _Failing(store, fail_at), page_rows=5)  # type: ignore[arg-type]
    got: list[Row] = []
    last = None
    for page in execution.pages():
        got += page.rows
        last = page
    assert last is not None and last.coverage.stop == "error"
    assert last.coverage.text().endswith(": Access was denied")
    assert isinstance(execution.error, StoreError)
    truth = brute_force(rows, DAY0, DAY0 + timestamp.DAY, True)
    assert names(got) == truth[: len(got)]
    assert last.meter.unmetered >= 1
    rest, _ = run(plan, store, cursor=last.cursor)
    assert names(got + rest) == truth


class _Throttled(_Failing):
    """A store whose n-th query is throttled twice, and waits as it is told to."""

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        with self._lock:
            self.calls += 1
            throttled = self.calls == self._fail_at
        if not throttled:
            return self._store.query(request, patience)
        error = StoreError("The table throttles.", kind="throttled")
        for attempt in (2, 3):
            patience.wait(error, attempt, 0.01)
        page = self._store.query(request, patience)
        return msgspec.structs.replace(page, unmetered=2)


def test_throttling_is_told_survived_and_counted() -> None:
    rows = [("app/0", DAY0 + i, "alice", "success") for i in range(9)]
    store = filled(rows)
    plan = plan_for(store, rows, "actor-activity", actor="alice", window="all")
    told: list[str] = []
    got, last = run(plan, _Throttled(store, 2), page_rows=3, notify=told.append)
    assert len(got) == 9 and last.coverage.complete
    assert told[0] == "throttled, retrying in 0.0 s, attempt 2"
    assert told[-1] == "the table answers again"
    assert last.meter.unmetered == 2


def test_a_cursor_of_another_run_or_damaged_is_refused() -> None:
    rows = [("app/0", DAY0 + i, "alice", "success") for i in range(9)]
    store = filled(rows)
    plan = plan_for(store, rows, "actor-activity", actor="alice", window="all")
    _, last = run(plan, store, limit=3)
    other = plan_for(store, rows, "actor-activity", actor="bob", window="all")
    with pytest.raises(UsageError, match="another run"):
        Execution(other, store, cursor=last.cursor)
    for text in ("x", last.cursor[:-4], "é", "=" * 9):
        with pytest.raises(UsageError, match="damaged"):
            Execution(plan, store, cursor=text)
