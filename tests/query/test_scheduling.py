"""How many rounds, how wide, how far ahead, and at what cost: counted, never timed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from audittui import timestamp
from audittui.errors import StoreError
from audittui.query import requests
from audittui.query.execution import Execution
from audittui.query.front import Front
from audittui.query.position import beginning
from audittui.query.result import ResultPage
from audittui.runbook.plan import Facts
from audittui.runbook.planner import make_plan
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from tests.query.channels import Clock, Generations, Steps, through
from tests.query.logs import (
    CATALOGUE,
    DAY0,
    NATIVE,
    brute_force,
    filled,
    names,
    one_partition,
    plan_for,
    window,
)

YEAR = window(DAY0 - 364 * timestamp.DAY, DAY0 + timestamp.DAY)
FOUR = tuple(f"app/{number}" for number in range(4))


class Watched:
    """A store that records requests and answers."""

    index_lag = 0

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.asked: list[Query] = []
        self.items = 0
        self.rcu = 0.0

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        self.asked.append(request)
        page = self._store.query(request, patience)
        self.items += len(page.items)
        self.rcu += page.rcu
        return page


def year_of(rows: list[Any], **parameters: str) -> tuple[Any, SqliteStore]:
    """The plan over a year of daily buckets on four chains: 1,460 partitions."""
    store = filled(rows)
    known = Facts(FOUR, store.describe().indexes, DAY0 + timestamp.DAY)
    plan = make_plan(CATALOGUE.find("time-window"), {"window": YEAR, **parameters}, NATIVE, known)
    assert len(plan.shards) == 1460
    return plan, store


@pytest.mark.parametrize("options", [{"page_rows": 50}, {}, {"drain": True}, {"count": True}])
def test_an_empty_year_takes_at_most_thirty_rounds(options: dict[str, Any]) -> None:
    plan, store = year_of([])
    channel = Generations()
    with through(channel):
        (*_, last) = Execution(plan, store, **options).pages()
    assert last.coverage.complete and last.meter.requests == 1460
    assert channel.rounds <= 30
    assert channel.widest <= requests.MAX_IN_FLIGHT


def test_a_year_with_one_entry_at_its_far_end_is_found_as_fast() -> None:
    start = DAY0 - 364 * timestamp.DAY
    plan, store = year_of([("app/2", start + 5, "alice", "success")])
    channel = Generations()
    with through(channel):
        pages = list(Execution(plan, store, page_rows=50).pages())
    assert [len(page.rows) for page in pages if page.rows] == [1]
    assert channel.rounds <= 30


def test_as_many_shards_as_asked_for_are_near_and_at_least_a_bucket() -> None:
    plan, _ = year_of([])

    def near(ahead: int) -> list[int]:
        return [stream.place for stream in front.near(ahead)]

    front = Front(plan, beginning(plan))
    # Four chains a day: whole numbers of shards, even at the end of a day.
    assert [len(near(ahead)) for ahead in (1, 4, 5, 8, 9)] == [4, 4, 5, 8, 9]
    # And no more of those opened to look further ahead.
    assert [near(ahead) for ahead in (1, 4, 5, 8)] == [
        [0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3, 4], list(range(8)),
    ]  # fmt: skip


class OnlyNewest(Steps):
    """Never answers for any bucket but the newest."""

    def receive(self, timeout: float | None) -> tuple[Any, Any] | None:
        for place, (flight, _) in enumerate(self.sent):
            if flight.stream.shard.bucket == 0:
                return self.land(place)
        assert timeout is not None, "waits for a bucket that rows of the newest do not need"
        return None


@pytest.mark.parametrize("options", [{"page_rows": 5}, {}, {"drain": True}])
def test_rows_of_the_newest_bucket_never_wait_for_others(options: dict[str, Any]) -> None:
    rows = [(FOUR[i % 4], DAY0 + i * 1000, "alice", "success") for i in range(40)]
    plan, store = year_of(rows)
    got: list[Any] = []
    with through(OnlyNewest()):
        for page in Execution(plan, store, **options).pages():
            got += page.rows
            if len(got) == 40:
                break
    assert names(got) == brute_force(rows, DAY0, DAY0 + timestamp.DAY, True)


def test_first_rows_take_one_round_trip() -> None:
    rows = [(FOUR[i % 4], DAY0 + i * 1000, "alice", "success") for i in range(400)]
    plan, store = year_of(rows)
    watched, channel = Watched(store), Generations()
    with through(channel):
        page = next(Execution(plan, watched, page_rows=20).pages())  # type: ignore[arg-type]
    assert page.rows and channel.rounds == 1
    # Small pages of the newest day, one per chain, and nothing further back.
    assert {query.limit for query in watched.asked} == {20}
    assert len(watched.asked) == 4


def test_a_screen_reads_at_most_two_pages_ahead_of_its_reader() -> None:
    rows = [("app/0", DAY0 + i * 1000, "alice", "success") for i in range(3000)]
    store = filled(rows)
    watched = Watched(store)
    plan = one_partition(store, rows, "newest")
    shown = 0
    with through(Generations()):
        for page in Execution(plan, watched, page_rows=20).pages():  # type: ignore[arg-type]
            shown += len(page.rows)
            assert watched.items - shown <= 2 * max(len(page.rows), 20)
    assert shown == 3000
    # Larger pages as the reader continues.
    limits = [query.limit or 3000 for query in watched.asked]
    assert limits[0] == 20 and limits == sorted(limits) and len(limits) < 15


def test_a_screen_with_rows_does_not_look_into_other_buckets() -> None:
    hourly = [DAY0 - hour * timestamp.DAY // 24 for hour in range(24 * 30)]
    rows = [(FOUR[i % 4], time, "alice", "success") for i, time in enumerate(hourly)]
    plan, store = year_of(rows)
    watched = Watched(store)
    pages = 0
    with through(Generations()):
        for page in Execution(plan, watched, page_rows=50).pages():  # type: ignore[arg-type]
            pages += bool(page.rows)
            if pages == 5:
                break
    # Five days were shown: only they were read, and one page of the next day ahead.
    days = {query.partition[1][-10:] for query in watched.asked}  # type: ignore[index]
    assert len(days) <= 7


class ThrottledOnce(Watched):
    """All 64 queries of one round are throttled for a moment."""

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if 300 <= len(self.asked) < 364:
            patience.wait(StoreError("Slow down.", kind="throttled"), 2, 0.0)
        return super().query(request, patience)


def test_a_table_that_throttles_is_asked_half_as_much_at_once() -> None:
    plan, store = year_of([])
    watched = ThrottledOnce(store)
    widths: dict[int, int] = {}

    class OneByOne(Steps):
        def receive(self, timeout: float | None) -> tuple[Any, Any] | None:
            if timeout == 0.0:
                return None
            widths[len(watched.asked)] = len(self.sent)
            return self.land(0)

    with through(OneByOne()):
        (*_, last) = Execution(plan, watched, page_rows=20).pages()  # type: ignore[arg-type]
    assert last.coverage.complete and last.meter.requests == 1460
    assert widths[300] == 64
    # Requests already sent are no reason to halve again. It then recovers step by step.
    assert 30 <= min(widths[asked] for asked in range(300, 400)) <= 33
    assert widths[400] < widths[600] < widths[1000] <= 64


def test_look_ahead_asks_for_little_and_ends_when_rows_come() -> None:
    """A busy day, forty empty ones, then a hundred and fifty rows a day."""
    quiet = 40 * timestamp.DAY
    minute = timestamp.DAY // 150
    rows = [("app/0", DAY0 + i * minute, "alice", "success") for i in range(150)]
    rows += [("app/0", DAY0 - quiet - i * minute, "alice", "success") for i in range(3000)]
    plan, store = year_of(rows)
    watched = Watched(store)
    shown = asked_by_then = 0
    with through(Generations()):
        for page in Execution(plan, watched, page_rows=20).pages():  # type: ignore[arg-type]
            shown += len(page.rows)
            if shown > 150 and not asked_by_then:
                asked_by_then = len(watched.asked)
            if shown >= 300:
                break
    assert len(watched.asked) - asked_by_then <= 16
    # Reading ahead may be in vain: never more than a first page.
    last_days = {shard.partition for shard in plan.shards if shard.low and shard.low < DAY0 - quiet}
    ahead = [
        query.limit
        for query in watched.asked
        if query.partition[1] in last_days and query.start_key is None
    ]
    assert ahead.count(20) >= 8 and len(ahead) - ahead.count(20) <= 4


def test_a_search_that_finds_nothing_takes_larger_and_larger_pages() -> None:
    rows = [("app/0", DAY0 + i * 1000, "alice", "success") for i in range(3000)]
    store = filled(rows)
    plan = plan_for(
        store, rows, "time-window", window=window(DAY0, DAY0 + timestamp.DAY), severity="high"
    )
    channel = Generations()
    with through(channel):
        (*_, last) = Execution(plan, store, page_rows=20).pages()
    assert last.coverage.complete and last.meter.scanned == 3000
    assert channel.rounds <= 10


def test_a_search_shows_how_far_it_is_four_times_a_second() -> None:
    plan, store = year_of([])
    clock = Clock()
    shown = [0.0]
    reached: list[int] = []
    with through(clock), clock.running():
        for page in Execution(plan, store, page_rows=20).pages():
            shown.append(clock.now)
            if page.coverage.reached is not None:
                reached.append(page.coverage.reached)
    gaps = [later - sooner for sooner, later in pairwise(shown)]
    assert len(gaps) > 100 and max(gaps) <= 0.25 + 0.05 + 1e-3
    assert reached == sorted(set(reached), reverse=True)
    assert len(reached) > len(gaps) / 2


def spread(count: int, start: int = DAY0, step: int = 60_000_000) -> list[Any]:
    return [("app/0", start + i * step, "alice", "success") for i in range(count)]


def bursts() -> list[Any]:
    """Four days with three busy hours: 3,000 entries, and a handful in between."""
    rows = spread(24, DAY0, timestamp.DAY // 6)
    for quarter, count in ((3, 1500), (11, 1000), (12, 500)):
        rows += spread(count, DAY0 + quarter * timestamp.DAY // 4, 1_000_000)
    return rows


@pytest.mark.parametrize("rows", [spread(3000), bursts()], ids=["spread", "bursts"])
@pytest.mark.parametrize("order", ["newest", "oldest"])
@pytest.mark.parametrize("during", ["all", window(DAY0, DAY0 + 60 * timestamp.DAY)])
def test_a_drain_reads_one_partition_in_parallel_at_the_same_cost(
    rows: list[Any], order: str, during: str
) -> None:
    store = filled(rows, page_bytes=4096)
    plan = one_partition(store, rows, order, during)
    truth = brute_force(rows, 0, timestamp.MAX_TIME, order == "newest", actor="alice")
    single, channel = Watched(store), Generations()
    with through(channel):
        pages = list(Execution(plan, single).pages())  # type: ignore[arg-type]
    one_by_one = channel.rounds
    wide, channel = Watched(store), Generations()
    with through(channel):
        pages = list(Execution(plan, wide, drain=True).pages())  # type: ignore[arg-type]
    assert names([row for page in pages for row in page.rows]) == truth
    assert one_by_one > 60
    assert channel.rounds <= one_by_one / 4
    # Each additional request costs at most one rounding.
    further = len(wide.asked) - len(single.asked)
    assert wide.rcu <= single.rcu + 0.5 * further
    assert further <= 2 * len(single.asked)
    assert wide.items == single.items


def test_a_drain_holds_no_more_rows_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = spread(6000)
    store = filled(rows, page_bytes=4096)
    watched = Watched(store)
    plan = one_partition(store, rows, "newest")
    monkeypatch.setattr(requests, "MAX_HELD_BYTES", 600 * 1100)
    monkeypatch.setattr("audittui.query.execution.MOST_ROWS", 200)
    shown = most = largest = 0
    with through(Generations()):
        for page in Execution(plan, watched, drain=True).pages():  # type: ignore[arg-type]
            shown += len(page.rows)
            largest = max(largest, len(page.rows))
            most = max(most, watched.items - shown)
    assert shown == 6000
    assert 100 < most <= 900
    assert largest <= 300


@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_rows_that_wait_for_a_slow_shard_are_never_given_before_it(
    monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    """More rows wait than are yielded at a time, and none may be yielded yet."""
    monkeypatch.setattr("audittui.query.execution.MOST_ROWS", 20)
    rows = [(FOUR[i % 2], DAY0 + i * 1000, "alice", "success") for i in range(400)]
    store = filled(rows, page_bytes=4096)
    book = CATALOGUE.find("time-window")
    book = msgspec.structs.replace(book, query=msgspec.structs.replace(book.query, order=order))
    known = Facts(FOUR[:2], store.describe().indexes, DAY0 + timestamp.DAY)
    parameters = {"window": window(DAY0, DAY0 + timestamp.DAY)}
    plan = make_plan(book, parameters, NATIVE, known)

    class LastFirst(Steps):
        """The first chain is read first and answers last."""

        def receive(self, timeout: float | None) -> tuple[Any, Any] | None:
            return self.land(len(self.sent) - 1) if self.sent and timeout != 0.0 else None

    with through(LastFirst()):
        pages = list(Execution(plan, store, drain=True).pages())
    got = names([row for page in pages for row in page.rows])
    assert got == brute_force(rows, DAY0, DAY0 + timestamp.DAY, order == "newest")


def test_a_run_that_has_all_it_wants_waits_for_nothing() -> None:
    rows = spread(3000)
    store = filled(rows)
    plan = one_partition(store, rows, "newest")
    clock = Clock()
    with through(clock), clock.running():
        (*_, last) = Execution(plan, store, limit=5).pages()
    assert last.coverage.stop == "limit" and last.meter.returned == 5
    # One answer, and no wait for others: none is in flight.
    assert last.meter.requests == 1 and clock.now < 0.06


def test_loading_all_may_begin_in_the_middle() -> None:
    rows = spread(3000)
    store = filled(rows, page_bytes=4096)
    plan = one_partition(store, rows, "newest")
    channel = Generations()
    got: list[Any] = []
    with through(channel):
        execution = Execution(plan, store, page_rows=20)
        for number, page in enumerate(execution.pages()):
            got += page.rows
            if number == 2:
                execution.drain()
    assert names(got) == brute_force(rows, 0, timestamp.MAX_TIME, True)
    assert channel.widest > 10


def test_stopping_early_pays_little_twice() -> None:
    """A cursor lies close after the last row yielded, whatever was read beyond it."""
    rows = [(FOUR[i % 2], DAY0 + i * 1000, "alice", "success") for i in range(2000)]
    store = filled(rows)
    plan = plan_for(store, rows, "time-window", window=window(DAY0, DAY0 + timestamp.DAY))
    watched = Watched(store)
    cursor = ""
    got: list[Any] = []
    last: ResultPage | None = None
    for _ in range(20):
        with through(Generations()):
            for last in Execution(plan, watched, limit=100, cursor=cursor).pages():  # type: ignore[arg-type]
                got += last.rows
        assert last is not None
        cursor = last.cursor
    assert len(got) == 2000
    # A hundred rows, half from each of two chains.
    assert max(query.limit or 9999 for query in watched.asked) == 101
    assert watched.items <= 20 * 2 * 101
