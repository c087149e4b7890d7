"""The history: searches that were saved, then runs, the latest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from audittui import timestamp
from audittui.tui.dialogs.ask import AskScreen, Blank
from audittui.tui.dialogs.modal import Modal
from audittui.tui.model.entry import subject_of
from audittui.tui.model.memory import KEPT_RUNS, Run, Saved, State
from audittui.tui.theme.palette import ACCENT, DIM
from audittui.tui.widgets.lines import LineList

if TYPE_CHECKING:
    from audittui.runbook.model import Runbook
    from audittui.tui.app import AuditApp

_PLACE = re.compile(r"\{(\w+)\}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z?", re.ASCII)
_FAR = {"": "", "complete": "all", "failed": "failed", "cancelled": "cancelled"}
"""How far a run came, by the first word of its coverage; otherwise a part was read."""
_EMPTY = "Nothing was run yet. Esc goes back; choose a runbook (1) and run it with Enter."


def question_text(
    name: str, texts: Mapping[str, str], runbook: Runbook | None, year: str = ""
) -> str:
    """What was asked, the most telling first: the runbook, what it is about, the rest, the window
    to the minute. Times of ``year`` are told without it. ``runbook`` is None when it is gone."""
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
    """A window without its seconds; a day that is named twice is told once."""
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
    """Saved searches and runs as lines. ``named`` finds a runbook by its id, ``here`` is what one
    is connected to."""

    titles = ("when", "question", "rows", "RCU", "read", "where")
    times = frozenset({0})

    def __init__(self, state: State, named: Callable[[str], Runbook | None], here: str) -> None:
        self.entries: list[Saved | Run] = [*state.saved, *state.runs]
        self._named = named
        self._here = here

    def __len__(self) -> int:
        return len(self.entries)

    def cells(self, at: int) -> Sequence[str | int]:
        """When, what, and how far it came."""
        one = self.entries[at]
        if isinstance(one, Saved):
            asked = question_text(one.runbook, one.texts, self._named(one.runbook))
            return ["saved", f"{one.name}: {asked}", "", "", "", ""]
        year = timestamp.to_second(one.started)[:4]
        return [
            one.started, question_text(one.runbook, one.texts, self._named(one.runbook), year),
            f"{one.rows:,}", f"{one.rcu:,.1f}", _FAR.get(one.coverage.partition(" ")[0], "part"),
            "here" if one.target == self._here else one.target,
        ]  # fmt: skip

    def tone(self, at: int) -> str:
        """Saved searches stand out."""
        return "marked" if isinstance(self.entries[at], Saved) else ""

    def mark(self, at: int) -> str:
        """The first column says it."""
        return ""


class HistoryScreen(Modal[Saved | Run]):
    """Closes with what is to be run again, or with nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "save", "save under a name", id="history-save"),
        Binding("d", "delete", "delete from the list", id="history-delete"),
        Binding("escape,q,H", "leave", "back", id="history-leave"),
    ]
    app: AuditApp

    def compose(self) -> ComposeResult:
        """How many there are, the list, the keys."""
        with Vertical(id="history"):
            yield Static(id="history-title", markup=False)
            yield LineList(self._entries(), empty=_EMPTY)
            yield Static(Text("Enter runs it again   s save   d delete   Esc back", style=DIM))

    def _entries(self) -> _Entries:
        return _Entries(self.app.remembered, self.app.runbook_named, self.app.target.label)

    def on_mount(self) -> None:
        """The list takes the keys."""
        self.query_one(LineList).focus()
        self._count()

    def _count(self) -> None:
        state = self.app.remembered
        text = Text("History", f"bold {ACCENT}")
        runs = f"the latest {KEPT_RUNS:,}" if len(state.runs) == KEPT_RUNS else "all"
        count = f"{len(state.runs):,} {'run' if len(state.runs) == 1 else 'runs'}"
        text.append(f"  {len(state.saved):,} saved, {count} ({runs})", f"not bold {DIM}")
        self.query_one("#history-title", Static).update(text)

    @property
    def _entry(self) -> Saved | Run | None:
        lines = self.query_one(LineList)
        shown = lines.source
        assert isinstance(shown, _Entries)
        return shown.entries[lines.cursor] if len(shown) else None

    def renew(self) -> None:
        """Show what is remembered now."""
        lines = self.query_one(LineList)
        at = lines.cursor
        entries = self._entries()
        lines.show(entries, max(min(at, len(entries) - 1), 0))
        self._count()

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Enter runs it again."""
        event.stop()
        self.dismiss(self._entry)

    def action_save(self) -> None:
        """Save under a name."""
        entry = self._entry
        if entry is None:
            return

        def check(values: Mapping[str, str]) -> Mapping[str, str]:
            name = values["name"].strip()
            if not name:
                return {"name": "A name is needed."}
            return {"name": "At most 60 characters."} if len(name) > 60 else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                saved = Saved(values["name"].strip(), entry.runbook, entry.texts)
                self.app.remember(lambda state: state.with_saved(saved))
                self.renew()

        name = entry.name if isinstance(entry, Saved) else ""
        details = ["A search of the same name is replaced."]
        self.app.push_screen(
            AskScreen("Save this search", details, [Blank("name", "name", name)], check), answered
        )

    def action_delete(self) -> None:
        """Delete from the list."""
        entry = self._entry
        if isinstance(entry, Saved):
            self.app.remember(lambda state: state.without_saved(entry.name))
        elif entry is not None:
            self.app.remember(lambda state: state.without_run(entry.key))
        self.renew()

    def action_leave(self) -> None:
        """Close with nothing."""
        self.dismiss(None)
