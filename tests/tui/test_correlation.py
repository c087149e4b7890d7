"""Repeated failures: groups, their events, and back."""

from __future__ import annotations

from audittui import timestamp
from audittui.entry import Draft
from audittui.tui.screens.main import MainScreen
from audittui.tui.sources import GroupSource, RowSource
from tests.tui.driving import (
    NOW,
    driven,
    filled,
    open_runbook,
    press,
    running,
    screen_text,
)  # fmt: skip


def spraying() -> list[Draft]:
    return [
        Draft(
            actor="mallory" if at < 12 else "bob",
            action="auth.login",
            resource="user/x",
            outcome="failure",
            source_ip=f"203.0.113.{at % 3}",
            time=timestamp.text(NOW - (3600 - 5 * at) * timestamp.SECOND),
        )
        for at in range(18)
    ]


@driven
async def test_a_group_opens_to_its_events_and_back() -> None:
    async with running(filled(spraying())) as (app, pilot):
        main = app.screen_stack[0]
        assert isinstance(main, MainScreen)
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        source = main.results.source
        assert isinstance(source, GroupSource)
        assert [dict(group.key)["actor"] for group in source.groups] == ["mallory", "bob"]
        assert "12" in screen_text(app)
        await press(pilot, "j", "enter")
        events = main.results.source
        assert isinstance(events, RowSource)
        assert {row.actor for row in events.rows} == {"bob"}
        assert len(events.rows) == 6
        await press(pilot, "enter", "escape", "escape")
        assert main.results.source is source
        assert main.results.cursor == 1


@driven
async def test_no_group_is_said_to_be_none() -> None:
    async with running(filled(spraying()[:3])) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter")
        assert "No group reaches the threshold" in screen_text(app)
