"""Groups of repeated events: their events, thresholds, and whether failures ended in success."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from audittui.errors import AuditError
from audittui.tui import messages
from audittui.tui.main.key import Key
from audittui.tui.model.counts import counted
from audittui.tui.model.groups import GroupSource
from audittui.tui.model.rows import RowSource

if TYPE_CHECKING:
    from audittui.investigate.correlations import Group
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.columns import Columns
    from audittui.tui.main.desk import Desk
    from audittui.tui.model.run import Run
    from audittui.tui.model.workspace import Workspace

_AT_ONCE = 20
"""Groups queried in one go."""


class Groups:
    """Groups of repeated events."""

    def __init__(self, desk: Desk, jobs: Jobs, workspace: Workspace, columns: Columns) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        self._columns = columns
        jobs.hear(messages.Regrouped, self._regrouped)
        jobs.hear(messages.SuccessSought, self._success_sought)
        jobs.hear(messages.SuccessesSought, lambda one: self._learnt(one.run, ""))

    # The events of a group

    def open(self, group: Group) -> None:
        """Show the events of a group."""
        desk, run = self._desk, self._desk.run
        if run is None or run.groups is None:
            return
        desk.group = group
        rows = RowSource(self._columns.of(run), self._workspace.marks, run.strangers)
        rows.add(group.rows)
        desk.results.show(rows)
        desk.show_panes()
        desk.show_status()

    def leave(self) -> bool:
        """Return from the events of a group to the groups; False if none is open."""
        desk, run = self._desk, self._desk.run
        if desk.group is None or run is None:
            return False
        key, desk.group = desk.group.key, None
        groups = run.groups
        assert groups is not None
        desk.results.show(groups, groups.line_of(key) or 0)
        desk.show_panes()
        desk.show_status()
        return True

    # Thresholds

    def thresholds(self) -> None:
        """Ask for other thresholds; groups the loaded rows again and reads nothing."""
        from audittui.runbook.timerange import duration_text, parse_duration
        from audittui.tui.dialogs.ask import AskScreen, Blank

        desk, run = self._desk, self._desk.run
        if run is None or run.groups is None or run.plan.correlation is None:
            desk.say("This is not a list of groups: run one such as Repeated failures.")
            return
        rule = run.plan.correlation
        least = max((bound for name, bound in rule.condition if name == "gte"), default=2)
        blanks = [
            Blank("least", "at least", str(least)),
            Blank("timespan", "within", duration_text(rule.timespan)),
        ]

        def check(values: Mapping[str, str]) -> dict[str, str]:
            faults = {}
            if not values["least"].strip().isdecimal() or int(values["least"]) < 1:
                faults["least"] = "Enter a whole number, 1 or more."
            try:
                if parse_duration(values["timespan"]) < 1:
                    faults["timespan"] = "Enter a longer time, such as 10m."
            except ValueError as error:
                faults["timespan"] = f"{error}."
            return faults

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                timespan = parse_duration(values["timespan"])
                self._regroup(run, int(values["least"]), timespan)

        details = [f"The {len(run.rows.rows):,} loaded rows are grouped again; nothing is read."]
        desk.open(AskScreen("Thresholds", details, blanks, check), answered)

    def _regroup(self, run: Run, least: int, timespan: int) -> None:
        """Group the loaded rows by other thresholds, in a thread."""

        def work() -> None:
            groups = run.rethreshold(least, timespan)
            self._jobs.post(messages.Regrouped(run, least, timespan, groups))

        self._jobs.run(work, self._failed, "thresholds")

    def _regrouped(self, message: messages.Regrouped) -> None:
        """The groups have changed."""
        desk, run = self._desk, message.run
        run.set_thresholds(message.least, message.timespan, message.groups)
        if run is desk.run and run.groups is not None:
            desk.group = None
            desk.results.show(run.groups)
            desk.unsay()
            desk.show_panes()
            desk.show_status()

    # The success after failures

    def success(self) -> None:
        """Show the cost, then look for the first success after each group."""
        from audittui.investigate.aftermath import BUDGET, HORIZON
        from audittui.runbook.timerange import duration_text
        from audittui.tui.dialogs.reader import ConfirmScreen

        desk, run = self._desk, self._desk.run
        source = run.groups if run is not None else None
        if run is None or source is None or desk.group is not None:
            desk.say("This works on a list of groups: run one such as Repeated failures.")
            return
        if source.reads_success:
            desk.say("The rows include successes: the list already shows the first one.")
            return
        unknown = source.unknown()
        if not unknown:
            desk.say("Already known for every group." if len(source) else "There are no groups.")
            return
        count = min(len(unknown), _AT_ONCE)
        details = [
            "This runbook reads only failures. Finding successes takes one query",
            f"per group, up to {duration_text(HORIZON)} after its last event.",
            f"At most {BUDGET:g} RCU per group, {count * BUDGET:g} RCU in total.",
            f"! marks a success within {duration_text(source.timespan)} of the last failure.",
        ]
        if count < len(unknown):
            details.append(f"These are the largest {count} of {len(unknown):,}; S continues.")

        def answered(yes: bool | None) -> None:
            if yes:
                self._look_for_success(run, unknown)

        question = f"Look for the first success after {counted(count, 'group')}?"
        desk.open(ConfirmScreen(question, details), answered)

    def rested(self, run: Run) -> bool:
        """If nothing is billed, look for successes immediately."""
        source = run.groups
        if run is self._desk.run and source is not None and run.complete:
            unknown = source.unknown()
            if not run.connection.billed and unknown:
                self._look_for_success(run, unknown)
        return False

    def _look_for_success(self, run: Run, groups: Sequence[Group]) -> None:
        """Look for the first success after each of ``groups``, one after the other."""
        if run.groups is None or self._jobs.running("success"):
            return
        jobs, stop = self._jobs, threading.Event()
        wanted = list(islice(groups, _AT_ONCE))

        def work() -> None:
            from audittui.investigate.aftermath import first_success

            try:
                facts = run.connection.facts()
                jobs.post(messages.Spent(facts.rcu))
                for count, group in enumerate(wanted, 1):
                    if stop.is_set():
                        break
                    found = first_success(group, run.connection, facts, stop)
                    jobs.post(messages.SuccessSought(run, group, found, count, len(wanted)))
            finally:
                jobs.post(messages.SuccessesSought(run))

        jobs.run(work, self._failed, "success", on=run.connection, stop=stop)

    def _success_sought(self, message: messages.SuccessSought) -> None:
        run, group, found = message.run, message.group, message.found
        assert run.groups is not None
        run.groups.aftermaths[group.key] = (group.last, found)
        run.looked_rcu += found.rcu
        self._learnt(run, f"{message.count} of {message.total} groups checked. Ctrl-C stops.")

    def _learnt(self, run: Run, notice: str) -> None:
        """More is known about the groups."""
        desk, groups = self._desk, run.groups
        if groups is None:
            return
        groups.filter_again()
        if run is desk.run and desk.results.source is groups:
            desk.results.redraw(groups.moved(desk.results.cursor))
            desk.say(notice)

    def _failed(self, error: AuditError) -> None:
        self._desk.say(str(error))

    def listed(self) -> Group | None:
        """The group under the cursor, if groups are listed."""
        results = self._desk.results
        source = results.source
        return source.groups[results.cursor] if isinstance(source, GroupSource) else None

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "T",
            "thresholds",
            "change the thresholds of these groups",
            thresholds,
            words="at least, within, timespan",
        ),
        Key(
            "S",
            "success",
            "did the repeated failures end in success?",
            success,
            words="break in, aftermath, brute force",
        ),
    )
