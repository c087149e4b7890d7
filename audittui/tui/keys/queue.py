"""Keys, one after the other, however fast they come.

Textual hands a key to the focused widget and looks at the next one meanwhile; what the first leads
to (another focus, a deleted letter) may come after the next ones then. Over a slow link many keys
arrive at once, and would end up in the wrong field or in the wrong order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from textual.app import App
from textual.events import Event, Key
from textual.message_pump import MessagePump

from audittui.tui.textual_private import name_of_key

_PATIENCE = 0.25
"""Seconds after which the next key is taken though nobody said that the last one is dealt with."""


class TypingApp(App[None], inherit_bindings=False):
    """Takes a key once the last one has gone all the way."""

    def on_load(self) -> None:
        """Nothing was typed yet."""
        self._keys: deque[Key] = deque()
        self._key_number = 0
        self.typing = False
        """True while a key is on its way."""

    async def on_event(self, event: Event) -> None:
        """Keep keys until it is their turn."""
        if not isinstance(event, Key) or event.is_forwarded:
            await super().on_event(event)
            return
        self._keys += self._meant(event)
        if not self.typing:
            await self._take_key()

    def _meant(self, event: Key) -> Sequence[Key]:
        """Esc and a letter right after it reach us as Alt and that letter: terminals send the same
        for both. Nothing here is on Alt, unless the user has put it there."""
        letter = event.character
        alone = event.key in self.screen.active_bindings
        if not event.key.startswith("alt+") or not letter or alone:
            return (event,)
        name = letter if letter.isalnum() else name_of_key(letter)
        return Key("escape", "\x1b"), Key(name, letter)

    async def _take_key(self) -> None:
        self.typing = bool(self._keys)
        if not self._keys:
            return
        self._key_number += 1
        self.key_comes()
        number = self._key_number
        if self.focused is not None and not self.focused.is_attached:
            # Keys for a widget that is gone would be lost.
            self.screen.set_focus(None)
        way: Sequence[MessagePump] = (self.focused or self.screen).ancestors_with_self
        await super().on_event(self._keys.popleft())
        self._follow(way, number)
        self.set_timer(_PATIENCE, lambda: self._dealt_with(number))

    def _follow(self, way: Sequence[MessagePump], number: int, at: int = 0) -> None:
        """Go the way of a key, from the focused widget up to the application."""
        while at < len(way):
            node, at = way[at], at + 1
            if node.call_later(self._follow, way, number, at):
                return
        self.call_later(self._dealt_with, number)

    async def _dealt_with(self, number: int) -> None:
        if number == self._key_number and self.typing:
            self.key_went()
            await self._take_key()

    def key_comes(self) -> None:
        """A key is about to be dealt with."""

    def key_went(self) -> None:
        """A key was dealt with."""
