"""Draws the pictures of README.md, docs/walkthrough.md and docs/terminal.md: drives the demo by
keyboard.

Run it with ``make screenshots``; the pictures go to docs/pictures.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from audittui import timestamp
from audittui.demo.live import LiveTraffic
from audittui.demo.open import Demo
from audittui.layout.row import Row
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp

PICTURES = (Path(__file__).parent / "pictures").resolve()
SIZE = (120, 36)
SMALL = (80, 24)
"""The smallest terminal that is usual."""
CONFIG = """\
[profiles.prod]
table = "audit-log"
region = "eu-west-1"
aws_profile = "audit"

[profiles.staging]
table = "audit-log-staging"
region = "eu-central-1"

[profiles.case-0231]
store = "cases/0231.db"
"""
_MINUTES = 60 * timestamp.SECOND
_SEEDED = 90 * timestamp.SECOND
"""What the demo wrote at its start is so long ago that following does not read it again."""


async def settle(pilot: Pilot[None]) -> None:
    """Wait until every thread is done and the screen is drawn."""
    for _ in range(4):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.1)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, then wait for what they started."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await settle(pilot)


def keys_of(text: str) -> list[str]:
    """The keys that type ``text``."""
    names = {
        " ": "space", "-": "minus", ".": "full_stop", "/": "slash", "_": "underscore", ":": "colon",
        ",": "comma",
    }  # fmt: skip
    return [names.get(letter, letter) for letter in text]


async def choose(pilot: Pilot[None], runbook: str) -> None:
    """Choose a runbook by typing a part of its name."""
    await press(pilot, "1", "slash", *keys_of(runbook), "enter")


async def go_to_line(pilot: Pilot[None], text: str) -> None:
    """Walk down in the entry to the line that begins with ``text``."""
    app = pilot.app
    assert isinstance(app, AuditApp)
    view = app.main.detail.entry
    for _ in range(view.count):
        if view.outline.text(view.cursor).plain.strip().startswith(text):
            break
        await press(pilot, "j")


def row_of(app: AuditApp) -> Row:
    """The entry under the cursor."""
    row = app.main.row
    assert row is not None
    return row


def around(row: Row) -> str:
    """The ten minutes around an entry, as one types a window."""
    start, end = (timestamp.text(row.time + span)[:16] for span in (-5 * _MINUTES, 5 * _MINUTES))
    return f"{start}..{end}"


async def solve(pilot: Pilot[None], app: AuditApp, picture: Callable[[str], None]) -> None:
    """Solve the demo's incident, and take a picture at each step."""
    picture("start")
    await choose(pilot, "repeated")
    await press(pilot, "enter")
    picture("repeated-failures")
    await press(pilot, "enter", "G")
    picture("group")
    await press(pilot, "A")
    await press(pilot, "i")
    picture("histogram")
    await press(pilot, "escape", "slash", *keys_of("iam.role.update"), "enter")
    picture("actor")
    await press(pilot, "enter")
    picture("change")
    await go_to_line(pilot, '"before"')
    await press(pilot, "h")
    await go_to_line(pilot, '"chain"')
    picture("folded")
    await press(pilot, "d")
    picture("versions")
    await press(pilot, "escape", "escape", "escape")
    await choose(pilot, "history")
    await press(pilot, *keys_of("secret.read"), "enter")
    await press(pilot, "slash", *keys_of("rotator"), "enter")
    await press(pilot, "enter")
    picture("tampered")
    await press(pilot, "escape", "x")
    picture("plan")
    await press(pilot, "escape")
    await keep_evidence(pilot, app, picture)


async def keep_evidence(pilot: Pilot[None], app: AuditApp, picture: Callable[[str], None]) -> None:
    """Mark the tampered entry and its neighbours in the chain, and write notes."""
    suspect = row_of(app)
    await choose(pilot, "time window")
    await press(pilot, "ctrl+u", *keys_of(around(suspect)), "enter")
    await press(pilot, "slash", *keys_of(f"seq:{suspect.seq // 10}"), "enter", "g", "V")
    await press(pilot, "e")
    picture("checked")
    await press(pilot, "m", "k", "m", "j", "j", "m", "M")
    await press(pilot, "a", *keys_of("another name was put on it"), "enter")
    picture("marks")
    await press(pilot, "escape")


async def follow(
    pilot: Pilot[None], app: AuditApp, demo: Demo, picture: Callable[[str], None]
) -> None:
    """Follow the log live; pause, and let three more entries come."""
    assert app.workspace.connection is not None
    store = app.workspace.connection.store
    assert isinstance(store, SqliteStore)
    while timestamp.now() < (demo.anchor or 0) + _SEEDED:
        await pilot.pause(1)
    await choose(pilot, "time window")
    await press(pilot, "enter", "F")
    live = app.main.live
    assert live is not None
    traffic = LiveTraffic(store)
    traffic.start()
    while live.came < 5:
        await pilot.pause(0.1)
    await pilot.press("k", "k")
    while live.new < 3:
        await pilot.pause(0.1)
    traffic.stop()
    picture("live")
    await pilot.press("F")
    await press(pilot, "escape")


async def rearrange(pilot: Pilot[None], app: AuditApp, picture: Callable[[str], None]) -> None:
    """The other screens; then a small terminal."""
    await press(pilot, "P")
    picture("profiles")
    await press(pilot, "escape")
    await pilot.resize_terminal(*SMALL)
    await press(pilot, "w", "g")
    picture("wrapped")


async def draw() -> None:
    """Draw every picture, on a demo in the present folder."""
    demo = Demo("demo.db", traffic=False)
    app = AuditApp(demo.target, connect=demo.connect)

    def picture(name: str) -> None:
        app.save_screenshot(f"{name}.svg", str(PICTURES))
        sys.stdout.write(f"docs/pictures/{name}.svg\n")

    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await solve(pilot, app, picture)
        await follow(pilot, app, demo, picture)
        await rearrange(pilot, app, picture)


def main() -> None:
    """Draw every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        Path("config.toml").write_text(CONFIG, encoding="utf-8")
        os.environ["AUDITTUI_CONFIG"] = "config.toml"
        asyncio.run(draw())


if __name__ == "__main__":
    main()
