"""Work in threads: what it brings, what it reads from, how it is stopped."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from textual.app import App
from textual.pilot import Pilot

from audittui.connection import Connection
from audittui.errors import AuditError
from audittui.tui.jobs import Arrived, Jobs
from tests.tui.driving import CASE, connector, drafts, driven, filled


class Found(msgspec.Struct, frozen=True):
    number: int


class Working(App[None]):
    """An application that takes in what threads post."""

    def __init__(self) -> None:
        super().__init__()
        self.jobs = Jobs(self)
        self.took: list[tuple[int, bool]] = []
        self.told: list[str] = []
        here = threading.current_thread()
        self.jobs.hear(
            Found, lambda one: self.took.append((one.number, threading.current_thread() is here))
        )

    def on_arrived(self, event: Arrived) -> None:
        event.take()

    def failed(self, error: AuditError) -> None:
        self.told.append(str(error))


@asynccontextmanager
async def working() -> AsyncIterator[tuple[Working, Pilot[None]]]:
    async with (app := Working()).run_test() as pilot:
        yield app, pilot


async def rest(pilot: Pilot[None]) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@driven
async def test_what_a_thread_posts_is_heard_in_its_order_where_the_screen_is() -> None:
    async with working() as (app, pilot):
        app.jobs.run(lambda: [app.jobs.post(Found(one)) for one in range(3)] and None,
                     app.failed, "counting")  # fmt: skip
        await rest(pilot)
        assert app.took == [(0, True), (1, True), (2, True)]
        assert not app.told


@driven
async def test_what_nobody_hears_is_a_mistake_that_is_told() -> None:
    class Unheard(msgspec.Struct, frozen=True):
        pass

    async with working() as (app, pilot):
        app.jobs.run(lambda: app.jobs.post(Unheard()), app.failed, "posting")
        await rest(pilot)
        assert len(app.told) == 1 and "KeyError" in app.told[0]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (AuditError("The disk is full.", "Free some space."), "The disk is full. Free some space."),
        (
            ZeroDivisionError("by zero"),
            "Unexpected error in audittui: ZeroDivisionError: by zero.",
        ),
    ],
)
@driven
async def test_what_a_thread_raises_is_a_sentence(error: Exception, told: str) -> None:
    def work() -> None:
        raise error

    async with working() as (app, pilot):
        app.jobs.run(work, app.failed, "failing")
        await rest(pilot)
        assert app.told == [told]


def opened() -> Connection:
    return connector(filled(drafts()[:1]))(CASE)


@driven
async def test_who_reads_from_which_connection_is_known_until_it_is_done() -> None:
    one, other = opened(), opened()
    go_on = threading.Event()
    async with working() as (app, pilot):
        app.jobs.run(lambda: go_on.wait() and None, app.failed, "reading", on=one)
        app.jobs.run(lambda: go_on.wait() and None, app.failed, "writing")
        assert app.jobs.readers_of([other]) == []
        (done,) = app.jobs.readers_of([one, other])
        assert not done.is_set()
        go_on.set()
        await rest(pilot)
        assert done.is_set()
        assert app.jobs.readers_of([one]) == []


@driven
async def test_a_job_is_told_to_stop_and_another_may_begin_after_it() -> None:
    stop = threading.Event()
    async with working() as (app, pilot):
        assert not app.jobs.cancel("export")
        app.jobs.run(lambda: stop.wait() and None, app.failed, "export", stop=stop)
        assert app.jobs.running("export") and not app.jobs.running("success")
        assert not app.jobs.cancel("success") and not stop.is_set()
        assert app.jobs.cancel("export") and stop.is_set()
        await rest(pilot)
        assert not app.jobs.running("export")
