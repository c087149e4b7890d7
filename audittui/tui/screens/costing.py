"""What a run costs: its plan, and the question before everything is loaded."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.screens.reading import ReadingScreen


class CostingScreen(ReadingScreen):
    """What a run costs: its plan, and the question before everything is loaded."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "load_all", "load all rows, or go on after a stop", id="load-all"),
        Binding("x", "plan", "the plan: what is read, what it costs", id="plan"),
    ]

    def action_load_all(self) -> None:
        """Ask, then read to the end; after a stop, go on where it stopped. In a lifecycle read the
        next of it."""
        reading = self.reading
        if self.pane == "detail" and self.detail.lane.has_focus:
            self.app.read_life_on()
            return
        if reading is None or reading.active:
            self.say("Still reading." if reading else "Nothing was run yet: choose a runbook (1).")
        elif reading.complete:
            self.say("Everything is loaded already.")
        else:
            self.app.ask_to_load(reading)

    def action_plan(self) -> None:
        """Show the plan of what was run, or of what the form says now."""
        if self.reading is not None and self.pane not in ("sidebar", "form"):
            self.app.show_plan(self.reading.plan, self.reading)
        elif self.form.runbook is None:
            self.say("Choose a runbook first (1).")
        else:
            self.app.plan(self.form.runbook, self.form.texts, only_show=True)
