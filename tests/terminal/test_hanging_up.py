"""A terminal that goes away, as when an SSH session drops, loses nothing of the investigation."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import msgspec

from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.tui.model.memory import Memory
from audittui.writer import AuditLog
from tests.terminal.tmux import PATIENCE, Terminal
from tests.tui.driving import drafts


def test_what_was_done_a_moment_ago_is_offered_again(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "case.db"), load_layout("native"), create=True)
    many = [msgspec.structs.replace(one, time="2026-11-24T14:00:00Z") for one in drafts()]
    AuditLog(store, "app/0").append_many(many)
    store.close()
    state = tmp_path / "state"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color",
        "LANG": "C.UTF-8", "AUDITTUI_STATE": str(state), "PYTHONPATH": str(Path.cwd()),
        "AUDITTUI_CONFIG": str(tmp_path / "none.toml"),
    }  # fmt: skip
    words = [sys.executable, "-m", "audittui", "--store", str(tmp_path / "case.db")]
    terminal = Terminal(words, environment, tmp_path, "80x24")
    try:
        terminal.wait("Resource lifecycle", "case.db")
        terminal.keys("/")
        terminal.type("lifecycle")
        terminal.keys("Enter")
        terminal.wait("Enter run")
        terminal.type("bucket/1")
        terminal.keys("Enter")
        terminal.wait("8 rows, all")
        terminal.keys("j", "m")
        terminal.wait("Marked; 1 entry in all")
    finally:
        terminal.close()  # the terminal is gone at once
    kept = Memory(state)
    end = time.monotonic() + PATIENCE
    while not any(one.marks for one in kept.load().sessions) and time.monotonic() < end:
        time.sleep(0.02)
    (session,) = kept.load().sessions
    assert [one.seq for one in session.marks] == [5]
    again = Terminal(words, environment, tmp_path, "80x24")
    try:
        again.wait("B resumes where you were")
        again.keys("B")
        screen = again.wait("8 rows, all")
        assert "*" in screen
    finally:
        again.close()
