"""The bindings, the user's own keys, and clashes between them.

Every binding has an id, and ``[keys]`` in config.toml changes its keys: ``next-failure = "f"``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence

import msgspec
from textual.binding import Binding
from textual.dom import DOMNode
from textual.keys import Keys

from audittui.suggest import suggestion

_NAMED = {one.value for one in Keys}


class Section(msgspec.Struct, frozen=True):
    """The bindings of one widget or screen; ``over`` are others active at the same time."""

    title: str
    bindings: Sequence[Binding]
    over: Sequence[Sequence[Binding]] = ()


def bindings_of(kind: type[DOMNode]) -> Sequence[Binding]:
    """The bindings of a class, without those of its base classes."""
    return [one for one in vars(kind).get("BINDINGS", ()) if isinstance(one, Binding)]


def sections() -> tuple[Section, ...]:
    """All bindings, in the order of the help."""
    from audittui.tui.dialogs.ask import AskScreen, ChoiceScreen
    from audittui.tui.dialogs.columns import ColumnsScreen
    from audittui.tui.dialogs.histogram import HistogramScreen
    from audittui.tui.dialogs.history import HistoryScreen
    from audittui.tui.dialogs.marks import MarksScreen
    from audittui.tui.dialogs.profiles import ProfilesScreen
    from audittui.tui.dialogs.reader import ConfirmScreen, ReaderScreen, TooSmallScreen
    from audittui.tui.dialogs.version import VersionScreen
    from audittui.tui.keys.everywhere import BINDINGS as EVERYWHERE
    from audittui.tui.main.screen import MainScreen
    from audittui.tui.widgets.cursor import CursorView
    from audittui.tui.widgets.field import AskedField
    from audittui.tui.widgets.form import Choice, Form
    from audittui.tui.widgets.lines import LineList
    from audittui.tui.widgets.outline import OutlineView
    from audittui.tui.widgets.pager import Pager
    from audittui.tui.widgets.seek import SeekField
    from audittui.tui.widgets.sidebar import RunbookOptions, Sidebar

    def of(title: str, kind: type[DOMNode], *over: Sequence[Binding]) -> Section:
        return Section(title, bindings_of(kind), over)

    main = (EVERYWHERE, bindings_of(MainScreen))
    lines, sidebar, form = bindings_of(CursorView), bindings_of(Sidebar), bindings_of(Form)
    in_list = (lines, bindings_of(LineList))
    return (
        of("Everywhere", MainScreen, EVERYWHERE),
        Section("Also in dialogs", EVERYWHERE),
        of("In lists and entries", CursorView, *main),
        of("In a list", LineList, *main, lines),
        of("In an entry", OutlineView, *main, lines),
        of("Searching an entry", SeekField),
        of("In a text", Pager),
        of("Choosing a runbook", Sidebar, *main),
        of("In the runbook list", RunbookOptions, *main, sidebar),
        of("In the form", Form, *main),
        of("In the form, on a choice", Choice, *main, form),
        of("In an input line", AskedField, *main),
        of("In a full-screen text", ReaderScreen, bindings_of(Pager)),
        of("Comparing versions", VersionScreen, lines, bindings_of(OutlineView)),
        of("In the histogram", HistogramScreen, *in_list),
        of("In the history", HistoryScreen, *in_list),
        of("In the marks", MarksScreen, *in_list),
        of("In the profiles", ProfilesScreen, *in_list),
        of("Choosing columns", ColumnsScreen, *in_list),
        of("In a yes/no question", ConfirmScreen),
        of("In a question with choices", ChoiceScreen),
        of("In a dialog with fields", AskScreen, bindings_of(Choice)),
        of("When the terminal is too small", TooSmallScreen),
    )


def keys_of(binding: Binding, keymap: Mapping[str, str]) -> list[str]:
    """The keys of a binding, in Textual's names: the user's own, or the default."""
    return (keymap.get(binding.id or "") or binding.key).split(",")


def checked(wanted: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The valid keys among those ``wanted`` (binding id: keys), and a sentence for each that is
    not: what is wrong, and which key applies instead."""
    known = {binding.id: binding for part in sections() for binding in part.bindings}
    keymap: dict[str, str] = {}
    faults = []
    for name, keys in wanted.items():
        names = [_key(key) for key in keys.split(",")]
        wrong = next((key for key, one in zip(keys.split(","), names, strict=True) if not one), "")
        if name not in known:
            said = suggestion(name, [one for one in known if one])
            more = said if said.startswith("did you mean") else "? lists the names"
            faults.append(f'[keys] names an unknown binding "{name}"; {more}.')
        elif not all(names):
            faults.append(
                f'[keys] gives {name} "{wrong.strip()}", which is not a key;'
                f" it keeps {_shown(known[name])}."
            )
        else:
            keymap[name] = ",".join(one for one in names if one)
    while clash := _clash(keymap):
        key, loser, other = clash
        faults.append(
            f'[keys] gives {loser} "{key_name(key)}", which is already used by {other};'
            f" it keeps {_shown(known[loser])}."
        )
        del keymap[loser]
    return keymap, faults


def _clash(keymap: Mapping[str, str]) -> tuple[str, str, str] | None:
    """A key bound twice: the key, the binding that gives way (always one set by the user), and
    the other."""
    for part in sections():
        owners: dict[str, str] = {}
        for bindings in (*part.over, part.bindings):
            for binding in bindings:
                name = binding.id or ""
                for key in keys_of(binding, keymap):
                    other = owners.setdefault(key, name)
                    if other != name and (name in keymap or other in keymap):
                        return (key, name, other) if name in keymap else (key, other, name)
    return None


def _key(text: str) -> str:
    """Textual's name of a key; empty if there is no such key."""
    text = text.strip()
    if len(text) == 1 and text.isprintable():
        if text.isalnum():
            return text
        from audittui.tui.textual_private import name_of_key

        return name_of_key(text)
    *modifiers, last = text.split("+")
    if not set(modifiers) <= {"ctrl", "shift", "alt"}:
        return ""
    if text in _NAMED or (modifiers and len(last) == 1) or last in _NAMED or last in _NAMES:
        return text
    return text if _character(text) else ""


def _character(name: str) -> str:
    """The character of a key by Textual's name: ``full_stop`` is a dot."""
    try:
        return unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return ""


_NAMES = {
    "plus": "+", "minus": "-", "underscore": "_", "escape": "Esc", "backspace": "Backspace",
    "slash": "/", "ampersand": "&", "less_than_sign": "<", "greater_than_sign": ">",
    "equals_sign": "=", "question_mark": "?", "enter": "Enter", "tab": "Tab",
    "shift+tab": "Shift-Tab", "space": "Space", "pagedown": "PgDn", "pageup": "PgUp", "up": "↑",
    "down": "↓", "left": "←", "right": "→", "home": "Home", "end": "End",
}  # fmt: skip


def key_name(key: str) -> str:
    """A key as users write it."""
    if key.startswith("ctrl+"):
        return f"Ctrl-{key[5:].upper()}"
    return _NAMES.get(key) or (_character(key) if len(key) > 1 else "") or key


def keys_text(binding: Binding, keymap: Mapping[str, str]) -> str:
    """The keys of a binding as users write them."""
    return "  ".join(key_name(key) for key in keys_of(binding, keymap))


def _shown(binding: Binding) -> str:
    return keys_text(binding, {})
