"""How commands end when their output has nowhere to go: as real processes, with real pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audittui.cli.main import run

COMMANDS = [
    "--help",
    "run --help",
    "--version",
    "runbooks list",
    "run time-window -p window=2024-11-24 --store case.db --format jsonl",
    "run time-window -p window=2024-11-24 --store case.db --explain",
    "trace door/1 --store case.db",
    "tail time-window --store case.db --since 2024-11-24 --limit 3",
    "verify --all --store case.db --format json",
    "show main/0 0 --store case.db",
    "append --store more.db --actor a --action b",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store ``case.db`` of five entries."""
    folder = tmp_path_factory.mktemp("endings")
    for at in range(5):
        words = ["--actor", "ann", "--action", "door.open", "--resource", "door/1"]
        time = f"2024-11-24T10:00:0{at}Z"
        code = run(["append", "--store", str(folder / "case.db"), *words, "--time", time])
        assert code == 0
    return folder


def ended(folder: Path, words: str, **streams: int) -> tuple[int, str]:
    """The exit code of a command, and what it says on standard error."""
    done = subprocess.run(
        [sys.executable, "-m", "audittui", *words.split()], cwd=folder, check=False, timeout=60,
        **{"stderr": subprocess.PIPE, **streams},
    )  # fmt: skip
    return done.returncode, (done.stderr or b"").decode()


@pytest.mark.parametrize("words", COMMANDS)
def test_a_reader_that_has_enough_ends_a_command_without_a_word(folder: Path, words: str) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        code, told = ended(folder, words, stdout=write)
    finally:
        os.close(write)
    assert code == 0, told
    for word in ("Error", "Broken", "Exception", "Traceback"):
        assert word not in told


def test_nobody_reads_what_is_said_either(folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        code, _ = ended(folder, COMMANDS[4], stdout=subprocess.DEVNULL, stderr=write)
    finally:
        os.close(write)
    assert code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", [*COMMANDS[:2], *COMMANDS[3:6]])
def test_a_full_disk_is_told_apart_from_a_closed_pipe(folder: Path, words: str) -> None:
    with Path("/dev/full").open("wb") as full:
        code, told = ended(folder, words, stdout=full.fileno())
    assert code == 1
    assert "The disk is full: standard output is incomplete." in told
    assert "rerun only commands that just read" in told  # a second append is a second entry
    assert "Traceback" not in told and "Exception ignored" not in told


@pytest.mark.parametrize("words", [COMMANDS[3], COMMANDS[4], COMMANDS[-1]])
def test_a_standard_output_that_is_closed_is_told(folder: Path, words: str) -> None:
    done = subprocess.run(
        f"exec {sys.executable} -m audittui {words} >&-", shell=True, cwd=folder,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == ("Error: Standard output is closed. Redirect it, such as to /dev/null.\n")
    assert b"Standard" not in (folder / "case.db").read_bytes()


def test_a_standard_error_that_is_closed_changes_nothing(folder: Path) -> None:
    done = subprocess.run(
        f"exec {sys.executable} -m audittui {COMMANDS[4]} 2>&-", shell=True, cwd=folder,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_file_that_cannot_be_written_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "time-window", "-p", "window=2024-11-24", "--store", str(folder / "case.db")]
    assert run([*words, "--stats", "/dev/full"]) == 1
    assert "The disk is full: /dev/full was not written." in capsys.readouterr().err
    assert run([*words, "--stats", str(folder)]) == 2
    assert f"{folder} cannot be written: Is a directory." in capsys.readouterr().err
