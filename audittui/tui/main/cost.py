"""What a run costs: its plan, the question before loading everything, the end of a budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from audittui.tui.main.key import Key
from audittui.tui.main.plan import show_plan

if TYPE_CHECKING:
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.run import Runner
    from audittui.tui.model.run import Run
    from audittui.tui.model.workspace import Workspace


class Cost:
    """What a run costs. ``read_life_on`` reads more of the open lifecycle."""

    def __init__(
        self,
        desk: Desk,
        workspace: Workspace,
        runner: Runner,
        read_life_on: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._workspace = workspace
        self._runner = runner
        self._read_life_on = read_life_on

    def load_all(self) -> None:
        """Ask, then read to the end; after a stop, continue from there. In a lifecycle, read more
        of it."""
        desk, run = self._desk, self._desk.run
        if desk.pane == "detail" and desk.detail.lane.has_focus:
            self._read_life_on()
        elif run is None:
            desk.say("Nothing has been run yet: choose a runbook (1).")
        elif run.active:
            desk.say("Still reading.")
        elif run.complete:
            desk.say("Everything is already loaded.")
        else:
            self._ask_to_load(run)

    def _ask_to_load(self, run: Run) -> None:
        """Ask with the estimate, then read to the end."""
        from audittui.tui.dialogs.reader import ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes:
                self._runner.load(run)

        count = len(run.rows.rows)
        estimate = run.plan.estimate
        used = f"{run.rcu:,.1f} RCU in {run.requests:,} requests"
        if estimate.price.billed:
            used += f", {estimate.price.text(run.rcu)}"
        details = [
            f"Loaded: {count:,} rows for {used}.",
            f"The rest: {run.left_text}.",
            estimate.how,
            "Ctrl-C stops at any time and keeps the rows.",
        ]
        budget = run.max_rcu
        if budget is not None:
            details.insert(-1, f"It stops at the profile's budget of {budget:g} RCU.")
        self._desk.open(ConfirmScreen("Load all rows of this result?", details), answered)

    def show_plan(self) -> None:
        """Show the plan of the current run or of the form."""
        desk, form = self._desk, self._desk.form
        if desk.run is not None and desk.pane not in ("sidebar", "form"):
            show_plan(desk, self._workspace.target, desk.run.plan, desk.run)
        elif form.runbook is None:
            desk.say("Choose a runbook first (1).")
        else:
            self._runner.plan(form.runbook, form.texts, only_show=True)

    def rested(self, run: Run) -> bool:
        """If the budget is used up, ask whether to continue."""
        last = run.last if run is self._desk.run else None
        if last is None or last.coverage.stop != "budget":
            return False
        from audittui.tui.dialogs.ask import ChoiceScreen

        price = run.plan.estimate.price
        used = f"{run.rcu:,.1f} RCU" + (f", {price.text(run.rcu)}" if price.billed else "")
        details = [
            f"{len(run.rows.rows):,} rows so far, for {used}.",
            f"{last.coverage.text()}.",
            f"The rest: {run.left_text}.",
        ]
        tied = last.coverage.tied
        more = run.max_rcu or 0.0
        again = f"Continue with another {more:g} RCU"
        if tied is not None:
            # The same amount again would make no progress.
            more = max(2 * more, 2 * tied.units)
            again = f"Read that part again with {more:g} RCU"
        answers = [("stop", "Stop here"), ("more", again), ("all", "Continue without a limit")]

        def answered(answer: str | None) -> None:
            if answer in (None, "stop") or run.active or run is not self._desk.run:
                return
            run.max_rcu = None if answer == "all" else more
            self._runner.go_on(run, everything=run.everything)

        question = "The budget of this run is used up."
        self._desk.open(ChoiceScreen(question, details, answers), answered)
        return False

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "L",
            "load-all",
            "load all rows, or continue after a stop",
            load_all,
            words="read everything, continue, more",
        ),
        Key(
            "x",
            "plan",
            "plan: what is read, what it costs",
            show_plan,
            words="explain, estimate, price, index",
        ),
    )
