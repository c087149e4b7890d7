"""The help, generated from the bindings so that it is always right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from audittui.escape import escaped
from audittui.tui.keys.keymap import bindings_of, keys_of, keys_text, sections
from audittui.tui.theme.palette import ACCENT, DIM, WARN

_KEYS = 18


def help_text(keymap: Mapping[str, str], faults: Sequence[str] = ()) -> Text:
    """Every key, with those of the user's ``keymap``; then the names that config.toml uses for
    them. ``faults`` are the faults found there."""
    text = Text()
    for fault in faults:
        text.append(escaped(fault) + "\n", WARN)
    if faults:
        text.append("\n")
    for part in sections():
        text.append(f"{part.title}\n", f"bold {ACCENT}")
        for binding in part.bindings:
            text.append(f"  {keys_text(binding, keymap):<{_KEYS}}", "bold")
            text.append(f"{binding.description[:1].lower()}{binding.description[1:]}\n")
        text.append("\n")
    text.append(
        "To change keys, put lines like these under [keys] in config.toml\n", f"bold {ACCENT}"
    )
    for part in sections():
        for binding in part.bindings:
            keys = ",".join(keys_of(binding, keymap))
            text.append(f'  {binding.id} = "{keys}"\n', DIM)
    return text


def commands(keymap: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """The palette's commands of the main screen: title, (key, action)."""
    from audittui.tui.main.screen import MainScreen

    for binding in bindings_of(MainScreen):
        if binding.show:
            title = binding.description[:1].upper() + binding.description[1:]
            yield title, (keys_text(binding, keymap), binding.action)
