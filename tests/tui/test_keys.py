"""Every key does what the help says of it."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.dialogs.reader import ConfirmScreen, ReaderScreen, TooSmallScreen
from audittui.tui.main.screen import MainScreen
from tests.tui.driving import (
    drafts,
    driven,
    filled,
    main,
    open_runbook,
    press,
    resize,
    rows_of,
    running,
    screen_text,
    send,
    settle,
    status,
    until,
)


@driven
async def test_enter_runs_a_runbook_and_opens_an_entry() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        assert main(app).pane == "form"
        await press(pilot, "enter")
        assert main(app).pane == "results"
        assert "30 rows, all" in status(app)
        await press(pilot, "j", "j", "enter")
        assert main(app).pane == "detail"
        assert main(app).detail.row is rows_of(app).row(2)
        assert "bucket/3" in screen_text(app)


@driven
async def test_list_keys_move_the_cursor() -> None:
    async with running(size=(60, 24)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        results = main(app).results
        # The status line may take a second line, and with it a row, once everything is read.
        await until(pilot, lambda: "complete from" in screen_text(app))
        await settle(pilot)
        room = results.room
        expected = [
            ("j", 1), ("down", 2), ("k", 1), ("up", 0), ("k", 0), ("G", 29), ("j", 29), ("g", 0),
            ("space", room - 1), ("b", 0), ("ctrl+d", room // 2), ("ctrl+u", 0), ("end", 29),
            ("home", 0), ("pagedown", room - 1), ("pageup", 0),
        ]  # fmt: skip
        for key, line in expected:
            await press(pilot, key)
            assert results.cursor == line, key
        before = screen_text(app)
        await press(pilot, "l")
        assert screen_text(app) != before
        await press(pilot, "h")
        assert screen_text(app) == before


@driven
async def test_panes_tab_zoom_and_the_way_back() -> None:
    async with running(size=(120, 40)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        screen = main(app)
        await press(pilot, "enter")
        seen = []
        for _ in range(6):
            await press(pilot, "tab")
            seen.append(screen.pane)
        assert seen == ["sidebar", "form", "form", "form", "results", "sidebar"]
        await press(pilot, "shift+tab")
        assert screen.pane == "results"
        await press(pilot, "4")
        assert screen.pane == "detail"
        await press(pilot, "3")
        assert screen.pane == "results"
        await press(pilot, "plus")
        assert not screen.query_one("#sidebar").display
        assert not screen.query_one("#detail").display
        await press(pilot, "underscore")
        assert screen.query_one("#detail").display
        await press(pilot, "escape", "escape", "escape", "escape")
        assert screen.pane == "sidebar"
        assert app.is_running


@driven
async def test_escape_never_quits_and_q_does_at_the_root() -> None:
    async with running() as (app, pilot):
        await press(pilot, *["escape"] * 5, "ctrl+c", "ctrl+c")
        assert app.is_running
        assert "q quits" in status(app)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "enter", "q")
        assert main(app).pane == "results"
        assert app.is_running
        await pilot.press("q")
        await pilot.pause()
        assert app._exit


@driven
async def test_filter_as_you_type() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "G", "slash")
        await pilot.press(*"DENIED")
        await settle(pilot)
        assert len(rows_of(app)) == 3
        assert "3 match" in status(app)
        await press(pilot, "enter")
        assert main(app).pane == "results"
        await press(pilot, "ampersand")
        assert len(rows_of(app)) == 30
        await press(pilot, "g", "n")
        assert main(app).listed_row is not None
        assert main(app).listed_row.outcome == "denied"
        first = main(app).results.cursor
        await press(pilot, "n", "N")
        assert main(app).results.cursor == first
        await press(pilot, "ampersand", "slash", *["backspace"] * 6)
        await pilot.press(*"!denied")
        await settle(pilot)
        assert len(rows_of(app)) == 27
        await press(pilot, "enter", "escape")
        assert len(rows_of(app)) == 30


@driven
async def test_go_to_a_time_and_to_failures() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "e")
        row = main(app).listed_row
        assert row is not None
        assert row.outcome == "failure"
        await press(pilot, "e")
        assert main(app).listed_row is not None
        assert main(app).listed_row.outcome == "denied"
        await press(pilot, "E")
        assert main(app).listed_row is row
        await press(pilot, "E")
        assert "No failure above" in status(app)
        await press(pilot, "t")
        await pilot.press(*"2026-11-24T14:20")
        await press(pilot, "enter")
        assert main(app).listed_row is not None
        assert main(app).listed_row.source_ip == "10.0.0.10"
        await press(pilot, "t", "x", "enter")
        assert "is not a time" in status(app)


@driven
async def test_the_lifecycle_is_walked_along() -> None:
    async with running(size=(120, 40)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "enter")
        detail = main(app).detail
        assert detail.life is not None
        resources = {row.resource for row in detail.life.rows}
        assert detail.row is not None
        assert resources == {detail.row.resource}
        newest = detail.row
        await press(pilot, "O")
        assert detail.row.seq == newest.seq - 4
        await press(pilot, "o")
        assert detail.row.seq == newest.seq
        await press(pilot, "o")
        assert "last entry of the lifecycle" in status(app)
        await press(pilot, "tab", "g", "enter")
        assert detail.row.seq == newest.seq % 4
        assert "this" in screen_text(app)
        await press(pilot, "3", "o")
        assert main(app).listed_row is not None
        assert main(app).listed_row.seq == newest.seq - 4


@driven
async def test_pivots_and_the_breadcrumb_back() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "j", "j")
        row = main(app).listed_row
        assert row is not None
        before = main(app).run
        for key, field in (("A", "actor"), ("R", "resource"), ("Q", "request_id")):
            await press(pilot, key)
            value = getattr(row, field)
            assert {getattr(one, field) for one in rows_of(app).rows} == {value}
            assert " › " in screen_text(app).splitlines()[0]
            await press(pilot, "escape")
            assert main(app).run is before
            assert main(app).listed_row is row


@driven
async def test_a_pivot_again_turns_the_window_off_and_on() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "ctrl+u", *["delete"] * 30)
        await pilot.press(*"2026-11-24T14:10..14:40")
        await press(pilot, "enter", "j")

        def asked() -> tuple[str, str]:
            reading = main(app).run
            assert reading is not None
            return reading.runbook.id, reading.texts["window"]

        part = "2026-11-24T14:10:00Z..2026-11-24T14:40:00Z"
        await press(pilot, "A")
        assert asked() == ("actor-activity", part)
        assert len(rows_of(app)) == 7
        await press(pilot, "A")
        assert asked() == ("actor-activity", "all")
        assert len(rows_of(app)) == 15
        await press(pilot, "A")
        assert asked() == ("actor-activity", part)
        await press(pilot, "escape", "escape")
        assert asked() == ("actor-activity", part)
        await press(pilot, "R")
        assert asked() == ("resource-lifecycle", "all")
        await press(pilot, "R")
        assert asked() == ("resource-lifecycle", part)
        await press(pilot, "Q", "Q")
        assert asked() == ("request-trace", part)


@driven
async def test_back_restores_filter_marks_place_and_zoom() -> None:
    async with running(size=(60, 24)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "slash")
        await pilot.press(*"!denied")
        await press(pilot, "enter", "G", "k", "l", "l", "plus")
        screen = main(app)
        sight, source = screen.results.sight, screen.results.source
        assert sight.top > 0 and sight.left > 0
        shown = [line[:-1] for line in screen_text(app).splitlines()[:18]]
        await press(pilot, "A", "j", "R", "escape", "escape")
        assert screen.results.source is source
        assert screen.results.sight == sight
        assert screen.zoomed
        assert [line[:-1] for line in screen_text(app).splitlines()[:18]] == shown


@driven
async def test_a_reading_that_rested_goes_on_after_a_step_back() -> None:
    many = [
        Draft(
            actor="alice",
            action="a.read",
            resource=f"r/{at}",
            time=f"2026-11-24T14:{at // 60:02}:{at % 60:02}Z",
        )
        for at in range(900)
    ]
    async with running(filled(many)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "R", "escape")
        before = len(rows_of(app))
        assert before < 900
        await press(pilot, "G")
        assert len(rows_of(app)) > before
        assert "incomplete" not in status(app)


@driven
async def test_what_is_typed_into_a_filter_before_the_plan_is_made_filters() -> None:
    gate = threading.Event()

    class Slow(SqliteStore):
        def describe(self):  # type: ignore[no-untyped-def]
            gate.wait(10)
            return super().describe()

    store = filled(drafts())
    store.__class__ = Slow
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("slash", *"denied")
        await pilot.pause()
        gate.set()
        await settle(pilot)
        assert len(rows_of(app)) == 3
        assert "3 match 'denied'" in status(app)


@driven
async def test_the_present_step_of_a_long_way_is_seen_at_80_columns() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", *"AARRQQ")
        first = screen_text(app).splitlines()[0]
        assert "Request trace: req-0" in first
        assert "…" in first


@driven
async def test_copying(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "c")
        assert app.clipboard.startswith("2026-11-24T14:58:00.000000Z\talice\t")
        assert "does not confirm it" in status(app)
        await press(pilot, "y")
        assert '"actor": "alice"' in app.clipboard
        await press(pilot, "Y")
        assert app.clipboard.startswith("audittui run time-window -p window=2026-11-24T14:00:00Z..")
        assert "--store case.db" in app.clipboard


@driven
async def test_a_copied_entry_is_json_that_says_the_same() -> None:
    face = "\U0001f600 \u202e é"
    draft = Draft(actor=face, action="x", time="2026-11-24T14:50:00Z", details={"n": 10**30})
    async with running(filled([draft])) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "y")
        copied = json.loads(app.clipboard)
        assert app.clipboard.isascii()
        assert (copied["actor"], copied["details"]) == (face, {"n": 10**30})


@driven
async def test_looking_at_an_entry_is_part_of_what_is_said_to_be_used() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        assert "for entries" not in status(app)
        await press(pilot, "enter")
        assert "for entries" in status(app)


@driven
async def test_plan_help_and_palette() -> None:
    async with running() as (app, pilot):
        await press(pilot, "x")
        assert isinstance(app.screen, ReaderScreen)
        assert "by-failure" in screen_text(app)
        await press(pilot, "escape")
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "x")
        shown = app.screen.query_one("Pager").text  # type: ignore[attr-defined]
        assert "aws dynamodb query" in shown
        _, _, side_by_side = shown.partition("Estimated, and used so far:")
        for line in ("Requests ", "RCU ", "  by-time ", "Cost "):
            assert f"\n{line}" in side_by_side
        await press(pilot, "q", "question_mark")
        text = app.screen.query_one("Pager").text  # type: ignore[attr-defined]
        for binding in MainScreen.BINDINGS:
            assert binding.description in text  # type: ignore[union-attr]
        await press(pilot, "escape", "colon")
        assert app.screen.__class__.__name__ == "Palette"
        await press(pilot, "escape")
        assert app.screen is main(app)


@driven
async def test_pages_are_read_as_one_scrolls_and_l_loads_all() -> None:
    many = [one for _ in range(40) for one in drafts()]
    store = filled(many)
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        first = len(rows_of(app))
        assert 0 < first < len(many)
        assert "more to read" in status(app)
        await press(pilot, "G")
        assert first < len(rows_of(app)) < len(many)
        assert main(app).results.cursor == first - 1
        await press(pilot, "L")
        assert isinstance(app.screen, ConfirmScreen)
        asked = screen_text(app)
        assert "The rest:" in asked and "The index by-time holds 1,200 items" in asked
        await press(pilot, "escape")
        assert len(rows_of(app)) < len(many)
        await press(pilot, "L", "enter")
        assert len(rows_of(app)) == len(many)
        assert "1,200 rows, all" in status(app)


class Gated(SqliteStore):
    """A store whose second page fails once."""

    pages = 0

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if request.index:
            self.pages += 1
            if self.pages == 2:
                raise StoreError("The table does not answer.", "Try again.", kind="other")
        return super().query(request, patience)


@driven
async def test_an_error_keeps_the_rows_and_l_goes_on() -> None:
    store = filled([one for _ in range(20) for one in drafts()])
    store.__class__ = Gated
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "G")
        kept = len(rows_of(app))
        assert "failed" in status(app)
        assert "The table does not answer." in status(app)
        await press(pilot, "L", "enter")
        assert len(rows_of(app)) == 600 > kept
        assert len({row.seq for row in rows_of(app).rows}) == 600
        assert "600 rows, all" in status(app)


@driven
async def test_a_failed_connection_is_explained_and_tried_again() -> None:
    store = filled(drafts())
    tries = []

    def connect(target: Target) -> Connection:
        tries.append(target)
        if len(tries) == 1:
            raise StoreError("No credentials were found.", "Run aws sso login.")
        return Connection(target, store, load_layout("native"))

    async with running(connect=connect) as (app, pilot):
        assert "No credentials were found." in screen_text(app)
        assert "Run aws sso login." in screen_text(app)
        await press(pilot, "r")
        assert len(tries) == 2
        assert app.workspace.state.kind == "open"


@driven
async def test_faults_of_the_form_are_shown_where_they_are() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "actor activity")
        await press(pilot, "enter")
        assert main(app).pane == "form"
        assert "a value is required" in screen_text(app)
        await pilot.press(*"alice")
        await press(pilot, "down", "down", "right", "enter")
        assert {row.outcome for row in rows_of(app).rows} == {"success"}
        assert {row.actor for row in rows_of(app).rows} == {"alice"}


@driven
async def test_without_a_target_the_runbooks_are_shown() -> None:
    async with running(target=Target()) as (app, pilot):
        assert "--table NAME or --store FILE" in screen_text(app).replace("\n", " ")
        assert "Time window" in screen_text(app)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        assert app.is_running


@driven
async def test_too_small_says_so_and_takes_only_q() -> None:
    async with running(size=(59, 14)) as (app, pilot):
        assert isinstance(app.screen, TooSmallScreen)
        assert "60 columns" in screen_text(app)
        await press(pilot, "j", "enter", "x")
        await resize(pilot, 80, 24)
        assert app.screen is main(app)
        await resize(pilot, 40, 10)
        await pilot.press("q")
        await pilot.pause()
        assert app._exit


@driven
async def test_running_again_reads_again() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        before = main(app).run
        await press(pilot, "r")
        assert main(app).run is not before
        assert len(rows_of(app)) == 30


class Stuck(SqliteStore):
    """A store that answers one page and then no more, until the test is over."""

    pages = 0
    released = threading.Event()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if request.index:
            self.pages += 1
            if self.pages == 3:
                self.released.wait(20)
        return super().query(request, patience)


@driven
async def test_ctrl_c_stops_reading_and_keeps_the_rows() -> None:
    store = filled([one for _ in range(40) for one in drafts()])
    store.__class__ = Stuck
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        kept = len(rows_of(app))
        send(pilot, "G", "G")
        await until(pilot, lambda: store.pages >= 3)
        await press(pilot, "ctrl+c")
        await settle(pilot)
        Stuck.released.set()
        assert "incomplete" in status(app)
        assert "cancelled" in status(app)
        assert kept <= len(rows_of(app)) < 1200
        await press(pilot, "ctrl+c")
        assert app.is_running
        await press(pilot, "L", "enter")
        assert len({row.seq for row in rows_of(app).rows}) == 1200
        assert "1,200 rows, all" in status(app)


@driven
async def test_a_value_from_the_log_is_harmless_in_the_form_and_kept_exactly() -> None:
    hostile = "ev\x1b]2;OWNED\x07il \u202eroot "
    draft = Draft(actor=hostile, action="x", time="2026-11-24T14:50:00Z")
    async with running(filled([draft]), size=(120, 40)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "A")
        assert not set(screen_text(app)) & {"\x1b", "\x07", "\u202e"}
        assert "1 row, all" in status(app)


@driven
async def test_a_runbook_named_like_markup_does_no_harm_in_the_palette(tmp_path: Path) -> None:
    (tmp_path / "odd.yaml").write_text(
        'name: "GET [/v1/items] [bold]x[/]"\ndescription: "[/x] d"\n'
        'query: {by: time, during: "-1h..now"}\n',
        encoding="utf-8",
    )
    async with running(folders=[tmp_path]) as (app, pilot):
        await press(pilot, "colon", *"GET")
        await until(pilot, lambda: "GET [/v1/items] [bold]x[/]" in screen_text(app))
        assert app.is_running


@driven
async def test_what_was_left_while_it_was_read_is_read_on_when_one_is_back() -> None:
    class Waiting(Stuck):
        released = threading.Event()

    store = filled([one for _ in range(40) for one in drafts()])
    store.__class__ = Waiting
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        left = main(app).run
        assert left is not None
        kept = len(left.rows.rows)
        send(pilot, "G", "G")
        await until(pilot, lambda: store.pages >= 3)
        send(pilot, "A")
        await until(pilot, lambda: not left.active)
        await settle(pilot)
        Waiting.released.set()
        assert left is not main(app).run
        assert left.last is not None and left.last.coverage.stop == "cancelled"
        await press(pilot, "escape")
        assert left is main(app).run
        assert len(left.rows.rows) > kept
        assert "read back to" in status(app)
        assert "Reading" not in screen_text(app)


@driven
async def test_leaving_does_not_wait_for_a_connection_that_hangs() -> None:
    never = threading.Event()

    def hang(target: Target) -> Connection:
        never.wait(30)
        raise StoreError("too late")

    app = AuditApp(Target(table="t"), connect=hang)
    async with app.run_test(size=(80, 24)) as pilot:
        while not app.workspace.catalogue.runbooks:
            await pilot.pause(0.01)
        await pilot.press("q")
    working = [one for one in threading.enumerate() if one.name == "audittui-connection"]
    assert all(one.daemon for one in working) and working
    never.set()
