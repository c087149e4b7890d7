"""Tails of hash chains: every entry once, in order; absent ones are reported."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.errors import StoreError, UsageError
from audittui.investigate.tail import Tail
from audittui.investigate.tail.pace import Interval, Pace
from audittui.runbook.catalogue import load_catalogue
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.investigate.tailing import NATIVE, START, Follower, Log, World

SECOND = timestamp.SECOND
THROTTLED = StoreError("The table throttles.", "Wait.", kind="throttled")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def log() -> Log:
    log = Log()
    for at in range(5):
        log.append("app/0", START - (5 - at) * SECOND)
        log.append("web/0", START - (5 - at) * SECOND)
    return log


def add(log: Log, world: World, chain: str, **fields: Any) -> None:
    log.append(chain, world.true_now(), **fields)


def test_it_begins_with_what_comes(log: Log, world: World) -> None:
    world.at(1, lambda: add(log, world, "app/0"))
    world.at(2, lambda: add(log, world, "web/0"))
    follower = Follower(log, world).until(10)
    assert follower.seqs == [("app/0", 5), ("web/0", 5)]
    assert follower.missed == [] and follower.last is not None
    assert follower.last.meter.returned == 2


def test_a_chain_born_later_is_followed_from_its_first_entry(log: Log, world: World) -> None:
    for at in range(40):
        world.at(3 + at / 4, lambda: add(log, world, "new/0"))
    follower = Follower(log, world).until(40)
    assert follower.seqs == [("new/0", seq) for seq in range(40)]
    assert follower.missed == []


def test_an_empty_table_is_waited_for(world: World) -> None:
    log = Log()
    world.at(2, lambda: add(log, world, "first/0"))
    assert Follower(log, world).until(40).seqs == [("first/0", 0)]


def test_only_what_the_runbook_asks_for_is_given(log: Log, world: World) -> None:
    for actor, outcome in (("bob", "denied"), ("ann", "denied"), ("bob", "success")):
        world.at(1, lambda a=actor, o=outcome: add(log, world, "app/0", actor=a, outcome=o))
    by_actor = Follower(log, world, "actor-activity", texts={"actor": "bob"}).until(5)
    assert by_actor.seqs == [("app/0", 5), ("app/0", 7)]
    assert by_actor.tail.notes != ()


@pytest.mark.parametrize(
    ("runbook", "texts", "wanted"),
    [
        ("denied-actions", {}, [5, 6]),
        ("denied-actions", {"actor": "bob"}, [5]),
        ("action-history", {"action": "act"}, [5, 6, 7, 8]),
        ("repeated-failures", {}, [5, 6, 8]),
        ("time-window", {"outcome": "failure", "window": "-1h..now"}, [8]),
    ],
)
def test_every_kind_of_condition_holds(
    log: Log, world: World, runbook: str, texts: dict[str, str], wanted: list[int]
) -> None:
    for actor, outcome in (("bob", "denied"), ("ann", "denied"), ("bob", "success"),
                           ("ann", "failure")):  # fmt: skip
        world.at(1, lambda a=actor, o=outcome: add(log, world, "app/0", actor=a, outcome=o))
    follower = Follower(log, world, runbook, texts=texts).until(5)
    assert [seq for _, seq in follower.seqs] == wanted


def test_an_entry_that_shows_late_is_waited_for(log: Log, world: World) -> None:
    """A Query may see a transaction half done: 6 before 5."""
    hidden = {5, 7}
    log.flaky.hide = lambda item: item["pk"] == "entry#app/0" and int(item["sk"]) in hidden
    for _ in range(4):
        world.at(1, lambda: add(log, world, "app/0"))
    world.at(1, lambda: add(log, world, "web/0"))
    world.at(2.2, hidden.clear)
    follower = Follower(log, world).until(10)
    assert [seq for chain, seq in follower.seqs if chain == "app/0"] == [5, 6, 7, 8]
    assert follower.seqs[0] == ("web/0", 5), "another chain does not wait"
    assert follower.missed == []


def test_what_stays_absent_is_said_and_passed(log: Log, world: World) -> None:
    for _ in range(9):
        world.at(1, lambda: add(log, world, "app/0"))
    for seq in (6, 7, 10):
        world.at(1, lambda s=seq: log.delete("app/0", s))
    follower = Follower(log, world).until(10)
    assert [seq for _, seq in follower.seqs] == [5, 8, 9, 11, 12, 13]
    assert follower.missed == [
        "Entries 6 to 7 of app/0 are absent: expired, deleted, or never written.",
        "Entry 10 of app/0 is absent: expired, deleted, or never written.",
    ]


def test_a_malformed_key_is_said_once_and_hides_nothing(log: Log, world: World) -> None:
    def forge(sort: str) -> None:
        log.store.put_new({"pk": "entry#app/0", "sk": sort, "time": timestamp.text(START)})

    world.at(1, lambda: forge("00000000000000000005x"))
    world.at(1, lambda: forge("zzz\x1b[2J"))
    world.at(4, lambda: add(log, world, "app/0"))
    follower = Follower(log, world).until(20)
    assert follower.seqs == [("app/0", 5)]
    assert len(follower.missed) == 1 and "00000000000000000005x" in follower.missed[0]


def test_an_item_put_far_beyond_the_end_does_not_blind_it(log: Log, world: World) -> None:
    def forge() -> None:
        item = {
            "pk": "entry#app/0",
            "sk": f"{2**62:020d}",
            "time": timestamp.text(START),
            "actor": "m",
        }
        log.store.put_new(item)

    world.at(1, forge)
    for at in range(3):
        world.at(20 + at, lambda: add(log, world, "app/0"))
    follower = Follower(log, world).until(12)
    assert follower.seqs == [("app/0", 2**62)]
    assert follower.missed[0].startswith("Entries 5 to 4611686018427387903 of app/0 are absent")
    again = Follower(log, world, cursor=follower.tail.cursor).until(60)
    assert again.seqs == [("app/0", 5), ("app/0", 6), ("app/0", 7)]
    assert again.missed[0] == "Entry 5 of app/0 was absent and is now there."


def test_throttling_loses_nothing_and_is_said(log: Log, world: World) -> None:
    failing = [False]
    log.flaky.fail = lambda request: THROTTLED if failing[0] else None

    def set_failing(value: bool) -> None:
        failing[0] = value

    world.at(2, lambda: set_failing(True))
    for at in range(60):
        world.at(at / 2, lambda: add(log, world, "app/0"))
    world.at(20, lambda: set_failing(False))
    follower = Follower(log, world).until(40)
    assert [seq for _, seq in follower.seqs] == list(range(5, 65))
    waits = [said for said in follower.said if "The table throttles." in said]
    assert [said.rsplit("in ", 1)[1] for said in waits][:4] == [
        f"{seconds} s; nothing is lost." for seconds in (1, 2, 4, 8)
    ]
    assert follower.last is not None and follower.last.meter.unmetered > 0


def test_a_registry_that_throttles_holds_nothing_up(log: Log, world: World) -> None:
    def fail(request: Any) -> StoreError | None:
        return THROTTLED if request.partition[1] == "chains" and world.mono > 1002 else None

    log.flaky.fail = fail
    for at in range(30):
        world.at(10 + at, lambda: add(log, world, "app/0"))
    follower = Follower(log, world).until(70)
    assert [seq for _, seq in follower.seqs] == list(range(5, 35))
    assert any("The table throttles." in said for said in follower.said)


def test_throttling_at_the_very_start_is_waited_out(log: Log, world: World) -> None:
    log.flaky.fail = lambda _: THROTTLED if world.mono < 1004 else None
    world.at(8, lambda: add(log, world, "app/0"))
    assert Follower(log, world).until(20).seqs == [("app/0", 5)]


def test_one_chain_that_fails_does_not_take_the_others_rows(log: Log, world: World) -> None:
    def fail(request: Any) -> StoreError | None:
        busy = world.mono > 1001 and request.partition[1] == "entry#app/0" and world.mono < 1060
        return THROTTLED if busy else None

    log.flaky.fail = fail
    for chain in ("app/0", "web/0"):
        world.at(2, lambda c=chain: add(log, world, c))
    follower = Follower(log, world).until(25)
    assert follower.seqs == [("web/0", 5)]
    assert follower.until(120).seqs == [("web/0", 5), ("app/0", 5)]


def test_a_permanent_error_ends_it_with_a_place_to_go_on_from(log: Log, world: World) -> None:
    denied = StoreError("Access was denied.", "Ask.", kind="permission")
    log.flaky.fail = lambda _: denied if world.mono > 1003 else None
    for _ in range(3):
        world.at(1, lambda: add(log, world, "app/0"))
    follower = Follower(log, world)
    with pytest.raises(StoreError, match="Access was denied"):
        follower.until(20)
    assert [seq for _, seq in follower.seqs] == [5, 6, 7]
    log.flaky.fail = lambda _: None
    add(log, world, "app/0")
    again = Follower(log, world, cursor=follower.tail.cursor).until(30)
    assert again.seqs == [("app/0", 8)]


@settings(max_examples=40)
@given(
    st.lists(st.sampled_from(["app/0", "web/0", "new/0", "new/1"]), max_size=40),
    st.lists(st.integers(1, 7), min_size=1, max_size=40),
    st.integers(200, 3000),
)
def test_resuming_at_any_point_gives_every_entry_once(
    chains: list[str], limits: list[int], page_bytes: int
) -> None:
    world, log = World(), Log(page_bytes=page_bytes)
    log.append("app/0", START - SECOND)
    log.append("web/0", START - SECOND)
    first = Follower(log, world).until(0)
    cursor = first.tail.cursor
    for at, chain in enumerate(chains):
        log.append(chain, START + (at * 7919) % 11 * SECOND)
    got: list[tuple[str, int]] = []
    for limit in (*limits, 100):
        part = Follower(log, world, cursor=cursor, limit=limit).until(world.mono - 1000)
        got += part.seqs
        cursor = part.tail.cursor
    for chain in set(chains):
        began = 1 if chain in ("app/0", "web/0") else 0
        assert [seq for name, seq in got if name == chain] == list(range(began, log.lengths[chain]))
    assert len(got) == len(chains)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["a/0", "b/0"]), st.integers(0, 300)), max_size=60),
    st.integers(0, 320),
    st.integers(200, 5000),
)
def test_since_gives_all_that_is_dated_since_then(
    made: list[tuple[str, int]], since: int, page_bytes: int
) -> None:
    """Entries are recorded in order and dated up to some minutes earlier, as in an import."""
    world, log = World(), Log(page_bytes=page_bytes)
    dated: list[tuple[str, int, int]] = []
    for at, (chain, minutes) in enumerate(made):
        recorded = START - (600 - at) * 60 * SECOND + 300 * 60 * SECOND
        time = recorded - minutes * 60 * SECOND
        dated.append((chain, log.append(chain, time, recorded=recorded), time))
    begin = START - since * 60 * SECOND
    follower = Follower(log, world, since=begin).until(0)
    wanted = sorted((chain, seq) for chain, seq, time in dated if time >= begin)
    assert sorted(follower.seqs) == wanted
    assert follower.missed == []


def test_catching_up_merges_chains_by_time(world: World) -> None:
    log = Log(page_bytes=2000)
    for at in range(120):
        log.append("a/0" if at % 3 else "b/0", START - (120 - at) * SECOND)
    follower = Follower(log, world, since=START - 119 * SECOND).until(0)
    times = [row.time for row in follower.rows]
    assert len(times) == 119 and times == sorted(times)


def test_catching_up_does_not_read_one_chain_far_ahead_of_another(world: World) -> None:
    log = Log(page_bytes=2000)
    for at in range(300):
        log.append("a/0" if at < 150 else "b/0", START - (300 - at) * SECOND)
    follower = Follower(log, world, since=START - 400 * SECOND, limit=140).until(0)
    assert len(follower.rows) == 140
    later = [one for one in log.flaky.queries if one.partition[1] == "entry#b/0" and not one.limit]
    assert len(later) == 1


def test_since_begins_after_what_expired(world: World) -> None:
    log = Log()
    for at in range(50):
        log.append("a/0", START - (50 - at) * SECOND)
    for seq in range(45):
        log.delete("a/0", seq)
    follower = Follower(log, world, since=START - timestamp.DAY).until(0)
    assert [seq for _, seq in follower.seqs] == [45, 46, 47, 48, 49] and follower.missed == []


def test_an_expired_chain_goes_on_without_a_false_alarm(world: World) -> None:
    log = Log()
    log.append("a/0", START - SECOND)
    log.delete("a/0", 0)
    world.at(1, lambda: add(log, world, "a/0"))
    follower = Follower(log, world).until(10)
    assert follower.seqs == [("a/0", 1)] and follower.missed == []
    log.append("a/0", world.true_now(), skip=1)
    assert follower.until(30).seqs == [("a/0", 1), ("a/0", 3)]
    assert len(follower.missed) == 1


def test_a_quiet_log_costs_its_floor(log: Log, world: World) -> None:
    follower = Follower(log, world, interval=Interval(0.5, 4)).until(400)
    assert follower.last is not None
    # Two chains at one unit each every 4 s, the registry at a half every 15 s.
    assert follower.last.floor_rcu_per_hour == 2 * 900 + 120
    assert follower.last.rcu_per_hour == pytest.approx(2 * 900 + 120, rel=0.1)
    assert all(request.index == "" for request in log.flaky.queries)


def test_catching_up_is_not_taken_for_the_rate_of_following(world: World) -> None:
    log = Log(page_bytes=4000)
    for at in range(400):
        log.append("a/0", START - (400 - at) * SECOND)
    follower = Follower(log, world, since=START - 400 * SECOND, interval=Interval(1, 4))
    follower.until(60)
    assert follower.last is not None and follower.last.rcu_per_hour is not None
    assert follower.last.meter.rcu > 100 and follower.last.rcu_per_hour < 1500


def test_a_busy_chain_is_asked_often_and_a_quiet_one_is_not(log: Log, world: World) -> None:
    for at in range(200):
        world.at(60 + at / 4, lambda: add(log, world, "app/0"))
    follower = Follower(log, world).until(60)
    log.flaky.queries.clear()
    follower.until(108)
    asked = [request.partition[1] for request in log.flaky.queries]
    assert asked.count("entry#app/0") > 80
    assert asked.count("entry#web/0") <= 12


def test_the_clock_on_the_wall_does_not_matter(log: Log, world: World) -> None:
    def set_clock(hours: int) -> None:
        world.offset = hours * 3600 * SECOND

    for at in range(40):
        world.at(at / 2, lambda: add(log, world, "app/0"))
    world.at(5, lambda: set_clock(-9))
    world.at(12, lambda: set_clock(30))
    follower = Follower(log, world).until(30)
    assert [seq for _, seq in follower.seqs] == list(range(5, 45))
    assert follower.missed == [] and max(world.waits) <= 5


def test_a_cursor_of_another_question_or_damaged_is_refused(log: Log, world: World) -> None:
    cursor = Follower(log, world).until(1).tail.cursor
    other = Follower(log, world, "actor-activity", texts={"actor": "x"}, cursor=cursor)
    with pytest.raises(UsageError, match="another tail"):
        other.until(2)
    for text in ("x", cursor[:-4], "é", "=" * 9):
        with pytest.raises(UsageError, match="damaged"):
            Follower(log, world, cursor=text)


def test_cancelling_answers_even_while_a_request_is_stuck(log: Log, world: World) -> None:
    stuck, release = threading.Event(), threading.Event()

    def hang(request: Any) -> None:
        if world.mono > 1002:
            stuck.set()
            release.wait(30)

    log.flaky.fail = hang
    follower = Follower(log, world)
    thread = threading.Thread(target=lambda: follower.until(100))
    thread.start()
    assert stuck.wait(10)
    follower.tail.cancel()
    thread.join(5)
    ended = not thread.is_alive()
    release.set()
    assert ended and follower.tail.cursor


def test_writers_in_other_threads_are_followed_without_a_gap(tmp_path: Path) -> None:
    """Real time, real threads: batches and single entries on one chain."""
    path = str(tmp_path / "log.db")
    writing = SqliteStore(path, NATIVE, create=True, durable=False)
    AuditLog(writing, "app/0").append(Draft(actor="ann", action="begin"))
    reading = SqliteStore(path, NATIVE, read_only=True)
    tail = Tail(
        load_catalogue().find("time-window"), {}, Connection(Target(store=path), reading, NATIVE),
        interval=Interval(0.01, 0.02), limit=300,
    )  # fmt: skip
    batches = tail.batches()
    next(batches)

    def write(number: int) -> None:
        log = AuditLog(writing, "app/0")
        for at in range(10):
            log.append_many(
                [Draft(actor=f"w{number}", action=f"a{at}.{part}") for part in range(9)]
            )
            log.append(Draft(actor=f"w{number}", action=f"a{at}.9"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    rows = [row for batch in batches for row in batch.rows]
    for thread in threads:
        thread.join()
    assert [row.seq for row in rows] == list(range(1, 301))
    for number in range(3):
        assert [row.action for row in rows if row.actor == f"w{number}"] == [
            f"a{at}.{part}" for at in range(10) for part in range(10)
        ]
    reading.close()
    writing.close()


def test_the_pause_doubles_while_nothing_comes() -> None:
    pace = Pace(Interval(0.5, 5))
    assert [pace.after(False) for _ in range(6)] == [0.5, 1, 2, 4, 5, 5]
    assert pace.after(True) == 0.5
    assert [pace.after(False) for _ in range(3)] == [0.5, 1, 2]


def imported(count: int, fresh: Sequence[int], *, lag: int = 0) -> Log:
    """A chain of ``count`` entries written a minute before `START` and dated a year before, but for
    those at ``fresh``, which are dated as they were written."""
    log = Log()
    log.flaky.index_lag = lag
    for seq in range(count):
        recorded = START - 60 * SECOND
        log.append(
            "app/0", recorded if seq in fresh else recorded - 365 * timestamp.DAY, recorded=recorded
        )
    return log


def read_of(log: Log) -> int:
    """The number of requests for whole spans of the chain, by their lowest seq."""
    lows = [
        int(str(one.low))
        for one in log.flaky.queries
        if one.partition[1] == "entry#app/0" and one.forward and one.limit != 1
    ]
    return min(lows)


def test_what_was_just_imported_is_not_read_for_what_is_not_in_it(world: World) -> None:
    log = imported(900, (896, 898))
    follower = Follower(log, world, since=START - 120 * SECOND).until(0)
    assert follower.numbers == [896, 898] and read_of(log) == 896
    assert follower.last is not None and follower.last.meter.rcu < 20
    # The same with a question of its own index.
    log = imported(900, (896, 898))
    follower = Follower(
        log, world, "actor-activity", texts={"actor": "ann"}, since=START - 120 * SECOND
    ).until(0)
    assert follower.numbers == [896, 898] and read_of(log) == 896


def test_nothing_is_to_be_read_of_a_chain_where_nothing_is_wanted(world: World) -> None:
    log = imported(900, ())
    log.append("web/0", START - SECOND)
    follower = Follower(log, world, since=START - 120 * SECOND)
    backlog = follower.tail.backlog()
    assert backlog is not None and backlog.entries == 1
    assert follower.until(0).seqs == [("web/0", 0)]


def test_what_an_index_may_not_hold_yet_is_read_from_the_chain(world: World) -> None:
    log = imported(900, (3, 896), lag=10 * SECOND)
    log.append("app/0", START)
    # The index shows nothing.
    log.flaky.hide = lambda item: "body" not in item and "bucket" in item
    follower = Follower(log, world, since=START - 120 * SECOND).until(0)
    assert follower.numbers == [3, 896, 900]


def test_many_that_are_wanted_are_all_given(world: World) -> None:
    log = imported(900, range(300, 900))
    follower = Follower(log, world, since=START - 120 * SECOND).until(0)
    assert follower.numbers == list(range(300, 900))


def test_the_backlog_is_known_before_it_is_read(world: World) -> None:
    log = imported(900, range(300, 900))
    follower = Follower(log, world, since=START - 120 * SECOND)
    backlog = follower.tail.backlog()
    assert backlog is not None and backlog.entries == 900
    opened = follower.tail.meter.rcu
    assert opened < 30
    follower.until(0)
    assert follower.last is not None
    spent = follower.last.meter.rcu - opened
    assert spent / 2 < backlog.rcu < spent * 2
    # Nothing is to be read from a cursor at the end.
    again = Follower(log, world, cursor=follower.tail.cursor).tail.backlog()
    assert again == (0, 0.0)
    for _ in range(5):
        log.append("app/0", START)
    again = Follower(log, world, cursor=follower.tail.cursor).tail.backlog()
    assert again is not None and again.entries == 5
    assert Follower(log, world).tail.backlog() == (0, 0.0)


def test_a_budget_stops_it_and_the_cursor_goes_on(world: World) -> None:
    log = imported(900, range(300, 900))
    numbers: list[int] = []
    cursor, since = "", START - 120 * SECOND
    for _ in range(40):
        begin: dict[str, Any] = {"cursor": cursor} if cursor else {"since": since}
        follower = Follower(log, world, max_rcu=40, **begin)
        for batch in follower.tail.batches():
            numbers += [row.seq for row in batch.rows]
            if not batch.more:
                follower.tail.cancel()
        assert follower.tail.meter.rcu <= 40
        cursor = follower.tail.cursor
        if follower.tail.stop == "cancelled":
            break
        assert follower.tail.stop == "budget" and cursor
    else:
        raise AssertionError("it never caught up")
    assert numbers == list(range(300, 900))


def test_a_budget_too_small_to_begin_reads_nothing(world: World) -> None:
    follower = Follower(imported(900, ()), world, since=START - 120 * SECOND, max_rcu=1)
    assert follower.tail.backlog() is None
    assert list(follower.tail.batches()) == [] and follower.tail.stop == "budget"
    assert follower.tail.cursor == "" and follower.tail.meter.rcu <= 1


def test_what_was_paid_is_given_when_the_budget_ends_it(world: World) -> None:
    log = Log()
    for at in range(1200):
        log.append("a/0" if at < 600 else "b/0", START - (1200 - at) * SECOND)
    seen: list[tuple[str, int]] = []
    begin: dict[str, Any] = {"since": START - timestamp.DAY}
    for _ in range(60):
        follower = Follower(log, world, max_rcu=60, **begin)
        for batch in follower.tail.batches():
            seen += [(row.chain, row.seq) for row in batch.rows]
            if not batch.more and len(seen) == 1200:
                follower.tail.cancel()
        begin = {"cursor": follower.tail.cursor}
        # One page of the later chain was read in one go.
        assert ("b/0", 0) in seen
        if follower.tail.stop == "cancelled":
            break
    assert sorted(seen) == [(chain, seq) for chain in ("a/0", "b/0") for seq in range(600)]
