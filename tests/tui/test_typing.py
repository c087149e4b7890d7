"""What is typed goes where it was meant to go."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from textual.events import Key
from textual.widgets import Input

from tests.tui.driving import driven, open_runbook, press, running, send, settle


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


@driven
async def test_a_whole_question_typed_at_once_is_asked() -> None:
    async with running() as (app, pilot):
        send(
            pilot,
            *"/actor act",
            "enter",
            *"bop",
            "backspace",
            "b",
            "tab",
            "ctrl+u",
            *"all",
            "enter",
        )
        await settle(pilot)
        reading = app.main.run
        assert reading is not None
        assert reading.texts == {"actor": "bob", "window": "all", "outcome": "any"}
        assert len(reading.rows) == 15
        send(pilot, *"/denied", "enter", "j", "v", "/", "ctrl+u", "enter")
        await settle(pilot)
        assert not reading.rows.pattern
        assert len(reading.rows) == 15
        assert len(reading.rows.verdicts) == 1


@given(st.text("ab<", max_size=12))
@settings(max_examples=15)
def test_letters_and_their_deletion_keep_their_order(typed: str) -> None:
    expected = ""
    for one in typed:
        expected = expected[:-1] if one == "<" else expected + one

    @driven
    async def run() -> None:
        async with running() as (app, pilot):
            await press(pilot, "slash")
            send(pilot, *("backspace" if one == "<" else one for one in typed))
            await settle(pilot)
            field = app.main.query_one("#find", Input)
            assert field.value == expected

    run()


@driven
async def test_a_key_right_after_escape_is_taken_after_it() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "question_mark")
        for character in "jG":  # what Textual makes of Esc j and Esc G within a tenth of a second
            name = character if character.islower() else f"shift+{character.lower()}"
            app.post_message(Key(f"alt+{name}", character))
            await settle(pilot)
            assert app.screen is app.main
        assert app.main.pane == "sidebar"


@driven
async def test_no_field_blinks() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "slash", "escape", "s")
        fields = [*app.main.query(Input), *app.screen.query(Input)]
        await press(pilot, "escape", "colon")
        fields += app.screen.query(Input)
        assert len(fields) >= 5
        assert not any(field.cursor_blink for field in fields)
