"""What a feature sees of the main screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from textual.screen import Screen
    from textual.widget import Widget

    from audittui.investigate.correlations import Group
    from audittui.layout.row import Row
    from audittui.runbook.model import Runbook
    from audittui.tui.model.followed import Live
    from audittui.tui.model.rows import RowSource
    from audittui.tui.model.run import Run
    from audittui.tui.widgets.detail import Detail
    from audittui.tui.widgets.form import Form
    from audittui.tui.widgets.lines import LineList
    from audittui.tui.widgets.sidebar import Sidebar

Answer = TypeVar("Answer")


class Desk(Protocol):
    """The panes of the main screen and what lies on them.

    ``run`` is the run that is shown, ``group`` the group whose events are shown, in a
    correlation. ``zoomed``: one pane alone is shown. ``detail_open``: the detail view is.
    """

    run: Run | None
    group: Group | None
    zoomed: bool
    detail_open: bool

    # The panes

    @property
    def pane(self) -> str:
        """The pane that has the keys: ``sidebar``, ``form``, ``results`` or ``detail``."""
        ...

    @property
    def sidebar(self) -> Sidebar:
        """The runbooks."""
        ...

    @property
    def form(self) -> Form:
        """The form."""
        ...

    @property
    def results(self) -> LineList:
        """The list of rows or groups."""
        ...

    @property
    def detail(self) -> Detail:
        """The detail view."""
        ...

    def go_pane(self, pane: str, widget: Widget | None = None) -> None:
        """Show a pane and give it the keys."""
        ...

    def show_panes(self) -> None:
        """Show the panes that the size and the focus leave room for."""
        ...

    def close_detail(self) -> None:
        """Close the detail view."""
        ...

    def fill_form(self, runbook: Runbook, texts: Mapping[str, str]) -> None:
        """Show the form of a runbook, as soon as it is its turn."""
        ...

    # What is listed

    @property
    def row_source(self) -> RowSource | None:
        """The rows that are listed; None while groups are."""
        ...

    @property
    def live(self) -> Live | None:
        """What is followed, while the list shows it."""
        ...

    @property
    def listed_row(self) -> Row | None:
        """The row under the cursor of the list."""
        ...

    @property
    def listed_group(self) -> Group | None:
        """The group under the cursor of the list, while groups are listed and have the keys."""
        ...

    @property
    def row(self) -> Row | None:
        """The entry that keys act on: the one in the focused detail view, else the listed one."""
        ...

    # Saying and asking

    def say(self, notice: str, *, lasting: bool = False) -> None:
        """A sentence in the status line until the next key, or with ``lasting`` until something
        is read."""
        ...

    def say_no_entry(self) -> None:
        """A key acts on entries, and none is chosen: say what to do."""
        ...

    def unsay(self) -> None:
        """Take back what was said; the next `show_status` shows it."""
        ...

    def show_status(self) -> None:
        """Renew the status line and what an empty list says."""
        ...

    @property
    def asking(self) -> str:
        """What the line below the list asks for: ``filter``, ``time`` or nothing."""
        ...

    def ask(self, kind: str, value: str, hint: str) -> None:
        """One line of input below the list."""
        ...

    def end_asking(self) -> None:
        """Put the line away."""
        ...

    def open(
        self, dialog: Screen[Answer], answered: Callable[[Answer | None], None] | None = None
    ) -> None:
        """Lay a dialog over the main screen."""
        ...

    @property
    def covered(self) -> bool:
        """True while a dialog lies over the main screen."""
        ...

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after a while."""
        ...

    def after_refresh(self, call: Callable[[], None]) -> None:
        """Call something once all panes have their sizes."""
        ...
