"""Running runbooks: planned and read in threads, shown as rows come."""

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
from audittui.tui.model.run import SCREENFUL, Reading

if TYPE_CHECKING:
    from audittui.runbook.model import Runbook
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.link import Link
    from audittui.tui.main.status import Status
    from audittui.tui.main.trail import Trail
    from audittui.tui.model.workspace import Workspace


class Wanted(msgspec.Struct, frozen=True):
    """What was asked for before the connection stood."""

    runbook: Runbook
    texts: Mapping[str, str]
    only_show: bool = False


class Runner:
    """Runs runbooks, one at a time. ``listeners`` hear of it."""

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
        """The number of the plan that is being made; 0 for none."""
        self._widened: Reading | None = None
        """The run whose list was laid out anew because it shows the chain."""
        jobs.hear(messages.PlanMade, self._plan_made)
        jobs.hear(messages.Planned, self._planned)
        jobs.hear(messages.PageRead, self._page_read)
        jobs.hear(messages.ReadingRests, self._rests)
        jobs.hear(messages.Spent, lambda message: self.spend(message.rcu))

    def run(self, runbook: Runbook, texts: Mapping[str, str]) -> None:
        """Plan and read; the results pane takes the keys."""
        desk = self._desk
        for asked in self.listeners.asked:
            asked()
        desk.unsay()
        self.leave()
        desk.close_detail()
        desk.reading = desk.group = None
        desk.end_asking()
        desk.results.show(RowSource(runbook.columns))
        desk.go_pane("results")
        self.plan(runbook, texts)
        desk.show_status()

    def leave(self) -> None:
        """Another run comes: this one ends, unless it rests and somebody may come back."""
        reading = self._desk.reading
        if reading is None:
            return
        if reading.active or not any(one is reading for one in self._trail.readings):
            reading.cancel()
        elif reading.live is not None:
            reading.live.stop()

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
                desk.say("There is no table to ask: P shows the profiles.")
            elif workspace.state.kind == "failed":
                desk.say("There is no connection: r tries again and runs it then.")
            return
        self._planning += 1
        number, marks = self._planning, workspace.marks

        def work() -> None:
            from audittui.query.probing import probed_plan
            from audittui.runbook.planner import make_plan

            layout, facts = connection.layout, connection.facts()
            if only_show:
                plan = make_plan(runbook, texts, layout, facts)
                jobs.post(messages.PlanMade(connection, plan))
                return
            budget = connection.target.max_rcu
            plan = probed_plan(runbook, texts, layout, facts, connection.store, budget=budget)
            reading = Reading(
                runbook, texts, plan, connection, self._notify_wait, marks, facts.chains
            )
            jobs.post(messages.Planned(number, reading))

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
        reading = message.reading
        if reading.connection is not self._workspace.connection:
            return
        self._link.note_answer(reading.connection)
        if message.number == self._planning:
            self._planning = 0
            for began in self.listeners.began:
                began(reading)

    def cancel_planning(self) -> bool:
        """Drop a plan that is being made; False when there is none."""
        was, self._planning, self.wanted = self._planning, 0, None
        return bool(was)

    def began(self, reading: Reading) -> None:
        """A plan is made: show it being read."""
        desk, typed = self._desk, self._desk.row_source
        desk.reading = reading
        if typed is not None and typed.pattern:
            # Somebody was faster than the plan.
            reading.rows.filter(typed.pattern, hiding=typed.hiding)
        desk.results.show(reading.groups if reading.groups is not None else reading.rows)
        desk.show_panes()
        self.read(reading, everything=reading.groups is not None)
        desk.show_status()

    def refuse(self, runbook: Runbook, error: AuditError) -> None:
        """A runbook cannot run so: show why, where it is to be mended."""
        from audittui.runbook.bind import ParameterErrors

        desk, form = self._desk, self._desk.form
        if isinstance(error, ParameterErrors) and form.runbook is runbook:
            desk.go_pane("form")
            form.show_faults(error.errors)
        elif isinstance(error, UsageError) and form.runbook is runbook and not desk.reading:
            # It is the question that has to be mended.
            desk.go_pane("form")
        desk.say(str(error), lasting=True)

    # Reading

    def read(self, reading: Reading, *, everything: bool = False) -> None:
        """Read on in a thread: a screenful, or everything."""
        if reading.active:
            return
        jobs, seen = self._jobs, self._workspace.seen
        reading.active, reading.everything = True, everything
        if everything and reading.plan.estimate.fits(reading.max_rcu):
            reading.drain()

        def work() -> None:
            rows = 0
            while (page := reading.read()) is not None:
                rows += len(page.rows)
                seen.add(page.rows)
                reading.look_around(page, seen.by_field)
                jobs.post(messages.PageRead(reading, page))
                if page.coverage.stop or page.coverage.complete:
                    break
                if rows >= SCREENFUL and not everything:
                    break
            jobs.post(messages.ReadingRests(reading))

        def failed(error: AuditError) -> None:
            reading.active = False
            for ended in self.listeners.ended:
                ended(reading, error)

        jobs.run(work, failed, "read", on=reading.connection)

    def load(self, reading: Reading) -> None:
        """Read to the end; after a stop, from where it stopped."""
        if not reading.active:
            self.go_on(reading, everything=True)

    def go_on(self, reading: Reading, *, everything: bool) -> None:
        """Read on, also after a stop."""
        reading.go_on()
        self.read(reading, everything=everything)
        self._desk.show_status()

    def _page_read(self, message: messages.PageRead) -> None:
        message.reading.take(message.page)
        for brought in self.listeners.brought:
            brought(message.reading)

    def _rests(self, message: messages.ReadingRests) -> None:
        message.reading.active = False
        for rested in self.listeners.rested:
            if rested(message.reading):
                return

    def brought(self, reading: Reading) -> None:
        """A page came: show it."""
        desk, results = self._desk, self._desk.results
        if reading is not desk.reading:
            return
        desk.unsay()
        if desk.group is None:
            if isinstance(results.source, GroupSource):
                results.changed(results.source.moved(results.cursor))
            elif reading.widened and self._widened is not reading:
                self._widened = reading
                results.show(reading.rows, results.cursor)
            else:
                results.grown()
        self._status.show_soon(at_once=len(reading.rows.rows) <= SCREENFUL)

    def rested(self, reading: Reading) -> bool:
        """All is there, or enough for now: show it."""
        if reading is self._desk.reading:
            self._desk.show_status()
            self.want_more()
        return False

    def ended(self, reading: Reading, error: AuditError) -> None:
        """It broke: say so."""
        if reading.connection is self._workspace.connection:
            self.refuse(reading.runbook, error)

    def want_more(self) -> None:
        """Read the next page when the window is near the end of what is loaded."""
        reading, source = self._desk.reading, self._desk.row_source
        if reading is None or source is not reading.rows or source.filtered or not reading.more:
            return
        results = self._desk.results
        near = max(results.cursor, results.last_in_sight)
        if near + 2 * results.room >= len(source):
            self.read(reading)
            self._desk.show_status()

    def spend(self, rcu: float) -> None:
        """Looking at entries costs too: add it to what the status line says."""
        if self._desk.reading is not None:
            self._desk.reading.looked_rcu += rcu
            self._desk.show_status()

    def stop(self) -> bool:
        """Stop reading and keep the rows; False when nothing is read."""
        reading = self._desk.reading
        if reading is None or not reading.active:
            return False
        reading.cancel()
        return True
