"""Following live: rows come at the end, nothing moves, a lost connection is marked and healed."""

from __future__ import annotations

import json
import shlex
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.investigate import tail as tail_module
from audittui.investigate.tail.pace import Interval
from audittui.investigate.tail.source import Backlog
from audittui.layout import load_layout
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.dialogs.reader import ConfirmScreen
from audittui.tui.model.followed import Live
from audittui.tui.model.note import Note
from audittui.writer import AuditLog
from tests.tui.driving import (
    HOSTILE,
    NOW,
    drafts,
    driven,
    filled,
    main,
    open_runbook,
    press,
    running,
    screen_text,
    send,
    settle,
    status,
    until,
)
from tests.tui.sample_logs import harmless

REAL = tail_module.Tail


class Flaky(SqliteStore):
    """Loses its connection while ``lost`` is set."""

    lost = threading.Event()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if self.lost.is_set():
            raise StoreError("The network is gone.", kind="network")
        return super().query(request, patience)


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Polls follow each other closely, and so do the tries after a failure."""
    Flaky.lost.clear()
    real = tail_module.Tail

    def quick(*given: Any, **named: Any) -> tail_module.Tail:
        made = real(*given, **named, interval=Interval(0.15, 0.15))
        stopped = made._cancelled
        made._wait = lambda seconds: stopped.wait(min(seconds, 0.15))
        return made

    monkeypatch.setattr(tail_module, "Tail", quick)


def live_of(app: AuditApp) -> Live:
    live = main(app).live
    assert live is not None
    return live


class Log:
    """Appends to a store from then on, one entry a minute."""

    def __init__(self, store: SqliteStore) -> None:
        self._log = AuditLog(store, "app/0", clock=lambda: NOW)
        self._count = 0

    def append(self, count: int = 1, **fields: Any) -> None:
        for _ in range(count):
            self._count += 1
            at = timestamp.text(NOW + self._count * 1000)
            given = {"actor": "eve", "action": "come", "resource": "x", "outcome": "success"}
            self._log.append(Draft(**{**given, **fields}, time=at))


def _threads(group: str) -> list[threading.Thread]:
    """The application's threads of a kind that still work."""
    return [one for one in threading.enumerate() if one.name == f"audittui-{group}"]


def entries(app: AuditApp) -> list[str]:
    return [row.actor for row in live_of(app).source.rows if not isinstance(row, Note)]


def notes(app: AuditApp) -> list[str]:
    return [row.text for row in live_of(app).source.rows if isinstance(row, Note)]


@asynccontextmanager
async def following(size: tuple[int, int] = (80, 24)) -> AsyncIterator[Any]:
    store = filled(drafts())
    store.__class__ = Flaky
    async with running(store, size=size) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "F")
        await until(pilot, lambda: live_of(app).batch is not None)
        yield app, pilot, Log(store)
        Flaky.lost.clear()


@driven
async def test_f_shows_what_comes_below_a_line_that_says_where_it_began() -> None:
    async with following() as (app, pilot, log):
        assert notes(app) == ["following started 15:00:00Z; the rows above were read earlier"]
        assert len(entries(app)) == 30
        log.append(3)
        await until(pilot, lambda: len(entries(app)) == 33)
        await pilot.pause()
        rows = live_of(app).source.rows
        assert isinstance(rows[30], Note)
        assert [row.time for row in rows if not isinstance(row, Note)] == sorted(
            row.time for row in rows if not isinstance(row, Note)
        )
        assert main(app).results.cursor == len(rows) - 1
        text = screen_text(app)
        assert "following started 15:00:00Z" in text
        assert "3 rows arrived" in status(app) and "RCU/hour" in status(app)
        assert "while quiet" in status(app)


@driven
async def test_a_window_up_to_now_joins_what_is_followed_though_time_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ticks = iter(range(10**6))
    monkeypatch.setattr(timestamp, "now", lambda: NOW + next(ticks) * 1000)
    async with following() as (app, _, _):
        assert notes(app) == ["following started 15:00:00Z; the rows above were read earlier"]


@driven
async def test_what_was_read_long_ago_is_not_joined_at_any_price_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = filled(drafts())
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        monkeypatch.setattr(timestamp, "now", lambda: NOW + 3600 * timestamp.SECOND)
        await press(pilot, "F")
        assert notes(app) == [
            "following started 16:00:00Z; nothing was read between the rows above and this line"
        ]
        await press(pilot, "F")


