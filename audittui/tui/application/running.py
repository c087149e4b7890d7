"""Running runbooks: planned and read in threads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from audittui.tui.application.plans import PlanningApp
from audittui.tui.application.sessions import SessionsApp
from audittui.tui.application.standing import StandingApp
from audittui.tui.model.run import SCREENFUL, Reading

if TYPE_CHECKING:
    from audittui.runbook.model import Runbook


class RunningApp(PlanningApp, SessionsApp, StandingApp):
    """Running runbooks: planned and read in threads."""

    _planning = 0
    """The number of the plan that is being made; 0 for none."""
    _wanted: tuple[Runbook, dict[str, str], bool] | None = None
    """What was asked for before the connection stood."""

    def plan(self, runbook: Runbook, texts: Mapping[str, str], *, only_show: bool = False) -> None:
        """Plan a runbook in a thread, then read it, or only show the plan."""
        if self.connection is None:
            # It waits for the connection.
            self._wanted = (runbook, dict(texts), only_show)
            if self.state.kind == "none":
                self._wanted = None
                self.main.say("There is no table to ask: P shows the profiles.")
            elif self.state.kind == "failed":
                self.main.say("There is no connection: r tries again and runs it then.")
            return
        connection = self.connection
        self._planning += 1
        number = self._planning

        def work() -> None:
            from audittui.query.probing import probed_plan
            from audittui.runbook.planner import make_plan

            layout, facts = connection.layout, connection.facts()
            if only_show:
                plan = make_plan(runbook, texts, layout, facts)
            else:
                plan = probed_plan(
                    runbook, texts, layout, facts, connection.store,
                    budget=connection.target.max_rcu,
                )  # fmt: skip
            reading = Reading(
                runbook, texts, plan, connection, self._notify_wait, self.marks, facts.chains
            )
            self.arrive(lambda: planned(reading))

        def planned(reading: Reading) -> None:
            if connection is not self.connection:
                return
            self.went(connection, None)
            if only_show:
                self.show_plan(reading.plan, None)
            elif number == self._planning:
                self._planning = 0
                self.remember_run(reading)
                self.main.began(reading)

        def failed(error: Exception) -> None:
            if self.went(connection, error) and number == self._planning:
                self._wanted = (runbook, dict(texts), only_show)
            if number == self._planning:
                self._planning = 0
                self.main.refused(runbook, error)

        self.work(work, failed, "plan")

    def _ask_for_more(self, reading: Reading, everything: bool) -> None:
        """The budget is used up: ask whether to go on."""
        from audittui.tui.dialogs.ask import ChoiceScreen

        assert reading.last is not None
        price = reading.plan.estimate.price
        used = f"{reading.rcu:,.1f} RCU" + (f", {price.text(reading.rcu)}" if price.billed else "")
        details = [
            f"{len(reading.rows.rows):,} rows so far, for {used}.",
            f"{reading.last.coverage.text()}.",
            f"The rest: {reading.left_text}.",
        ]
        tied = reading.last.coverage.tied
        more = reading.max_rcu or 0.0
        again = f"Go on by as much again: {more:g} RCU"
        if tied is not None:
            # As much again would get no further.
            more = max(2 * more, 2 * tied.units)
            again = f"Read the same again with {more:g} RCU"
        answers = [
            ("stop", "Stop here"),
            ("more", again),
            ("all", "Go on without a limit"),
        ]

        def answered(answer: str | None) -> None:
            if answer in (None, "stop") or reading.active or reading is not self.main.reading:
                return
            reading.max_rcu = None if answer == "all" else more
            reading.go_on()
            self.read(reading, everything=everything)
            self.main.show_status()

        self.push_screen(ChoiceScreen("The budget of this run is used up.", details, answers),
                         answered)  # fmt: skip

    def action_interrupt(self) -> None:
        """Stop reading and keep the rows, whatever screen is on top."""
        self.main.action_interrupt()

    def cancel_planning(self) -> bool:
        """Drop a plan that is being made; False when there is none."""
        was, self._planning, self._wanted = self._planning, 0, None
        return bool(was)

    def _notify_wait(self, sentence: str) -> None:
        self.arrive(lambda: self.main.say(sentence))

    def read(self, reading: Reading, *, everything: bool = False) -> None:
        """Read on in a thread: a screenful, or everything."""
        if reading.active:
            return
        reading.active = True
        if everything and reading.plan.estimate.fits(reading.max_rcu):
            reading.drain()

        def work() -> None:
            rows = 0
            while True:
                page = reading.read()
                if page is None:
                    break
                rows += len(page.rows)
                self.seen.add(page.rows)
                reading.look_around(page, self.seen.by_field)
                self.arrive(lambda page=page: take(page))  # type: ignore[misc]
                if page.coverage.stop or page.coverage.complete:
                    break
                if rows >= SCREENFUL and not everything:
                    break
            self.arrive(rest)

        def take(page: object) -> None:
            reading.take(page)  # type: ignore[arg-type]
            self.main.took(reading)

        def rest() -> None:
            reading.active = False
            self.remember_run(reading)
            if not (reading.last is not None and reading.last.coverage.stop == "cancelled"):
                self.went(reading.connection, reading.error)
            self.main.paused(reading)
            last = reading.last if reading is self.main.reading else None
            if last is not None and last.coverage.stop == "budget":
                self._ask_for_more(reading, everything)

        def failed(error: Exception) -> None:
            reading.active = False
            self.remember_run(reading)
            if reading.connection is self.connection:
                self.main.refused(reading.runbook, error)

        self.work(work, failed, "read")
