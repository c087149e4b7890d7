"""Keys, handled one after the other, however fast they arrive.

Textual hands a key to the focused widget and meanwhile takes the next one, so the effect of the
first (a focus change, a deleted letter) may come too late. Over a slow link many keys arrive
together, and would end up in the wrong field or in the wrong order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from textual.app import App
from textual.events import Event, Key
from textual.message_pump import MessagePump

from audittui.tui.textual_private import name_of_key

_PATIENCE = 0.25
"""Seconds after which the next key is taken even if the last one was never reported as handled."""


class KeyQueue:
    """Takes a key once the last one has been fully handled.

    ``deliver`` hands a key to the focused widget. ``comes`` is called before that, ``gone`` after
    the key was handled.
    """

    def __init__(
        self,
        app: App[Any],
        deliver: Callable[[Event], Awaitable[None]],
        comes: Callable[[], None],
        gone: Callable[[], None],
    ) -> None:
        self._app = app
        self._deliver = deliver
        self._comes = comes
        self._gone = gone
        self._keys: deque[Key] = deque()
        self._number = 0
        self.busy = False
        """True while a key is being handled."""

    async def take(self, event: Key) -> None:
        """Queue a key."""
        self._keys += self._meant(event)
        if not self.busy:
            await self._next()

    def _meant(self, event: Key) -> Sequence[Key]:
        """The keys that were typed: Esc and a letter right after it arrive as Alt and that letter,
        because terminals send the same bytes. Nothing is bound to Alt, unless by the user."""
        letter = event.character
        alone = event.key in self._app.screen.active_bindings
        if not event.key.startswith("alt+") or not letter or alone:
            return (event,)
        name = letter if letter.isalnum() else name_of_key(letter)
        return Key("escape", "\x1b"), Key(name, letter)

    async def _next(self) -> None:
        self.busy = bool(self._keys)
        if not self._keys:
            return
        app = self._app
        self._number += 1
        self._comes()
        number = self._number
        if app.focused is not None and not app.focused.is_attached:
            # Keys for a removed widget would be lost.
            app.screen.set_focus(None)
        way: Sequence[MessagePump] = (app.focused or app.screen).ancestors_with_self
        await self._deliver(self._keys.popleft())
        self._follow(way, number)
        app.set_timer(_PATIENCE, lambda: self._dealt_with(number))

    def _follow(self, way: Sequence[MessagePump], number: int, at: int = 0) -> None:
        """Follow a key from the focused widget up to the application."""
        while at < len(way):
            node, at = way[at], at + 1
            if node.call_later(self._follow, way, number, at):
                return
        self._app.call_later(self._dealt_with, number)

    async def _dealt_with(self, number: int) -> None:
        if number == self._number and self.busy:
            self._gone()
            await self._next()
