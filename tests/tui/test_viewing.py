"""How the list shows its rows, and entries checked where they stand."""

from __future__ import annotations

from typing import Any

import pytest

from audittui import timestamp
from audittui.entry import Draft
from audittui.store.sqlite import SqliteStore
from audittui.tui.model.rows import RowSource
from audittui.tui.text.times import shown_time
from audittui.tui.widgets.columns import Columns
from tests import tampering
from tests.tui.driving import (
    HOSTILE,
    NOW,
    drafts,
    driven,
    filled,
    open_runbook,
    press,
    running,
    screen_text,
)
from tests.tui.sample_logs import tampered


def lines_of(app: Any) -> list[str]:
    return screen_text(app).splitlines()


@driven
async def test_marks_wrapping_columns_and_times() -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        main = app.main
        rows = [line for line in lines_of(app) if "bucket/" in line]
        marks = {line[0] for line in rows if "failure" in line or "denied" in line}
        assert marks == {"F", "D"}
        assert {line[0] for line in rows if "success" in line} == {" "}

        await press(pilot, "j", "j", "w")
        row = main.listed_row
        assert main.results.wrapped and main.results.cursor == 2
        await press(pilot, "w")
        assert not main.results.wrapped and main.listed_row is row

        for style, shown in (("local", "time (local)"), ("ago", "6m"), ("utc", "time (UTC)")):
            await press(pilot, "D")
            assert main.results.time_style == style
            assert shown in screen_text(app)

        await press(pilot, "C", "j", "enter", "K", "g", "x")
        assert "yes" in screen_text(app)
        await press(pilot, "escape")
        assert main.listed_row is row
        source = main.results.source
        assert isinstance(source, RowSource)
        before = source.columns
        assert "actor" not in before or before[0] != "time"
        await press(pilot, "r")
        assert isinstance(main.results.source, RowSource)
        assert main.results.source.columns == before


@driven
async def test_columns_are_reached_sideways_and_wrapped_ones_are_whole() -> None:
    long = [
        Draft(actor=f"a{'x' * 50}", action="b" * 50, resource="c" * 50 + "END",
              time="2026-11-24T14:50:00Z", source_ip="10.0.0.1")
    ]  # fmt: skip
    async with running(filled(long)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        assert "END" not in screen_text(app)
        first = lines_of(app)[1]
        await press(pilot, "greater_than_sign", "greater_than_sign", "greater_than_sign")
        assert "END" in screen_text(app)
        await press(pilot, *["less_than_sign"] * 3)
        assert lines_of(app)[1] == first
        await press(pilot, "w")
        assert "END" in screen_text(app)
        assert "10.0.0.1" in screen_text(app)


class Counted(SqliteStore):
    requests = 0

    def get_many(self, *given: Any, **named: Any) -> Any:
        before = self.requests
        found = super().get_many(*given, **named)
        self.requests = before + 1  # however it is done inside
        return found

    def get(self, *given: Any, **named: Any) -> Any:
        self.requests += 1
        return super().get(*given, **named)

    def query(self, *given: Any, **named: Any) -> Any:
        self.requests += 1
        return super().query(*given, **named)


@driven
async def test_rows_are_checked_where_they_stand_the_window_with_few_requests() -> None:
    store = filled(drafts())
    item = dict(store.get({"pk": "entry#app/0", "sk": f"{27:020d}"}).item or {})
    item["body"] = item["body"].replace("alice", "carol")
    tampering.overwrite(store, item)
    store.__class__ = Counted
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "v")
        assert app.main.pane == "results"
        assert "checked" in lines_of(app)[1]
        assert "chained" in lines_of(app)[2]
        before = store.requests  # type: ignore[attr-defined]
        await press(pilot, "V")
        # The rows at once and the registry; then the one that is wrong: three looks, the registry
        # asked with two of them.
        assert store.requests - before <= 7  # type: ignore[attr-defined]
        checked = app.main.results.source.verdicts  # type: ignore[attr-defined]
        assert 0 <= app.main.results.room - len(checked) <= 1  # a sentence may take a line
        text = screen_text(app)
        assert text.count("MODIFIED") == 2  # its row, and the count
        assert " chained" in text and "1 MODIFIED" in text
        assert app.main.results.cursor == 0


@driven
async def test_e_stops_at_what_is_not_as_it_was_written() -> None:
    store = tampered()
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "e")
        assert app.main.results.cursor == 2  # seq 27 failed
        await press(pilot, "V", "E")
        assert app.main.results.cursor == 1


@driven
async def test_hostile_values_do_nothing_in_any_way_of_showing_them() -> None:
    hostile = [
        Draft(actor=value, action=value, resource=value, outcome="denied",
              time="2026-11-24T14:50:00Z")
        for value in HOSTILE.values()
    ]  # fmt: skip
    async with running(filled(hostile)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        for key in ("w", "D", "V", "w", "greater_than_sign", "i", "escape"):
            await press(pilot, key)
            assert not set(screen_text(app)) & set("\x1b\x07\u202e\u2066\x00"), key
            assert all(len(line) <= 80 for line in lines_of(app))


@pytest.mark.parametrize(
    ("micros", "told"),
    [(5, "5s"), (72, "1m 12s"), (3600, "1h 0m"), (90_000, "1d 1h"), (-5, "in 5s"), (0, "0s")],
)
def test_how_long_ago(micros: int, told: str) -> None:
    assert shown_time(NOW - micros * timestamp.SECOND, "ago", NOW) == told


def test_columns_take_no_more_than_the_room_and_hide_none_when_wrapped() -> None:
    for room in range(20, 160, 7):
        columns = Columns(("time", "actor", "action", "resource"), frozenset({0}))
        for at, width in enumerate((19, 12, 70, 33)):
            columns.widen(at, width)
        texts = ["2026-11-24 14:00:00", "a" * 12, "b" * 70, "c" * 33]
        columns.fit(room, moved=False, wrapped=False)
        if len(columns.widths) > 2:
            assert len(columns.text("D", texts, 0)) <= room
        columns.fit(room, moved=False, wrapped=True)
        parts = [columns.text("D", texts, part) for part in range(len(columns.lines))]
        assert all(len(part) <= room for part in parts)
        assert [part[0] for part in parts] == ["D"] + [" "] * (len(parts) - 1)
        assert sum(len(line) for line in columns.lines) == 4
