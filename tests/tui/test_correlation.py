"""Repeated failures: groups, their events, and back."""

from __future__ import annotations

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.investigate.correlations import Correlator
from audittui.layout import load_layout
from audittui.layout.row import Row
from audittui.runbook.describe import command_of
from audittui.runbook.plan import Correlation
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.dialogs.histogram import HistogramScreen
from audittui.tui.model.groups import GroupSource, sparkline
from audittui.tui.model.rows import RowSource
from audittui.tui.widgets.bars import StatusBar
from tests.tui.driving import (
    NOW,
    driven,
    filled,
    main,
    open_runbook,
    press,
    running,
    screen_text,
    type_text,
    until,
)
from tests.tui.sample_logs import harmless, hostile_log, spraying


def group_source(app: AuditApp) -> GroupSource:
    source = main(app).results.source
    assert isinstance(source, GroupSource)
    return source


@driven
async def test_a_group_opens_to_its_events_and_back() -> None:
    async with running(filled(spraying())) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        source = main(app).results.source
        assert isinstance(source, GroupSource)
        assert [dict(group.key)["actor"] for group in source.groups] == ["mallory", "bob"]
        assert "12" in screen_text(app)
        await press(pilot, "j", "enter")
        events = main(app).results.source
        assert isinstance(events, RowSource)
        assert {row.actor for row in events.rows} == {"bob"}
        assert len(events.rows) == 6
        await press(pilot, "enter", "escape", "escape")
        assert main(app).results.source is source
        assert main(app).results.cursor == 1


@driven
async def test_no_group_is_said_to_be_none() -> None:
    async with running(filled(spraying()[:3])) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        assert "No group reaches the threshold" in screen_text(app)


def sprayed_in_the_end() -> list[Draft]:
    """Mallory guesses in the end, bob never does."""
    return [
        *spraying(),
        Draft(actor="bob", action="other", resource="y", outcome="success",
              time=timestamp.text(NOW - 600 * timestamp.SECOND)),
        Draft(actor="mallory", action="auth.login", resource="user/x", outcome="success",
              time=timestamp.text(NOW - 300 * timestamp.SECOND)),
    ]  # fmt: skip


def table() -> tuple[SqliteStore, Target]:
    """An embedded store that stands for a billed table."""
    return filled(sprayed_in_the_end()), Target(table="audit-log", region="us-east-1")


def cells(source: GroupSource) -> list[dict[str, str | int]]:
    return [dict(zip(source.titles, source.cells(at), strict=True)) for at in range(len(source))]


@driven
async def test_the_first_success_afterwards_is_looked_for_where_it_costs_nothing() -> None:
    async with running(filled(sprayed_in_the_end())) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        source = group_source(app)
        assert [one["success"] for one in cells(source)] == [
            NOW - 300 * timestamp.SECOND, "none",
        ]  # fmt: skip
        assert [source.mark(at) for at in (0, 1)] == ["", ""], "an hour later is another story"
        assert "14:55:00" in screen_text(app)


@driven
async def test_a_success_soon_after_the_failures_is_marked() -> None:
    soon = Draft(
        actor="mallory", action="auth.login", resource="user/x", outcome="success",
        time=timestamp.text(NOW - 3500 * timestamp.SECOND),
    )  # fmt: skip
    async with running(filled([*spraying(), soon])) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        source = group_source(app)
        assert [source.mark(at) for at in (0, 1)] == ["!", ""]
        assert [source.tone(at) for at in (0, 1)] == ["denied", ""]


@driven
async def test_groups_are_filtered_by_their_key_and_by_what_is_shown() -> None:
    async with running(filled(spraying())) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter", "slash")
        await type_text(pilot, "q")
        assert app.screen is main(app), "what is typed is no command"
        assert len(group_source(app)) == 0
        assert "None of the 2 groups matches" in screen_text(app)
        await press(pilot, "backspace")
        await type_text(pilot, "!mallory count:6")
        assert [dict(group.key)["actor"] for group in group_source(app).groups] == ["bob"]
        assert "2 groups in 18 rows, all" in screen_text(app)
        assert "1 match '!mallory" in screen_text(app)
        await press(pilot, "enter", "n", "ampersand", "enter")
        assert {row.actor for row in main(app).results.source.rows} == {"bob"}  # type: ignore[attr-defined]
        await press(pilot, "escape", "escape")
        assert len(group_source(app)) == 2
        await press(pilot, "slash")
        await type_text(pilot, "outcome:failure")
        assert "There is no field outcome" in main(app).query_one(StatusBar).text
        await press(pilot, "enter")
        assert main(app).asking == "filter", "what cannot be read stays to be mended"


