"""From a value of an entry to the runbook about it, with or without the window, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui import timestamp
from audittui.tui.screens.panes import Place
from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.widgets.sidebar import Sidebar

if TYPE_CHECKING:
    from audittui.runbook.plan import Window

EVER = "all"
"""The text of a window without ends."""
_AROUND = 3_600 * timestamp.SECOND
"""Of an entry on each side, where nothing before had a window."""


class PivotingScreen(ReadingScreen):
    """From a value of an entry to the runbook about it, with or without the window, and back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "A", "pivot('actor')", "all by this actor in the window; again: ever", id="pivot-actor"
        ),
        Binding(
            "R", "pivot('resource')", "the life of this resource; again: in the window",
            id="pivot-resource",
        ),
        Binding(
            "Q", "pivot('request_id')", "all of this request; again: in the window",
            id="pivot-request",
        ),
    ]  # fmt: skip

    async def action_pivot(self, question: str) -> None:
        """Run the runbook about a value of this entry; where it is that already, in another
        window."""
        from audittui.runbook.timerange import window_text
        from audittui.tui.model.entry import subject_of

        row, group, reading = self.row, self.listed_group, self.reading
        name = question.replace("_", " ")
        if reading is not None and row is not None:
            value, time = getattr(row, question), row.time
        elif reading is not None and group is not None:
            value, time = dict(group.key).get(question, ""), group.last
        else:
            self.say_no_entry()
            return
        if not value and group is not None:
            self.say(f"These events do not share one {name}: Enter opens them.")
            return
        if not value:
            self.say(f"This entry has no {name}.")
            return
        found = self.app.pivot(question, value)
        if found is None:
            self.say(f"No runbook answers by {name}.")
            return
        runbook, texts = found
        window = runbook.query.during.strip("{}")
        again = (
            reading.runbook.id == runbook.id
            and reading.texts.get(subject_of(runbook)) == texts[subject_of(runbook)]
        )
        if again:
            texts = dict(reading.texts)
        if runbook.param(window) is not None:
            if again:
                texts[window] = self._other_window(reading.plan.window, time)
            elif question == "actor":
                texts[window] = window_text(reading.plan.window)
            else:
                texts[window] = EVER
        self.keep_place(reading)
        self.query_one(Sidebar).select(runbook.id)
        await self.form.show(runbook, texts)
        self.run_runbook(runbook, texts)

    def _other_window(self, present: Window, time: int) -> str:
        """All of time; where that is the present window, the last one that had ends, or the hours
        around ``time``."""
        from audittui.runbook.plan import Window
        from audittui.runbook.timerange import window_text

        ever = Window(None, None)
        if present != ever:
            return EVER
        places = (one for one in reversed(self._history) if isinstance(one, Place))
        before = (one.reading.plan.window for one in places)
        around = Window(max(time - _AROUND, 0), time + _AROUND)
        return window_text(next((one for one in before if one != ever), around))
