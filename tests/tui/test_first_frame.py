"""What is mounted after the first frame is missed by nobody who is faster."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.events import Resize
from textual.geometry import Size

from audittui.connection import Target
from audittui.tui.app import AuditApp
from audittui.tui.jobs import Arrived
from tests.tui.driving import driven, quiet, running


class Hasty(AuditApp):
    """Does something as soon as there is a main screen, then leaves with the first frame."""

    def __init__(self, haste: Callable[[AuditApp], None]) -> None:
        super().__init__(Target())
        self.haste = haste

    def begin(self) -> None:
        """Somebody was waiting for this."""
        super().begin()
        self.haste(self)
        self.call_after_refresh(self.exit)


@pytest.mark.parametrize(
    "haste",
    [
        lambda app: None,
        lambda app: app.main.features.entry.compare(),
        lambda app: app.main.action_pane("detail"),
        lambda app: app.main.ask("filter", "", ""),
        lambda app: app.main.features.connect.forget(),
        lambda app: app.main.action_next_pane(1),
    ],
)
@driven
async def test_haste_breaks_nothing(haste: Callable[[AuditApp], None]) -> None:
    app = Hasty(haste)
    await app.run_async(headless=True, size=(80, 24))
    assert app.crash is None


@driven
async def test_a_form_that_is_shown_while_somebody_leaves_breaks_nothing() -> None:
    async with running() as (app, _):
        runbook = app.workspace.catalogue.runbooks[-1]
        app.exit()
        await app.main.form.show(runbook)
        assert app.crash is None


@driven
async def test_what_is_asked_while_somebody_leaves_breaks_nothing() -> None:
    async with running() as (app, _):
        app.exit()
        app.main.ask("filter", "", "")
        assert app.crash is None


@driven
async def test_two_sizes_at_once_do_not_take_turns_for_ever() -> None:
    async with running() as (app, pilot):
        for height in (25, 24):
            size = Size(80, height)
            app.main.post_message(Resize(size, size))
            app.main.post_message(Arrived(lambda: None))  # they are not neighbours: both count
        await quiet(pilot)
        shown = set()
        for _ in range(20):
            await pilot.pause(0)
            shown.add(app.main._compositor.size)
        assert shown == {app.size} == {Size(80, 24)}


@driven
async def test_what_the_system_tells_of_the_size_may_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Rich takes 80×25 for a terminal that tells nothing, Python's own library 80×24.
    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    app = Hasty(lambda app: None)
    await app.run_async(headless=True)
    assert app.crash is None