@driven
async def test_a_move_up_pauses_and_g_goes_on() -> None:
    async with following() as (app, pilot, log):
        await press(pilot, "k", "k")
        place = main(app).results.cursor
        row = main(app).listed_row
        top = main(app).results.scroll_offset.y
        log.append(40)
        await until(pilot, lambda: live_of(app).new == 40)
        await pilot.pause()
        assert "paused  +40 new" in status(app)
        assert main(app).results.cursor == place and main(app).listed_row is row
        assert main(app).results.scroll_offset.y == top
        await press(pilot, "G")
        assert live_of(app).state == "following" and live_of(app).new == 0
        log.append()
        await until(pilot, lambda: entries(app).count("eve") == 41)
        await pilot.pause()
        assert main(app).results.cursor == len(live_of(app).source) - 1


@driven
async def test_equals_pauses_and_goes_on_and_f_stops_and_goes_on_without_a_gap() -> None:
    async with following() as (app, pilot, log):
        await press(pilot, "equals_sign")
        assert live_of(app).state == "paused"
        cursor = main(app).results.cursor
        log.append()
        await until(pilot, lambda: live_of(app).new == 1)
        assert main(app).results.cursor == cursor
        await press(pilot, "equals_sign")
        assert live_of(app).state == "following"
        await press(pilot, "F")
        assert "stopped  " in status(app)
        log.append(2, actor="meanwhile")
        await press(pilot, "F")
        await until(pilot, lambda: entries(app).count("meanwhile") == 2)
        assert entries(app).count("eve") == 1
        assert notes(app)[1] == "following resumed 15:00:00Z; nothing was skipped"
        await press(pilot, "ctrl+c")
        assert live_of(app).state == "stopped"


@driven
async def test_a_lost_connection_is_marked_and_healed() -> None:
    async with following() as (app, pilot, log):
        log.append(actor="first")  # its writer knows the chain's end from now on
        await until(pilot, lambda: "first" in entries(app))
        Flaky.lost.set()
        await until(pilot, lambda: len(notes(app)) == 2)
        assert notes(app)[1] == "connection lost 15:00:00Z"
        await until(pilot, lambda: "connection lost, retrying" in status(app))
        log.append(2)
        Flaky.lost.clear()
        await until(pilot, lambda: entries(app).count("eve") == 2)
        healed = "connection lost 15:00:00Z, back 15:00:00Z; entries written meanwhile follow"
        await until(pilot, lambda: notes(app)[1] == healed)
        await pilot.pause()
        assert "back 15:00:00Z" in screen_text(app)
        assert "retrying" not in status(app)


@driven
async def test_escape_leads_back_to_what_was_read_and_a_pivot_back_to_the_live_list() -> None:
    async with following() as (app, pilot, log):
        log.append(actor="alice")
        await until(pilot, lambda: len(entries(app)) == 31)
        live = live_of(app)
        await press(pilot, "A")
        assert main(app).live is None and live.state == "stopped"
        assert "Actor activity" in screen_text(app)
        await press(pilot, "escape")
        assert main(app).live is live
        await press(pilot, "escape")
        assert main(app).live is None
        reading = main(app).run
        assert reading is not None and main(app).results.source is reading.rows


@pytest.mark.parametrize("way", [("escape",), ("1", "slash", *"denied", "enter", "enter"), ("A",)])
@driven
async def test_whoever_leaves_a_live_list_pays_for_it_no_longer(way: tuple[str, ...]) -> None:
    async with following() as (app, pilot, log):
        live, tail = live_of(app), live_of(app).tail
        assert tail is not None
        send(pilot, "k", "k", *way)
        await until(pilot, lambda: main(app).live is None)
        await until(pilot, tail._cancelled.is_set)
        assert live.state == "stopped" and live.tail is None
        # Its thread ends, and what it brought is taken in: nobody is left who could ask.
        await until(pilot, lambda: not _threads("follow"))
        await settle(pilot)
        came = live.came
        log.append(2)
        await settle(pilot)
        assert live.came == came and not _threads("follow")


