"""A key of the main screen, declared by its feature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from textual.binding import Binding


class Key(msgspec.Struct, frozen=True):
    """``keys`` (in Textual's names, separated by commas) call a feature's method with ``given``.

    ``name`` is its name in config.toml, ``does`` its text in the help, ``words`` are synonyms for
    the palette.
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
        """The key as a Textual binding."""
        return Binding(self.keys, f"do('{self.name}')", self.does, id=self.name, show=self.shown)
