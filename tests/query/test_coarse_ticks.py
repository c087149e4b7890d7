"""A sort key in whole seconds, as Teleport's: many ties, and windows that end inside one."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import timestamp
from audittui.errors import UsageError
from audittui.layout import load_layout
from audittui.query.execution import Execution
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.plan import Facts, Plan
from audittui.runbook.planner import make_plan
from audittui.store.sqlite import SqliteStore
from tests.query.channels import Shuffled, through
from tests.query.logs import DAY0, window

TELEPORT = load_layout("teleport")
chances = st.integers(0, 2**32).map(random.Random)
START, END = DAY0 + 1_500_000, DAY0 + timestamp.DAY + 90_250_000


def filled(times: list[int]) -> SqliteStore:
    store = SqliteStore(":memory:", TELEPORT, create=True, page_bytes=600)
    items = [
        {
            "SessionID": f"session-{number % 3}", "EventIndex": number, "EventType": "exec",
            "CreatedAtDate": timestamp.text(time)[:10], "CreatedAt": time // timestamp.SECOND,
            "Fields": msgspec.json.encode({"time": timestamp.text(time), "user": "alice"}).decode(),
        }
        for number, time in enumerate(times)
    ]  # fmt: skip
    for start in range(0, len(items), 100):
        store.put_new_many(items[start : start + 100])
    return store


def planned(order: str) -> Plan:
    runbook = load_catalogue().find("time-window")
    query = msgspec.structs.replace(runbook.query, order=order)
    return make_plan(
        msgspec.structs.replace(runbook, query=query), {"window": window(START, END)}, TELEPORT,
        Facts((), None, DAY0 + 3 * timestamp.DAY),
    )  # fmt: skip


def log(chance: random.Random) -> list[int]:
    burst = DAY0 + chance.randrange(timestamp.DAY)
    moments = [
        lambda: burst + chance.randrange(12_000_000),
        lambda: DAY0 + chance.randrange(timestamp.DAY + 100_000_000),
        lambda: chance.choice((START, START - 1, END, END - 1, DAY0 + timestamp.DAY)),
    ]
    return [chance.choice(moments)() for _ in range(chance.randrange(120))]


@settings(max_examples=60)
@given(
    st.integers(0, 2**32).map(random.Random), st.sampled_from(["newest", "oldest"]), st.booleans()
)
def test_ties_of_a_second_stay_together_in_slices_and_over_stops(
    chance: random.Random, order: str, drain: bool
) -> None:
    times = log(chance)
    store = filled(times)
    plan = planned(order)
    wanted = [(time, seq) for seq, time in enumerate(times) if START <= time < END]
    got: list[tuple[int, int]] = []
    cursor = ""
    stop_after = 3
    while True:
        with through(Shuffled(chance)):
            execution = Execution(plan, store, drain=drain, cursor=cursor)
            for number, page in enumerate(execution.pages(), 1):
                got += [(row.time, row.seq) for row in page.rows]
                reached = page.coverage.reached
                if reached is not None:
                    passed = [
                        one
                        for one in wanted
                        if (one[0] > reached if order == "newest" else one[0] < reached)
                    ]
                    assert set(passed) <= set(got), "coverage claims too much"
                if number == stop_after:
                    execution.cancel()
        if page.coverage.complete:
            break
        cursor = page.cursor
        stop_after += 1
    second = timestamp.SECOND
    wanted.sort(
        key=lambda one: (one[0] // second, one[0], f"session-{one[1] % 3}", one[1]),
        reverse=order == "newest",
    )
    assert got == wanted


@settings(max_examples=30)
@given(chances)
def test_a_count_says_which_whole_seconds_it_counted(chance: random.Random) -> None:
    times = log(chance)
    with through(Shuffled(chance)):
        (*_, last) = Execution(planned("newest"), filled(times), count=True).pages()
    counted = last.coverage.window
    assert counted.start == START - 500_000 and counted.end == END + 750_000
    assert last.meter.matched == sum(counted.contains(time) for time in times)


def test_a_window_that_is_checked_after_reading_cannot_be_counted() -> None:
    plan: Any = make_plan(
        load_catalogue().find("request-trace"),
        {"request_id": "session-1", "window": window(START, END)}, TELEPORT,
        Facts((), None, DAY0),
    )  # fmt: skip
    with pytest.raises(UsageError, match="window is checked after reading"):
        Execution(plan, filled([]), count=True)
