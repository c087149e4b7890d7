"""The executor against a brute-force answer, over random tables, windows and page sizes."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import timestamp
from audittui.errors import StoreError, UsageError
from audittui.layout.row import Row
from audittui.query.cursor import decode_cursor, encode_cursor
from audittui.query.execution import Execution
from audittui.query.result import ResultPage
from audittui.runbook.plan import Facts
from audittui.runbook.planner import make_plan
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from tests.query.logs import (
    CATALOGUE,
    CHAINS,
    DAY0,
    NATIVE,
    brute_force,
    edges,
    events,
    facts,
    filled,
    names,
    one_partition,
    plan_for,
    run,
    window,
)


@settings(max_examples=150)
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


@settings(max_examples=100)
@given(events, st.integers(1, 9))
def test_one_partition_with_ties_is_exact_oldest_first(rows: list[Any], page_rows: int) -> None:
    store = filled(rows)
    plan = one_partition(store, rows, "oldest")
    got, _ = run(plan, store, page_rows=page_rows)
    assert names(got) == brute_force(rows, 0, timestamp.MAX_TIME, False, actor="alice")


@settings(max_examples=150)
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


@settings(max_examples=60)
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


@settings(max_examples=60)
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
    # A refused request costs nothing.
    assert last.meter.unmetered == 0
    rest, _ = run(plan, store, cursor=last.cursor)
    assert names(got + rest) == truth


class _Throttled(_Failing):
    """A store whose n-th query is throttled twice, and which waits as its patience says."""

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
    assert told[-1] == "the table is responding again"
    assert last.meter.unmetered == 2, "what the store says"


def test_a_cursor_of_another_run_or_damaged_is_refused() -> None:
    rows = [("app/0", DAY0 + i, "alice", "success") for i in range(9)]
    store = filled(rows)
    plan = plan_for(store, rows, "actor-activity", actor="alice", window="all")
    _, last = run(plan, store, limit=3)
    other = plan_for(store, rows, "actor-activity", actor="bob", window="all")
    with pytest.raises(UsageError, match="another run"):
        Execution(other, store, cursor=last.cursor)
    short = msgspec.structs.replace(decode_cursor(last.cursor), last=[1, 2, "entry#app/0"])
    for text in ("x", last.cursor[:-4], "é", "=" * 9, encode_cursor(short)):
        with pytest.raises(UsageError, match="damaged"):
            Execution(plan, store, cursor=text)


NOW = DAY0 + 2 * timestamp.DAY + 15 * 3600 * timestamp.SECOND
HOUR = 3600 * timestamp.SECOND


def _read(start: int, end: int, *, lag: int = 0, **options: Any) -> ResultPage:
    """A whole window read at ``NOW``."""
    rows = [("app/0", NOW - HOUR, "alice", "success"), ("app/0", NOW - 5, "alice", "success")]
    store = filled(rows)
    known = msgspec.structs.replace(facts(store, rows), now=NOW)
    plan = make_plan(CATALOGUE.find("time-window"), {"window": window(start, end)}, NATIVE, known)
    lagging = _Lagging(store, lag)
    *_, last = Execution(plan, lagging, now=NOW, **options).pages()  # type: ignore[arg-type]
    return last


class _Lagging(_Failing):
    """A store whose indexes lag."""

    def __init__(self, store: SqliteStore, lag: int) -> None:
        super().__init__(store, 0)
        self.index_lag = lag


def test_coverage_ends_at_the_moment_of_reading() -> None:
    last = _read(NOW - HOUR, NOW + HOUR)
    assert last.meter.returned == 2 and last.cursor == ""
    assert last.coverage.finished and not last.coverage.complete
    assert last.coverage.text() == (
        "complete from 2026-11-22T14:00:00Z to 2026-11-22T15:00:00Z, the time of reading; "
        "the rest of the window, to 2026-11-22T16:00:00Z, is in the future"
    )
    said = _read(NOW - HOUR, NOW + HOUR, lag=10 * timestamp.SECOND).coverage.text()
    assert (
        "the time of reading; entries since 2026-11-22T14:59:50Z may not be indexed yet; " in said
    )


@pytest.mark.parametrize("start", [NOW, NOW + HOUR])
def test_a_window_in_the_future_proves_no_absence(start: int) -> None:
    last = _read(start, NOW + 2 * HOUR)
    assert not last.coverage.complete and last.meter.returned == 0
    said = last.coverage.text()
    assert said.startswith("the window 2026-11-22T") and "complete" not in said
    assert "had not begun" in said and "when it was read, at 2026-11-22T15:00:00Z" in said


@pytest.mark.parametrize("counted", [False, True])
def test_a_window_up_to_now_is_complete(counted: bool) -> None:
    last = _read(NOW - HOUR, NOW, count=counted)
    assert last.coverage.complete
    assert last.coverage.text() == ("complete from 2026-11-22T14:00:00Z to 2026-11-22T15:00:00Z")


def test_a_run_that_goes_on_knows_no_more_than_when_it_began() -> None:
    rows = [("app/0", NOW - at, "alice", "success") for at in range(9)]
    store = filled(rows)
    known = msgspec.structs.replace(facts(store, rows), now=NOW)
    texts = {"window": window(NOW - HOUR, NOW + HOUR)}
    plan = make_plan(CATALOGUE.find("time-window"), texts, NATIVE, known)
    *_, first = Execution(plan, store, limit=3, now=NOW).pages()
    later = NOW + 2 * HOUR
    *_, last = Execution(plan, store, cursor=first.cursor, now=later).pages()
    assert last.coverage.finished and not last.coverage.complete
    assert "to 2026-11-22T15:00:00Z, the time of reading" in last.coverage.text()
