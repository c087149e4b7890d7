"""A folder with a log in it, and the command line: what tests of commands begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audittui.cli.main import run
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering

LAYOUT = load_layout("native")
NAME = "audit.example.com"


class Bench:
    """A folder with a store of one chain of 300 entries, and the command line in it."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capfd = capfd
        self.store = folder / "log.db"
        self.append(300)

    def append(self, count: int) -> None:
        store = SqliteStore(str(self.store), LAYOUT, create=True)
        AuditLog(store, "payments/0").append_many([Draft(actor="a", action="b")] * count)
        store.close()

    def tamper(self, seq: int) -> None:
        store = SqliteStore(str(self.store), LAYOUT)
        item = dict(store.get(LAYOUT.key("payments/0", seq)).item or {})
        tampering.overwrite(store, {**item, "body": item["body"].replace('"a"', '"c"')})
        store.close()

    def __call__(self, *words: Any, code: int = 0) -> tuple[str, str]:
        """What a command prints, on stdout and stderr."""
        found = run([str(word) for word in words])
        out, err = self.capfd.readouterr()
        assert found == code, (out, err)
        return out, err


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Bench:
    for name in ("AUDITTUI_TABLE", "AUDITTUI_TRUSTED_KEYS", "AUDITTUI_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AUDITTUI_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("AUDITTUI_STORE", str(tmp_path / "log.db"))
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path, capfd)


@pytest.fixture
def key(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> str:
    out, _ = bench("key", "generate", "--name", NAME, "-o", "key")
    key = out.strip()
    monkeypatch.setenv("AUDITTUI_TRUSTED_KEYS", key)
    return key
