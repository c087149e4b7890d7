"""The executor's order is exact whichever answer arrives first, however a partition is split and
wherever a run stops."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import timestamp
from audittui.errors import StoreError, UsageError
from audittui.layout.row import Row
from audittui.query.execution import Execution
from audittui.query.result import ResultPage
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from tests.query.channels import Generations, Shuffled, through
from tests.query.logs import (
    CHAINS,
    DAY0,
    MOMENTS,
    brute_force,
    filled,
    names,
    one_partition,
    plan_for,
    window,
)

DAYS = 4
EVERYTHING = window(DAY0, DAY0 + DAYS * timestamp.DAY)
chances = st.integers(0, 2**32).map(random.Random)


def _log(size: int, chance: random.Random) -> list[Any]:
    """Ties at the edges of days, bursts, and a spread in between."""
    burst = DAY0 + chance.randrange(DAYS * timestamp.DAY - 400)
    moments = chance.sample(
        [
            lambda: chance.choice(MOMENTS),
            lambda: burst + chance.randrange(40),
            lambda: DAY0 + chance.randrange(DAYS * timestamp.DAY),
            lambda: DAY0 + chance.randrange(96) * timestamp.DAY // 24,
        ],
        chance.randrange(1, 5),
    )
    chains = CHAINS[: chance.randrange(1, 4)]
    outcomes = ("success", "failure", "denied", "unknown")
    return [
        (chance.choice(chains), chance.choice(moments)(), chance.choice(("alice", "alice", "bob")),
         chance.choice(outcomes))
        for _ in range(size)
    ]  # fmt: skip


logs = st.builds(_log, st.integers(0, 150), chances)
PAGE_BYTES = st.sampled_from([300, 2500, 9000])


def read(plan: Any, store: Any, chance: random.Random, **options: Any) -> list[ResultPage]:
    with through(Shuffled(chance)):
        return list(Execution(plan, store, **options).pages())


def rows_of(pages: list[ResultPage]) -> list[Row]:
    return [row for page in pages for row in page.rows]


@settings(max_examples=120)
@given(logs, chances, PAGE_BYTES, st.booleans(), st.sampled_from([None, 1, 3]))
def test_all_chains_in_exact_order_whatever_lands_first(
    rows: list[Any], chance: random.Random, page_bytes: int, drain: bool, page_rows: int | None
) -> None:
    store = filled(rows, page_bytes)
    plan = plan_for(store, rows, "time-window", window=EVERYTHING)
    pages = read(plan, store, chance, drain=drain, page_rows=page_rows)
    assert names(rows_of(pages)) == brute_force(rows, DAY0, DAY0 + DAYS * timestamp.DAY, True)
    last = pages[-1]
    assert last.coverage.complete and last.cursor == ""
    assert last.meter.pages == last.meter.requests and last.meter.unmetered == 0
    assert last.meter.by_index == ((("by-time", last.meter.rcu),) if last.meter.rcu else ())


@settings(max_examples=120)
@given(
    logs, chances, PAGE_BYTES, st.sampled_from(["newest", "oldest"]),
    st.sampled_from(["all", EVERYTHING]),
)  # fmt: skip
def test_a_partition_split_into_slices_is_exact(
    rows: list[Any], chance: random.Random, page_bytes: int, order: str, during: str
) -> None:
    store = filled(rows, page_bytes)
    pages = read(one_partition(store, rows, order, during), store, chance, drain=True)
    truth = brute_force(rows, 0, timestamp.MAX_TIME, order == "newest", actor="alice")
    assert names(rows_of(pages)) == truth
    assert pages[-1].coverage.complete


@pytest.fixture(autouse=True)
def _sparse_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pages have places to go on from as rarely as large ones."""
    monkeypatch.setattr("audittui.query.decode._FINE", 4)
    monkeypatch.setattr("audittui.query.decode._STRIDE", 3)


