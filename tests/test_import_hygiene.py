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


def test_the_application_needs_no_aws_client_to_be_made() -> None:
    script = (
        "import sys, audittui.tui.app as app; from audittui.connection import Target; "
        "app.AuditApp(Target(table='x')); "
        "print([n for n in ('boto3', 'botocore', 'click') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr[-500:]
