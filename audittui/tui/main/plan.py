"""The plan of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.connection import Target
    from audittui.runbook.plan import Plan
    from audittui.tui.main.desk import Desk
    from audittui.tui.model.run import Run

MOST_COMMANDS = 100
"""How many AWS CLI commands are shown, one per partition."""


def show_plan(desk: Desk, target: Target, plan: Plan, run: Run | None = None) -> None:
    """Show the plan in words, with actual use so far."""
    from audittui.runbook.describe import command_of, describe_plan
    from audittui.tui.dialogs.reader import ReaderScreen
    from audittui.tui.text.plan import plan_text

    options: list[str] = []
    for option, value in (
        ("--region", target.region),
        ("--endpoint-url", target.endpoint_url),
        ("--profile", target.aws_profile),
    ):
        options += [option, value] if value else []
    table = target.table or "TABLE"
    described = describe_plan(plan, table=table, options=options, commands=MOST_COMMANDS)
    used = run.comparison if run is not None else ()
    asked = run.store.asked() if run is not None else ()
    command = escaped(command_of(plan, target.options()))
    desk.open(ReaderScreen("Plan", plan_text(described, used, command, asked)))
