"""What holds for every dialog, whichever size comes late and whenever the application ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.events import Resize
from textual.geometry import Size

from audittui.connection import Target
from audittui.tui.app import AuditApp
from tests.tui.driving import driven, open_runbook, press, quiet, resize, running

DIALOGS = {
    "help": "question_mark",
    "palette": "colon",
    "history": "H",
    "columns": "C",
    "marks": "M",
    "profiles": "P",
    "histogram": "i",
    "export": "s",
}


@pytest.mark.parametrize("key", DIALOGS.values(), ids=DIALOGS)
@driven
async def test_a_size_that_is_old_arranges_no_dialog(key: str) -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", key)
        dialog, old = app.screen, Size(80, 25)
        assert dialog is not app.main
        dialog.post_message(Resize(old, old))
        await quiet(pilot)
        assert dialog._compositor.size == app.size
        await resize(pilot, 100, 30)
        assert dialog._compositor.size == app.size == Size(100, 30)


class Leaving(AuditApp):
    """Opens a dialog as soon as there is a main screen, and ends a few steps of the loop later."""

    def __init__(self, opens: Callable[[AuditApp], Awaitable[None] | None], steps: int) -> None:
        super().__init__(Target())
        self.opens = opens
        self.steps = steps

    def begin(self) -> None:
        """There is a main screen."""
        super().begin()
        self.call_after_refresh(self.call_later, self.open)

    async def open(self) -> None:
        """Open it, and begin to count."""
        opening = self.opens(self)
        if opening is not None:
            await opening
        self.end_after(self.steps)

    def end_after(self, steps: int) -> None:
        """End once everything that was ready had ``steps`` turns."""
        if steps:
            asyncio.get_running_loop().call_soon(self.end_after, steps - 1)
        else:
            self.exit()


@pytest.mark.parametrize("steps", [0, 1, 2])
@pytest.mark.parametrize(
    "opens",
    [
        lambda app: app.action_help(),
        lambda app: app.action_command_palette(),
        lambda app: app.main.features.do("history"),
        lambda app: app.main.features.do("marks"),
        lambda app: app.main.features.do("profiles"),
    ],
    ids=["help", "palette", "history", "marks", "profiles"],
)
@driven
async def test_no_dialog_that_opens_is_broken_by_the_end(
    opens: Callable[[AuditApp], Awaitable[None] | None], steps: int
) -> None:
    app = Leaving(opens, steps)
    await app.run_async(headless=True, size=(80, 24))
    assert app.crash is None