@driven
async def test_keys_of_entries_say_what_they_do_with_a_group() -> None:
    async with running(filled(spraying())) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        for key in ("m", "v", "V", "c"):
            await press(pilot, key)
            assert "Enter opens the group's events" in main(app).query_one(StatusBar).text
        await press(pilot, "Q")
        assert "differ in request id" in main(app).query_one(StatusBar).text
        await press(pilot, "i")
        assert isinstance(app.screen, HistogramScreen)
        await until(pilot, lambda: "18 loaded rows" in screen_text(app))
        await press(pilot, "escape", "A")
        reading = main(app).run
        assert reading is not None and reading.texts["actor"] == "mallory"
        await press(pilot, "escape")
        assert len(group_source(app)) == 2


@driven
async def test_the_events_of_a_group_are_counted() -> None:
    async with running(filled(spraying())) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter", "enter")
        assert "12 events of this group, of 18 rows, all" in main(app).query_one(StatusBar).text
        await press(pilot, "slash")
        await type_text(pilot, "nothing")
        assert "None of the 12 loaded rows matches" in screen_text(app)


@driven
async def test_where_it_costs_it_is_asked_for_with_s_and_its_bound_said_before() -> None:
    store, target = table()
    async with running(
        connect=lambda _: Connection(target, store, load_layout("native"))
    ) as (app, pilot):  # fmt: skip
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        source = group_source(app)
        assert [one["success"] for one in cells(source)] == ["?", "?"]
        await press(pilot, "S")
        assert "At most 4 RCU per group, 8 RCU in total." in screen_text(app)
        assert "! marks a success within 10m of the last failure." in screen_text(app)
        await press(pilot, "escape")
        reading = main(app).run
        assert reading is not None and reading.looked_rcu == 0
        await press(pilot, "S", "enter")
        assert [one["success"] for one in cells(source)] == [
            NOW - 300 * timestamp.SECOND, "none",
        ]  # fmt: skip
        assert 0 < reading.looked_rcu <= 8
        await press(pilot, "S")
        assert "Already known for every group." in screen_text(app)


@driven
async def test_thresholds_change_on_the_loaded_rows() -> None:
    async with running(filled(spraying())) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        reading = main(app).run
        assert reading is not None
        requests = reading.requests
        await press(pilot, "T")
        assert "nothing is read" in screen_text(app)
        await press(pilot, "backspace", "x", "enter")
        assert "Enter a whole number" in screen_text(app)
        await press(pilot, "backspace", "7", "tab")
        await press(pilot, *["backspace"] * 3, "1", "m", "enter")
        assert [dict(group.key)["actor"] for group in group_source(app).groups] == ["mallory"]
        assert reading.requests == requests
        assert "threshold=7 -p timespan=1m" in command_of(
            reading.plan, app.workspace.target.options()
        )
        await press(pilot, "T", "backspace", "2", "enter")
        assert len(group_source(app)) == 2


@driven
async def test_keys_of_groups_elsewhere_say_where_they_belong() -> None:
    async with running() as (app, pilot):
        await press(pilot, "T", "S")
        assert "This works on a list of groups" in screen_text(app)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "T")
        assert "This is not a list of groups" in screen_text(app)


def test_a_rate_is_drawn_on_any_terminal() -> None:
    assert sparkline([0, 1, 4, 8], blocks=True) == " ▁▄▇"
    assert sparkline([1, 0, 1, 2], blocks=True) == "▁ ▁▂", "a few events make no stripes"
    assert sparkline([0, 1, 4, 8], blocks=False) == " .=#"
    assert sparkline([0, 0], blocks=True) == "  "
    assert sparkline([3], blocks=False).isascii()


def test_a_line_stays_with_its_group_while_groups_are_sorted_anew() -> None:
    source = GroupSource(("actor",), 10, reads_success=False)
    rule = Correlation("event_count", ("actor",), 10, (("gte", 1),))
    correlator = Correlator(rule)

    def row(at: int, actor: str) -> Row:
        return Row(tick=at, time=at, key=("p", at), chain="c", seq=at, actor=actor)

    correlator.add([row(0, "a"), row(1, "b")])
    source.groups = correlator.groups()
    correlator.add([row(2, "b"), row(3, "c")])
    source.groups = correlator.groups()
    assert [group.key[0][1] for group in source.groups] == ["b", "a", "c"]
    assert source.moved(1) == 0
    assert source.moved(0) == 0


@driven
async def test_hostile_keys_of_groups_are_harmless() -> None:
    many = [one for one in hostile_log() for _ in range(6)]
    async with running(filled(many), size=(120, 40)) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        assert harmless(screen_text(app))
        await press(pilot, "enter")
        assert harmless(screen_text(app))
