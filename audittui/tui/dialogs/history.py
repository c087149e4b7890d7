"""The history: saved searches, then runs, the latest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui import timestamp
from audittui.tui.dialogs.ask import AskScreen, Blank
from audittui.tui.dialogs.list_dialog import ListDialog
from audittui.tui.model.counts import counted
from audittui.tui.model.entry import subject_of
from audittui.tui.model.memory import KEPT_RUNS, PastRun, Saved, State

if TYPE_CHECKING:
    from audittui.runbook.model import Runbook

_PLACE = re.compile(r"\{(\w+)\}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z?", re.ASCII)
_FAR = {"": "", "complete": "all", "failed": "failed", "cancelled": "cancelled"}
"""How far a run got, by the first word of its coverage; by default, partly."""
_EMPTY = "No runs yet. Press Esc, choose a runbook (1) and run it with Enter."


def question_text(
    name: str, texts: Mapping[str, str], runbook: Runbook | None, year: str = ""
) -> str:
    """A query in a few words: the runbook, its subject, the other parameters, the window to the
    minute. Times in ``year`` are shown without it. ``runbook`` is None if it no longer exists."""
    subject, during = "", "{window}"
    if runbook is not None:
        name, during = runbook.name, runbook.query.during
        subject = subject_of(runbook)
    windows = [one for one in _PLACE.findall(during) if one in texts]
    rest = [one for one in texts if one != subject and one not in windows]
    told = [texts[subject]] if subject in texts else []
    told += [f"{one} {texts[one]}" for one in rest if texts[one] not in ("", "any")]
    window = "..".join(texts[one] for one in windows)
    told.append(_in_minutes(window, year))
    said = ", ".join(one for one in told if one)
    return f"{name}: {said}" if said else name


def _in_minutes(window: str, year: str) -> str:
    """A window without seconds; a repeated day is shown once."""
    ends, day = [], ""
    for end in window.split(".."):
        found = _TIME.fullmatch(end)
        if found is None:
            return window
        date = found[1].removeprefix(f"{year}-") if year else found[1]
        ends.append(found[2] if found[1] == day else f"{date} {found[2]}")
        day = found[1]
    return "..".join(ends)


class _Entries:
    """Saved searches and runs as lines. ``named`` finds a runbook by its id, ``here`` is the
    current target."""

    titles = ("when", "question", "rows", "RCU", "read", "where")
    times = frozenset({0})

    def __init__(self, state: State, named: Callable[[str], Runbook | None], here: str) -> None:
        self.entries: list[Saved | PastRun] = [*state.saved, *state.runs]
        self._named = named
        self._here = here

    def __len__(self) -> int:
        return len(self.entries)

    def cells(self, at: int) -> Sequence[str | int]:
        """The time, the query, and how far it got."""
        one = self.entries[at]
        if isinstance(one, Saved):
            asked = question_text(one.runbook, one.texts, self._named(one.runbook))
            return ["saved", f"{one.name}: {asked}", "", "", "", ""]
        year = timestamp.to_second(one.started)[:4]
        return [
            one.started,
            question_text(one.runbook, one.texts, self._named(one.runbook), year),
            f"{one.rows:,}",
            f"{one.rcu:,.1f}",
            _FAR.get(one.coverage.partition(" ")[0], "part"),
            "here" if one.target == self._here else one.target,
        ]

    def tone(self, at: int) -> str:
        """Saved searches stand out."""
        return "marked" if isinstance(self.entries[at], Saved) else ""

    def mark(self, at: int) -> str:
        """Nothing: the first column says it."""
        return ""


class HistoryScreen(ListDialog[Saved | PastRun]):
    """Closes with what to run again, or None.

    ``state`` gives the current state, ``change`` changes it, ``named`` finds a runbook by its id,
    ``here`` is the current target.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "save", "save under a name", id="history-save"),
        Binding("d", "delete", "delete from the list", id="history-delete"),
        Binding("escape,q,H", "leave", "back", id="history-leave"),
    ]

    def __init__(
        self,
        state: Callable[[], State],
        change: Callable[[Callable[[State], State]], None],
        named: Callable[[str], Runbook | None],
        here: str,
    ) -> None:
        self._state = state
        self._change = change
        self._named = named
        self._here = here
        self._shown = self._entries()
        keys = "Enter run again   s save   d delete   Esc back"
        super().__init__("history", self._shown, keys, empty=_EMPTY)

    def _entries(self) -> _Entries:
        return _Entries(self._state(), self._named, self._here)

    def on_mount(self) -> None:
        """Show the counts."""
        self._count()

    def _count(self) -> None:
        state = self._state()
        runs = f"the latest {KEPT_RUNS:,}" if len(state.runs) == KEPT_RUNS else "all"
        count = counted(len(state.runs), "run")
        self.show_title("History", f"{len(state.saved):,} saved, {count} ({runs})")

    @property
    def _entry(self) -> Saved | PastRun | None:
        return self._shown.entries[self.lines.cursor] if len(self._shown) else None

    def show_again(self) -> None:
        """Show the current state."""
        self._shown = self._entries()
        self.renew(self._shown)
        self._count()

    def open_line(self, at: int) -> None:
        """Close with the entry to run again."""
        self.dismiss(self._entry)

    def action_save(self) -> None:
        """Save under a name."""
        entry = self._entry
        if entry is None:
            return

        def check(values: Mapping[str, str]) -> Mapping[str, str]:
            name = values["name"].strip()
            if not name:
                return {"name": "Enter a name."}
            return {"name": "At most 60 characters."} if len(name) > 60 else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                saved = Saved(values["name"].strip(), entry.runbook, entry.texts)
                self._change(lambda state: state.with_saved(saved))
                self.show_again()

        name = entry.name if isinstance(entry, Saved) else ""
        details = ["A saved search with the same name is replaced."]
        self.app.push_screen(
            AskScreen("Save this search", details, [Blank("name", "name", name)], check), answered
        )

    def action_delete(self) -> None:
        """Delete from the list."""
        entry = self._entry
        if isinstance(entry, Saved):
            self._change(lambda state: state.without_saved(entry.name))
        elif entry is not None:
            self._change(lambda state: state.without_run(entry.key))
        self.show_again()
