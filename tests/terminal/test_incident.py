"""The demo's incident, in a table on DynamoDB Local, solved by keystrokes in a real terminal."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from audittui import timestamp
from audittui.demo.seal import seal_demo
from audittui.demo.seed import drafts
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.dynamodb import create_table, open_table
from audittui.writer import AuditLog
from tests.store.conftest import ENDPOINT, REGION
from tests.terminal.tmux import Terminal

pytestmark = pytest.mark.dynamodb_local
ENTRIES = 4_000


@pytest.fixture(scope="module")
def table() -> str:
    if not ENDPOINT:
        pytest.skip("AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    layout = load_layout("native")
    name = f"demo-{uuid.uuid4().hex[:12]}"
    create_table(name, layout, region=REGION, endpoint_url=ENDPOINT, wait=True)
    store = open_table(name, layout, region=REGION, endpoint_url=ENDPOINT)
    now = timestamp.now()
    parts: dict[str, list[Draft]] = {}
    for chain, draft in drafts(now, ENTRIES):
        parts.setdefault(chain, []).append(draft)
    for chain, part in parts.items():
        AuditLog(store, chain).append_many(part)
    seal_demo(store, layout, tuple(parts), now)
    store.close()
    return name


@pytest.fixture(params=["80x24", "120x40"])
def terminal(request: pytest.FixtureRequest, table: str, tmp_path: Path) -> Iterator[Terminal]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color",
        "LANG": "C.UTF-8", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AUDITTUI_STATE": str(tmp_path / "state"), "AUDITTUI_CONFIG": str(tmp_path / "none.toml"),
        "PYTHONPATH": str(Path.cwd()),
    }  # fmt: skip
    words = [
        sys.executable, "-m", "audittui", "--table", table, "--region", REGION,
        "--endpoint-url", ENDPOINT,
    ]  # fmt: skip
    terminal = Terminal(words, environment, tmp_path, request.param)
    yield terminal
    terminal.close()


def _no_question(screen: str) -> bool:
    return not any(
        line.rpartition("│")[2].strip() == "iam.role.update" for line in screen.splitlines()
    )


def test_the_incident_is_solved_by_keys(terminal: Terminal, table: str) -> None:
    terminal.wait("Repeated failures", table)
    terminal.keys("/")
    terminal.type("repeated")
    terminal.keys("Enter")
    terminal.wait("Enter run")
    terminal.keys("Enter")
    terminal.wait("j.okafor", "complete")
    terminal.keys("Enter")
    terminal.wait("user/j.okafor", "BadPassword")
    terminal.keys("A")
    terminal.wait("203.0.113.77", "iam.user.d", "complete")
    terminal.keys("/")
    terminal.type("iam.role.update")
    terminal.wait("2 match")
    terminal.keys("Enter")
    terminal.until(_no_question, "the list without the line that was typed into")
    terminal.keys("Enter")
    terminal.wait("role/payments-operator", "Lifecycle", "changed")
    terminal.keys("Escape")
    terminal.keys("Escape", "Escape")
    terminal.wait("j.okafor")
    terminal.keys("q", "q", "q", "q", "q", "q")
    terminal.wait("ended 0")
