"""Screens over other screens that are dismissed only once."""

from __future__ import annotations

from typing import Any

from textual.await_complete import AwaitComplete
from textual.events import Event, Mount, Resize
from textual.screen import ModalScreen, Screen, ScreenResultType


class Modal(ModalScreen[ScreenResultType]):
    """A screen over others that takes all keys, and can be dismissed only from the top.

    In Textual a second dismissal closes another screen or ends the application, and Enter and
    Esc typed fast both dismiss.
    """

    async def on_event(self, event: Event) -> None:
        """Drop events that come too late."""
        if not too_late(event, self):
            await super().on_event(event)

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close with a result; does nothing if this screen is closed already or covered."""
        return super().dismiss(result) if self.app.screen is self else done()


def too_late(event: Event, screen: Screen[Any]) -> bool:
    """True if an event comes too late: a mount while the application ends, when the widgets are
    missing, or an outdated size. Every layout sends the screen its size again, so two pending sizes
    could alternate for ever."""
    if isinstance(event, Mount):
        return not (screen.is_attached and screen.app.is_running)
    return isinstance(event, Resize) and event.size != screen.app.size


def done() -> AwaitComplete:
    """An awaitable that is already done."""
    nothing: AwaitComplete = AwaitComplete.nothing()  # type: ignore[no-untyped-call]
    return nothing
