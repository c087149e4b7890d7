"""What is typed goes where it was meant to go."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from textual.events import Key
from textual.keys import _character_to_key
from textual.widgets import Input

from audittui.tui.app import AuditApp
from tests.tui.driving import driven, open_runbook, press, running, settle


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


_NAMES = {"\r": "enter", "\t": "tab", "\x15": "ctrl+u", "\x7f": "backspace", "\x1b": "escape"}


def burst(app: AuditApp, keys: str) -> None:
    """Keys that arrive all at once, as over a slow link."""
    for character in keys:
        key = _NAMES.get(character) or _character_to_key(character)
        app.post_message(Key(key, character))


@driven
async def test_a_whole_question_typed_at_once_is_asked() -> None:
    async with running() as (app, pilot):
        burst(app, "/actor act\rbop\x7fb\t\x15all\r")
        for _ in range(5):
            await settle(pilot)
            await pilot.pause(0.05)
        reading = app.main.reading
        assert reading is not None
        assert reading.texts == {"actor": "bob", "window": "all", "outcome": "any"}
        assert len(reading.rows) == 15
        burst(app, "/denied\rjv/\x15\r")
        await settle(pilot)
        await pilot.pause(0.3)
        assert not reading.rows.pattern
        assert len(reading.rows) == 15
        assert len(reading.rows.verdicts) == 1


@given(st.text("ab\x7f", max_size=12))
@settings(max_examples=15, deadline=None)
def test_letters_and_their_deletion_keep_their_order(typed: str) -> None:
    expected = ""
    for one in typed:
        expected = expected[:-1] if one == "\x7f" else expected + one

    @driven
    async def run() -> None:
        async with running() as (app, pilot):
            await press(pilot, "slash")
            burst(app, typed)
            await pilot.pause()
            await settle(pilot)
            await pilot.pause(0.05)
            field = app.main.query_one("#find", Input)
            assert field.value == expected

    run()
