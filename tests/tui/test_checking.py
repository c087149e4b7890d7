"""Verdicts where entries stand: `v` and `V` in lists, and what the detail view tells the list."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from audittui.connection import Connection
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.model.entry import read_document
from audittui.tui.model.note import is_entry
from audittui.tui.model.rows import RowSource
from audittui.tui.theme.palette import WARN
from tests import tampering
from tests.tui.driving import (
    CASE,
    drafts,
    driven,
    filled,
    open_runbook,
    press,
    running,
    screen_text,
)


def changed(seq: int, **attributes: Any) -> SqliteStore:
    """The small log, some attributes of one item others."""
    store = filled(drafts())
    item = store.get(load_layout("native").key("app/0", seq)).item
    assert item is not None
    tampering.overwrite(store, {**item, **attributes})
    return store


def body_of(seq: int) -> str:
    item = filled(drafts()).get(load_layout("native").key("app/0", seq)).item
    assert item is not None
    return str(item["body"])


def rows_of(app: AuditApp) -> RowSource:
    source = app.main.row_source
    assert source is not None
    return source


@driven
async def test_notes_between_the_rows_are_not_checked() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        app.main.features.follow.follow()
        app.main.features.follow.follow()
        await press(pilot, "V")
        source = rows_of(app)
        noted = [at for at in range(len(source)) if not is_entry(source.row(at))]
        assert noted
        assert " rows checked: " in screen_text(app)
        assert all(seq >= 0 for _, seq in source.verdicts)
        app.main.results.go(noted[-1])
        await press(pilot, "v")
        assert "No entry is selected" in screen_text(app)


@driven
async def test_a_window_of_notes_alone_has_nothing_to_check() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        app.main.features.follow.follow()
        app.main.features.follow.follow()
        await press(pilot, "slash", *"nothing has this", "enter", "V")
        assert "There are no rows to check" in screen_text(app)


@driven
async def test_an_entry_that_was_opened_has_its_verdict_in_the_list_where_there_are_some() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "enter", "escape")
        assert not rows_of(app).verdicts
        await press(pilot, "v", "j", "enter", "escape")
        assert [rows_of(app).cells(at)[0] for at in range(3)] == ["chained", "chained", ""]


@driven
async def test_an_opened_entry_that_fails_is_marked_in_the_list() -> None:
    async with running(changed(29, body=body_of(29).replace("alice", "mallo"))) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "j", "enter", "escape")
        assert not rows_of(app).verdicts
        await press(pilot, "k", "enter", "escape")
        source = rows_of(app)
        assert [source.cells(at)[0] for at in range(2)] == ["MODIFIED", ""]
        assert "MODIFIED" in screen_text(app)


@driven
async def test_fields_are_shown_as_they_are_stored_now_and_what_the_list_showed_is_said() -> None:
    store = filled(drafts())
    async with running(store, size=(120, 40)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        item = store.get(load_layout("native").key("app/0", 29)).item
        assert item is not None
        later = {key: value for key, value in item.items() if key != "request_id"}
        tampering.overwrite(
            store, {**later, "actor": "mallory", "time": "2026-11-24T14:58:07.000000Z"}
        )
        await press(pilot, "enter")
        detail = app.main.detail
        lines = [item.text.plain for item in detail.entry.parts[1].items]
        told = {line[:12].strip(): line[12:] for line in lines}
        assert told["actor"] == "mallory  (the list showed alice)"
        assert told["request id"] == "nothing  (the list showed req-9)"
        assert told["time"].startswith("2026-11-24T14:58:07.000000Z  (the list showed 2026-11-24")
        assert told["action"] == "bucket.update"
        actor = next(item for item in detail.entry.parts[1].items if item.name == "actor")
        assert actor.value == "mallory"
        assert any(WARN in str(span.style) for span in actor.text.spans)
        await press(pilot, "escape", "r", "enter")
        assert "the list showed" not in detail.entry.text


def test_what_an_index_does_not_hold_is_no_difference() -> None:
    native = load_layout("native")
    store = filled(drafts())
    item = store.get(native.key("app/0", 29)).item
    assert item is not None
    narrow = msgspec.structs.replace(
        native,
        indexes=tuple(
            msgspec.structs.replace(index, projection=("hash",)) if index.answers == "actor"
            else index
            for index in native.indexes
        ),
    )  # fmt: skip
    index = narrow.index_answering("actor", None)
    assert index is not None
    held = {name: value for name, value in item.items() if name in ("pk", "sk", "actor", "time")}
    listed = narrow.row(held, index)
    for layout, differ in ((narrow, set()), (native, {"action", "resource"})):
        connection = Connection(CASE, store, layout)
        assert differ == read_document(connection, listed).listed & {"actor", "action", "resource"}


@driven
async def test_v_says_how_many_of_how_many_were_checked() -> None:
    store = filled([one for _ in range(20) for one in drafts()])
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "V")
        source, reading = rows_of(app), app.main.run
        assert reading is not None and not reading.complete
        loaded, checked = len(source), len(source.verdicts)
        assert 1 < checked < loaded
        assert f"{checked} of {loaded} rows, more to read, checked: {checked} " in said(app)
        await press(pilot, "L", "V")
        if not reading.complete:
            await press(pilot, "enter", "V")
        assert reading.complete and len(source) == 600
        assert re.search(r" (\d+) of 600 rows checked: \1 CHAINED\.", said(app))
        await press(pilot, "slash", *"outcome:denied", "enter", "g", "V")
        assert " of 60 rows that match, of 600 loaded, checked: " in said(app)


@driven
async def test_v_of_a_whole_list_counts_all_of_it() -> None:
    async with running(size=(80, 40)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "V")
        assert "30 of 30 rows checked: 30 CHAINED." in said(app)


def said(app: AuditApp) -> str:
    return " ".join(screen_text(app).split())
