"""Without colours, or with the terminal's sixteen, no RGB code is sent: read off the bytes."""

from __future__ import annotations

import re

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from audittui.tui.app import AuditApp
from audittui.tui.theme.themes import PLAIN
from tests.tui.driving import CASE, connector, drafts, driven, filled, open_runbook, press, settle

sent: list[str] = []
BEYOND = re.compile(r"\x1b\[[0-9;]*(?:38|48);[25];")
COLOUR = re.compile(r"\x1b\[(?:[0-9]+;)*(?:3[0-7]|4[0-7]|9[0-7]|10[0-7])(?:;[0-9]+)*m")


class Keeping(HeadlessDriver):
    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        sent.append(data)


async def looked_at(app: AuditApp) -> str:
    """What a walk through the screens sends."""
    sent.clear()
    app.driver_class = Keeping
    async with app.run_test(headless=False, size=(120, 40)) as pilot:
        while not app.workspace.catalogue.runbooks or app.workspace.connection is None:
            await pilot.pause(0.01)
        await settle(pilot)
        await open_runbook(app, pilot, "time window")
        await press(
            pilot, "enter", "e", "enter", "escape", "question_mark", "escape", "C", "escape"
        )
        await press(pilot, "i", "escape", "x", "escape", "slash", "d", "enter")
    return "".join(sent)


@driven
async def test_no_color_sends_no_colour_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    text = await looked_at(AuditApp(CASE, connect=connector(filled(drafts()))))
    assert "bucket/3" in text
    assert not BEYOND.search(text)
    assert not COLOUR.search(text)
    assert re.search(r"\x1b\[(?:[0-9]+;)*7(?:;[0-9]+)*m", text)  # the cursor is reversed


@driven
async def test_the_sixteen_colours_are_the_only_ones() -> None:
    app = AuditApp(CASE, connect=connector(filled(drafts())), theme=PLAIN)
    text = await looked_at(app)
    assert COLOUR.search(text)
    assert not BEYOND.search(text)


@driven
async def test_an_unknown_theme_is_told() -> None:
    app = AuditApp(CASE, connect=connector(filled(drafts())), theme="no\x1bne")
    async with app.run_test(size=(80, 24)) as pilot:
        while not app.workspace.catalogue.runbooks:
            await pilot.pause(0.01)
        await settle(pilot)
        said = app.main.query_one("StatusBar").text  # type: ignore[attr-defined]
        assert 'Unknown theme "no\\x1bne"; the themes are' in said
        assert app.theme == "audittui"
