"""Thousands of random keys and sizes: never a crash, a hang, or a wrong number of rows."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest
from textual.pilot import Pilot

from audittui.tui.app import AuditApp
from tests.tui.driving import drafts, driven, filled, open_runbook, press, running, send, settle

KEYS, BATCH = int(os.environ.get("AUDITTUI_FUZZ_KEYS", "500")), 40
"""Random keys a seed (AUDITTUI_FUZZ_KEYS for more), and how many between two rests."""
NAMED = (
    "up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter", "escape", "tab",
    "shift+tab", "backspace", "space", "ctrl+d", "ctrl+u", "ctrl+c", "slash", "colon", "plus",
    "underscore", "ampersand", "question_mark", "equals_sign", "less_than_sign",
    "greater_than_sign", "exclamation_mark", "tilde", "at", "f5", "delete",
)  # fmt: skip
RUNBOOKS = ("time-window", "repeated-failures", "denied")
LETTERS = "abcdefghijklmnoprstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*\u00e9\u6f22"
SIZES = ((80, 24), (120, 40), (60, 15), (40, 10), (200, 50), (20, 5), (81, 25))


def chosen(rng: random.Random) -> str:
    """A key, but for q: it quits, which is another test's."""
    return rng.choice(NAMED) if rng.random() < 0.5 else rng.choice(LETTERS)


async def alive(app: AuditApp, pilot: Pilot[None]) -> None:
    """Everything came to rest, and nothing broke."""
    await asyncio.wait_for(settle(pilot), 60)
    assert app._exception is None
    assert app.is_running


@pytest.mark.parametrize("seed", range(1, 5))
@driven
async def test_random_keys_do_no_harm(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Random keys export, too.
    monkeypatch.chdir(tmp_path)
    rng = random.Random(seed)
    many = drafts()
    async with running(filled(many)) as (app, pilot):
        for batch in range(KEYS // BATCH):
            if batch % 5 == 0:
                # Random keys seldom run anything by themselves.
                send(pilot, *["escape"] * 8, "1", "slash", *rng.choice(RUNBOOKS), *["enter"] * 2)
            send(pilot, *(chosen(rng) for _ in range(BATCH)))
            if rng.random() < 0.4:
                await pilot.resize_terminal(*rng.choice(SIZES))
            await alive(app, pilot)
            reading = app.main.run
            if reading is not None:
                assert len(reading.rows.rows) <= len(many)
        await pilot.resize_terminal(120, 40)
        for _ in range(12):
            await press(pilot, "escape")
        await open_runbook(app, pilot, "time-window")
        await press(pilot, "enter")
        await alive(app, pilot)
        assert app.main.run is not None
        assert len(app.main.run.rows.rows) == len(many)
        assert app.main.run.complete
