"""The main screen: runbooks, form, results and detail, and what the keys do between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from audittui.layout.row import Row
from audittui.runbook.bind import ParameterErrors
from audittui.runbook.model import Runbook
from audittui.tui import words
from audittui.tui.reading import Reading
from audittui.tui.screens.finding import FindingScreen
from audittui.tui.screens.panes import Place
from audittui.tui.sources import GroupSource, RowSource
from audittui.tui.widgets.form import Form
from audittui.tui.widgets.lines import LineList
from audittui.tui.widgets.sidebar import Sidebar

if TYPE_CHECKING:
    pass

WIDE = 110
"""From this width on, sidebar and form stay beside the results."""
SMALLEST = (60, 15)
PANES = ("sidebar", "form", "results", "detail")


class MainScreen(FindingScreen):
    """What the keys do. `AuditApp` reads; this shows."""

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
