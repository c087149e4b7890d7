"""``audittui import`` as a user runs it, and entries from hostile logs as ``show`` prints them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]
LINE = {"actor": "a", "action": "b"}
HOSTILE = "del \x7f csi \x9b31m bidi \u202e tag \U000e0041"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "audittui", *words]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AUDITTUI_", "AWS_"))
    }
    return clean | {"AUDITTUI_CONFIG": str(tmp_path / "config.toml"), "NO_COLOR": "1"}


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    def call(*words: str, text: str | None = None) -> Done:
        return subprocess.run(
            command(*words, "--store", "case.db"), capture_output=True, text=True, check=False,
            cwd=tmp_path, env=environment, input=text, timeout=60,
        )  # fmt: skip

    return call


def test_what_was_shortened_is_told(run: Run) -> None:
    large = json.dumps({**LINE, "details": {"x": "y" * 70_000}})
    done = run("import", "jsonl", "-", text=f"{large}\n{json.dumps(LINE)}\n")
    assert done.returncode == 0
    assert "1 too large for an entry: shortened" in done.stderr
    assert "2 read, 2 added, 0 already there, 0 rejected." in done.stderr
    assert "too large" not in run("import", "jsonl", "-", text=json.dumps(LINE)).stderr


@pytest.mark.parametrize("kind", ["cloudtrail", "jsonl"])
def test_a_folder_without_logs_is_a_usage_error(run: Run, tmp_path: Path, kind: str) -> None:
    (tmp_path / "empty").mkdir()
    done = run("import", kind, "empty")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "in the folder empty" in done.stderr
    assert not (tmp_path / "case.db").exists()


def test_a_closed_standard_input_is_told(tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(LINE), encoding="utf-8")
    for path, code, told in (("-", 2, "closed"), ("a.jsonl", 0, "1 read, 1 added")):
        words = command("import", "jsonl", path, "--store", "case.db")
        done = subprocess.run(
            ["sh", "-c", 'exec "$@" <&-', "sh", *words], capture_output=True, text=True,
            check=False, cwd=tmp_path, env=environment, timeout=60,
        )  # fmt: skip
        assert (done.returncode, told in done.stderr) == (code, True), done.stderr


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="this system has no /dev/fd")
def test_a_process_substitution_is_read(tmp_path: Path, environment: dict[str, str]) -> None:
    read, write = os.pipe()
    with os.fdopen(write, "wb") as stream:
        stream.write(json.dumps(LINE).encode())
    done = subprocess.run(
        command("import", "jsonl", f"/dev/fd/{read}", "--store", "case.db"), capture_output=True,
        text=True, check=False, cwd=tmp_path, env=environment, pass_fds=(read,), timeout=60,
    )  # fmt: skip
    os.close(read)
    assert "1 read, 1 added, 0 already there, 0 rejected." in done.stderr


def test_an_entrys_json_is_verbatim_in_a_pipe_and_harmless_on_a_terminal(
    run: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    run("import", "jsonl", "-", text=json.dumps({**LINE, "details": HOSTILE}))
    words = ("show", "main/0", "0", "--format", "jsonl")
    assert json.loads(run(*words).stdout)["details"] == HOSTILE
    assert HOSTILE in run(*words).stdout
    terminal, other = pty.openpty()
    with subprocess.Popen(
        command(*words, "--store", "case.db"), stdout=other, stderr=subprocess.DEVNULL,
        cwd=tmp_path, env=environment,
    ) as shown:  # fmt: skip
        assert shown.wait(60) == 0
    os.close(other)
    text = os.read(terminal, 100_000).decode("utf-8").replace("\r\n", "\n")
    os.close(terminal)
    assert not set(text) & {"\x7f", "\x9b", "\u202e", "\U000e0041"}
    assert json.loads(text)["details"] == HOSTILE
    assert "\x7f" not in run("show", "main/0", "0").stdout
