"""Draws the pictures of README.md and docs/walkthrough.md: drives the demo by keyboard.

Run it with ``make screenshots``; the pictures go to docs/pictures.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from audittui.demo.open import Demo
from audittui.tui.app import AuditApp

PICTURES = Path(__file__).parent / "pictures"
SIZE = (120, 36)


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
    names = {" ": "space", "-": "minus", ".": "full_stop", "/": "slash", "_": "underscore"}
    return [names.get(letter, letter) for letter in text]


async def choose(pilot: Pilot[None], runbook: str) -> None:
    """Choose a runbook by typing a part of its name."""
    await press(pilot, "1", "slash", *keys_of(runbook), "enter")


async def draw(folder: Path) -> None:
    """Solve the demo's incident, and take a picture at each step."""
    demo = Demo(str(folder / "demo.db"), traffic=False)
    app = AuditApp(demo.target, connect=demo.connect)

    def picture(name: str) -> None:
        app.save_screenshot(f"{name}.svg", str(PICTURES))
        sys.stdout.write(f"docs/pictures/{name}.svg\n")

    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        picture("start")
        await choose(pilot, "repeated")
        await press(pilot, "enter")
        picture("repeated-failures")
        await press(pilot, "enter", "G")
        picture("group")
        await press(pilot, "A")
        await press(pilot, "slash", *keys_of("iam.role.update"), "enter")
        picture("actor")
        await press(pilot, "enter")
        picture("change")
        await press(pilot, "escape", "escape")
        await choose(pilot, "history")
        await press(pilot, *keys_of("secret.read"), "enter")
        await press(pilot, "slash", *keys_of("rotator"), "enter")
        await press(pilot, "enter")
        picture("tampered")
        await press(pilot, "escape", "x")
        picture("plan")


def main() -> None:
    """Draw every picture."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(draw(Path(folder)))


if __name__ == "__main__":
    main()