@settings(max_examples=120)
@given(
    logs, chances, PAGE_BYTES, st.sampled_from(["newest", "oldest"]), st.booleans(), st.booleans()
)
def test_stopping_anywhere_and_resuming_gives_every_row_once(
    rows: list[Any], chance: random.Random, page_bytes: int, order: str, drain: bool, split: bool
) -> None:
    store = filled(rows, page_bytes)
    if split:
        plan = one_partition(store, rows, order)
        truth = brute_force(rows, 0, timestamp.MAX_TIME, order == "newest", actor="alice")
    else:
        plan = plan_for(store, rows, "time-window", window=EVERYTHING)
        truth = brute_force(rows, DAY0, DAY0 + DAYS * timestamp.DAY, True)
    got: list[Row] = []
    cursor = ""
    for attempt in range(60):
        stop_after = chance.randrange(1, 6) + attempt // 10
        with through(Shuffled(chance)):
            execution = Execution(plan, store, drain=drain, cursor=cursor)
            for number, page in enumerate(execution.pages(), 1):
                got += page.rows
                reached = page.coverage.reached
                if reached is not None:
                    newer = plan.order == "newest"
                    missing = [t for t in truth if (t[0] > reached if newer else t[0] < reached)]
                    assert set(missing) <= set(names(got)), "coverage claims too much"
                if number == stop_after:
                    if chance.random() < 0.5:
                        break
                    execution.cancel()
        # The cursor of any page resumes after its last row, whether the run ended or was abandoned.
        cursor = page.cursor
        if page.coverage.complete:
            break
        assert page.coverage.stop in ("cancelled", "") and cursor
    else:
        got += rows_of(read(plan, store, chance, cursor=cursor))
    assert names(got) == truth


_ATTEMPTS = 50


class _Breaking:
    """A store whose queries fail permanently now and then, until it is ``calm``, so that every run
    ends eventually."""

    index_lag = 0

    def __init__(self, store: SqliteStore, chance: random.Random, calm: bool) -> None:
        self._store, self._chance, self._calm = store, chance, calm
        self.answered: list[float] = []

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if not self._calm and self._chance.random() < 0.15:
            raise StoreError("The connection broke.", "Ask again.", kind="network")
        page = self._store.query(request, patience)
        self.answered.append(page.rcu)
        return page


@settings(max_examples=100)
@given(logs, chances, PAGE_BYTES, st.booleans())
def test_errors_anywhere_lose_nothing_and_the_meter_is_the_sum_of_all_answers(
    rows: list[Any], chance: random.Random, page_bytes: int, drain: bool
) -> None:
    store = filled(rows, page_bytes)
    plan = plan_for(store, rows, "time-window", window=EVERYTHING)
    got: list[Row] = []
    cursor = ""
    for attempt in range(_ATTEMPTS + 1):
        broken = _Breaking(store, chance, calm=attempt == _ATTEMPTS)
        pages = read(plan, broken, chance, drain=drain, cursor=cursor)
        got += rows_of(pages)
        last = pages[-1]
        assert last.meter.rcu == pytest.approx(sum(broken.answered))
        assert last.meter.requests == last.meter.pages + last.meter.unmetered
        cursor = last.cursor
        if last.coverage.complete:
            break
        assert last.coverage.stop == "error" and last.meter.unmetered >= 1
    assert names(got) == brute_force(rows, DAY0, DAY0 + DAYS * timestamp.DAY, True)


@settings(max_examples=80)
@given(logs, chances, PAGE_BYTES, st.sampled_from(["any", "denied"]))
def test_counting_stopped_and_resumed_counts_every_entry_once(
    rows: list[Any], chance: random.Random, page_bytes: int, outcome: str
) -> None:
    store = filled(rows, page_bytes)
    plan = one_partition(store, rows, "newest", outcome=outcome)
    counted = 0
    cursor = ""
    for attempt in range(_ATTEMPTS + 1):
        broken = _Breaking(store, chance, calm=attempt == _ATTEMPTS)
        with through(Shuffled(chance)):
            execution = Execution(plan, broken, count=True, cursor=cursor)  # type: ignore[arg-type]
            (*_, last) = execution.pages()
        assert rows_of([last]) == []
        counted += last.meter.matched
        cursor = last.cursor
        if last.coverage.complete:
            break
    wanted = {} if outcome == "any" else {"outcome": outcome}
    truth = brute_force(rows, 0, timestamp.MAX_TIME, True, actor="alice", **wanted)
    assert counted == len(truth)


