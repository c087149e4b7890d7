"""All uses of Textual's private names.

A minor version of Textual may change any of them: pyproject.toml pins it, and each has a test.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from textual.keys import _character_to_key

if TYPE_CHECKING:
    from rich.text import Text
    from textual.app import App
    from textual.drivers.linux_driver import LinuxDriver
    from textual.geometry import Size
    from textual.widget import Widget

Kind = TypeVar("Kind", bound=type[Any])


def name_of_key(character: str) -> str:
    """Textual's name of the key that types this character."""
    return _character_to_key(character)


def crash_of(app: App[Any]) -> Exception | None:
    """The exception that broke an application, if any."""
    return app._exception


def is_taken(driver: LinuxDriver) -> bool:
    """True if a driver has its terminal. It silently fails to get it if stopped while starting, as
    in the background."""
    writer = driver._writer_thread
    return writer is not None and writer.is_alive()


def scroll_over(widget: Widget, size: Size) -> None:
    """Update the scrollbars for contents of ``size``, without a new layout of the screen."""
    widget._scroll_update(size)


def ending_quietly(quiet: Callable[[Any], bool]) -> Callable[[Kind], Kind]:
    """Make a broken application end without a traceback if ``quiet`` says so."""

    def decorate(kind: Kind) -> Kind:
        loud = kind._fatal_error

        def fatal_error(app: Any) -> None:
            if quiet(app):
                app._close_messages_no_wait()
            else:
                loud(app)

        kind._fatal_error = fatal_error
        return kind

    return decorate


def with_patient_pages(kind: Kind) -> Kind:
    """Make page keys do nothing in a palette whose list is not drawn yet."""
    move = kind._action_command_list

    def action_command_list(palette: Any, action: str) -> None:
        with contextlib.suppress(KeyError):
            move(palette, action)

    kind._action_command_list = action_command_list
    return kind


def drawn_by(draw: Callable[[str], Text | None]) -> Callable[[Kind], Kind]:
    """Make an `Input` draw its value, and place its cursor, by ``draw``; if that returns None, the
    value is drawn unchanged."""

    def decorate(kind: Kind) -> Kind:
        plain = kind._value

        def value(field: Any) -> Any:
            drawn = draw(field.value)
            return plain.fget(field) if drawn is None else drawn

        kind._value = property(value)
        return kind

    return decorate
