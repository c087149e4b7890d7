"""The main screen: runbooks, form, results and detail, and what the keys do between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantFocus, Resize
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from audittui.layout.row import Row
from audittui.runbook.bind import ParameterErrors
from audittui.runbook.model import Runbook
from audittui.tui import words
from audittui.tui.reading import Reading
from audittui.tui.screens.reader import TooSmallScreen
from audittui.tui.sources import GroupSource, RowSource
from audittui.tui.status import status_text
from audittui.tui.widgets.bars import KeyBar, StatusBar, TitleBar
from audittui.tui.widgets.detail import Detail
from audittui.tui.widgets.form import Form
from audittui.tui.widgets.lines import LineList
from audittui.tui.widgets.pager import Pager
from audittui.tui.widgets.sidebar import RunbookOptions, Sidebar

if TYPE_CHECKING:
    from audittui.tui.app import AuditApp

WIDE = 110
"""From this width on, sidebar and form stay beside the results."""
SMALLEST = (60, 15)
PANES = ("sidebar", "form", "results", "detail")


class Place(msgspec.Struct):
    """Where one was: what a step back restores."""

    reading: Reading
    cursor: int
    group: int | None
    detail: Row | None


class MainScreen(Screen[None]):
    """Panes: 1 runbooks, 2 form, 3 results, 4 detail. `AuditApp` reads; this shows."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "next_pane(1)", "next pane or field"),
        Binding("shift+tab", "next_pane(-1)", "previous pane or field", show=False),
        Binding("1", "pane('sidebar')", "runbooks"),
        Binding("2", "pane('form')", "form"),
        Binding("3", "pane('results')", "results"),
        Binding("4", "pane('detail')", "detail"),
        Binding("plus", "zoom(True)", "this pane alone"),
        Binding("underscore", "zoom(False)", "all panes again"),
        Binding("escape", "back", "back"),
        Binding("backspace", "back", "back", show=False),
        Binding("q", "leave", "back, and quits at the root"),
        Binding("ctrl+c", "interrupt", "stop reading, keep the rows", priority=True),
        Binding("slash", "find", "filter rows, find a runbook"),
        Binding("n", "match(1)", "next match"),
        Binding("N", "match(-1)", "previous match"),
        Binding("ampersand", "toggle_filter", "filter off and on, at the same place"),
        Binding("t", "go_to_time", "go to a time"),
        Binding("L", "load_all", "load all rows, or go on after a stop"),
        Binding("r", "rerun", "run again, connect again"),
        Binding("x", "plan", "the plan: what is read, what it costs"),
        Binding("v", "verify", "verify the entry again"),
        Binding("e", "failure(1)", "next failure or denial"),
        Binding("E", "failure(-1)", "previous failure or denial"),
        Binding("o", "same_resource(1)", "next entry of the same resource"),
        Binding("O", "same_resource(-1)", "previous entry of the same resource"),
        Binding("A", "pivot('actor')", "everything by this actor"),
        Binding("R", "pivot('resource')", "the life of this resource"),
        Binding("Q", "pivot('request_id')", "everything of this request"),
        Binding("c", "copy('row')", "copy the row"),
        Binding("y", "copy('json')", "copy the entry as JSON"),
        Binding("Y", "copy('command')", "copy the command that asks the same"),
        Binding("colon", "app.command_palette", "command palette"),
        Binding("question_mark", "help", "help"),
    ]

    app: AuditApp

    def __init__(self) -> None:
        super().__init__()
        self.reading: Reading | None = None
        self.group: int | None = None
        """The group whose events are shown, in a correlation."""
        self.pane = "sidebar"
        self.zoomed = False
        self.detail_open = False
        self._history: list[Place] = []
        self._asking = ""
        self._filter_from = 0
        self._notice = ""

    def compose(self) -> ComposeResult:
        """Bars above and below, the panes between them."""
        yield TitleBar(widget_id="title")
        with Horizontal(id="body"):
            yield Sidebar(widget_id="sidebar")
            with Vertical(id="main"):
                yield Form(widget_id="form")
                yield LineList(RowSource(()), widget_id="results")
                yield Input(id="ask", compact=True)
            yield Detail(widget_id="detail")
        yield StatusBar(widget_id="status")
        yield KeyBar(widget_id="keys")

    def on_mount(self) -> None:
        """Show the runbooks; the application connects after the first refresh."""
        self.query_one("#ask").display = False
        self.show_panes()
        self.query_one(RunbookOptions).focus()
        self.app.begin()

    # Panes

    @property
    def results(self) -> LineList:
        """The list of rows or groups."""
        return self.query_one("#results", LineList)

    @property
    def detail(self) -> Detail:
        """The detail view."""
        return self.query_one(Detail)

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
        return source.row(min(self.results.cursor, len(source) - 1))

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
            self.query_one(f"#{pane}").display = visible
        asking = bool(self._asking) and shown["results"]
        self.query_one("#ask").display = asking
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
            self.set_focus(self.detail.query_one("#entry", Pager))

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Note which pane has the keys."""
        for widget in event.widget.ancestors_with_self:
            if isinstance(widget, Widget) and widget.id in PANES:
                if widget.id != self.pane:
                    self.pane = widget.id
                    self.show_panes()
                return

    def on_resize(self, event: Resize) -> None:
        """Rearrange; say so when there is not enough room."""
        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        top = self.app.screen
        if small and not isinstance(top, TooSmallScreen):
            self.app.push_screen(TooSmallScreen())
        elif not small and isinstance(top, TooSmallScreen):
            self.app.pop_screen()
        self.show_panes()

    def action_pane(self, pane: str) -> None:
        """Go to a pane."""
        if pane == "form" and self.form.runbook is None:
            self.say("Choose a runbook first (1, then Enter).")
        elif pane == "detail" and self.listed_row is None and not self.detail_open:
            self.say("There is no entry to show yet.")
        elif pane == "detail" and not self.detail_open:
            self.open_detail(self.listed_row)
        else:
            self.go_pane(pane)

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

    def action_zoom(self, zoomed: bool) -> None:
        """Show the focused pane alone, or all again."""
        self.zoomed = zoomed
        self.show_panes()

    # Saying

    def say(self, notice: str) -> None:
        """A sentence in the status line, until the next thing happens."""
        self._notice = notice
        self.show_status()

    def show_status(self) -> None:
        """Renew the status line and what an empty list says."""
        self.query_one(StatusBar).show(status_text(self.reading, self.row_source, self._notice))
        self.results.say(
            words.empty_text(self.reading, self.row_source, self.app.state, self.app.target)
        )
        crumbs = [words.crumb(place.reading) for place in self._history]
        if self.reading is not None:
            crumbs.append(words.crumb(self.reading))
            if self.group is not None and self.reading.groups is not None:
                key = self.reading.groups.groups[self.group].key
                crumbs.append(", ".join(value or "-" for _, value in key))
        self.query_one(TitleBar).show(place=" › ".join(crumbs))

    # Runbooks and the form

    async def on_sidebar_highlighted(self, event: Sidebar.Highlighted) -> None:
        """Preview the form, or what is wrong with a broken runbook."""
        if event.broken is not None:
            await self.form.say(f"This runbook cannot run. {event.broken.text}")
        elif event.runbook is not None and event.runbook is not self.form.runbook:
            await self.form.show(event.runbook)

    async def on_sidebar_chosen(self, event: Sidebar.Chosen) -> None:
        """Go to the form, or run what needs no parameter."""
        if event.runbook is None:
            return
        if event.runbook is not self.form.runbook:
            await self.form.show(event.runbook)
        self.query_one(Sidebar).select(event.runbook.id)
        if event.runbook.params:
            self.go_pane("form")
        else:
            self.form.run()

    def on_form_run(self, event: Form.Run) -> None:
        """Run the runbook."""
        self._history.clear()
        self.run_runbook(event.runbook, event.texts)

    def run_runbook(self, runbook: Runbook, texts: Mapping[str, str]) -> None:
        """Plan and read; the results pane takes the keys."""
        self._notice = ""
        if self.reading is not None:
            self.reading.cancel()
        self.close_detail()
        self.reading = None
        self.group = None
        self.end_asking()
        self.results.show(RowSource(runbook.columns))
        self.go_pane("results")
        self.app.plan(runbook, texts)
        self.show_status()

    def began(self, reading: Reading) -> None:
        """A plan is made: show it being read."""
        self.reading = reading
        self.results.show(reading.groups if reading.groups is not None else reading.rows)
        self.show_panes()
        self.app.read(reading, everything=reading.groups is not None)
        self.show_status()

    def refused(self, runbook: Runbook, error: Exception) -> None:
        """A runbook cannot run so: show why, where it is to be mended."""
        if isinstance(error, ParameterErrors) and self.form.runbook is runbook:
            self.go_pane("form")
            self.form.show_faults(error.errors)
        self.say(str(error))

    def took(self, reading: Reading) -> None:
        """A page came."""
        if reading is not self.reading:
            return
        self._notice = ""
        if self.group is None:
            if isinstance(self.results.source, GroupSource):
                self.results.changed(self.results.cursor)
            else:
                self.results.grown()
        self.show_status()

    def paused(self, reading: Reading) -> None:
        """The reading rests: all is there, or enough for now."""
        if reading is self.reading:
            self.show_status()
            self.want_more()

    # Results

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        """Read on when the end comes near."""
        if event.lines is self.results:
            self.want_more()

    def want_more(self) -> None:
        """Read the next page when the window is near the end of what is loaded."""
        reading, source = self.reading, self.row_source
        if reading is None or source is not reading.rows or source.filtered or not reading.more:
            return
        near = max(self.results.cursor, self.results.last_in_sight)
        if near + 2 * self.results.room >= len(source):
            self.app.read(reading)
            self.show_status()

    def on_line_list_opened(self, event: LineList.Opened) -> None:
        """Open the entry, the group's events, or another entry of the lifecycle."""
        if event.lines is not self.results:
            life = self.detail.life
            if life is not None:
                self.open_detail(life.rows[event.lines.cursor], event.lines)
            return
        source = event.lines.source
        if isinstance(source, GroupSource):
            self.open_group(event.lines.cursor)
        else:
            self.open_detail(self.listed_row)

    def open_group(self, at: int) -> None:
        """Show the events of a group."""
        if self.reading is None or self.reading.groups is None:
            return
        self.group = at
        rows = RowSource(self.reading.plan.columns)
        rows.add(self.reading.groups.groups[at].rows)
        self.results.show(rows)
        self.show_panes()
        self.show_status()

    def open_detail(self, row: Row | None, widget: Widget | None = None) -> None:
        """Show one entry: read it, check it, trace its resource."""
        if row is None:
            return
        self.detail_open = True
        self.detail.show(row)
        self.go_pane("detail", widget)
        self.app.inspect(row, self.detail.life is None)
        self.show_status()

    def close_detail(self) -> None:
        """Close the detail view."""
        self.detail_open = False
        if self.pane == "detail":
            self.go_pane("results")
        self.show_panes()

    def action_back(self) -> None:
        """One step back; never out of the application."""
        self.step_back()

    def step_back(self) -> bool:
        """One step back; False at the root."""
        if self._asking:
            self.end_asking()
            self.go_pane("results")
        elif self.zoomed:
            self.action_zoom(False)
        elif self.pane == "detail" or (self.pane == "results" and self.detail_open):
            self.close_detail()
        elif self.pane == "results" and self.group is not None and self.reading is not None:
            at, self.group = self.group, None
            assert self.reading.groups is not None
            self.results.show(self.reading.groups, at)
            self.show_panes()
            self.show_status()
        elif self.pane == "results" and self.row_source is not None and self.row_source.pattern:
            self.set_filter("")
        elif self.pane == "results" and self._history:
            self._restore(self._history.pop())
        elif self.pane in ("results", "form"):
            self.go_pane("sidebar")
            return False
        else:
            return False
        return True

    def action_leave(self) -> None:
        """One step back, and out of the application at the root."""
        if (self.pane not in ("results", "detail") and not self._asking) or not self.step_back():
            self.app.exit()

    def action_interrupt(self) -> None:
        """Stop reading and keep the rows."""
        if self.app.cancel_planning():
            self.say("Stopped before anything was read.")
        elif self.reading is not None and self.reading.active:
            self.reading.cancel()
            self.say("Stopping…")
        else:
            self.say("Nothing is being read. q quits.")

    def action_rerun(self) -> None:
        """Run the same again, or connect again."""
        if self.app.state.kind in ("failed", "none"):
            self.app.connect_again()
        elif self.reading is not None:
            self.run_runbook(self.reading.runbook, self.reading.texts)
        else:
            self.say("Nothing was run yet: choose a runbook (1).")

    def action_load_all(self) -> None:
        """Ask, then read to the end; after a stop, go on where it stopped."""
        reading = self.reading
        if reading is None or reading.active:
            self.say("Still reading." if reading else "Nothing was run yet: choose a runbook (1).")
        elif reading.complete:
            self.say("Everything is loaded already.")
        else:
            self.app.ask_to_load(reading)

    # Finding

    def action_find(self) -> None:
        """Filter the rows, or find a runbook."""
        if self.pane in ("sidebar", "form"):
            self.pane = "sidebar"
            self.show_panes()
            self.set_focus(self.query_one("#find"))
        elif self.row_source is None:
            self.say("Open a group first: Enter.")
        else:
            source = self.row_source
            self._filter_from = source.at_of(self.results.cursor) if len(source) else 0
            self.ask("filter", source.pattern, "text that rows hold; !text: rows without it")

    def action_go_to_time(self) -> None:
        """Ask for a time."""
        if self.row_source is not None and len(self.row_source):
            self.ask("time", "", "2026-11-24T14:00, -2h, @1700000000")
        else:
            self.say("There are no rows to go through.")

    def ask(self, kind: str, value: str, hint: str) -> None:
        """One line of input below the list."""
        self._asking = kind
        self.close_detail()
        self.pane = "results"
        self.show_panes()
        field = self.query_one("#ask", Input)
        with self.prevent(Input.Changed):
            field.value = value
        field.placeholder = hint
        self.set_focus(field)

    def end_asking(self) -> None:
        """Put the line away."""
        self._asking = ""
        self.query_one("#ask").display = False

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as you type."""
        if event.input.id == "ask" and self._asking == "filter":
            self.set_filter(event.value, self._filter_from)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the filter, or go to the time."""
        if event.input.id != "ask":
            return
        kind, value = self._asking, event.value
        self.end_asking()
        self.go_pane("results")
        if kind == "time" and self.row_source is not None and self.reading is not None:
            found = words.find_time(self.row_source, value, self.reading.plan.order)
            if isinstance(found, str):
                self.say(found)
            else:
                self.results.go(found)

    def set_filter(self, pattern: str, at: int | None = None, *, hiding: bool = True) -> None:
        """Filter the rows and stay at the same row, or the nearest one."""
        source = self.row_source
        if source is None:
            return
        if at is None:
            at = source.at_of(self.results.cursor) if len(source) else 0
        source.filter(pattern, hiding=hiding)
        self.results.changed(source.line_of(at))
        self._notice = ""
        self.show_status()

    def action_toggle_filter(self) -> None:
        """Show all rows, or only the matches, at the same place."""
        source = self.row_source
        if source is None or not source.pattern:
            self.say("There is no filter: / makes one.")
        else:
            self.set_filter(source.pattern, hiding=not source.hiding)

    def action_match(self, step: int) -> None:
        """Go to the next or previous row that matches."""
        source = self.row_source
        if source is None or not source.pattern:
            self.say("There is no filter: / makes one.")
            return
        found = source.next_match(source.at_of(self.results.cursor) if len(source) else 0, step)
        if found is None:
            self.say(words.no_more("match", step, self.reading))
        else:
            self.results.go(source.line_of(found))

    def action_failure(self, step: int) -> None:
        """Go to the next or previous row that did not succeed."""
        self._step(step, "failure", lambda row: row.outcome in ("failure", "denied"))

    def _step(self, step: int, what: str, fits: Callable[[Row], bool]) -> None:
        source = self.row_source
        if source is None or not len(source):
            self.say("There are no rows to go through.")
            return
        line = self.results.cursor + step
        while 0 <= line < len(source):
            if fits(source.row(line)):
                self.results.go(line)
                if self.pane == "detail":
                    self.open_detail(source.row(line))
                return
            line += step
        self.say(words.no_more(what, step, self.reading))

    def action_same_resource(self, step: int) -> None:
        """Go to the next or previous entry of the same resource."""
        row = self.row
        if row is None or not row.resource:
            self.say("No entry with a resource is chosen.")
        elif self.pane == "detail":
            neighbour = self.detail.neighbour(step)
            if neighbour is None:
                self.say(words.end_of_life(self.detail.life, step))
            else:
                self.open_detail(neighbour)
        else:
            self._step(step, "entry of this resource", lambda one: one.resource == row.resource)

    # Acting on an entry

    def action_verify(self) -> None:
        """Check the entry again."""
        row = self.row
        if row is None:
            self.say("No entry is chosen.")
        elif self.pane == "detail":
            self.detail.take_verdict(row, None)
            self.app.check(row)
        else:
            self.open_detail(row)

    async def action_pivot(self, question: str) -> None:
        """Run the runbook about a value of this entry."""
        row = self.row
        if row is None or self.reading is None:
            self.say("No entry is chosen.")
            return
        value = getattr(row, question)
        if not value:
            self.say(f"This entry has no {question.replace('_', ' ')}.")
            return
        found = self.app.pivot(question, value, self.reading)
        if found is None:
            self.say(f"No runbook answers by {question.replace('_', ' ')}.")
            return
        runbook, texts = found
        detail = self.detail.row if self.detail_open else None
        self._history.append(Place(self.reading, self.results.cursor, self.group, detail))
        self.query_one(Sidebar).select(runbook.id)
        await self.form.show(runbook, texts)
        self.run_runbook(runbook, texts)

    def _restore(self, place: Place) -> None:
        if self.reading is not None:
            self.reading.cancel()
        self.app.cancel_planning()
        self.reading = place.reading
        self.group = None
        if place.group is not None:
            self.open_group(place.group)
            self.results.go(place.cursor)
        else:
            self.results.show(self.reading.groups or self.reading.rows, place.cursor)
        self.query_one(Sidebar).select(self.reading.runbook.id)
        self.call_later(self.form.show, self.reading.runbook, self.reading.texts)
        if place.detail is not None:
            self.open_detail(place.detail)
        else:
            self.go_pane("results")
        self._notice = ""
        self.show_status()

    def action_copy(self, what: str) -> None:
        """Copy the row, the entry or the command."""
        if what == "command":
            if self.reading is None:
                self.say("Nothing was run yet, so there is no command.")
            else:
                self.app.copy("the command", self.app.command_of(self.reading))
            return
        row = self.row
        if row is None:
            self.say("No entry is chosen.")
        elif what == "row":
            self.app.copy("the row", words.row_line(row))
        else:
            self.app.copy_entry(row)

    def action_plan(self) -> None:
        """Show the plan of what was run, or of what the form says now."""
        if self.reading is not None and self.pane not in ("sidebar", "form"):
            self.app.show_plan(self.reading.plan, self.reading)
        elif self.form.runbook is None:
            self.say("Choose a runbook first (1).")
        else:
            self.app.plan(self.form.runbook, self.form.texts, only_show=True)

    def action_help(self) -> None:
        """Show every key."""
        self.app.show_help()
