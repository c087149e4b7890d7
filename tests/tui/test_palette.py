"""The palette finds what a key does also by other words for it."""

from __future__ import annotations

import pytest

from audittui.tui.app import AuditApp
from audittui.tui.keys.commands import Commands
from audittui.tui.main.features import keys
from tests.tui.driving import driven, running


async def found(app: AuditApp, query: str) -> list[str]:
    """The titles that are found, the best first."""
    hits = [hit async for hit in Commands(app.main).search(query)]
    return [str(hit.text) for hit in sorted(hits, key=lambda hit: hit.score, reverse=True)]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (("verify", "check", "prove"), "Verify the entry"),
        (("save", "export", "csv"), "Export the list; in detail, the entry or proof"),
        (("tail", "live", "follow"), "Follow: show new entries as they arrive"),
        (("bookmark", "mark"), "Mark or unmark the entry"),
        (("switch",), "Profiles: connect to another table"),
    ],
)
@driven
async def test_other_words_find_it(words: tuple[str, ...], title: str) -> None:
    async with running() as (app, _):
        for word in words:
            assert title in await found(app, word), word


@driven
async def test_a_title_that_matches_comes_before_a_synonym() -> None:
    async with running() as (app, _):
        titles = await found(app, "history")
        assert titles.index("History of runs, saved searches") < titles.index(
            "Next entry of the same resource"
        )


@driven
async def test_without_a_word_every_command_is_offered() -> None:
    async with running() as (app, _):
        offered = [hit.text async for hit in Commands(app.main).discover()]
        titles = {one.title for one in app.get_system_commands(app.main)}
        assert {str(one) for one in offered} == titles
        assert offered == sorted(offered, key=str)
        shown = {f"{key.does[:1].upper()}{key.does[1:]}" for key in keys() if key.shown}
        assert shown <= titles
