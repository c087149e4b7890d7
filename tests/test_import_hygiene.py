"""What a start must not import: a static graph cannot see a late import, so this runs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
    ],
)
def test_commands_load_only_what_they_need(words: list[str], banned: list[str]) -> None:
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
