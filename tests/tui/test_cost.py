"""What the terminal says of cost: before, while and after it reads."""

from __future__ import annotations

import threading

from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.model.run import Run
from audittui.tui.widgets.pager import Pager
from tests.tui.driving import (
    drafts,
    driven,
    filled,
    main,
    open_runbook,
    press,
    running,
    screen_text,
    status,
)

MANY = [one for _ in range(40) for one in drafts()]


class Table(SqliteStore):
    """An embedded store that stands for a table in a region with a price."""

    @property
    def region(self) -> str | None:
        return "us-east-1"


def table(**settings: float) -> tuple[Table, Target]:
    store = filled(MANY)
    store.__class__ = Table
    assert isinstance(store, Table)
    return store, Target(table="audit-log", region="us-east-1", **settings)  # type: ignore[arg-type]


def connected(store: SqliteStore, target: Target) -> Connection:
    return Connection(target, store, load_layout("native"))


def reading_of(app: AuditApp) -> Run:
    reading = main(app).run
    assert reading is not None
    return reading


@driven
async def test_the_status_line_says_units_and_money_of_a_table() -> None:
    store, target = table()
    async with running(connect=lambda _: connected(store, target)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        assert "RCU, under $0.0001" in status(app)
        # On one line of a small terminal, so that the coverage has its two.
        assert any("more to read" in line and "$0.0001" in line
                   for line in screen_text(app).splitlines())  # fmt: skip


@driven
async def test_an_embedded_store_is_calm_about_money() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        assert "RCU" in status(app) and "$" not in status(app)


@driven
async def test_the_profiles_budget_stops_a_reading_and_l_goes_on() -> None:
    store, target = table(max_rcu=8)
    async with running(connect=lambda _: connected(store, target)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "L")
        asked = screen_text(app)
        assert "It stops at the profile's budget of 8 RCU." in asked
        await press(pilot, "enter")
        assert "The budget of this run is used up." in screen_text(app)
        assert "> Stop here" in screen_text(app)
        # What is left, not all of it again.
        rest = reading_of(app).left_text
        assert rest.split(" RCU")[0] in screen_text(app) and "RCU more" in screen_text(app)
        assert rest != reading_of(app).plan.estimate.left_text(0, len(reading_of(app).plan.shards))
        await press(pilot, "escape")
        assert "stopped by the budget" in status(app)
        assert not reading_of(app).complete
        stops = 1
        await press(pilot, "L", "enter")
        while not reading_of(app).complete:
            # As much again, as often as it takes.
            assert "Continue with another 8 RCU" in screen_text(app)
            await press(pilot, "down", "enter")
            stops += 1
            assert stops < 20
        reading = reading_of(app)
        assert len(reading.rows.rows) == len(MANY)
        # What the planning took is counted once, however often the reading went on.
        assert reading.rcu == sum(units for _, units in reading.by_index) + reading.plan.spent_rcu
        # So is every request before each of the stops, and each is on the screen.
        sent = sum(one.pages for one in reading.store.asked()) + reading.plan.spent_requests
        assert reading.requests == sent > stops
        assert f"{sent} requests" in status(app)


@driven
async def test_the_budget_may_be_lifted_in_place_and_a_stray_enter_stops() -> None:
    store, target = table(max_rcu=8)
    async with running(connect=lambda _: connected(store, target)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "L", "enter", "enter")
        assert not reading_of(app).complete and not reading_of(app).active
        await press(pilot, "L", "enter", "j", "j", "k", "down", "enter")
        assert reading_of(app).complete
        assert len(reading_of(app).rows.rows) == len(MANY)


@driven
async def test_the_plan_lists_what_was_asked_and_every_command() -> None:
    store, target = table()
    async with running(connect=lambda _: connected(store, target)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        # All of it: what is read ahead is asked before it is shown.
        await press(pilot, "enter", "L", "enter", "x")
        text = app.screen.query_one(Pager).text
        shards = len(reading_of(app).plan.shards)
        assert shards and text.count("aws dynamodb query") == shards
        asked = reading_of(app).store.asked()
        assert sum(one.rcu for one in asked) == reading_of(app).rcu - reading_of(app).plan.spent_rcu
        assert all(f"  {one.partition}  " in text for one in asked)
        assert f"by-time, {asked[0].pages} page" in text


class Throttled(Table):
    """Its first page waits until it is let go."""

    let_go = threading.Event()
    waits = 0

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if request.index and not self.waits:
            self.waits += 1
            patience.wait(StoreError("Throttled.", kind="throttled"), 3, 0.01)
            self.let_go.wait(20)
        return super().query(request, patience)


@driven
async def test_throttling_is_shown_while_it_lasts() -> None:
    store, target = table()
    store.__class__ = Throttled
    async with running(connect=lambda _: connected(store, target)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await pilot.press("enter")
        said = "throttled, retrying in 0.0 s, attempt 3"
        while said not in status(app):
            await pilot.pause(0.01)
        Throttled.let_go.set()
        while main(app).run is None or reading_of(app).active or said in status(app):
            await pilot.pause(0.01)
        assert "RCU" in status(app) and "retrying" not in status(app)


@driven
async def test_a_budget_that_gets_nowhere_offers_one_that_may() -> None:
    tied = [Draft(actor="bo", action="x", time="2026-11-24T14:00:00.000000Z")] * 200
    store = filled(tied)
    store.__class__ = Table
    target = Target(table="audit-log", region="us-east-1", max_rcu=1.0)
    async with running(connect=lambda _: connected(store, target)) as (app, pilot):
        await open_runbook(app, pilot, "actor activity")
        await pilot.press(*"bo")
        await press(pilot, "enter")
        for _ in range(8):
            if reading_of(app).complete:
                break
            said = " ".join(screen_text(app).replace("│", "").split())
            assert "same time, 2026-11-24T14:00:00Z" in said
            assert "Read that part again with " in screen_text(app)
            await press(pilot, "down", "enter")
        assert reading_of(app).complete and len(reading_of(app).rows.rows) == 200


@driven
async def test_an_empty_answer_names_what_is_close() -> None:
    store, target = table()
    async with running(connect=lambda _: connected(store, target)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        await open_runbook(app, pilot, "actor activity")
        await pilot.press(*"Alic")
        await press(pilot, "enter")
        shown = screen_text(app)
        assert "No entries: the window was read completely." in shown
        assert "No entry in the window matches actor is 'Alic'" in shown
        assert "Similar to 'Alic': 'alice'" in shown
        assert "The log's first entry is from 2026-11-24T14:00:00Z" in shown
