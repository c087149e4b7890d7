"""Exports by keyboard: what is loaded, the whole result, groups; never over another file."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from audittui.tui.app import AuditApp
from audittui.tui.dialogs.ask import AskScreen
from audittui.tui.main.screen import MainScreen
from audittui.tui.model.export import fault_of
from audittui.tui.widgets.field import Field
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
from tests.tui.sample_logs import harmless, hostile_log, spraying, tampered

MANY = [one for _ in range(40) for one in drafts()]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def name_field(app: AuditApp) -> Field:
    assert isinstance(app.screen, AskScreen)
    return app.screen.query_one("#blank-file", Field)


@driven
async def test_s_exports_what_is_loaded_and_says_that_it_is_not_all() -> None:
    async with running(filled(MANY)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "s")
        assert "There is more to read" in screen_text(app)
        loaded = len(main(app).results.source)
        name = name_field(app).value
        await press(pilot, "enter")
        assert f"Written to {name}, partial: {loaded} rows" in status(app)
        lines = [json.loads(line) for line in Path(name).read_text().splitlines()]
        assert len(lines) == loaded + 1
        assert lines[-1]["_export"]["complete"] is False
        assert "audittui run time-window" in lines[-1]["_export"]["command"]
        # The next name is another one, and an old name is refused in the form.
        await press(pilot, "s")
        assert name_field(app).value != name
        name_field(app).value = name
        await press(pilot, "enter")
        assert "already exists: choose" in screen_text(app)
        await press(pilot, "escape")
        assert isinstance(app.screen, MainScreen)


@driven
async def test_the_whole_result_is_read_first() -> None:
    async with running(filled(MANY)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "s")
        name_field(app).value = "all.csv"
        await press(pilot, "tab", "right", "enter")
        assert f"Written to all.csv, complete: {len(MANY):,} rows" in status(app)
        with Path("all.csv").open(newline="") as file:
            records = list(csv.DictReader(file))
        assert len(records) == len(MANY) + 1
        assert records[-1]["_export"].startswith("complete")


@driven
async def test_a_filter_and_a_group_are_said_in_the_file() -> None:
    async with running(filled(spraying())) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter", "s")
        name_field(app).value = "groups.md"
        await press(pilot, "enter")
        assert "| mallory | auth.login | 12 | 12 |" in Path("groups.md").read_text()
        assert "2 groups" in Path("groups.md").read_text().splitlines()[-1]
        await press(pilot, "enter", "slash", *"203.0.113.1", "enter", "s")
        name_field(app).value = "some.md"
        await press(pilot, "enter")
        last = Path("some.md").read_text().splitlines()[-1]
        assert last.startswith("**Partial**: 4 rows") and "match the filter" in last


@driven
async def test_nothing_to_export_is_said() -> None:
    async with running(filled([])) as (app, pilot):
        await press(pilot, "s")
        assert "nothing to export" in status(app)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "s")
        assert "There is nothing to export" in status(app)


@driven
@pytest.mark.parametrize("ending", ["md", "csv", "jsonl"])
async def test_hostile_values_are_harmless_in_every_format(ending: str) -> None:
    async with running(filled(hostile_log())) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "s")
        name_field(app).value = f"\x1b[31m.{ending}"
        await pilot.pause()
        assert harmless(screen_text(app))
        name_field(app).value = f"a.{ending}"
        await press(pilot, "enter")
        text = Path(f"a.{ending}").read_text()
        assert harmless(text)
        assert "\\x1b\\[31m" in text or "\\u001b[31m" in text
        assert harmless(screen_text(app))


@driven
async def test_a_copy_can_be_had_as_a_file_and_a_command_acts_on_no_terminal() -> None:
    async with running(filled(hostile_log())) as (app, pilot):
        await press(pilot, "W")
        assert "Nothing copied yet" in status(app)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "c")
        assert "W writes it to a file." in status(app)
        await press(pilot, "W", "W")
        files = sorted(Path().glob("audittui-copy-*"))
        assert [file.read_text() for file in files] == [app.clipboard + "\n"] * 2
        for _ in range(6):
            await press(pilot, "A", "Y")
            assert harmless(app.clipboard) and harmless(screen_text(app))
            await press(pilot, "escape", "j")


def test_names_that_cannot_be() -> None:
    Path("there.csv").write_text("")
    assert "already exists" in fault_of("there.csv")
    assert "no folder" in fault_of("none/a.csv")
    assert ".jsonl, .csv or .md" in fault_of("a.txt")
    assert fault_of("~nobody-at-all/a.csv")
    assert fault_of("x\x00.csv") and fault_of("x" * 300 + ".csv")
    assert fault_of("free.csv") == ""


@driven
async def test_what_was_checked_goes_into_the_file() -> None:
    store = tampered()
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "V", "s", *["backspace"] * 60, *"all.csv", "enter")
        await press(pilot, "s", *["backspace"] * 60, *"all.jsonl", "enter")
    with Path("all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["checked"] for row in rows[:3]] == ["chained", "MODIFIED", "chained"]
    assert rows[-2]["checked"] == ""  # beyond the window
    lines = [json.loads(line) for line in Path("all.jsonl").read_text().splitlines()]
    assert lines[1]["checked"] == "MODIFIED"
