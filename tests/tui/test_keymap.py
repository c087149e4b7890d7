"""The user's own keys: they do what the old ones did, and nothing is bound twice."""

from __future__ import annotations

import pytest

from audittui.tui.app import AuditApp
from audittui.tui.keys.keymap import checked, keys_of, sections
from tests.tui.driving import (
    CASE,
    connector,
    drafts,
    driven,
    filled,
    open_runbook,
    press,
    screen_text,
    settle,
)

UNWANTED = {f"ctrl+{letter}" for letter in "absqhjk"}


def test_every_key_has_a_name_of_its_own_and_does_one_thing() -> None:
    names = [one.id for part in sections() for one in part.bindings]
    assert all(names)
    assert len(names) == len(set(names))
    for part in sections():
        keys = [
            key
            for bindings in (*part.over, part.bindings)
            for binding in bindings
            for key in keys_of(binding, {})
        ]
        assert len(keys) == len(set(keys)), part.title
        assert not {key for key in keys if key.startswith(("alt+", "f1"))}
        assert not UNWANTED & set(keys)


def test_the_keys_of_textual_itself_do_not_hold_but_ours_do() -> None:
    keys = set(AuditApp._merge_bindings().key_to_bindings)
    assert keys == {"ctrl+c", "colon", "ctrl+z", "ctrl+l"}


@pytest.mark.parametrize(
    ("wanted", "keymap", "fault"),
    [
        ({"next-failure": "f, ctrl+f"}, {"next-failure": "f,ctrl+f"}, ""),
        ({"find": "'"}, {"find": "apostrophe"}, ""),
        ({"next-failure": "o", "next-of-resource": "e"},
         {"next-failure": "o", "next-of-resource": "e"}, ""),
        ({"next-failure": "o"}, {}, '"o", which is already used by next-of-resource; it keeps e.'),
        ({"next-failure": "j"}, {}, '"j", which is already used by list-down; it keeps e.'),
        ({"next-failure": "f", "find": "f"}, {"next-failure": "f"}, "it keeps /."),
        ({"next-failur": "f"}, {}, 'names an unknown binding "next-failur"'),
        ({"next-failure": "ctrl-f"}, {}, '"ctrl-f", which is not a key; it keeps e.'),
        ({"next-failure": ""}, {}, "which is not a key"),
    ],
)  # fmt: skip
def test_keys_that_cannot_be_are_told(
    wanted: dict[str, str], keymap: dict[str, str], fault: str
) -> None:
    used, faults = checked(wanted)
    assert set(keymap.items()) <= set(used.items()) and len(used) == len(keymap)
    assert (fault in faults[0]) if fault else not faults


@driven
async def test_other_keys_act_and_the_help_and_the_palette_name_them() -> None:
    wanted = {"next-failure": "o", "next-of-resource": "e", "help": "f", "no\x1bsuch": "x"}
    app = AuditApp(CASE, connect=connector(filled(drafts())), keys=wanted)
    async with app.run_test(size=(100, 30)) as pilot:
        while not app.workspace.catalogue.runbooks:
            await pilot.pause(0.01)
        await settle(pilot)
        assert '[keys] names an unknown binding "no\\x1bsuch"' in screen_text(app)
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "o")
        assert app.main.listed_row is not None
        assert app.main.listed_row.outcome == "failure"
        resource = app.main.listed_row.resource
        await press(pilot, "e")
        assert app.main.listed_row.outcome != "failure"
        assert app.main.listed_row.resource == resource
        await press(pilot, "question_mark")
        assert app.screen is app.main
        await press(pilot, "f")
        lines = app.screen.query_one("Pager").text.splitlines()  # type: ignore[attr-defined]
        assert any(line.split()[:2] == ["o", "next"] for line in lines)
        assert '  next-failure = "o"' in lines
        assert "no\\x1bsuch" in lines[0]
        await press(pilot, "escape")
        commands = {one.title: one.help for one in app.get_system_commands(app.screen)}
        assert commands["Next failure, denial or broken verdict"] == "Key o"
