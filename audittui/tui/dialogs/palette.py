"""Textual's command palette, without what breaks it."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette
from textual.events import Event
from textual.widgets import Input

from audittui.tui.dialogs.modal import done, too_late
from audittui.tui.textual_private import with_patient_pages


@with_patient_pages
class Palette(CommandPalette):
    """Textual's palette. A page key before its list is drawn does nothing, nor does a second
    dismissal.

    Textual 8.2 would look up a line that does not exist yet, or close another screen.
    """

    def on_mount(self) -> None:
        """Turn blinking off."""
        self.query_one(Input).cursor_blink = False

    async def on_event(self, event: Event) -> None:
        """Drop events that come too late."""
        if not too_late(event, self):
            await super().on_event(event)

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close, once."""
        return super().dismiss(result) if self.app.screen is self else done()
