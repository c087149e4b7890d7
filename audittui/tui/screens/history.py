"""The history: searches that were saved, then runs, the latest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from audittui.tui.palette import ACCENT, DIM
from audittui.tui.screens.asking import AskScreen, Blank
from audittui.tui.screens.modal import Modal
from audittui.tui.state import KEPT_RUNS, Run, Saved, State
from audittui.tui.widgets.lines import LineList

if TYPE_CHECKING:
    from audittui.tui.app import AuditApp

_EMPTY = "Nothing was run yet. Esc goes back; choose a runbook (1) and run it with Enter."


class _Entries:
    """Saved searches and runs as lines."""

    titles = ("when", "runbook", "asked", "rows", "RCU", "where", "read")
    times = frozenset({0})

    def __init__(self, state: State) -> None:
        self.entries: list[Saved | Run] = [*state.saved, *state.runs]

    def __len__(self) -> int:
        return len(self.entries)

    def cells(self, at: int) -> Sequence[str | int]:
        """When, what, and how far it came."""
        one = self.entries[at]
        asked = ", ".join(f"{name} {value}" for name, value in one.texts.items())
        if isinstance(one, Saved):
            return ["saved", one.runbook, f"{one.name}: {asked}", "", "", "", ""]
        return [
            one.started, one.runbook, asked, f"{one.rows:,}", f"{one.rcu:,.1f}", one.target,
            one.coverage,
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
            yield LineList(_Entries(self.app.remembered), empty=_EMPTY)
            yield Static(Text("Enter runs it again   s save   d delete   Esc back", style=DIM))

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
        entries = _Entries(self.app.remembered)
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
