"""An investigation that was cut off is taken up again: its questions, places and marks."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from audittui import timestamp
from audittui.connection import Target
from audittui.entry import Draft
from audittui.tui.app import AuditApp
from audittui.tui.model.memory import Memory, State
from audittui.tui.model.session import KEPT, Session, Step, offered
from tests.tui.driving import (
    CASE,
    NOW,
    connector,
    drafts,
    driven,
    filled,
    main,
    open_runbook,
    press,
    rows_of,
    screen_text,
    settle,
    status,
)

FAILURES = [
    Draft(
        actor=f"user-{at % 3}", action="iam.login", resource="door", outcome="failure",
        time=timestamp.text(NOW - at * 20 * timestamp.SECOND),
    )
    for at in range(60)
]  # fmt: skip


@asynccontextmanager
async def started(
    memory: Memory, store: Any = None, target: Target = CASE
) -> AsyncIterator[tuple[AuditApp, Pilot[None]]]:
    app = AuditApp(target, connect=connector(store or filled(drafts())), memory=memory)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await settle(pilot)
        yield app, pilot
        app.main.features.sessions.note()


@driven
async def test_the_last_place_its_filter_the_way_there_and_the_marks_come_back(
    tmp_path: Path,
) -> None:
    memory = Memory(tmp_path)
    async with started(memory) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "m", "j", "j", "m", "M", "a", *"why?", "enter", "escape")
        await press(pilot, "A", "slash", *"!denied", "enter", "j", "j", "j")
        row = main(app).listed_row
        assert row is not None
        shown = screen_text(app).splitlines()[1:20]
    async with started(memory) as (app, pilot):
        lines = screen_text(app).splitlines()
        said = " ".join(line.partition("│")[2].strip() for line in lines)
        assert "B resumes where you were 0s ago: Actor activity: alice" in said
        assert "; 2 marked." in said
        await press(pilot, "B")
        assert screen_text(app).splitlines()[1:20] == shown
        assert main(app).listed_row == row
        assert "match '!denied'" in status(app)
        assert [(one.row.seq, one.note) for one in app.workspace.marks] == [(29, "why?"), (27, "")]
        assert all(one.row.actor for one in app.workspace.marks)
        await press(pilot, "escape", "escape")
        assert main(app).run is not None
        assert main(app).run.runbook.id == "time-window"
        assert main(app).listed_row is not None
        assert main(app).listed_row.seq == 27
        await press(pilot, "B")
        assert "already under way" in status(app)


@driven
async def test_the_row_of_the_cursor_is_read_up_to(tmp_path: Path) -> None:
    many = [
        Draft(actor="alice", action="a.read", resource=f"r/{at}",
              time=timestamp.text(NOW - at * timestamp.SECOND))
        for at in range(1500)
    ]  # fmt: skip
    memory = Memory(tmp_path)
    async with started(memory, filled(many, page_bytes=60_000)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "G", "G", "G", "k", "enter")
        assert main(app).pane == "detail"
        row, loaded = main(app).listed_row, len(rows_of(app))
        assert 400 < loaded < 1500
    async with started(memory, filled(many, page_bytes=60_000)) as (app, pilot):
        await press(pilot, "B")
        assert main(app).listed_row == row
        assert main(app).detail.row == row
        assert len(rows_of(app)) < 1500


@driven
async def test_a_group_and_its_event_come_back(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    async with started(memory, filled(FAILURES)) as (app, pilot):
        await open_runbook(app, pilot, "repeated failures")
        await press(pilot, "enter", "j", "enter", "j", "j")
        group, row = main(app).group, main(app).listed_row
        assert group is not None
    async with started(memory, filled(FAILURES)) as (app, pilot):
        await press(pilot, "B")
        assert main(app).group is not None
        assert main(app).group.key == group.key
        assert main(app).listed_row == row


@driven
async def test_an_entry_that_is_gone_is_said_and_its_mark_stays(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    async with started(memory) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "m")
    async with started(memory, filled(drafts()[:20])) as (app, pilot):
        await press(pilot, "B")
        assert "no longer among these rows" in status(app)
        assert [(one.row.chain, one.row.seq) for one in app.workspace.marks] == [("app/0", 29)]


@driven
async def test_nothing_is_offered_of_another_log_and_nothing_after_a_begin(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    async with started(memory) as (app, pilot):
        assert "B resumes" not in screen_text(app)
        await press(pilot, "B")
        assert "no earlier investigation" in status(app)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
    async with started(memory, target=Target(store="other.db")) as (app, pilot):
        assert "B resumes" not in screen_text(app)
    async with started(memory) as (app, pilot):
        assert "B resumes" in screen_text(app)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "B")
        assert "already under way" in status(app)


@driven
async def test_nothing_of_the_log_is_kept_and_the_file_is_the_owners(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    async with started(memory) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "m", "enter")
    text = memory.path.read_text()
    assert "10.0.0" not in text
    assert "alice" not in text
    assert memory.path.stat().st_mode & 0o777 == 0o600


def session(key: str, left: int, **others: Any) -> Session:
    given = {"target": "t", "host": "elsewhere", "process": 1, "steps": (Step("a", "b", {}),)}
    return Session(key=key, left=left, **{**given, **others})


def test_the_last_that_nobody_is_at_is_offered() -> None:
    here = {"host": socket.gethostname()}
    parent = session("3", NOW - 1, process=os.getppid(), **here)
    gone = session("2", NOW - 2, process=2**22 + 12345, **here)
    older = session("1", NOW - 3)
    assert offered([older, gone, parent], "x", "t", NOW) is gone
    assert offered([older, gone], "2", "t", NOW) is older
    assert offered([older], "x", "other", NOW) is None
    assert offered([older], "x", "t", NOW + 30 * 86_400 * timestamp.SECOND) is None
    assert offered([session("0", NOW, steps=())], "x", "t", NOW) is None


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_process_that_ended_unasked_for_is_not_running() -> None:
    child = subprocess.Popen(["sleep", "60"])
    one = session("1", NOW, host=socket.gethostname(), process=child.pid)
    assert one.running
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not one.running
    child.wait()


def test_only_so_many_are_kept_and_one_that_goes_on_replaces_what_it_goes_on_with() -> None:
    state = State()
    for at in range(KEPT + 5):
        state = state.with_session(session(str(at), NOW + at))
    assert len(state.sessions) == KEPT
    state = state.with_session(session("new", NOW + 99), instead_of=state.sessions[0].key)
    assert [one.key for one in state.sessions][:2] == ["new", str(KEPT + 3)]
