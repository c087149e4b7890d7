"""Screens that lie over others, and leave once."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType


class Modal(ModalScreen[ScreenResultType]):
    """A screen over others that takes all keys, and leaves only from the top.

    In Textual leaving twice takes another screen away, or ends the application: Enter and Esc,
    typed fast, both leave.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Leave with a result; nothing where this screen left already or is covered."""
        return super().dismiss(result) if self.app.screen is self else done()


def done() -> AwaitComplete:
    """Something to wait for that is there already."""
    nothing: AwaitComplete = AwaitComplete.nothing()  # type: ignore[no-untyped-call]
    return nothing
