"""What is typed goes where it was meant to go."""

from __future__ import annotations

from textual.widgets import Input

from tests.tui.driving import driven, open_runbook, press, running


@driven
async def test_a_slash_in_a_field_is_a_slash_and_elsewhere_it_finds() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "action-history")
        field = app.focused
        assert isinstance(field, Input)
        field.value = ""
        await pilot.press(*"a/b")
        assert field.value == "a/b"
        await press(pilot, "enter", "escape", "1", "slash")
        assert app.focused is not None
        assert app.focused.id == "find"
