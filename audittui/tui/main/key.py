"""A key of the main screen, as the feature that it belongs to declares it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from textual.binding import Binding


class Key(msgspec.Struct, frozen=True):
    """``keys`` (as Textual names them, commas between) call a method of a feature with ``given``.

    ``name`` is what the user's own keys call it, ``does`` what the help says of it, ``words`` are
    others by which the palette finds it.
    """

    keys: str
    name: str
    does: str
    call: Callable[..., Any]
    given: tuple[object, ...] = ()
    words: str = ""
    shown: bool = True

    @property
    def binding(self) -> Binding:
        """The key as Textual knows it."""
        return Binding(self.keys, f"do('{self.name}')", self.does, id=self.name, show=self.shown)
