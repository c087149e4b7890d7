"""The main screen: lays out the panes, and hands keys and what widgets tell to the features."""

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
from audittui.tui.main.features import Features, keys
from audittui.tui.model.followed import Live, is_entry
from audittui.tui.model.groups import GroupSource
from audittui.tui.model.rows import RowSource
from audittui.tui.text import words
from audittui.tui.theme.palette import DIM
from audittui.tui.widgets.bars import KeyBar, StatusBar, TitleBar
from audittui.tui.widgets.field import AskedField
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
    from audittui.tui.text.times import TimeStyle
    from audittui.tui.widgets.detail import Detail
    from audittui.tui.widgets.outline import OutlineView

WIDE = 110
"""From this width on, sidebar and form stay beside the results."""
PANES = ("sidebar", "form", "results", "detail")
_TIMES_GROW_OLD = 20
"""Seconds after which times that are told by how long ago they were are renewed."""

Answer = TypeVar("Answer")


class MainScreen(Screen[None]):
    """Panes: 1 runbooks, 2 form, 3 results, 4 detail. It is the `Desk` of the features.

    ``mounted`` is called once there are panes. ``folders`` hold the team's runbooks,
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
        Binding("plus", "zoom(True)", "this pane alone", id="zoom"),
        Binding("underscore", "zoom(False)", "all panes again", id="unzoom"),
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
        self._ask: AskedField | None = None
        self._resumed = False
        self.features = Features(self, self, jobs, workspace, folders, open_target)

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
        """Show the runbooks; everything that reads waits for the first frame."""
        self.show_panes()
        self.query_one(RunbookOptions).focus()
        self._mounted()
        self.call_after_refresh(self._mount_detail)
        self.set_interval(_TIMES_GROW_OLD, self.features.columns.renew_times)

    async def _mount_detail(self) -> None:
        """The detail view is there before anything can be read, and not before the first frame."""
        if not self.is_attached:
            # Somebody has left already.
            return
        self.detail.display = False
        await self.query_one("#body").mount(self.detail)
        if self.is_attached:
            self.show_panes()

    def on_screen_resume(self, event: ScreenResume) -> None:
        """The first time every style was worked out just now."""
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
        """Show the panes that the size and the focus leave room for."""
        wide = self.size.width >= WIDE
        choosing = self.pane in ("sidebar", "form")
        detail = self.detail_open and (self.pane == "detail" or (wide and not choosing))
        shown = {
            "sidebar": choosing or (wide and not detail),
            "form": choosing or (wide and not detail),
            "results": wide or self.pane != "detail",
            "detail": detail,
        }
        if self.zoomed:
            shown = {pane: pane == self.pane for pane in PANES}
        for pane, visible in shown.items():
            if pane != "detail":
                self.query_one(f"#{pane}").display = visible
            elif self._detail is not None:
                self._detail.display = visible
        if self._ask is not None:
            self._ask.display = bool(self.asking) and shown["results"]
        self.query_one("#main").display = shown["form"] or shown["results"]
        self.set_class(self.zoomed, "-zoomed")
        self.set_class(not wide, "-narrow")
        self.query_one(KeyBar).show(words.keys_of(self.pane, grouped=self.row_source is None))

    def go_pane(self, pane: str, widget: Widget | None = None) -> None:
        """Show a pane and give it the keys."""
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
        """Show the focused pane alone, or all again."""
        self.zoomed = zoomed
        self.show_panes()

    def close_detail(self) -> None:
        """Close the detail view."""
        self.detail_open = False
        if self.pane == "detail":
            self.go_pane("results")
        self.show_panes()

    def fill_form(self, runbook: Runbook, texts: Mapping[str, str]) -> None:
        """Show the form of a runbook, as soon as it is its turn."""
        self.call_later(self.form.show, runbook, texts)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Note which pane has the keys."""
        if event.widget is not self.focused:
            # Told late: others have the keys by now.
            return
        for widget in event.widget.ancestors_with_self:
            if isinstance(widget, Widget) and widget.id in PANES:
                if widget.id != self.pane:
                    self.pane = widget.id
                    self.show_panes()
                return

    def on_resize(self, event: Resize) -> None:
        """Rearrange; but not for a size that is old. Each arrangement sends the screen its size
        again, so that two sizes on their way would take turns for ever."""
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
        """The rows that are listed; None while groups are."""
        source = self.results.source
        return source if isinstance(source, RowSource) else None

    @property
    def live(self) -> Live | None:
        """What is followed, while the list shows it."""
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
        """The group under the cursor of the list, while groups are listed and have the keys."""
        source = self.results.source
        if self.pane == "detail" or not isinstance(source, GroupSource) or not len(source):
            return None
        return source.groups[min(self.results.cursor, len(source) - 1)]

    @property
    def row(self) -> Row | None:
        """The entry that keys act on: the one in the focused detail view, else the listed one."""
        return self.detail.row if self.pane == "detail" else self.listed_row

    # Saying and asking

    def say(self, notice: str, *, lasting: bool = False) -> None:
        """A sentence in the status line until the next key, or with ``lasting`` until something
        is read."""
        self.features.status.say(notice, lasting=lasting)
        self.show_status()

    def say_no_entry(self) -> None:
        """A key acts on entries, and none is chosen: say what to do."""
        if self.listed_group is not None:
            self.say("This acts on entries: Enter opens those of the group.")
        else:
            self.say("No entry is chosen.")

    def unsay(self) -> None:
        """Take back what was said; the next `show_status` shows it."""
        self.features.status.unsay()

    def drop_old_notice(self) -> None:
        """A key was dealt with: take away what is old, unless it said something new."""
        if self.features.status.old and self.is_attached:
            self.say("")

    def show_status(self) -> None:
        """Renew the status line and what an empty list says."""
        self.features.status.show(self.query_one(StatusBar), self.query_one(TitleBar))

    def ask(self, kind: str, value: str, hint: str) -> None:
        """One line of input below the list."""
        if not self.is_attached:
            # Somebody has left already.
            return
        self.asking = kind
        self.close_detail()
        self.pane = "results"
        self.show_panes()
        if self._ask is None:
            self._ask = AskedField(id="ask", compact=True)
            self.query_one("#main").mount(self._ask)
        field = self._ask
        with self.prevent(Input.Changed):
            field.value = value
        field.placeholder = hint
        self.set_focus(field)

    def end_asking(self) -> None:
        """Put the line away."""
        self.asking = ""
        if self._ask is not None:
            self._ask.display = False

    def open(
        self, dialog: Screen[Answer], answered: Callable[[Answer | None], None] | None = None
    ) -> None:
        """Lay a dialog over the main screen."""
        self.app.push_screen(dialog, answered)

    @property
    def covered(self) -> bool:
        """True while a dialog lies over the main screen."""
        return self.app.screen is not self

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after a while."""
        self.set_timer(seconds, call)

    def after_refresh(self, call: Callable[[], None]) -> None:
        """Call something once all panes have their sizes."""
        self.call_after_refresh(call)

    # Around the features

    def show_connection(self, text: str, style: str = DIM) -> None:
        """Tell in the header how the connection stands."""
        self.query_one(TitleBar).show(connection=text, style=style)

    def copy_to_clipboard(self, text: str) -> None:
        """Have the terminal copy a text."""
        self.app.copy_to_clipboard(text)

    def leave(self) -> None:
        """End the application."""
        self.app.exit()

    def tell_times(self, style: TimeStyle) -> None:
        """Have every list tell its times in a style."""
        for lines in self.query(LineList):
            lines.set_time_style(style)

    # To the features

    async def action_do(self, name: str) -> None:
        """Do what the key of this name does."""
        await self.features.do(name)

    async def action_choose(self) -> None:
        """From the sidebar to the form."""
        await self.features.runbooks.choose(*self.sidebar.chosen())

    def action_run(self) -> None:
        """Run what the form says."""
        self.features.runbooks.run()

    def action_answer(self) -> None:
        """Take what the line below the list says."""
        self.features.find.answer(self.query_one("#ask", Input).value)

    async def on_sidebar_highlighted(self, event: Sidebar.Highlighted) -> None:
        """Preview the form."""
        focused = self.focused
        if focused is None or self.sidebar not in focused.ancestors_with_self:
            # Told late: one was chosen meanwhile.
            return
        await self.features.runbooks.preview(event.runbook, event.broken)

    async def on_sidebar_chosen(self, event: Sidebar.Chosen) -> None:
        """A runbook was chosen, not by its key."""
        await self.features.runbooks.choose(event.runbook, event.broken)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as you type."""
        if event.input.id == "ask":
            self.features.find.typed(event.value)

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Read on when the end comes near; while rows are followed, pause or go on."""
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
        """Show a value whole."""
        event.stop()
        self.features.entry.show_value(event.value)

    def on_detail_said(self, event: Detail.Said) -> None:
        """Say what the search found."""
        self.say(event.text)
