"""Running runbooks: planned and read in threads, shown as rows arrive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from audittui.errors import AuditError, UsageError
from audittui.tui import messages
from audittui.tui.main.listeners import Listeners
from audittui.tui.main.plan import show_plan
from audittui.tui.model.groups import GroupSource
from audittui.tui.model.rows import RowSource
from audittui.tui.model.run import SCREENFUL, Run

if TYPE_CHECKING:
    from audittui.runbook.model import Runbook
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.link import Link
    from audittui.tui.main.status import Status
    from audittui.tui.main.trail import Trail
    from audittui.tui.model.workspace import Workspace


class Wanted(msgspec.Struct, frozen=True):
    """A run requested before the connection was open."""

    runbook: Runbook
    texts: Mapping[str, str]
    only_show: bool = False


class Runner:
    """Runs runbooks, one at a time, and calls ``listeners``."""

    def __init__(
        self,
        desk: Desk,
        jobs: Jobs,
        workspace: Workspace,
        trail: Trail,
        link: Link,
        status: Status,
    ) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        self._trail = trail
        self._link = link
        self._status = status
        self.listeners = Listeners()
        self.wanted: Wanted | None = None
        self._planning = 0
        """The number of the plan in progress; 0 for none."""
        self._widened: Run | None = None
        """The run whose list was laid out again to show the chain."""
        jobs.hear(messages.PlanMade, self._plan_made)
        jobs.hear(messages.Planned, self._planned)
        jobs.hear(messages.PageRead, self._page_read)
        jobs.hear(messages.RunRests, self._rests)
        jobs.hear(messages.Spent, lambda message: self.spend(message.rcu))

    def run(self, runbook: Runbook, texts: Mapping[str, str]) -> None:
        """Plan and read; focus the results."""
        desk = self._desk
        for asked in self.listeners.asked:
            asked()
        desk.unsay()
        self.leave()
        desk.close_detail()
        desk.run = desk.group = None
        desk.end_asking()
        desk.results.show(RowSource(runbook.columns))
        desk.go_pane("results")
        self.plan(runbook, texts)
        desk.show_status()

    def leave(self) -> None:
        """End the current run, unless it is idle and a step back may return to it."""
        run = self._desk.run
        if run is None:
            return
        if run.active or not any(one is run for one in self._trail.runs):
            run.cancel()
        elif run.live is not None:
            run.live.stop()

    # Planning

    def plan(self, runbook: Runbook, texts: Mapping[str, str], *, only_show: bool = False) -> None:
        """Plan a runbook in a thread, then read it, or only show the plan."""
        desk, jobs, workspace = self._desk, self._jobs, self._workspace
        connection = workspace.connection
        if connection is None:
            # It waits for the connection.
            self.wanted = Wanted(runbook, dict(texts), only_show)
            if workspace.state.kind == "none":
                self.wanted = None
                desk.say("There is no table to query: P shows the profiles.")
            elif workspace.state.kind == "failed":
                desk.say("Not connected: r reconnects and then runs it.")
            return
        self._planning += 1
        number, marks = self._planning, workspace.marks

        def work() -> None:
            from audittui.query.index_probe import probed_plan
            from audittui.runbook.planner import make_plan

            layout, facts = connection.layout, connection.facts()
            if only_show:
                plan = make_plan(runbook, texts, layout, facts)
                jobs.post(messages.PlanMade(connection, plan))
                return
            budget = connection.target.max_rcu
            plan = probed_plan(runbook, texts, layout, facts, connection.store, budget=budget)
            run = Run(runbook, texts, plan, connection, self._notify_wait, marks, facts.chains)
            jobs.post(messages.Planned(number, run))

        def failed(error: AuditError) -> None:
            lost = self._link.note_error(connection, error)
            if number != self._planning:
                return
            if lost:
                self.wanted = Wanted(runbook, dict(texts), only_show)
            self._planning = 0
            self.refuse(runbook, error)

        jobs.run(work, failed, "plan", on=connection)

    def _notify_wait(self, sentence: str) -> None:
        self._jobs.post(messages.Said(sentence))

    def _plan_made(self, message: messages.PlanMade) -> None:
        if message.connection is self._workspace.connection:
            self._link.note_answer(message.connection)
            show_plan(self._desk, self._workspace.target, message.plan)

    def _planned(self, message: messages.Planned) -> None:
        run = message.run
        if run.connection is not self._workspace.connection:
            return
        self._link.note_answer(run.connection)
        if message.number == self._planning:
            self._planning = 0
            for began in self.listeners.began:
                began(run)

    def cancel_planning(self) -> bool:
        """Drop the plan in progress; False if there is none."""
        was, self._planning, self.wanted = self._planning, 0, None
        return bool(was)

    def began(self, run: Run) -> None:
        """The plan is made: show the run."""
        desk, typed = self._desk, self._desk.row_source
        desk.run = run
        if typed is not None and typed.pattern:
            # The user was faster than the plan.
            run.rows.filter(typed.pattern, hiding=typed.hiding)
        desk.results.show(run.groups if run.groups is not None else run.rows)
        desk.show_panes()
        self.read(run, everything=run.groups is not None)
        desk.show_status()

    def refuse(self, runbook: Runbook, error: AuditError) -> None:
        """A runbook cannot run: show the fault where it can be corrected."""
        from audittui.runbook.binding import ParameterErrors

        desk, form = self._desk, self._desk.form
        if isinstance(error, ParameterErrors) and form.runbook is runbook:
            desk.go_pane("form")
            form.show_faults(error.errors)
        elif isinstance(error, UsageError) and form.runbook is runbook and not desk.run:
            # The parameters have to be corrected.
            desk.go_pane("form")
        desk.say(str(error), lasting=True)

    # Reading

    def read(self, run: Run, *, everything: bool = False) -> None:
        """Read more in a thread: a screenful, or everything."""
        if run.active:
            return
        jobs, seen = self._jobs, self._workspace.seen
        run.active, run.everything = True, everything
        if everything and run.plan.estimate.fits(run.max_rcu):
            run.drain()

        def work() -> None:
            rows = 0
            while (page := run.read()) is not None:
                rows += len(page.rows)
                seen.add(page.rows)
                run.look_around(page, seen.by_field)
                jobs.post(messages.PageRead(run, page))
                if page.coverage.stop or page.coverage.complete:
                    break
                if rows >= SCREENFUL and not everything:
                    break
            jobs.post(messages.RunRests(run))

        def failed(error: AuditError) -> None:
            run.active = False
            for ended in self.listeners.ended:
                ended(run, error)

        jobs.run(work, failed, "read", on=run.connection)

    def load(self, run: Run) -> None:
        """Read to the end; after a stop, from where it stopped."""
        if not run.active:
            self.go_on(run, everything=True)

    def go_on(self, run: Run, *, everything: bool) -> None:
        """Continue, even after a stop."""
        run.go_on()
        self.read(run, everything=everything)
        self._desk.show_status()

    def _page_read(self, message: messages.PageRead) -> None:
        message.run.take(message.page)
        for brought in self.listeners.brought:
            brought(message.run)

    def _rests(self, message: messages.RunRests) -> None:
        message.run.active = False
        for rested in self.listeners.rested:
            if rested(message.run):
                return

    def brought(self, run: Run) -> None:
        """Show a page."""
        desk, results = self._desk, self._desk.results
        if run is not desk.run:
            return
        desk.unsay()
        if desk.group is None:
            if isinstance(results.source, GroupSource):
                results.redraw(results.source.moved(results.cursor))
            elif run.widened and self._widened is not run:
                self._widened = run
                results.show(run.rows, results.cursor)
            else:
                results.show_growth()
        self._status.show_soon(at_once=len(run.rows.rows) <= SCREENFUL)

    def rested(self, run: Run) -> bool:
        """Everything is loaded, or enough for now: show it."""
        if run is self._desk.run:
            self._desk.show_status()
            self.want_more()
        return False

    def ended(self, run: Run, error: AuditError) -> None:
        """The run failed: report it."""
        if run.connection is self._workspace.connection:
            self.refuse(run.runbook, error)

    def want_more(self) -> None:
        """Read the next page near the end of the loaded rows."""
        run, source = self._desk.run, self._desk.row_source
        if run is None or source is not run.rows or source.filtered or not run.more:
            return
        results = self._desk.results
        near = max(results.cursor, results.last_in_sight)
        if near + 2 * results.room >= len(source):
            self.read(run)
            self._desk.show_status()

    def spend(self, rcu: float) -> None:
        """Add the cost of reading single entries to the status line."""
        if self._desk.run is not None:
            self._desk.run.looked_rcu += rcu
            self._desk.show_status()

    def stop(self) -> bool:
        """Stop reading and keep the rows; False if nothing is being read."""
        run = self._desk.run
        if run is None or not run.active:
            return False
        run.cancel()
        return True
