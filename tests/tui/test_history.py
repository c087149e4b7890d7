"""The history of runs and the saved searches, by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from audittui.tui.app import AuditApp
from audittui.tui.dialogs.history import HistoryScreen, question_text
from audittui.tui.model.memory import Memory, PastRun, Saved
from tests.tui.driving import (
    CASE,
    HOSTILE,
    NOW,
    connector,
    drafts,
    driven,
    filled,
    open_runbook,
    press,
    screen_text,
    settle,
)


@asynccontextmanager
async def remembering(
    memory: Memory | None, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[AuditApp, Pilot[None]]]:
    app = AuditApp(CASE, connect=connector(filled(drafts())), memory=memory)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        await settle(pilot)
        yield app, pilot


@driven
async def test_an_empty_history_teaches_the_next_key() -> None:
    async with remembering(None) as (app, pilot):
        await press(pilot, "H")
        text = screen_text(app)
        assert "0 saved, 0 runs (all)" in text
        assert "choose a runbook (1)" in text
        await press(pilot, "enter", "s", "d")
        assert "0 saved, 0 runs (all)" in screen_text(app)
        await press(pilot, "escape")
        assert app.screen is app.main


@driven
async def test_a_run_is_there_after_the_next_start_and_runs_again(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    async with remembering(memory) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        assert app.main.run is not None
        rows = len(app.main.run.rows)
        texts = app.main.run.texts
    (run,) = memory.load().runs
    assert (run.runbook, run.texts, run.rows) == ("time-window", texts, rows)
    assert run.coverage.startswith("complete")
    async with remembering(memory) as (app, pilot):
        await press(pilot, "H")
        assert "0 saved, 1 run (all)" in screen_text(app)
        await press(pilot, "enter")
        assert app.main.run is not None
        assert app.main.run.texts == texts
        assert len(app.main.run.rows) == rows
    assert len(memory.load().runs) == 2


@driven
async def test_a_run_on_another_table_is_asked_about_before_it_runs_here(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    run = PastRun("k", "time-window", {"window": "-2h..now"}, "other.db", 1)
    memory.change(lambda state: state.with_run(run))
    async with remembering(memory) as (app, pilot):
        await press(pilot, "H", "enter")
        text = screen_text(app)
        assert " Run this here?" in text
        assert "It was run on other.db; you are connected to case.db." in text
        await press(pilot, "escape")
        assert app.main.run is None
        await press(pilot, "H", "enter", "y")
        assert app.main.run is not None


@driven
async def test_a_search_is_saved_under_a_name_and_deleted(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    run = PastRun("k", "time-window", {"window": "2h"}, "case.db", 1)
    memory.change(lambda state: state.with_run(run))
    async with remembering(memory) as (app, pilot):
        await press(pilot, "H", "s", "enter")
        assert "Enter a name." in screen_text(app)
        await press(pilot, *"mine", "enter")
        assert "1 saved, 1 run (all)" in screen_text(app)
        assert app.main.features.notebook.state.saved == (
            Saved("mine", "time-window", {"window": "2h"}),
        )
        await press(pilot, "j", "d")
        assert "1 saved, 0 runs (all)" in screen_text(app)
    assert memory.load().saved == (Saved("mine", "time-window", {"window": "2h"}),)
    assert memory.load().runs == ()
    async with remembering(memory) as (app, pilot):
        await press(pilot, "H", "d")
        assert "0 saved, 0 runs (all)" in screen_text(app)
        await press(pilot, "q")
        assert app.screen is app.main


@driven
async def test_what_is_recalled_late_appears_in_the_open_history(tmp_path: Path) -> None:
    async with remembering(Memory(tmp_path)) as (app, pilot):
        await press(pilot, "H")
        run = PastRun("k", "time-window", {"window": "2h"}, "case.db", 1)
        Memory(tmp_path).change(lambda state: state.with_run(run))
        app.main.features.notebook.recall()
        await settle(pilot)
        await pilot.pause()
        assert "0 saved, 1 run (all)" in screen_text(app)


@driven
async def test_the_form_is_filled_in_as_the_last_time(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    run = PastRun("k", "time-window", {"window": "2h"}, "case.db", 1)
    memory.change(lambda state: state.with_run(run))
    async with remembering(memory) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "ctrl+r")
        assert app.main.form.texts["window"] == "2h"
        assert app.main.pane == "form"


@driven
async def test_a_runbook_that_is_gone_is_said(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.change(lambda state: state.with_run(PastRun("k", "gone", {}, "case.db", 1)))
    async with remembering(memory) as (app, pilot):
        await press(pilot, "H", "enter")
        assert "Runbook gone no longer exists" in screen_text(app)


@driven
async def test_a_broken_file_is_one_notice(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.path.write_text("{")
    async with remembering(memory) as (app, pilot):
        assert "History is not saved in this session" in screen_text(app)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        assert app.main.run is not None
        assert app.main.run.complete
        await press(pilot, "H")
        assert "1 run " in screen_text(app)
    assert memory.path.read_text() == "{"


@driven
async def test_a_disk_that_takes_nothing_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("audittui.whole_file.tempfile.mkstemp", full)
    async with remembering(Memory(tmp_path)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        app.main.features.notebook.write_soon()
        await settle(pilot)
        assert "No space left on device" in screen_text(app)
        await press(pilot, "j")
        assert app.main.results.cursor == 1


@driven
async def test_hostile_values_are_shown_harmless(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    for name, value in HOSTILE.items():
        run = PastRun(name, value, {"actor": value}, value, 1, value)
        memory.change(lambda state, run=run: state.with_run(run))  # type: ignore[misc]
    async with remembering(memory, (120, 40)) as (app, pilot):
        await press(pilot, "H")
        assert isinstance(app.screen, HistoryScreen)
        text = screen_text(app)
        assert not set(text) & set("\x1b\x00\x07\u202e\u2066")
        assert "[bold]x" in text
        await press(pilot, "enter")


@driven
async def test_runs_are_told_apart_at_80_columns(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    asked = [
        ("actor-activity", {"window": "2026-11-24T14:00:00Z..2026-11-24T15:30:10.5Z",
                            "actor": "h.silva", "outcome": "any"}),
        ("actor-activity", {"window": "2026-11-24T13:00:00Z..2026-11-24T14:00:00Z",
                            "actor": "b.okafor"}),
        ("time-window", {"window": "2025-11-23T23:30:00Z..2025-11-24T00:30:00Z"}),
        ("gone", {"window": "2h", "what": "x"}),
    ]  # fmt: skip
    for at, (runbook, texts) in enumerate(asked):
        run = PastRun(f"{at}", runbook, texts, "case.db" if at else "far.db", NOW - at,
                  "complete from a to b" if at else "read back to x", 1234, 56.5)  # fmt: skip
        memory.change(lambda state, run=run: state.with_run(run))  # type: ignore[misc]
    async with remembering(memory) as (app, pilot):
        await press(pilot, "H")
        lines = screen_text(app).splitlines()[2:6]
        assert ": h.silva, 11-24" in lines[0] and "part" in lines[0]
        assert "far.db" in lines[0] and "here" in lines[1] and "all" in lines[1]
        assert ": b.okafor, 11-24" in lines[1]
        assert ": 2025-11-23 23:30" in lines[2]
        assert "gone: what x, 2h" in lines[3]


def test_a_window_is_told_to_the_minute() -> None:
    for window, told in (
        ("2026-11-24T14:00:00Z..2026-11-24T15:30:10.5Z", "gone: 11-24 14:00..15:30"),
        ("2026-11-24T14:00..2026-11-25T15:30Z", "gone: 11-24 14:00..11-25 15:30"),
        ("2025-11-24 14:00..2026-11-24 15:30", "gone: 2025-11-24 14:00..11-24 15:30"),
        ("2h..now", "gone: 2h..now"),
        ("", "gone"),
    ):
        assert question_text("gone", {"window": window}, None, "2026") == told


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_picture(snap_compare: Any, size: tuple[int, int], tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.change(
        lambda state: state.with_run(
            PastRun("k", "time-window", {"window": "2h"}, "case.db", NOW, "complete", 1234, 56.5)
        ).with_saved(Saved("nightly look", "actor-timeline", {"actor": "alice", "window": "1d"}))
    )

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.pause()
        await settle(pilot)
        await press(pilot, "H")

    app = AuditApp(CASE, connect=connector(filled(drafts())), memory=memory)
    assert snap_compare(app, terminal_size=size, run_before=steps)