@driven
async def test_leaving_the_application_stops_what_is_followed() -> None:
    async with following() as (app, _, _):
        tail = live_of(app).tail
        assert tail is not None
    assert tail._cancelled.is_set()


@driven
async def test_a_note_is_no_entry_and_hostile_values_are_harmless() -> None:
    async with following() as (app, pilot, log):
        for value in HOSTILE.values():
            log.append(actor=value, resource=value)
        await until(pilot, lambda: len(entries(app)) == 30 + len(HOSTILE))
        await pilot.pause()
        assert harmless(screen_text(app)) and harmless(status(app))
        main(app).results.go(30)
        await press(pilot, "k", "j")
        assert main(app).listed_row is None
        await press(pilot, "enter", "c", "A", "v")
        assert app.is_running and not main(app).detail_open
        await press(pilot, "slash", *"eve", "enter")
        assert harmless(screen_text(app))


@driven
async def test_following_needs_something_that_was_run() -> None:
    async with running() as (app, pilot):
        await press(pilot, "F")
        assert "run it, then press F" in status(app)
        await press(pilot, "equals_sign")
        assert "Not following: F starts." in status(app)


@driven
async def test_what_is_followed_is_exported_as_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with following() as (app, pilot, log):
        log.append(3)
        await until(pilot, lambda: len(entries(app)) == 33)
        await press(pilot, "s")
        assert "rows that arrive later are not in the file" in screen_text(app)
        await press(pilot, *["backspace"] * 60, *"came.jsonl", "enter")
        await until(pilot, (tmp_path / "came.jsonl").exists)
        lines = [json.loads(line) for line in Path("came.jsonl").read_text().splitlines()]
        said = lines[-1]["_export"]
        assert said["records"] == len(lines) - 1 == 33 and said["complete"] is False
        assert said["covers"].startswith("followed from 2026-11-24T15:00:00Z until 2026-11-24T15:")
        assert "; 3 rows arrived; the 30 rows before that were read earlier" in said["covers"]
        words = shlex.split(said["command"])
        assert words[:4] == ["audittui", "tail", "time-window", "--since"]
        # The command begins no later than what came, and asks for no window.
        assert timestamp.parse(words[4]) <= NOW and "window=" not in said["command"]
        # Back in the list that was read it is that list.
        await press(pilot, "escape", "s", *["backspace"] * 60, *"read.jsonl", "enter")
        await until(pilot, (tmp_path / "read.jsonl").exists)
        last = json.loads(Path("read.jsonl").read_text().splitlines()[-1])["_export"]
        assert last["records"] == 30 and last["command"].startswith("audittui run time-window")


@driven
async def test_catching_up_that_costs_is_asked_for_first() -> None:
    store = filled(drafts())
    paid = Target(table="audit", region="eu-west-1", max_rcu=150)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(REAL, "backlog", lambda _: Backlog(1800, 120.0))
        connect = lambda _: Connection(paid, store, load_layout("native"))  # noqa: E731
        async with running(target=paid, connect=connect) as (app, pilot):
            await open_runbook(app, pilot, "time window")
            await press(pilot, "enter")
            send(pilot, "F")
            price = "1,800 entries since then must be read first: about 120 RCU"
            asked = lambda: " ".join(screen_text(app).split())  # noqa: E731
            await until(pilot, lambda: price in asked() and "budget of 150 RCU" in asked())
            send(pilot, "escape")
            await until(
                pilot, lambda: "not followed 15:00:00Z: nothing was read" in screen_text(app)
            )
            live = live_of(app)
            assert (live.state, live.came) == ("stopped", 0)
            send(pilot, "F")
            await until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
            send(pilot, "enter")
            await until(pilot, lambda: live.state == "following" and live.batch is not None)


@driven
async def test_following_ends_with_the_budget() -> None:
    store = filled([one for _ in range(60) for one in drafts()])
    paid = Target(table="audit", region="eu-west-1", max_rcu=20)
    connect = lambda _: Connection(paid, store, load_layout("native"))  # noqa: E731
    async with running(target=paid, connect=connect) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        send(pilot, "F")
        await until(pilot, lambda: main(app).live is not None and live_of(app).state == "stopped")
        await until(pilot, lambda: "the 20 RCU budget is used up" in screen_text(app))
        assert 0 < live_of(app).rcu <= 20