def test_what_cannot_be_counted_is_refused() -> None:
    rows = [(CHAINS[i % 3], DAY0 + i, "alice", "success") for i in range(20)]
    store = filled(rows)
    plan = plan_for(store, rows, "repeated-failures", window=EVERYTHING)
    with pytest.raises(UsageError, match="correlation"):
        Execution(plan, store, count=True)
    import msgspec

    from audittui.runbook.plan import RowFilter

    plan = plan_for(store, rows, "time-window", window=EVERYTHING)
    filtered = msgspec.structs.replace(plan, row_filters=(RowFilter("actor", "in", ("bob",)),))
    with pytest.raises(UsageError, match="actor is filtered after reading"):
        Execution(filtered, store, count=True)
    (*_, last) = Execution(plan, store, limit=5).pages()
    with pytest.raises(UsageError, match="another run"):
        Execution(plan, store, count=True, cursor=last.cursor)


class _NoMore:
    """A store that fails permanently at its n-th query. ``times`` were read before."""

    index_lag = 0

    def __init__(self, store: SqliteStore, good: int) -> None:
        self._store, self._good = store, good
        self.times: set[int] = set()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        self._good -= 1
        if self._good < 0:
            raise StoreError("Access was denied.", "Ask.", kind="network")
        page = self._store.query(request, patience)
        self.times |= {timestamp.parse(item["time"]) for item in page.items}
        return page


@pytest.mark.parametrize("good", [3, 10, 25, 40])
def test_what_can_be_given_before_an_error_is_given(
    monkeypatch: pytest.MonkeyPatch, good: int
) -> None:
    monkeypatch.setattr("audittui.query.execution.MOST_ROWS", 20)
    rows = [("app/0", DAY0 + i * 60_000_000, "alice", "success") for i in range(2000)]
    store = _NoMore(filled(rows, page_bytes=4096), good)
    plan = one_partition(filled(rows), rows, "newest")
    truth = brute_force(rows, 0, timestamp.MAX_TIME, True)
    with through(Generations()):
        pages = list(Execution(plan, store, drain=True).pages())  # type: ignore[arg-type]
    assert pages[-1].coverage.stop == "error"
    got = names(rows_of(pages))
    assert got == truth[: len(got)]
    without_gap = next(place for place, one in enumerate(truth) if one[0] not in store.times)
    # The last row before a gap may have ties in it.
    assert len(got) >= without_gap - 1
    rest = list(Execution(plan, filled(rows), cursor=pages[-1].cursor).pages())
    assert names(rows_of(pages) + rows_of(rest)) == truth


class _Stuck:
    """A store that does not answer until it is released."""

    index_lag = 0

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.free = threading.Event()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        self.asked.set()
        self.free.wait()
        return Page(items=[], last_key=None, scanned=0, rcu=0.5)


def test_cancel_is_answered_while_every_request_is_stuck() -> None:
    rows = [(CHAINS[i % 3], DAY0 + i, "alice", "success") for i in range(20)]
    plan = plan_for(filled(rows), rows, "time-window", window=EVERYTHING)
    store = _Stuck()
    execution = Execution(plan, store, drain=True)  # type: ignore[arg-type]
    pages: list[ResultPage] = []
    reader = threading.Thread(target=lambda: pages.extend(execution.pages()), daemon=True)
    reader.start()
    assert store.asked.wait(30)
    execution.cancel()
    reader.join(30)
    try:
        assert not reader.is_alive()
        assert [page.coverage.stop for page in pages] == ["cancelled"]
        assert pages[0].meter.unmetered == pages[0].meter.requests > 0
        assert pages[0].meter.pages == 0 and pages[0].cursor
    finally:
        store.free.set()
