"""The plan of a run, shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audittui.escape import escaped
from audittui.tui.application.threads import ThreadedApp

if TYPE_CHECKING:
    from audittui.runbook.plan import Plan
    from audittui.tui.model.run import Reading

MOST_COMMANDS = 100
"""AWS CLI commands that are shown, one a partition."""


class PlanningApp(ThreadedApp):
    """The plan of a run, shown."""

    def show_plan(self, plan: Plan, reading: Reading | None) -> None:
        """The plan in words, with what was used so far."""
        from audittui.runbook.describe import command_of, describe_plan
        from audittui.tui.dialogs.reader import ReaderScreen
        from audittui.tui.text.plan import plan_text

        words: list[str] = []
        for option, value in (
            ("--region", self.target.region), ("--endpoint-url", self.target.endpoint_url),
            ("--profile", self.target.aws_profile),
        ):  # fmt: skip
            words += [option, value] if value else []
        table = self.target.table or "TABLE"
        described = describe_plan(plan, table=table, options=words, commands=MOST_COMMANDS)
        used = reading.comparison if reading is not None else ()
        asked = reading.store.asked() if reading is not None else ()
        command = escaped(command_of(plan, self.target.options()))
        self.push_screen(ReaderScreen("Plan", plan_text(described, used, command, asked)))
