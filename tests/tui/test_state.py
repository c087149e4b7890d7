"""What is remembered between two starts, and what can happen to the file."""

from __future__ import annotations

import functools
import threading
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.tui.model.memory import KEPT_RUNS, ForeignStateError, Memory, PastRun, Saved, State


def run(key: str, started: int = 0, runbook: str = "time-window") -> PastRun:
    return PastRun(key, runbook, {"window": "1h"}, "case.db", started)


def test_what_was_written_is_read_by_the_next_start(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    Memory(folder).change(lambda state: state.with_run(run("a")).with_saved(Saved("n", "r", {})))
    state = Memory(folder).load()
    assert state.runs == (run("a"),)
    assert state.saved == (Saved("n", "r", {}),)
    assert Memory(folder).path.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff\x00", b'{"version":2}', b'{"runs":[1]}', b"[" * 100_000]
)
def test_a_foreign_file_is_told_and_left_alone(tmp_path: Path, data: bytes) -> None:
    memory = Memory(tmp_path)
    memory.path.write_bytes(data)
    with pytest.raises(ForeignStateError):
        memory.load()
    with pytest.raises(ForeignStateError):
        memory.change(lambda state: state.with_run(run("a")))
    assert memory.path.read_bytes() == data


def test_terminals_at_once_keep_what_each_remembers(tmp_path: Path) -> None:
    def remember(number: int) -> None:
        for at in range(10):
            made = run(f"{number}/{at}")
            Memory(tmp_path).change(functools.partial(State.with_run, run=made))

    threads = [threading.Thread(target=remember, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = {one.key for one in Memory(tmp_path).load().runs}
    assert keys == {f"{number}/{at}" for number in range(3) for at in range(10)}
    assert not list(tmp_path.glob(".audittui-*"))


def test_a_change_that_fails_leaves_the_file(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.change(lambda state: state.with_run(run("a")))

    def fail(state: State) -> State:
        return msgspec.structs.replace(state, runs=(object(),))

    with pytest.raises(TypeError):
        memory.change(fail)
    assert memory.load().runs == (run("a"),)
    assert not list(tmp_path.glob(".audittui-*"))


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 10**6)), max_size=260))
def test_runs_are_the_latest_of_each_newest_first(added: list[tuple[int, int]]) -> None:
    state = State()
    for key, started in added:
        state = state.with_run(run(str(key), started))
    started_at = [one.started for one in state.runs]
    assert started_at == sorted(started_at, reverse=True)
    assert len({one.key for one in state.runs}) == len(state.runs) <= KEPT_RUNS
    if state.runs:
        assert state.last_of("time-window") == state.runs[0]
    assert state.last_of("other") is None
