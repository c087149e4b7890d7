"""Where a tail begins: what counts as written since then, although it may be dated earlier."""

from __future__ import annotations

import pytest

from audittui import timestamp
from audittui.errors import StoreError
from audittui.investigate.tail.start import CLOCK_SLACK
from audittui.store.port import Query
from tests.investigate.tailing import START, Follower, Log, World

SECOND = timestamp.SECOND
SINCE = START - 600 * SECOND
YEAR = 365 * timestamp.DAY


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.mark.parametrize("after", [0, 1, 2, 7, 8, 9])
@pytest.mark.parametrize("before", [0, 1, 4])
def test_a_writers_clock_may_be_behind(log: Log, world: World, before: int, after: int) -> None:
    """An entry dated since then is yielded although it was recorded a minute earlier."""
    assert CLOCK_SLACK == 60 * SECOND
    for _ in range(before):
        log.append("app/0", SINCE - YEAR, recorded=SINCE - timestamp.DAY)
    log.append("app/0", SINCE, recorded=SINCE - CLOCK_SLACK)
    for _ in range(after):
        log.append("app/0", START - SECOND)
    follower = Follower(log, world, since=SINCE).until(0)
    assert follower.numbers == list(range(before, before + 1 + after))
    assert follower.missed == []


def test_what_is_dated_before_is_left_out_of_the_past_and_given_live(
    log: Log, world: World
) -> None:
    """An import may write entries dated years ago: they have just arrived."""
    log.append("app/0", SINCE - SECOND, recorded=START - SECOND)
    log.append("app/0", SINCE, recorded=START - SECOND)
    log.append("app/0", SINCE - 1, recorded=START - SECOND)
    world.at(1, lambda: log.append("app/0", SINCE - YEAR, recorded=world.true_now()))
    world.at(2, lambda: log.append("new/0", SINCE - YEAR, recorded=world.true_now()))
    follower = Follower(log, world, since=SINCE).until(40)
    assert follower.seqs == [("app/0", 1), ("app/0", 3), ("new/0", 0)]
    log.append("app/0", SINCE - YEAR, recorded=world.true_now())
    again = Follower(log, world, cursor=follower.tail.cursor).until(world.mono - 1000)
    assert again.seqs == [("app/0", 4)]


def test_a_cursor_before_the_end_still_leaves_out_what_is_dated_before(
    log: Log, world: World
) -> None:
    for at in range(6):
        log.append("app/0", SINCE - YEAR if at % 2 else START, recorded=START - SECOND)
    follower = Follower(log, world, since=SINCE, limit=1).until(0)
    log.append("app/0", SINCE - YEAR, recorded=START)
    again = Follower(log, world, cursor=follower.tail.cursor).until(0)
    assert (follower.numbers, again.numbers) == ([0], [2, 4, 6])


def test_an_end_that_goes_while_the_beginning_is_looked_for_hides_nothing(
    log: Log, world: World
) -> None:
    """The newest entry may expire, or be invisible to an eventually consistent read."""
    for at in range(3):
        log.append("app/0", START - (3 - at) * SECOND)

    def lose_the_end(request: Query) -> StoreError | None:
        if request.partition[1] == "entry#app/0" and not request.consistent:
            log.delete("app/0", 2)
        return None

    log.flaky.fail = lose_the_end
    follower = Follower(log, world, since=SINCE).until(0)
    assert follower.numbers == [0, 1] and follower.missed == []
