"""The budget, the rate and the waits: how much a run may use, and what it reports."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
import threading
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import timestamp
from audittui.errors import StoreError, UsageError
from audittui.layout.row import Row
from audittui.query.cost import Costs, TokenBucket
from audittui.query.execution import Execution
from audittui.query.patience import RunPatience, Waits
from audittui.query.result import ResultPage
from audittui.query.stream import Stream
from audittui.store.port import PATIENT, Page, Patience, Query
from tests.query.channels import Clock, Generations, Shuffled, through
from tests.query.logs import DAY0, brute_force, filled, names, one_partition, plan_for, window

TWO = ("app/0", "web/0")
DAY = window(DAY0, DAY0 + timestamp.DAY)
chances = st.integers(0, 2**32).map(random.Random)


def log(count: int, step: int = 1000) -> list[Any]:
    return [(TWO[i % 2], DAY0 + i * step, "alice", "success") for i in range(count)]


@settings(max_examples=60)
@given(chances, st.sampled_from([1.0, 1.5, 4.0, 11.0]), st.booleans(), st.booleans())
def test_a_budget_is_kept_and_resuming_completes_the_rest(
    chance: random.Random, max_rcu: float, drain: bool, split: bool
) -> None:
    rows = log(400)
    store = filled(rows, page_bytes=8192)
    if split:
        plan = one_partition(store, rows, "newest")
    else:
        plan = plan_for(store, rows, "time-window", window=DAY)
    got: list[Row] = []
    cursor = ""
    for _ in range(300):
        with through(Shuffled(chance)):
            pages = list(
                Execution(plan, store, max_rcu=max_rcu, drain=drain, cursor=cursor).pages()
            )
        got += [row for page in pages for row in page.rows]
        last = pages[-1]
        # Items of one size: a page never exceeds its reservation, except for the last rounding.
        assert last.meter.rcu <= max_rcu + 0.5
        cursor = last.cursor
        if last.coverage.complete:
            break
        assert last.coverage.stop == "budget"
        assert f"of {max_rcu:g} RCU used)" in last.coverage.text()
    assert names(got) == brute_force(rows, DAY0, DAY0 + timestamp.DAY, True)


@settings(max_examples=200)
@given(chances, st.floats(0.5, 400), st.integers(1, 8))
def test_what_is_in_flight_never_exceeds_what_is_left(
    chance: random.Random, budget: float, sharers: int
) -> None:
    """Items are as large as assumed, so there is no overshoot at all."""
    costs = Costs(budget, None, spent=0.0)
    flying: list[tuple[float, float]] = []
    for _ in range(60):
        if flying and chance.random() < 0.4:
            reserved, real = flying.pop(chance.randrange(len(flying)))
            costs.settle(reserved, real)
            continue
        must = chance.random() < 0.5
        wanted = chance.choice([None, 1, 50, 5000])
        grant = costs.grant(wanted, sharers, must=must)
        if grant is None:
            continue
        assert grant.limit is None or grant.limit >= 1
        if not must:
            assert grant.limit == wanted, "only what the next row needs takes a smaller page"
        costs.reserve(grant.units)
        items = 1024 if grant.limit is None else min(grant.limit, 1024)
        flying.append((grant.units, -(-items * 1024 // 4096) * 0.5))
        assert costs.spent + sum(real for _, real in flying) <= budget
        assert costs.spent + sum(reserved for reserved, _ in flying) <= budget


def test_a_small_budget_is_shared_by_the_chains_of_a_day() -> None:
    chains = [f"app/{number}" for number in range(4)]
    rows = [(chains[i % 4], DAY0 + i, "alice", "success") for i in range(4000)]
    store = filled(rows)
    plan = plan_for(store, rows, "time-window", window=DAY)
    channel = Generations()
    with through(channel):
        pages = list(Execution(plan, store, max_rcu=4.0).pages())
    assert channel.widest == 4
    assert 0 < sum(len(page.rows) for page in pages) < 4000


class Growing:
    """A store whose items turn out ten times as large once the budget is half used."""

    index_lag = 0

    def __init__(self, store: Any) -> None:
        self._store = store
        self.rcu = 0.0

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        page = self._store.query(request, patience)
        factor = 1 if self.rcu < 5 else 10
        self.rcu += page.rcu * factor
        return Page(page.items, page.last_key, page.scanned, page.rcu * factor)


def test_what_could_not_be_known_beforehand_is_reported() -> None:
    rows = log(4000)
    plan = one_partition(filled(rows), rows, "newest")
    store = Growing(filled(rows))
    (*_, last) = Execution(plan, store, max_rcu=10, page_rows=100).pages()  # type: ignore[arg-type]
    assert last.coverage.stop == "budget"
    assert 10 < last.meter.rcu <= 10 + 9 * 10
    assert f"stopped by the budget ({last.meter.rcu:g} of 10 RCU used)" in last.coverage.text()


def test_a_bucket_lets_through_what_its_rate_says() -> None:
    bucket = TokenBucket(10.0, now=0.0)
    assert bucket.delay(10.0, 0.0) == 0.0
    bucket.take(10.0)
    assert bucket.delay(5.0, 0.0) == pytest.approx(0.5)
    assert bucket.delay(5.0, 0.5) == 0.0
    # It used more than was reserved: the debt is paid before the next request.
    bucket.take(25.0)
    assert bucket.delay(5.0, 0.5) == pytest.approx(2.5)
    # At most one second's worth is saved up.
    assert bucket.delay(10.0, 1000.0) == 0.0
    bucket.take(10.0)
    assert bucket.delay(1.0, 1000.0) == pytest.approx(0.1)


@pytest.mark.parametrize("drain", [True, False])
@pytest.mark.parametrize("rate", [2.0, 25.0])
def test_a_rate_is_kept_and_its_waits_are_told(rate: float, drain: bool) -> None:
    rows = log(4000)
    store = filled(rows)
    plan = plan_for(store, rows, "time-window", window=DAY)
    told: list[str] = []
    clock = Clock()
    with through(clock), clock.running():
        pages = list(Execution(plan, store, rate=rate, drain=drain, notify=told.append).pages())
    assert sum(len(page.rows) for page in pages) == 4000
    total = pages[-1].meter.rcu
    assert total > 60
    for at, _ in clock.used:
        so_far = sum(rcu for then, rcu in clock.used if then <= at)
        assert so_far <= rate * (at + 1) + 1.0
    # No time is lost either.
    assert clock.now <= total / rate * 1.3 + 2
    assert any(text.startswith(f"at {rate:g} RCU/s: next request in ") for text in told)


def test_a_rate_of_nothing_is_refused() -> None:
    rows = log(4)
    plan = one_partition(filled(rows), rows, "newest")
    with pytest.raises(UsageError, match="reads nothing"):
        Execution(plan, filled(rows), rate=0.0)


class Stuck:
    """A store that is throttled forever (``patient``) or never answers."""

    index_lag = 0

    def __init__(self, patient: bool) -> None:
        self.patient = patient
        self.asked = threading.Event()
        self.free = threading.Event()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if self.patient:
            self.asked.set()
            patience.wait(StoreError("Throttled.", kind="throttled"), 2, 3600)
            raise AssertionError("an hour has passed")
        self.asked.set()
        self.free.wait()
        return Page(items=[], last_key=None, scanned=0, rcu=0.5)


def cancelled_while_stuck(store: Stuck) -> tuple[ResultPage, list[str], weakref.ref[Any]]:
    rows = log(10)
    plan = one_partition(filled(rows), rows, "newest")
    told: list[str] = []
    execution = Execution(plan, store, notify=told.append)  # type: ignore[arg-type]
    pages: list[ResultPage] = []
    reader = threading.Thread(target=lambda: pages.extend(execution.pages()), daemon=True)
    reader.start()
    assert store.asked.wait(30)
    execution.cancel()
    reader.join(30)
    assert not reader.is_alive()
    return pages[-1], told, weakref.ref(execution)


def test_cancelling_ends_a_wait_for_a_throttled_table() -> None:
    last, told, _ = cancelled_while_stuck(Stuck(patient=True))
    assert last.coverage.stop == "cancelled"
    # Throttled attempts cost nothing, and none was in flight.
    assert last.meter.unmetered == 0
    assert told in ([], ["throttled, retrying in 3600.0 s, attempt 2"])


def test_a_wait_ends_with_its_run() -> None:
    closed = threading.Event()
    told = threading.Event()
    raised: list[StoreError] = []
    error = StoreError("Gone.", kind="network")
    patience = RunPatience(Waits(lambda _: told.set(), closed))

    def wait() -> None:
        try:
            patience.wait(error, 2, 3600)
        except StoreError as caught:
            raised.append(caught)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    assert told.wait(30)
    closed.set()
    waiting.join(30)
    assert raised == [error]
    assert patience.gave_up and patience.lost == 1


def test_a_stuck_request_keeps_nothing_of_its_run_alive() -> None:
    store = Stuck(patient=False)
    try:
        of_others = {one for one in gc.get_objects() if isinstance(one, Stream)}
        last, _, run = cancelled_while_stuck(store)
        assert last.coverage.stop == "cancelled" and last.meter.unmetered == 1
        gc.collect()
        assert run() is None
        left = {one for one in gc.get_objects() if isinstance(one, Stream)} - of_others
        assert not [one for one in left if stuck(one)]
    finally:
        store.free.set()


def stuck(stream: Stream) -> bool:
    """True for a stream whose request is in flight."""
    return any(part.flying for part in stream.slices)


QUIT = """
import threading
from audittui.query import pool
begun = threading.Event()
def call():
    begun.set()
    threading.Event().wait()
pool.Channel().send(None, call)
assert begun.wait(30)
print("quits")
"""


def test_a_program_quits_while_a_request_is_stuck() -> None:
    done = subprocess.run(
        [sys.executable, "-c", QUIT], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "quits\n"


def test_a_run_that_is_left_alone_gives_its_requests_up() -> None:
    rows = log(10)
    plan = one_partition(filled(rows), rows, "newest")
    channel = Shuffled(random.Random(1))
    with through(channel):
        pages = Execution(plan, filled(rows), page_rows=2).pages()
        next(pages)
        assert channel.sent
        pages.close()
    assert all(job.call is None for _, job in channel.sent)
