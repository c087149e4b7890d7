"""The help, made from the bindings themselves, so that it cannot lie."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text
from textual.binding import Binding
from textual.dom import DOMNode

from audittui.tui.palette import ACCENT

_NAMES = {
    "plus": "+", "underscore": "_", "escape": "Esc", "backspace": "Backspace", "slash": "/",
    "ampersand": "&", "colon": ":", "question_mark": "?", "enter": "Enter", "tab": "Tab",
    "shift+tab": "Shift-Tab", "space": "Space", "pagedown": "PgDn", "pageup": "PgUp", "up": "↑",
    "down": "↓", "left": "←", "right": "→", "home": "Home", "end": "End",
}  # fmt: skip


def key_name(key: str) -> str:
    """A key as people write it."""
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[5:].upper()}"
    return _NAMES.get(key, key)


def bindings_of(kind: type[DOMNode]) -> Iterator[Binding]:
    """The keys of a class and of the classes that it is made of, in the order of the help."""
    for one in reversed(kind.__mro__):
        for binding in vars(one).get("BINDINGS", ()):
            if isinstance(binding, Binding) and one.__module__.startswith("audittui"):
                yield binding


def help_text() -> Text:
    """Every key of the main screen and of its panes."""
    from audittui.tui.screens.main import MainScreen
    from audittui.tui.widgets.form import Choice
    from audittui.tui.widgets.lines import LineList
    from audittui.tui.widgets.pager import Pager

    text = Text()
    for title, kind in (
        ("Everywhere", MainScreen), ("In a list", LineList), ("In a text", Pager),
        ("In the form, on a choice", Choice),
    ):  # fmt: skip
        text.append(f"{title}\n", f"bold {ACCENT}")
        for binding in bindings_of(kind):
            keys = "  ".join(key_name(key) for key in binding.key.split(","))
            text.append(f"  {keys:<16}", "bold")
            text.append(f"{binding.description[:1].lower()}{binding.description[1:]}\n")
        text.append("\n")
    text.append("In the form\n", f"bold {ACCENT}")
    text.append("  Enter           ", "bold").append("run\n")
    text.append("  ↑  ↓            ", "bold").append("previous or next field\n")
    return text


def commands() -> Iterator[tuple[str, tuple[str, str]]]:
    """What the palette offers of the main screen: title, (key, action)."""
    from audittui.tui.screens.main import MainScreen

    for binding in bindings_of(MainScreen):
        if binding.show and "palette" not in binding.action:
            title = binding.description[:1].upper() + binding.description[1:]
            yield title, (key_name(binding.key), binding.action)
