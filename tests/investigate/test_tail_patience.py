"""How long a tail waits: after errors, for an absent entry, and not at all once it is cancelled."""

from __future__ import annotations

import re

import pytest

from audittui import timestamp
from audittui.errors import StoreError
from audittui.investigate.tail.pace import Interval
from tests.investigate.tailing import START, Events, Follower, Log, World

THROTTLED = StoreError("The table throttles.", "Wait.", kind="throttled")


@pytest.fixture
def world() -> World:
    return World()


def written(kind: str) -> Log | Events:
    log = Log() if kind == "chains" else Events()
    add(log, START - timestamp.SECOND)
    return log


def add(log: Log | Events, time: int) -> None:
    if isinstance(log, Log):
        log.append("app/0", time)
    else:
        log.add(time)


def pauses(follower: Follower) -> list[str]:
    """The pauses reported since the last call, in seconds."""
    told = re.findall(r"Retrying in ([\d.]+) s", " ".join(follower.said))
    follower.said.clear()
    return told


@pytest.mark.parametrize("kind", ["chains", "window"])
def test_the_pause_after_errors_has_a_bound_and_begins_anew(world: World, kind: str) -> None:
    log = written(kind)
    log.flaky.fail = lambda _: THROTTLED if 1002 < world.mono < 1150 else None
    follower = Follower(log, world).until(150)
    assert pauses(follower) == ["1", "2", "4", "8", "16", "30", "30", "30", "30"]
    assert max(world.waits) == 30
    began = world.mono
    world.at(began - 1000 + 15, lambda: add(log, world.true_now()))
    log.flaky.fail = lambda _: THROTTLED if began + 10 < world.mono < began + 20 else None
    follower.until(began - 1000 + 40)
    assert pauses(follower)[:2] == ["1", "2"]
    assert len(follower.rows) == 1 and follower.missed == []


def test_an_absent_entry_is_looked_for_three_times(world: World) -> None:
    log = Log()
    log.append("app/0", START)
    world.at(1, lambda: log.append("app/0", world.true_now(), skip=1))
    # The polls are further apart than the wait for an absent entry.
    follower = Follower(log, world, interval=Interval(3, 3)).until(6)
    assert follower.rows == [] and follower.missed == []
    follower.until(9)
    assert follower.numbers == [2]
    assert follower.missed == ["Entry 1 of app/0 is absent: expired, deleted, or never written."]


def test_many_looks_in_a_short_time_do_not_make_an_entry_absent(world: World) -> None:
    log = Log()
    log.append("app/0", START)
    world.at(1, lambda: log.append("app/0", world.true_now(), skip=1))
    follower = Follower(log, world, interval=Interval(0.25, 0.25)).until(2.5)
    assert follower.rows == [] and follower.missed == []
    assert follower.until(3.5).numbers == [2]


@pytest.mark.parametrize("since", [None, START])
def test_a_poll_that_is_cancelled_before_it_asks_asks_nothing(
    monkeypatch: pytest.MonkeyPatch, world: World, since: int | None
) -> None:
    log = written("window")
    armed: list[Follower] = []
    true_now = world.now

    def now() -> int:
        if armed:
            armed[0].tail.cancel()
        return true_now()

    monkeypatch.setattr(world, "now", now)
    follower = Follower(log, world, since=since).until(0)
    asked = len(log.flaky.queries)
    add(log, world.true_now())
    armed.append(follower)
    follower.until(30)
    assert len(log.flaky.queries) == asked
    assert (follower.tail.stop, follower.rows) == ("cancelled", [])


def test_what_was_cancelled_is_given_by_the_next_tail(world: World) -> None:
    log = written("window")
    follower = Follower(log, world).until(0)
    add(log, world.true_now())
    follower.tail.cancel()
    again = Follower(log, world, cursor=follower.until(5).tail.cursor).until(5)
    assert follower.numbers + again.numbers == [2]
