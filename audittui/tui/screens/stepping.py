"""Going from entry to entry: failures, entries of one resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from audittui.layout.row import Row
from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.text import words


class SteppingScreen(ReadingScreen):
    """Going from entry to entry: failures, entries of one resource."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "failure(1)", "next failure, denial or broken verdict", id="next-failure"),
        Binding("E", "failure(-1)", "the one before it", id="previous-failure"),
        Binding("o", "same_resource(1)", "next entry of the same resource", id="next-of-resource"),
        Binding("O", "same_resource(-1)", "the one before it", id="previous-of-resource"),
    ]

    def action_failure(self, step: int) -> None:
        """Go to the next or previous row that did not succeed or is not as it was written."""
        verdicts = self.row_source.verdicts if self.row_source is not None else {}

        def fits(row: Row) -> bool:
            verdict = verdicts.get((row.chain, row.seq))
            broken = verdict is not None and verdict.failed
            return broken or row.outcome in ("failure", "denied")

        self._step(step, "failure", fits)

    def _step(self, step: int, what: str, fits: Callable[[Row], bool]) -> None:
        source = self.row_source
        if source is None or not len(source):
            self.say("There are no rows to go through.")
            return
        line = self.results.cursor + step
        while 0 <= line < len(source):
            if fits(source.row(line)):
                self.results.go(line)
                if self.pane == "detail":
                    self.open_detail(source.row(line))
                return
            line += step
        self.say(words.no_more(what, step, self.reading))

    def action_same_resource(self, step: int) -> None:
        """Go to the next or previous entry of the same resource."""
        row = self.row
        if row is None or not row.resource:
            self.say("No entry with a resource is chosen.")
        elif self.pane == "detail":
            neighbour = self.detail.neighbour(step)
            if neighbour is None:
                self.say(words.end_of_life(self.detail.life, step))
            else:
                self.open_detail(neighbour)
        else:
            self._step(step, "entry of this resource", lambda one: one.resource == row.resource)
