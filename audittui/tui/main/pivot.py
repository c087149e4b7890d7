"""From a value of an entry to the runbook about it, with or without the window, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from audittui import timestamp
from audittui.tui.main.key import Key

if TYPE_CHECKING:
    from audittui.runbook.plan import Window
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.run import Runner
    from audittui.tui.main.trail import Trail
    from audittui.tui.model.workspace import Workspace

EVER = "all"
"""The text of an unbounded window."""
_AROUND = 3_600 * timestamp.SECOND
"""Time on each side of an entry, if no earlier query had a window."""


class Pivot:
    """Goes from a value of an entry to the runbook about it."""

    def __init__(self, desk: Desk, workspace: Workspace, runner: Runner, trail: Trail) -> None:
        self._desk = desk
        self._workspace = workspace
        self._runner = runner
        self._trail = trail

    async def pivot(self, question: str) -> None:
        """Run the runbook about a value of this entry; if it is already shown, with another
        window."""
        from audittui.runbook.timerange import window_text
        from audittui.tui.model.entry import runbook_about, subject_of

        desk = self._desk
        row, group, run = desk.row, desk.listed_group, desk.run
        name = question.replace("_", " ")
        if run is not None and row is not None:
            value, time = getattr(row, question), row.time
        elif run is not None and group is not None:
            value, time = dict(group.key).get(question, ""), group.last
        else:
            desk.say_no_entry()
            return
        if not value and group is not None:
            desk.say(f"These events differ in {name}: Enter opens them.")
            return
        if not value:
            desk.say(f"This entry has no {name}.")
            return
        runbook = runbook_about(self._workspace.catalogue, question)
        if runbook is None:
            desk.say(f"No runbook answers by {name}.")
            return
        subject = subject_of(runbook)
        again = run.runbook.id == runbook.id and run.texts.get(subject) == value
        if again:
            texts = dict(run.texts)
        else:
            texts = {one.name: one.default_text for one in runbook.params if one.default_text}
            texts[subject] = value
        window = runbook.query.during.strip("{}")
        if runbook.param(window) is not None:
            if again:
                texts[window] = self._other_window(run.plan.window, time)
            elif question == "actor":
                texts[window] = window_text(run.plan.window)
            else:
                texts[window] = EVER
        self._trail.keep(run)
        desk.sidebar.select(runbook.id)
        await desk.form.show(runbook, texts)
        self._runner.run(runbook, texts)

    def _other_window(self, present: Window, time: int) -> str:
        """An unbounded window; if that is the current one, the last bounded one, or the hours
        around ``time``."""
        from audittui.runbook.plan import Window
        from audittui.runbook.timerange import window_text

        ever = Window(None, None)
        if present != ever:
            return EVER
        before = (one.plan.window for one in reversed(self._trail.runs))
        around = Window(max(time - _AROUND, 0), time + _AROUND)
        return window_text(next((one for one in before if one != ever), around))

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "A", "pivot-actor", "all by this actor in the window; again: all time", pivot,
            ("actor",), words="user, who",
        ),
        Key(
            "R", "pivot-resource", "lifecycle of this resource; again: in the window", pivot,
            ("resource",), words="object, what",
        ),
        Key(
            "Q", "pivot-request", "all of this request; again: in the window", pivot,
            ("request_id",), words="trace, correlation id",
        ),
    )  # fmt: skip
