"""From a value of an entry to the runbook about it, and back to the same place."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.screens.panes import Place
from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.widgets.sidebar import Sidebar


class PivotingScreen(ReadingScreen):
    """From a value of an entry to the runbook about it, and back to the same place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("A", "pivot('actor')", "everything by this actor", id="pivot-actor"),
        Binding("R", "pivot('resource')", "the life of this resource", id="pivot-resource"),
        Binding("Q", "pivot('request_id')", "everything of this request", id="pivot-request"),
    ]

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
