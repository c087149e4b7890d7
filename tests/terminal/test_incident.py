"""The demo's incident, in a table on DynamoDB Local, solved by keystrokes in a real terminal."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from audittui import timestamp
from audittui.demo.seal import demo_key, seal_demo
from audittui.demo.seed import drafts
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.dynamodb import create_table, open_table
from audittui.writer import AuditLog
from tests.store.conftest import ENDPOINT, REGION
from tests.terminal.tmux import Terminal

pytestmark = pytest.mark.dynamodb_local
ENTRIES = 4_000


class Table(NamedTuple):
    """A table that holds the demo's log, and the key that sealed it."""

    name: str
    key: str


@pytest.fixture(scope="module")
def table() -> Table:
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
    key = demo_key(store, next(iter(parts)))
    store.close()
    return Table(name, key)


@pytest.fixture(params=["80x24", "120x40"])
def terminal(request: pytest.FixtureRequest, table: Table, tmp_path: Path) -> Iterator[Terminal]:
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm-256color",
        "LANG": "C.UTF-8", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AUDITTUI_STATE": str(tmp_path / "state"), "AUDITTUI_CONFIG": str(tmp_path / "none.toml"),
        "PYTHONPATH": str(Path.cwd()), "AUDITTUI_TRUSTED_KEYS": table.key,
    }  # fmt: skip
    words = [
        sys.executable, "-m", "audittui", "--table", table.name, "--region", REGION,
        "--endpoint-url", ENDPOINT,
    ]  # fmt: skip
    terminal = Terminal(words, environment, tmp_path, request.param)
    yield terminal
    terminal.close()


def _left(terminal: Terminal) -> Callable[[str], bool]:
    """Goes back with q, as often as it takes, until the program has ended."""

    def ended(screen: str) -> bool:
        if "ended " not in screen:
            terminal.keys("q")
        return "ended 0" in screen

    return ended


def _choose(terminal: Terminal, runbook: str) -> None:
    terminal.keys("1", "/")
    terminal.type(runbook)
    terminal.keys("Enter")
    terminal.wait("Enter run")


def test_the_incident_is_solved_by_keys(terminal: Terminal, table: Table, tmp_path: Path) -> None:
    bundle = tmp_path / "case.zip"
    terminal.wait("Repeated failures", table.name)
    _choose(terminal, "repeated")
    terminal.keys("Enter")
    terminal.wait("j.okafor", "complete")
    terminal.keys("Enter")  # the group's events
    terminal.wait("user/j.okafor", "BadPassword")
    terminal.keys("i")
    terminal.wait("Entries by time", "F failure")
    terminal.keys("Escape")
    terminal.wait("BadPassword")
    terminal.keys("m")
    terminal.wait("Marked; 1 entry in all")
    terminal.keys("A")  # what else they did, in the window
    terminal.wait("203.0.113.", "complete", "Actor activity: j.okafor")
    # A whole filter typed at once, taken, and the first of its rows marked and opened.
    terminal.keys("/")
    terminal.type("action:iam.role.update")
    terminal.wait("match 'action:iam")
    terminal.keys("Enter", "m")
    terminal.wait("Marked; 2 entries in all")
    terminal.keys("Enter")
    terminal.wait("role/payments-operator", "Lifecycle all", "changed", "ANCHORED")
    terminal.keys("Tab")  # the lifecycle, and what its first version changed
    terminal.keys("g")
    terminal.keys("d")
    terminal.wait("grants", "secret.read")
    terminal.keys("Escape")
    terminal.wait("Lifecycle")
    terminal.keys("M")
    terminal.wait("2 entries, all")
    terminal.keys("j", "a")
    terminal.wait("Note on this entry")
    terminal.type("widened without a ticket")
    terminal.keys("Enter")
    terminal.wait("widened wit", gone="Note on this entry")
    terminal.keys("e")
    terminal.wait("Make an evidence bundle")
    terminal.keys("C-u")
    terminal.type(str(bundle))
    terminal.keys("Enter")
    screen = terminal.wait("2 ANCHORED", "SHA-256")
    assert hashlib.sha256(bundle.read_bytes()).hexdigest() in screen
    terminal.keys("Escape")
    terminal.wait("Lifecycle", gone="SHA-256")
    terminal.keys("x")
    terminal.wait("by-actor", "Estimate")
    terminal.keys("Escape")
    terminal.wait("Lifecycle", gone="Estimate")
    terminal.keys("Escape")  # the entry
    terminal.wait("match 'action:iam", gone="Lifecycle all")
    terminal.keys("Escape")  # the filter
    terminal.wait("Actor activity: j.okafor", gone="match 'action")
    terminal.keys("Escape")  # back to the group
    terminal.wait("j.okafor, auth.login", "F*")
    terminal.until(_left(terminal), "the end")
    words = [sys.executable, "-m", "audittui", "evidence", "verify", str(bundle)]
    environment = {**os.environ, "AUDITTUI_TRUSTED_KEYS": table.key}
    told = subprocess.run(words, capture_output=True, text=True, env=environment, check=True)
    assert "2 of 2 proven under a signed checkpoint" in told.stderr


def test_an_investigation_is_taken_up_after_the_terminal_was_lost(
    terminal: Terminal, table: Table, tmp_path: Path
) -> None:
    terminal.wait("Repeated failures", table.name)
    _choose(terminal, "actor")
    terminal.type("j.okafor")
    terminal.keys("Enter")
    terminal.wait("203.0.113.", "complete")
    terminal.keys("j", "j", "m")
    terminal.wait("Marked; 1 entry in all")
    terminal.close()
    again = terminal.again()
    try:
        again.wait("B resumes where you were", "marked.")
        again.keys("B")
        again.wait("*", "203.0.113.", "complete")
    finally:
        again.close()
