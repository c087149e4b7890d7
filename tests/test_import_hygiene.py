"""What starting up must not import: a static graph cannot see late imports, so this runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

SCRIPT = """
import sys
from audittui.cli.main import run
code = run({words!r})
loaded = [name for name in {banned!r} if name in sys.modules]
sys.stderr.write(f"LOADED {{loaded}}")
"""


@pytest.mark.parametrize(
    ("words", "banned"),
    [
        (["--version"], ["textual", "boto3", "botocore", "rich", "yaml", "sqlite3"]),
        (["--help"], ["textual", "boto3", "botocore", "rich", "yaml", "sqlite3"]),
        (["runbooks", "list"], ["textual", "boto3", "botocore", "rich"]),
        (["run", "time-window", "--store", "nowhere.db"], ["textual", "boto3", "botocore"]),
        (["verify", "--help"], ["textual", "boto3", "botocore"]),
        *(
            (words.split(), ["textual", "boto3", "botocore"])
            for words in (
                "append --store log.db --actor a --action b",
                "show main/0 0 --store log.db",
                "trace r --store log.db",
                "tail time-window --store log.db --since -1h --limit 1",
                "verify --all --store log.db",
                "import jsonl rows.jsonl --store log.db",
                "seal --key k --store log.db",
                "evidence verify case.zip",
                "checkpoint show main/0 --store log.db",
                "config show",
            )
        ),
    ],
)
def test_commands_load_only_what_they_need(
    words: list[str], banned: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text('[keys]\nnext-failure = "f"\n')
    (tmp_path / "rows.jsonl").write_text('{"actor": "a", "action": "b"}\n')
    monkeypatch.setenv("AUDITTUI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("AUDITTUI_STATE", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    if words[0] not in ("append", "runbooks", "run"):
        store = SqliteStore("log.db", load_layout("native"), create=True)
        AuditLog(store, "main/0").append(Draft(actor="a", action="b"))
        store.close()
    script = SCRIPT.format(words=words, banned=banned)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "LOADED []" in done.stderr, done.stderr[-500:]


FIRST_FRAME = """
import asyncio, sys
import audittui.cli.main, audittui.cli.terminal
from audittui.connection import Target
from audittui.tui.app import AuditApp
from audittui.tui.widgets.bars import KeyBar

class Seen(AuditApp):
    def begin(self):
        super().begin()
        self.call_after_refresh(lambda: self.exit(set(frame)))

frame = []
render = KeyBar.render
def rendered(self):
    # The lowest line: all of the frame is drawn, or about to be.
    frame[:] = frame or sys.modules
    return render(self)
KeyBar.render = rendered
app = Seen(Target(table="x"))
loaded = asyncio.run(app.run_async(headless=True))
print(len(loaded) > 300, [name for name in {banned!r} if name in loaded])
"""


def test_the_first_frame_needs_no_aws_client_no_yaml_no_query() -> None:
    banned = (
        "boto3", "botocore", "click", "yaml", "sqlite3", "hashlib", "csv",
        "audittui.query.execution", "audittui.runbook.load", "audittui.runbook.planner",
        "audittui.investigate", "audittui.export", "audittui.entry",
    )  # fmt: skip
    script = FIRST_FRAME.format(banned=banned)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "True []", done.stdout + done.stderr[-500:]
