"""What tests of commands begin with: the command line, a log, a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.bench import NAME, Bench, CommandLine


@pytest.fixture
def command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    for name in ("AUDITTUI_TABLE", "AUDITTUI_TRUSTED_KEYS", "AUDITTUI_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AUDITTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("AUDITTUI_STORE", str(tmp_path / "log.db"))
    monkeypatch.chdir(tmp_path)
    return CommandLine(tmp_path, capfd)


@pytest.fixture
def bench(command_line: CommandLine, capfd: pytest.CaptureFixture[str]) -> Bench:
    return Bench(command_line, capfd)


@pytest.fixture
def key(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> str:
    out, _ = bench("key", "generate", "--name", NAME, "-o", "key")
    key = out.strip()
    monkeypatch.setenv("AUDITTUI_TRUSTED_KEYS", key)
    return key
