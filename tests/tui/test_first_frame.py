"""What is mounted after the first frame is missed by nobody who is faster."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audittui.connection import Target
from audittui.tui.app import AuditApp
from tests.tui.driving import driven


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
        lambda app: app.main.action_difference(),
        lambda app: app.main.action_pane("detail"),
        lambda app: app.main.ask("filter", "", ""),
        lambda app: app.main.forget(),
        lambda app: app.main.action_next_pane(1),
    ],
)
@driven
async def test_haste_breaks_nothing(haste: Callable[[AuditApp], None]) -> None:
    app = Hasty(haste)
    await app.run_async(headless=True, size=(80, 24))
    assert app.crash is None
