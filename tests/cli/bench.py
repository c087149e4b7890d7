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


class CommandLine:
    """Commands that run in this process, in a folder whose store is ``log.db``."""

    def __init__(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.store = folder / "log.db"
        self._capfd = capfd

    def __call__(self, *words: Any, code: int = 0) -> tuple[str, str]:
        """What a command prints, on stdout and stderr; it must end with ``code``."""
        found, out, err = self.ended(*words)
        assert found == code, (out, err)
        return out, err

    def ended(self, *words: Any) -> tuple[int, str, str]:
        """A command's exit code, and what it prints on stdout and stderr."""
        return run([str(word) for word in words]), *self._capfd.readouterr()


class Bench:
    """A folder with a store of one chain of 300 entries, and the command line in it."""

    def __init__(self, command_line: CommandLine, capfd: pytest.CaptureFixture[str]) -> None:
        self.folder = command_line.folder
        self.capfd = capfd
        self.store = command_line.store
        self._run = command_line
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
        return self._run(*words, code=code)
