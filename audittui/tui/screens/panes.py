"""The panes of the main screen: which are in sight, which has the keys, what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus, Resize, ScreenResume
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from audittui.layout.row import Row
from audittui.tui.model.followed import is_entry
from audittui.tui.model.rows import RowSource
from audittui.tui.model.run import Reading
from audittui.tui.text import words
from audittui.tui.text.status import status_text
from audittui.tui.widgets.bars import STEP, KeyBar, StatusBar, TitleBar
from audittui.tui.widgets.field import AskedField
from audittui.tui.widgets.form import Form
from audittui.tui.widgets.lines import LineList, Sight, Source
from audittui.tui.widgets.sidebar import RunbookOptions, Sidebar

if TYPE_CHECKING:
    from audittui.investigate.correlations import Group
    from audittui.tui.app import AuditApp
    from audittui.tui.model.session import Step
    from audittui.tui.widgets.detail import Detail

WIDE = 110
"""From this width on, sidebar and form stay beside the results."""
PANES = ("sidebar", "form", "results", "detail")


class Place(msgspec.Struct, frozen=True):
    """Where one was: what a step back restores. ``source`` is what the list showed."""

    reading: Reading
    source: Source
    sight: Sight
    group: Group | None
    detail: Row | None
    pane: str
    zoomed: bool

    @property
    def title(self) -> str:
        """The place in a few words."""
        return words.crumb(self.reading)


class PaneScreen(Screen[None]):
    """Panes: 1 runbooks, 2 form, 3 results, 4 detail."""

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
    ]
    app: AuditApp

    def __init_subclass__(cls, *, whole: bool = False) -> None:
        """Textual takes stock of every class of widgets, which is felt at the start with so many.
        The parts of the main screen are none by themselves: it is enough to do so for the whole."""
        if whole:
            super().__init_subclass__()

    def __init__(self) -> None:
        super().__init__()
        self.reading: Reading | None = None
        self.group: Group | None = None
        """The group whose events are shown, in a correlation."""
        self.pane = "sidebar"
        self.zoomed = False
        self.detail_open = False
        self._history: list[Place | Step] = []
        self._asking = ""
        self._filter_from = 0
        self._notice = ""
        self._notice_lasts = self._notice_old = False
        self._detail: Detail | None = None
        self._ask: AskedField | None = None
        self._resumed = False
        self.chosen_columns: dict[str, tuple[str, ...]] = {}
        """The columns that were chosen, by the id of their runbook."""

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
        """Show the runbooks; the application connects after the first refresh."""
        self.show_panes()
        self.query_one(RunbookOptions).focus()
        self.app.begin()
        self.call_after_refresh(self._mount_detail)

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

    # Panes

    @property
    def begun(self) -> bool:
        """True once something was asked, or an entry marked."""
        return self.reading is not None or bool(self._history) or len(self.app.marks) > 0

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

    @property
    def form(self) -> Form:
        """The form."""
        return self.query_one(Form)

    @property
    def row_source(self) -> RowSource | None:
        """The rows that are listed; None while groups are."""
        source = self.results.source
        return source if isinstance(source, RowSource) else None

    @property
    def listed_row(self) -> Row | None:
        """The row under the cursor of the list."""
        source = self.row_source
        if source is None or not len(source):
            return None
        row = source.row(min(self.results.cursor, len(source) - 1))
        return row if is_entry(row) else None

    @property
    def row(self) -> Row | None:
        """The entry that keys act on: the one in the focused detail view, else the listed one."""
        return self.detail.row if self.pane == "detail" else self.listed_row

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
            self._ask.display = bool(self._asking) and shown["results"]
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
        if self.is_attached and self.reading is not None:
            self.show_status()

    def action_next_pane(self, step: int) -> None:
        """The next field of the form, or the next pane."""
        fields = self.form.fields
        order: list[tuple[str, Widget]] = [("sidebar", self.query_one(RunbookOptions))]
        order += [("form", field) for field in fields]
        order.append(("results", self.results))
        if self.detail_open:
            order.append(("detail", self.detail.query_one("#entry")))
            if self.detail.query_one("#lifecycle").display:
                order.append(("detail", self.detail.query_one("#lifecycle")))
        at = next((at for at, (_, one) in enumerate(order) if one is self.focused), 0)
        pane, widget = order[(at + step) % len(order)]
        self.go_pane(pane, widget)

    def close_detail(self) -> None:
        """Close the detail view."""
        self.detail_open = False
        if self.pane == "detail":
            self.go_pane("results")
        self.show_panes()

    def action_zoom(self, zoomed: bool) -> None:
        """Show the focused pane alone, or all again."""
        self.zoomed = zoomed
        self.show_panes()

    # Asking

    def ask(self, kind: str, value: str, hint: str) -> None:
        """One line of input below the list."""
        self._asking = kind
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
        self._asking = ""
        if self._ask is not None:
            self._ask.display = False

    # Saying

    def say(self, notice: str, *, lasting: bool = False) -> None:
        """A sentence in the status line until the next key, or with ``lasting`` until something
        is read."""
        self._notice = notice
        self._notice_lasts = lasting
        self._notice_old = False
        self.show_status()

    def forget_notice(self) -> None:
        """A key comes: what was said before it is old."""
        self._notice_old = bool(self._notice) and not self._notice_lasts

    def drop_notice(self) -> None:
        """Take away what is old, unless the key said something new."""
        if self._notice_old and self.is_attached:
            self.say("")

    def show_status(self) -> None:
        """Renew the status line and what an empty list says."""
        bar = self.query_one(StatusBar)
        bar.show(status_text(self.reading, self.row_source, self._notice, bar.size.width))
        self.results.say(
            words.empty_text(self.reading, self.row_source, self.app.state, self.app.target)
        )
        crumbs = [place.title for place in self._history]
        if self.reading is not None:
            crumbs.append(words.crumb(self.reading))
            if self.group is not None:
                crumbs.append(words.group_name(self.group))
        self.query_one(TitleBar).show(place=STEP.join(crumbs))
