"""Ctrl-C, SIGTERM and SIGHUP end what reads in good order: told how far, and how to go on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.cli.started import Start, starting

SLOWLY = ("--store", "case.db", "--rate", "1")
RUN = ("run", "actor-activity", "-p", "actor=ann", "-p", "window=-2h..now", "--format", "jsonl")
TRACE = ("trace", "door/1", "--format", "jsonl")
ENDING = ("SIGINT", "SIGTERM", "SIGHUP")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a log that takes minutes to read at one read unit a second."""
    folder = tmp_path_factory.mktemp("signals")
    store = SqliteStore(str(folder / "case.db"), load_layout("native"), create=True, durable=False)
    log = AuditLog(store, "app/0")
    for _ in range(20):
        log.append_many(
            [Draft(actor="ann", action="door.open", resource="door/1") for _ in range(100)]
        )
    store.close()
    return folder


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    with starting(folder) as call:
        yield call


def first_line(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline()


@pytest.mark.parametrize("name", ENDING)
def test_a_run_tells_how_far_it_came_and_how_to_go_on(start: Start, name: str) -> None:
    running = start(*RUN, *SLOWLY)
    assert first_line(running)
    running.send_signal(getattr(signal, name))
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 3
    assert re.search(r"rows?: cancelled at ", errors)
    assert re.search(r"^Continue with: audittui run .* --resume \S+$", errors, re.MULTILINE)


@pytest.mark.parametrize("name", ENDING)
def test_a_trace_keeps_what_it_has(start: Start, name: str) -> None:
    running = start(*TRACE, *SLOWLY, "--rate", "20")
    assert running.stderr is not None
    assert any(line.startswith("Reading 2,000 entries takes about ") for line in running.stderr)
    running.send_signal(getattr(signal, name))
    lines, errors = running.communicate(timeout=60)
    assert running.returncode == 3 and len(lines.splitlines()) == 2000
    assert re.search(r"2,000 entries .* of 2,000 were not read, cancelled", errors)


@pytest.mark.parametrize("name", ENDING)
def test_a_tail_tells_its_cursor(start: Start, name: str) -> None:
    running = start("tail", "time-window", "--store", "case.db", "--since", "-2h")
    assert first_line(running)
    running.send_signal(getattr(signal, name))
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 0
    assert "Continue with: audittui tail time-window" in errors and "Traceback" not in errors


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_nothing_breaks_when_nobody_is_left_to_tell(start: Start, name: str) -> None:
    running = start(*RUN, *SLOWLY)
    assert first_line(running)
    assert running.stderr is not None and running.stdout is not None
    running.stderr.close()
    running.send_signal(getattr(signal, name))
    running.stdout.read()
    assert running.wait(timeout=60) == 3


@pytest.mark.parametrize(
    "words", [(*RUN, *SLOWLY), ("tail", "time-window", "--store", "case.db", "--since", "-2h")]
)
def test_a_second_ctrl_c_shows_no_traceback(start: Start, words: tuple[str, ...]) -> None:
    running = start(*words)
    assert first_line(running)
    for _ in range(8):
        running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode in (0, 3, -signal.SIGINT)
    assert "Traceback" not in errors and "Exception" not in errors


def test_what_a_program_was_told_to_ignore_it_ignores(folder: Path) -> None:
    words = ["run", "actor-activity", "-p", "actor=ann", "--store", "case.db", "--format", "jsonl"]
    done = subprocess.run(
        ["sh", "-c", 'trap "" HUP; (sleep 0.2; kill -HUP $$) & exec "$@"', "sh", sys.executable,
         "-m", "audittui", *words, "-p", "window=-2h..now"],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "AUDITTUI_CONFIG": str(folder / "config.toml")},
    )  # fmt: skip
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 2000
