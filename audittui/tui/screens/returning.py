"""Going on with an investigation: the same questions, the same places in their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui import timestamp
from audittui.tui.model.filter import PatternError
from audittui.tui.model.rows import RowSource
from audittui.tui.model.session import Step
from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.text import words
from audittui.tui.widgets.sidebar import Sidebar

if TYPE_CHECKING:
    from audittui.runbook.model import Runbook
    from audittui.runbook.plan import Window
    from audittui.tui.model.groups import GroupSource
    from audittui.tui.model.run import Reading
    from audittui.tui.screens.panes import Place


class ReturningScreen(ReadingScreen):
    """Going on with an investigation: the same questions, the same places in their answers."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("B", "take_up", "go on with the last investigation", id="take-up"),
    ]
    _returning: Step | None = None
    """Where one is to come back to, while it is being read."""
    _looked = 0
    """Rows among which its row was looked for."""

    def action_take_up(self) -> None:
        """Go on with the investigation that was left."""
        offer = self.app.offer
        if offer is not None:
            self.app.take_up(offer)
        elif self.begun:
            self.say("An investigation is begun already: only a fresh start takes one up.")
        else:
            self.say("There is no earlier investigation of this log to go on with.")

    def show_status(self) -> None:
        """With nothing begun, the list offers to go on."""
        super().show_status()
        if self.reading is None and self.app.state.kind == "open":
            offer = self.app.offer
            if offer is not None:
                self.results.say(f"{words.CHOOSE}\n{words.offer_text(offer)}")

    def steps(self) -> tuple[Step, ...]:
        """The way here and the present place, as they are kept."""
        steps = [one if isinstance(one, Step) else _step(one) for one in self._history]
        if self._returning is not None:
            steps.append(self._returning)
        elif self.reading is not None:
            steps.append(_step(self.place_in(self.reading)))
        return tuple(steps)

    def return_to(self, steps: Sequence[Step]) -> None:
        """Go where the last of ``steps`` is; a step back leads to the one before it."""
        if not steps:
            return
        self._history[:] = steps[:-1]
        self._go_to(steps[-1])

    def restore(self, place: Place | Step) -> None:
        """Show a place again; one of an earlier session is read again."""
        if isinstance(place, Step):
            self._go_to(place)
        else:
            super().restore(place)

    def _go_to(self, step: Step) -> None:
        runbook = self.app.runbook_named(step.runbook)
        if runbook is None:
            self.say(f"There is no runbook {step.runbook} any more.")
            return
        self.query_one(Sidebar).select(runbook.id)
        self.call_later(self.form.show, runbook, step.texts)
        self.run_runbook(runbook, step.texts)
        self.zoomed = step.zoomed
        self._returning, self._looked = step, 0

    def run_runbook(self, runbook: Runbook, texts: Mapping[str, str]) -> None:
        """Run something; what was being returned to is left."""
        self._returning = None
        super().run_runbook(runbook, texts)

    def began(self, reading: Reading) -> None:
        """The question is asked again: with its filter, if it had one."""
        super().began(reading)
        step = self._returning
        if step is not None and step.pattern and not reading.rows.pattern:
            try:
                reading.rows.filter(step.pattern, hiding=step.hiding)
            except PatternError:
                return
            self.results.changed(0)

    def paused(self, reading: Reading) -> None:
        """The reading rests: read on until the row of the cursor is there."""
        step = self._returning
        if step is None or reading is not self.reading:
            super().paused(reading)
            return
        if reading.groups is not None:
            self._returning = None
            self._return_to_group(reading.groups, step)
        elif not self._return_to_row(reading.rows, step):
            if reading.more and len(reading.rows.rows) < step.rows:
                self.app.read(reading)
                self.say(
                    f"Coming back to where you were: {len(reading.rows.rows):,} of"
                    f" {step.rows:,} rows. Ctrl-C stops."
                )
                return
            self._returning = None
            if step.row is not None and not reading.error:
                self.say("The entry that you were at is not among these rows any more.")
        super().paused(reading)

    def _return_to_row(self, source: RowSource, step: Step) -> bool:
        rows = source.rows
        if step.row is None:
            self._returning = None
            return True
        at = next((at for at in range(self._looked, len(rows)) if rows[at].key == step.row), None)
        self._looked = len(rows)
        if at is None:
            return False
        self._returning = None
        if self.results.cursor == 0:  # nobody moved meanwhile
            source.search()
            self.results.changed(source.line_of(at))
            self._open_again(step)
        return True

    def _return_to_group(self, groups: GroupSource, step: Step) -> None:
        line = groups.line_of(step.group) if step.group is not None else None
        if line is None:
            self.results.go(step.line)
            return
        self.open_group(groups.groups[line])
        source = self.row_source
        assert source is not None
        at = next((at for at, row in enumerate(source.rows) if row.key == step.row), 0)
        self.results.go(at)
        self._open_again(step)

    def _open_again(self, step: Step) -> None:
        if step.detail:
            self.open_detail(self.listed_row)
        else:
            self.show_panes()


def _in_minutes(window: Window) -> str:
    """A window as people tell it; empty where it has no ends."""
    ends = (
        "" if end is None else timestamp.to_second(end)[:16] for end in (window.start, window.end)
    )
    text = "..".join(ends)
    return "" if text == ".." else text


def _step(place: Place) -> Step:
    """A place, as it is kept."""
    from audittui.runbook.timerange import window_text

    reading, source, cursor = place.reading, place.source, place.sight.cursor
    texts = dict(reading.texts)
    # The window as it was, not the one that the same words would mean later.
    window = window_text(reading.plan.window)
    if reading.plan.window_parameter:
        texts[reading.plan.window_parameter] = window
    rows = source if isinstance(source, RowSource) and len(source) else None
    return Step(
        title=words.crumb(reading, _in_minutes(reading.plan.window)),
        runbook=reading.runbook.id,
        texts=texts,
        pattern=rows.pattern if rows is not None else "",
        hiding=rows.hiding if rows is not None else True,
        group=place.group.key if place.group is not None else None,
        row=rows.row(min(cursor, len(rows) - 1)).key if rows is not None else None,
        line=cursor,
        detail=place.detail is not None,
        zoomed=place.zoomed,
        rows=len(reading.rows.rows),
        rcu=reading.rcu,
    )
