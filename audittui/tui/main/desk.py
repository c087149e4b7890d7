"""The main screen as a feature sees it."""

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
    """The panes of the main screen and their contents.

    ``run`` is the run shown, ``group`` the group whose events are shown, in a correlation.
    ``zoomed``: only one pane is shown. ``detail_open``: the detail view is shown.
    """

    run: Run | None
    group: Group | None
    zoomed: bool
    detail_open: bool

    # The panes

    @property
    def pane(self) -> str:
        """The focused pane: ``sidebar``, ``form``, ``results`` or ``detail``."""
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
        """Show a pane and focus it."""
        ...

    def show_panes(self) -> None:
        """Show the panes that there is room for."""
        ...

    def close_detail(self) -> None:
        """Close the detail view."""
        ...

    def fill_form(self, runbook: Runbook, texts: Mapping[str, str]) -> None:
        """Show the form of a runbook, soon."""
        ...

    # What is listed

    @property
    def row_source(self) -> RowSource | None:
        """The listed rows; None while groups are listed."""
        ...

    @property
    def live(self) -> Live | None:
        """The followed run, while the list shows it."""
        ...

    @property
    def listed_row(self) -> Row | None:
        """The row under the cursor of the list."""
        ...

    @property
    def listed_group(self) -> Group | None:
        """The group under the cursor, while groups are listed and focused."""
        ...

    @property
    def row(self) -> Row | None:
        """The entry that keys act on: that of the focused detail view, otherwise the listed one."""
        ...

    # Notices and questions

    def say(self, notice: str, *, lasting: bool = False) -> None:
        """Show a sentence in the status line until the next key, or with ``lasting`` until
        something is read."""
        ...

    def say_no_entry(self) -> None:
        """Say what to do when a key needs an entry and none is selected."""
        ...

    def unsay(self) -> None:
        """Withdraw the notice; takes effect with the next `show_status`."""
        ...

    def show_status(self) -> None:
        """Update the status line and the text of an empty list."""
        ...

    @property
    def asking(self) -> str:
        """What the line below the list asks for: ``filter``, ``time`` or nothing (empty)."""
        ...

    def ask(self, kind: str, value: str, hint: str) -> None:
        """Ask for one line of input below the list."""
        ...

    def end_asking(self) -> None:
        """Close the line."""
        ...

    def open(
        self, dialog: Screen[Answer], answered: Callable[[Answer | None], None] | None = None
    ) -> None:
        """Open a dialog over the main screen."""
        ...

    @property
    def covered(self) -> bool:
        """True while a dialog is over the main screen."""
        ...

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after a delay."""
        ...

    def after_refresh(self, call: Callable[[], None]) -> None:
        """Call something after the next layout."""
        ...
