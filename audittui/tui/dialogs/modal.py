"""Screens over other screens that are dismissed only once."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType


class Modal(ModalScreen[ScreenResultType]):
    """A screen over others that takes all keys, and can be dismissed only from the top.

    In Textual a second dismissal closes another screen or ends the application, and Enter and
    Esc typed fast both dismiss.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close with a result; does nothing if this screen is closed already or covered."""
        return super().dismiss(result) if self.app.screen is self else done()


def done() -> AwaitComplete:
    """An awaitable that is already done."""
    nothing: AwaitComplete = AwaitComplete.nothing()  # type: ignore[no-untyped-call]
    return nothing
