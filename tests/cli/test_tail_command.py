"""``audittui tail`` as a user runs it: streamed rows, a state, Ctrl-C and a cursor."""

from __future__ import annotations

import json
import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.cli.started import Running, Start, starting

TAIL = ("tail", "time-window", "--store", "case.db", "--interval", "0.1")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AuditLog]:
    store = SqliteStore(
        str(tmp_path / "case.db"), load_layout("native"), create=True, durable=False
    )
    log = AuditLog(store, "app/0")
    append(log, 3)
    yield log
    store.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with starting(tmp_path) as call:
        yield call


def append(log: AuditLog, count: int) -> None:
    for at in range(count):
        log.append(Draft(actor="ann", action="door.open", resource=f"door/{at}\x1b[2J"))


def wait_for_state(running: Running) -> None:
    """Until the tail has begun."""
    assert running.stderr is not None
    lines = []
    for line in running.stderr:
        lines.append(line)
        if line.startswith("following: "):
            return
    raise AssertionError(f"the tail ended before it began: {lines}")


def test_rows_stream_and_ctrl_c_ends_with_a_command_that_goes_on(
    start: Start, log: AuditLog
) -> None:
    running = start(*TAIL, "--format", "jsonl")
    wait_for_state(running)
    append(log, 2)
    assert running.stdout is not None
    seqs = [json.loads(running.stdout.readline())["seq"] for _ in range(2)]
    running.send_signal(signal.SIGINT)
    rest, errors = running.communicate(timeout=30)
    assert (seqs, rest, running.returncode) == ([3, 4], "", 0)
    assert "2 rows. " in errors and "RCU" in errors
    append(log, 2)
    command = re.search(r"^Continue with: audittui (.*)$", errors, re.MULTILINE)
    assert command is not None
    again = start(*shlex.split(command.group(1)), "--format", "jsonl", "--limit", "2")
    lines, _ = again.communicate(timeout=30)
    assert [json.loads(line)["seq"] for line in lines.splitlines()] == [5, 6]
    assert again.returncode == 0


def test_since_and_limit_as_a_table(start: Start, log: AuditLog) -> None:
    running = start(*TAIL, "--since", "-10m", "--limit", "3")
    lines, errors = running.communicate(timeout=30)
    assert running.returncode == 0, errors
    header, *rows = lines.splitlines()
    assert header.split() == ["time", "actor", "action", "resource", "outcome", "source", "ip"]
    assert len(rows) == 3 and "door/0\\x1b[2J" in rows[0]
    assert len({row.index("ann") for row in rows}) == 1


def test_since_leaves_out_what_is_dated_before_but_not_what_comes_in_now(
    start: Start, log: AuditLog
) -> None:
    old = Draft(actor="ann", action="door.open", time="2020-01-01T00:00:00Z")
    log.append(old)
    running = start(*TAIL, "--since", "-10m", "--limit", "4", "--format", "jsonl")
    wait_for_state(running)
    log.append(old)
    lines, errors = running.communicate(timeout=30)
    assert running.returncode == 0, errors
    assert [json.loads(line)["seq"] for line in lines.splitlines()] == [0, 1, 2, 4]


def test_a_closed_pipe_is_silent(start: Start, log: AuditLog) -> None:
    running = start(*TAIL, "--since", "1h", "--format", "jsonl")
    assert running.stdout is not None and running.stderr is not None
    wait_for_state(running)
    assert running.stdout.readline()
    running.stdout.close()
    append(log, 1)
    running.wait(timeout=30)
    assert running.stderr.read() == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-p", "window=-1h..now"), "does not accept the window window"),
        (("--since", "+1h"), "is in the future"),
        (("--since", "soon"), "'soon' is not a time"),
        (("--since", "-1h", "--resume", "x"), "exclude each other"),
        (("--resume", "x"), "The cursor is damaged"),
        (("--interval", "5..1"), "is not an ascending range"),
        (("--interval", "often"), "not two numbers"),
        (("-p", "nobody=1"), "there is no such parameter"),
    ],
)
def test_what_cannot_be_meant_is_said(
    start: Start, log: AuditLog, words: tuple[str, ...], said: str
) -> None:
    running = start("tail", "time-window", "--store", "case.db", *words)
    lines, errors = running.communicate(timeout=30)
    assert (running.returncode, lines) == (2, "")
    assert said in errors and "Continue with" not in errors and len(errors.splitlines()) == 1


def test_a_budget_ends_it_with_exit_code_3_and_a_command_that_goes_on(
    start: Start, log: AuditLog
) -> None:
    long = {"said": "x" * 2000}
    log.append_many([Draft(actor="ann", action="door.open", details=long) for _ in range(60)])
    words = ("--format", "jsonl", "--max-rcu", "14")
    lines, errors = start(*TAIL, "--since", "-10m", *words).communicate(timeout=30)
    assert "To catch up, 63 entries must be read, about " in errors
    assert "The budget of 14 RCU will end it first." in errors
    assert re.search(r"^Stopped by the budget \([\d.]+ of 14 RCU used\)\.$", errors, re.MULTILINE)
    seqs = [json.loads(line)["seq"] for line in lines.splitlines()]
    while True:
        command = re.search(r"^Continue with: audittui (.*)$", errors, re.MULTILINE)
        assert command is not None
        again = start(*shlex.split(command.group(1)), *words, "--limit", str(63 - len(seqs)))
        lines, errors = again.communicate(timeout=30)
        seqs += [json.loads(line)["seq"] for line in lines.splitlines()]
        if again.returncode != 3:
            break
    assert again.returncode == 0 and seqs == list(range(63))


def test_a_budget_that_does_not_reach_the_beginning_says_so(start: Start, log: AuditLog) -> None:
    running = start(*TAIL, "--since", "-10m", "--max-rcu", "1")
    lines, errors = running.communicate(timeout=30)
    assert (running.returncode, lines) == (3, "")
    assert "before the starting point was found; nothing was read" in errors


def test_a_long_way_to_catch_up_is_said_first(start: Start, log: AuditLog) -> None:
    for _ in range(3):
        log.append_many([Draft(actor="ann", action="door.open") for _ in range(100)])
    running = start(*TAIL, "--since", "-10m", "--limit", "303")
    lines, errors = running.communicate(timeout=30)
    assert running.returncode == 0 and len(lines.splitlines()) == 304
    assert re.search(r"^To catch up, 303 entries must be read, about \d+ RCU\.$",
                     errors.splitlines()[0])  # fmt: skip


def test_no_more_is_taken_than_was_said(start: Start, log: AuditLog) -> None:
    # Their keys are items of the table too, and small ones.
    for block in range(4):
        log.append_many(
            [
                Draft(actor="ann", action="door.open", details={"said": "x" * 500},
                      idempotency_key=f"{block} {at}")
                for at in range(50)
            ]
        )  # fmt: skip
    running = start(*TAIL, "--since", "-10m", "--limit", "203")
    _, errors = running.communicate(timeout=30)
    said = re.search(r"^To catch up, 203 entries must be read, about (\d+) RCU", errors)
    taken = re.search(r"^203 rows\. .* requests, ([\d.]+) RCU\.$", errors, re.MULTILINE)
    assert said is not None and taken is not None, errors
    assert float(taken.group(1)) <= int(said.group(1)) <= 2 * float(taken.group(1))
