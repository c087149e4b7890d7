"""Values from a log are shown escaped on every surface, and never interpreted."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from audittui.tui.main.screen import MainScreen
from tests.tui.driving import (
    HOSTILE,
    driven,
    filled,
    open_runbook,
    press,
    running,
    screen_text,
    settle,
)
from tests.tui.json_values import spread
from tests.tui.sample_logs import harmless, hostile_log


@driven
@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=str)
async def test_every_surface_escapes(size: tuple[int, int]) -> None:
    async with running(filled(hostile_log()), size=size) as (app, pilot):
        main = app.screen_stack[0]
        assert isinstance(main, MainScreen)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        seen = [screen_text(app)]
        for _ in HOSTILE:
            await press(pilot, "enter")
            seen.append(screen_text(app))
            seen.append(app.screen.query_one("#entry").text)  # type: ignore[attr-defined]
            await press(pilot, "c", "escape")
            seen.append(app.clipboard.replace("\t", " "))
            await press(pilot, "y", "A", "x")
            seen += [app.clipboard, screen_text(app)]
            await press(pilot, "escape", "escape", "j")
        for text in seen:
            assert harmless(text), ascii(text)
        everything = "\n".join(seen)
        assert "\\x1b[31mred" in everything
        assert "\\u202eevil" in everything
        assert "[bold]x[/] GET [/v1/items]" in everything
        assert "a\\x00b" in everything


@driven
async def test_wide_characters_keep_the_columns_aligned() -> None:
    async with running(filled(hostile_log())) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        lines = screen_text(app).splitlines()
        assert {cell_len(line) for line in lines} == {80}
        header = next(line for line in lines if "outcome" in line)
        column = cell_len(header[: header.index("outcome")])
        for line in lines:
            if "denied" in line and "11-24" in line:
                assert cell_len(line[: line.index("denied")]) == column


@driven
async def test_hostile_text_typed_into_filter_and_form_is_harmless() -> None:
    async with running(filled(hostile_log())) as (app, pilot):
        await open_runbook(app, pilot, "actor activity")
        await pilot.press(*"[/x]")
        await press(pilot, "enter", "slash")
        await pilot.press(*"[bold]")
        await settle(pilot)
        assert harmless(screen_text(app))


def test_a_long_body_is_spread_out_and_harmless() -> None:
    text = spread('{"a": "' + "x" * 30_000 + '", "b": "[red]\\u001b"}')
    assert "x" * 30_000 in text
    assert '"[red]\\u001b"' in text
    assert harmless(text)
