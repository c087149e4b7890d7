"""The main screen: lays out the panes, and passes keys and widget messages to the features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus, Resize, ScreenResume
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from audittui.layout.row import Row
from audittui.tui.main.ask_line import AskLine
from audittui.tui.main.columns import TIMES_GROW_OLD
from audittui.tui.main.features import Features, keys
from audittui.tui.main.outside import Outside
from audittui.tui.main.panes import WIDE, pane_of, panes_shown
from audittui.tui.model.followed import Live
from audittui.tui.model.groups import GroupSource
from audittui.tui.model.note import is_entry
from audittui.tui.model.rows import RowSource
from audittui.tui.text import words
from audittui.tui.widgets.bars import KeyBar, StatusBar, TitleBar
from audittui.tui.widgets.form import Form
from audittui.tui.widgets.lines import LineList
from audittui.tui.widgets.sidebar import RunbookOptions, Sidebar

if TYPE_CHECKING:
    from audittui.connection import Connection, Target
    from audittui.investigate.correlations import Group
    from audittui.runbook.model import Runbook
    from audittui.tui.jobs import Jobs
    from audittui.tui.model.run import Run
    from audittui.tui.model.workspace import Workspace
    from audittui.tui.widgets.detail import Detail
    from audittui.tui.widgets.outline import OutlineView

Answer = TypeVar("Answer")


class MainScreen(Screen[None]):
    """Panes: 1 runbooks, 2 form, 3 results, 4 detail. It is the `Desk` of the features.

    ``mounted`` is called once the panes exist. ``folders`` hold the team's runbooks,
    ``open_target`` opens a target.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_pane(1)", "next pane or field", id="next-pane"),
        Binding(
            "shift+tab", "next_pane(-1)", "previous pane or field", id="previous-pane", show=False
        ),
        Binding("1", "pane('sidebar')", "runbooks", id="pane-runbooks"),
        Binding("2", "pane('form')", "form", id="pane-form"),
        Binding("3", "pane('results')", "results", id="pane-results"),
        Binding("4", "pane('detail')", "detail", id="pane-detail"),
        Binding("plus", "zoom(True)", "show only this pane", id="zoom"),
        Binding("underscore", "zoom(False)", "show all panes", id="unzoom"),
        *(key.binding for key in keys()),
        Binding("question_mark", "app.help", "help", id="help"),
    ]

    def __init__(
        self,
        jobs: Jobs,
        workspace: Workspace,
        mounted: Callable[[], None],
        folders: Sequence[Path],
        open_target: Callable[[Target], Connection],
    ) -> None:
        super().__init__()
        self.run: Run | None = None
        self.group: Group | None = None
        self.pane = "sidebar"
        self.zoomed = False
        self.detail_open = False
        self.asking = ""
        self._mounted = mounted
        self._detail: Detail | None = None
        self._ask_line = AskLine(self)
        self._resumed = False
        self.outside = Outside(self)
        self.features = Features(self, self.outside, jobs, workspace, folders, open_target)

    def compose(self) -> ComposeResult:
        """Bars above and below, the panes between them."""
        yield TitleBar(widget_id="title")
        with Horizontal(id="body"):
            yield Sidebar(widget_id="sidebar")
            with Vertical(id="main"):
                yield Form(widget_id="form")
                yield LineList(RowSource(()), widget_id="results")
        yield StatusBar(widget_id="status")
        yield KeyBar(widget_id="keys")

    def on_mount(self) -> None:
        """Show the runbooks; all reading waits for the first frame."""
        self.show_panes()
        self.query_one(RunbookOptions).focus()
        self._mounted()
        self.call_after_refresh(self._mount_detail)
        self.set_interval(TIMES_GROW_OLD, self.features.columns.renew_times)

    async def _mount_detail(self) -> None:
        """Mount the detail view after the first frame, before anything can be read."""
        if not self.is_attached:
            # The user has already quit.
            return
        self.detail.display = False
        await self.query_one("#body").mount(self.detail)
        if self.is_attached:
            self.show_panes()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """The first time, all styles have just been computed."""
        event.refresh_styles = self._resumed
        self._resumed = True

    # The panes

    @property
    def sidebar(self) -> Sidebar:
        """The runbooks."""
        return self.query_one(Sidebar)

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    @property
    def results(self) -> LineList:
        """The list of rows or groups."""
        return self.query_one("#results", LineList)

    @property
    def detail(self) -> Detail:
        """The detail view."""
        if self._detail is None:
            from audittui.tui.widgets.detail import Detail

            self._detail = Detail(widget_id="detail")
        return self._detail

    def show_panes(self) -> None:
        """Show the panes that there is room for."""
        width = self.size.width
        shown = panes_shown(self.pane, width, zoomed=self.zoomed, detail_open=self.detail_open)
        for pane, visible in shown.items():
            if pane != "detail":
                self.query_one(f"#{pane}").display = visible
            elif self._detail is not None:
                self._detail.display = visible
        self._ask_line.show(bool(self.asking) and shown["results"])
        self.query_one("#main").display = shown["form"] or shown["results"]
        self.set_class(self.zoomed, "-zoomed")
        self.set_class(width < WIDE, "-narrow")
        self.query_one(KeyBar).show(words.keys_of(self.pane, grouped=self.row_source is None))

    def go_pane(self, pane: str, widget: Widget | None = None) -> None:
        """Show a pane and focus it."""
        self.pane = pane
        self.show_panes()
        if widget is not None:
            self.set_focus(widget)
        elif pane == "sidebar":
            self.set_focus(self.query_one(RunbookOptions))
        elif pane == "form":
            self.form.start()
        elif pane == "results":
            self.set_focus(self.results)
        else:
            self.set_focus(self.detail.entry)

    def action_pane(self, pane: str) -> None:
        """Go to a pane."""
        if pane == "form" and self.form.runbook is None:
            self.say("Choose a runbook first (1, then Enter).")
        elif pane == "detail" and self.listed_row is None and not self.detail_open:
            self.say("There is no entry to show yet.")
        elif pane == "detail" and not self.detail_open:
            self.features.entry.open(self.listed_row)
        else:
            self.go_pane(pane)

    def action_next_pane(self, step: int) -> None:
        """The next field of the form, or the next pane."""
        order: list[tuple[str, Widget]] = [("sidebar", self.query_one(RunbookOptions))]
        order += [("form", field) for field in self.form.fields]
        order.append(("results", self.results))
        if self.detail_open:
            order.append(("detail", self.detail.entry))
            if self.detail.lane.display:
                order.append(("detail", self.detail.lane))
        at = next((at for at, (_, one) in enumerate(order) if one is self.focused), 0)
        pane, widget = order[(at + step) % len(order)]
        self.go_pane(pane, widget)

    def action_zoom(self, zoomed: bool) -> None:
        """Show only the focused pane, or all panes."""
        self.zoomed = zoomed
        self.show_panes()

    def close_detail(self) -> None:
        """Close the detail view."""
        self.detail_open = False
        if self.pane == "detail":
            self.go_pane("results")
        self.show_panes()

    def fill_form(self, runbook: Runbook, texts: Mapping[str, str]) -> None:
        """Show the form of a runbook, soon."""
        self.call_later(self.form.show, runbook, texts)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Note which pane has the focus."""
        if event.widget is not self.focused:
            # A late message: the focus has moved on.
            return
        pane = pane_of(event.widget)
        if pane and pane != self.pane:
            self.pane = pane
            self.show_panes()

    def on_resize(self, event: Resize) -> None:
        """Lay out again, but not for an outdated size: every layout sends the screen its size
        again, so two pending sizes would alternate for ever."""
        if event.size != self.app.size:
            event.prevent_default()
            return
        self.show_panes()
        self.call_after_refresh(self._fit_status)

    def _fit_status(self) -> None:
        if self.is_attached and self.run is not None:
            self.show_status()

    # What is listed

    @property
    def row_source(self) -> RowSource | None:
        """The listed rows; None while groups are listed."""
        source = self.results.source
        return source if isinstance(source, RowSource) else None

    @property
    def live(self) -> Live | None:
        """The followed run, while the list shows it."""
        live = self.run.live if self.run is not None else None
        return live if live is not None and self.results.source is live.source else None

    @property
    def listed_row(self) -> Row | None:
        """The row under the cursor of the list."""
        source = self.row_source
        if source is None or not len(source):
            return None
        row = source.row(min(self.results.cursor, len(source) - 1))
        return row if is_entry(row) else None

    @property
    def listed_group(self) -> Group | None:
        """The group under the cursor, while groups are listed and focused."""
        source = self.results.source
        if self.pane == "detail" or not isinstance(source, GroupSource) or not len(source):
            return None
        return source.groups[min(self.results.cursor, len(source) - 1)]

    @property
    def row(self) -> Row | None:
        """The entry that keys act on: that of the focused detail view, otherwise the listed one."""
        return self.detail.row if self.pane == "detail" else self.listed_row

    # Notices and questions

    def say(self, notice: str, *, lasting: bool = False) -> None:
        """Show a sentence in the status line until the next key, or with ``lasting`` until
        something is read."""
        self.features.status.say(notice, lasting=lasting)
        self.show_status()

    def say_no_entry(self) -> None:
        """Say what to do when a key needs an entry and none is selected."""
        if self.listed_group is not None:
            self.say("This works on entries: Enter opens the group's events.")
        else:
            self.say("No entry is selected.")

    def unsay(self) -> None:
        """Withdraw the notice; takes effect with the next `show_status`."""
        self.features.status.unsay()

    def drop_old_notice(self) -> None:
        """A key was handled: drop an old notice, unless the key gave a new one."""
        if self.features.status.old and self.is_attached:
            self.say("")

    def show_status(self) -> None:
        """Update the status line and the text of an empty list."""
        self.features.status.show(self.query_one(StatusBar), self.query_one(TitleBar))

    def ask(self, kind: str, value: str, hint: str) -> None:
        """Ask for one line of input below the list."""
        if not self.is_attached:
            # The user has already quit.
            return
        self.asking = kind
        self.close_detail()
        self.pane = "results"
        self.show_panes()
        self._ask_line.ask(value, hint)

    def end_asking(self) -> None:
        """Close the line."""
        self.asking = ""
        self._ask_line.show(False)

    def open(
        self, dialog: Screen[Answer], answered: Callable[[Answer | None], None] | None = None
    ) -> None:
        """Open a dialog over the main screen."""
        self.app.push_screen(dialog, answered)

    @property
    def covered(self) -> bool:
        """True while a dialog is over the main screen."""
        return self.app.screen is not self

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after a delay."""
        self.set_timer(seconds, call)

    def after_refresh(self, call: Callable[[], None]) -> None:
        """Call something after the next layout."""
        self.call_after_refresh(call)

    # To the features

    async def action_do(self, name: str) -> None:
        """Run the command of the key with this name."""
        await self.features.do(name)

    async def action_choose(self) -> None:
        """From the sidebar to the form."""
        await self.features.runbooks.choose(*self.sidebar.chosen())

    def action_run(self) -> None:
        """Run what the form says."""
        self.features.runbooks.run()

    def action_answer(self) -> None:
        """Accept the line below the list."""
        self.features.find.answer(self._ask_line.value)

    async def on_sidebar_highlighted(self, event: Sidebar.Highlighted) -> None:
        """Preview the form."""
        focused = self.focused
        if focused is None or self.sidebar not in focused.ancestors_with_self:
            # A late message: a runbook has been chosen meanwhile.
            return
        await self.features.runbooks.preview(event.runbook, event.broken)

    async def on_sidebar_chosen(self, event: Sidebar.Chosen) -> None:
        """A runbook was chosen other than by its key."""
        await self.features.runbooks.choose(event.runbook, event.broken)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as you type."""
        if event.input.id == "ask":
            self.features.find.typed(event.value)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Read more near the end of the list; while following, pause or resume."""
        if event.lines is self.results:
            self.features.runner.want_more()
            self.features.follow.moved()

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Open the entry, the group's events, or another entry of the lifecycle."""
        if event.lines is not self.results:
            self.features.entry.open_version(event.lines.cursor)
            return
        group = self.features.groups.listed()
        if group is not None:
            self.features.groups.open(group)
        else:
            self.features.entry.open(self.listed_row)

    def on_outline_view_opened(self, event: OutlineView.Opened) -> None:
        """Show a value in full."""
        event.stop()
        self.features.entry.show_value(event.value)

    def on_detail_said(self, event: Detail.Said) -> None:
        """Report what the search found."""
        self.say(event.text)
