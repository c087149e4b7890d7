"""Tails of layouts without chains: polled with an overlap, nothing twice, doubts reported."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import timestamp
from audittui.errors import StoreError
from audittui.investigate.tail import window as tail_window
from audittui.investigate.tail.cursor import decode_tail_cursor
from audittui.investigate.tail.pace import Interval
from tests.investigate.tailing import START, Events, Follower, World, teleport_item

SECOND = timestamp.SECOND
THROTTLED = StoreError("The table throttles.", "Wait.", kind="throttled")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def events(world: World) -> Events:
    events = Events()
    for at in range(30):
        events.add(START - (30 - at) * SECOND)
    return events


def adding(events: Events, world: World, late: float = 0, **fields: Any) -> Any:
    return lambda: events.add(world.true_now() - round(late * SECOND), **fields)


def test_it_begins_with_what_comes_and_passes_midnight(events: Events, world: World) -> None:
    for at in range(0, 240):
        world.at(1 + at / 2, adding(events, world))
    follower = Follower(events, world).until(150)
    assert follower.numbers == list(range(31, 271))
    assert {timestamp.text(row.time)[:10] for row in follower.rows} == {"2026-11-24", "2026-11-25"}
    assert follower.missed == []


def test_what_comes_late_within_the_overlap_is_given_once(events: Events, world: World) -> None:
    for at in range(100):
        world.at(1 + at / 2, adding(events, world, late=(at * 7) % 5))
    follower = Follower(events, world).until(70)
    assert sorted(follower.numbers) == list(range(31, 131))


def test_an_entry_nearly_too_late_widens_the_overlap_and_is_said(
    events: Events, world: World
) -> None:
    world.at(20, adding(events, world))
    world.at(25, adding(events, world, late=14))
    world.at(40, adding(events, world))
    world.at(45, adding(events, world, late=30))
    follower = Follower(events, world).until(60)
    assert sorted(follower.numbers) == [31, 32, 33]
    assert len(follower.missed) == 1
    assert "The overlap is now 18s instead of 10s" in follower.missed[0]
    assert "overlap of 18s" in follower.tail.notes[0]


def test_a_long_time_without_an_answer_loses_nothing(events: Events, world: World) -> None:
    events.flaky.fail = lambda _: THROTTLED if 1010 < world.mono < 1200 else None
    for at in range(150):
        world.at(1 + at * 2, adding(events, world))
    follower = Follower(events, world).until(330)
    assert sorted(follower.numbers) == list(range(31, 181))
    assert follower.missed == []
    assert any("nothing is lost" in said for said in follower.said)


def test_a_suspended_process_goes_on_where_it_was(events: Events, world: World) -> None:
    """While a machine sleeps the monotonic clock may stand still; the wall clock jumps."""

    def sleep() -> None:
        for at in range(100):
            events.add(world.now() + at * 90 * SECOND)
        world.offset += 9000 * SECOND

    world.at(1, adding(events, world))
    world.at(30, sleep)
    follower = Follower(events, world).until(60)
    assert follower.numbers == list(range(31, 132))
    assert any("Nothing was read for 2h30m" in said for said in follower.said)


@pytest.mark.parametrize("hours", [-23, -1, 1, 23])
@pytest.mark.parametrize("then", [0, 5])
def test_a_wrong_clock_loses_nothing(events: Events, world: World, hours: int, then: int) -> None:
    """Wrong from the beginning, later set right or made worse."""
    world.offset = hours * 3600 * SECOND

    def set_clock() -> None:
        world.offset = then * 3600 * SECOND

    for at in range(60):
        world.at(1 + at, adding(events, world))
    world.at(33, set_clock)
    follower = Follower(events, world).until(90)
    assert sorted(follower.numbers) == list(range(31, 91))
    assert follower.missed == []


def test_a_clock_that_was_days_ahead_says_that_it_may_have_missed(
    events: Events, world: World
) -> None:
    world.offset = 5 * timestamp.DAY

    def set_clock() -> None:
        world.offset = 0

    world.at(10, adding(events, world))
    world.at(33, set_clock)
    world.at(40, adding(events, world))
    follower = Follower(events, world).until(90)
    assert 32 in follower.numbers
    assert follower.missed == [
        "The clock was set back by 5d: earlier entries may have been missed."
    ]


def test_an_entry_dated_far_ahead_does_not_blind_it(events: Events, world: World) -> None:
    world.at(5, lambda: events.add(START + 3600 * 5 * SECOND))
    for at in range(30):
        world.at(10 + at, adding(events, world))
    follower = Follower(events, world).until(60)
    assert [number for number in follower.numbers if number != 31] == list(range(32, 62))


def test_a_selective_runbook_reads_only_the_newest_end(events: Events, world: World) -> None:
    for at in range(400):
        world.at(1 + at, adding(events, world, user="bob" if at % 100 == 7 else "ann"))
    follower = Follower(events, world, "actor-activity", texts={"actor": "bob"}).until(410)
    assert follower.numbers == [38, 138, 238, 338]
    assert follower.last is not None
    # Each poll reads the overlap, not everything since the last event of that actor.
    assert follower.last.meter.scanned < 2500


def test_since_begins_earlier(events: Events, world: World) -> None:
    follower = Follower(events, world, since=START - 12 * SECOND).until(5)
    assert follower.numbers == list(range(19, 31))


def test_since_gives_what_was_stored_since_then_whatever_it_is_dated(world: World) -> None:
    events = Events()
    item = teleport_item(1, START - 2 * SECOND)
    item["Fields"] = teleport_item(1, START - 60 * SECOND)["Fields"]
    events.store.put_new(item)
    follower = Follower(events, world, since=START - 12 * SECOND).until(5)
    assert follower.numbers == [1]


def test_a_session_is_followed_on_the_base_table(events: Events, world: World) -> None:
    for at in range(21):
        world.at(1 + at, adding(events, world))
    follower = Follower(events, world, "request-trace", texts={"request_id": "s3"}).until(40)
    assert follower.numbers == [31, 38, 45]
    since = Follower(
        events, world, "request-trace", texts={"request_id": "s3"}, since=START + 5 * SECOND
    ).until(60)
    assert since.numbers == [38, 45]


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 9), max_size=60),
    st.lists(st.integers(1, 9), min_size=1, max_size=12),
)
def test_resuming_at_any_point_gives_every_event_once(late: list[int], limits: list[int]) -> None:
    world, events = World(), Events()
    events.add(START - SECOND)
    cursor = Follower(events, world).until(0).tail.cursor
    for at, seconds in enumerate(late):
        world.at(at / 2, adding(events, world, late=seconds))
    got: list[int] = []
    for limit in (*limits, 100):
        part = Follower(events, world, cursor=cursor, limit=limit).until(world.mono - 1000 + 2)
        got += part.numbers
        cursor = part.tail.cursor
    rest = Follower(events, world, cursor=cursor).until(60)
    got += rest.numbers
    assert sorted(got) == list(range(2, events.count + 1))


def test_memory_and_cursor_are_bounded_and_still_nothing_comes_twice(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr(tail_window, "MAX_MARKS", 40)
    monkeypatch.setattr(tail_window, "CURSOR_MARKS", 10)
    events = Events()
    events.add(START - SECOND)
    for at in range(300):
        world.at(1 + at / 10, adding(events, world))
    follower = Follower(events, world).until(20)
    again = Follower(events, world, cursor=follower.tail.cursor).until(45)
    assert follower.numbers + again.numbers == list(range(2, 302))


def test_a_cursor_keeps_the_newest_marks_and_no_more(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """Event by event, past the number of keys that it keeps."""
    monkeypatch.setattr(tail_window, "CURSOR_MARKS", 4)
    events = Events()
    follower = Follower(events, world, since=START - 60 * SECOND).until(0)
    for count in range(1, 8):
        events.add(START - (10 - count) * SECOND)
        place = decode_tail_cursor(follower.until(world.mono - 999).tail.cursor).window
        assert place is not None
        newest = [START - (10 - at) * SECOND for at in range(count, 0, -1)]
        assert place.ticks == tuple(newest[:4])
        assert place.horizon <= newest[:4][-1]
        again = Follower(events, world, cursor=follower.tail.cursor).until(world.mono - 1000)
        assert again.rows == []
    assert follower.numbers == list(range(1, 8))


def test_a_whole_partition_is_read_again_and_nothing_comes_twice(
    monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    monkeypatch.setattr(tail_window, "MAX_MARKS", 10)
    events = Events()
    for at in range(1400):
        world.at(1 + at, adding(events, world))
    follower = Follower(events, world, "request-trace", texts={"request_id": "s3"}).until(1410)
    assert follower.numbers == list(range(3, 1401, 7))


def test_going_on_does_not_read_again_what_was_given(world: World) -> None:
    events = Events()
    for at in range(3000):
        events.add(START - (3000 - at) * SECOND)
    part = Follower(events, world, since=START - 3000 * SECOND, limit=2900).until(5)
    again = Follower(events, world, cursor=part.tail.cursor, limit=100).until(5)
    assert part.numbers + again.numbers == list(range(1, 3001))
    assert again.last is not None and again.last.meter.scanned < 200


def test_a_quiet_table_costs_its_floor(events: Events, world: World) -> None:
    world.at(0, lambda: setattr(world, "offset", 3600 * SECOND))
    follower = Follower(events, world, interval=Interval(0.5, 4)).until(400)
    assert follower.last is not None
    per_hour = follower.last.floor_rcu_per_hour
    assert follower.last.rcu_per_hour == pytest.approx(per_hour, rel=0.1)
    assert per_hour in (450, 900)


def test_a_permanent_error_ends_it_with_a_place_to_go_on_from(events: Events, world: World) -> None:
    denied = StoreError("Access was denied.", "Ask.", kind="permission")
    events.flaky.fail = lambda _: denied if world.mono > 1010 else None
    for at in range(20):
        world.at(1 + at, adding(events, world))
    follower = Follower(events, world)
    with pytest.raises(StoreError, match="Access was denied"):
        follower.until(30)
    events.flaky.fail = lambda _: None
    again = Follower(events, world, cursor=follower.tail.cursor).until(40)
    assert follower.numbers + again.numbers == list(range(31, 51))
