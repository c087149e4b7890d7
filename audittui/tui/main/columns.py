"""How the list shows its rows: wrapping, columns, time style."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from audittui.tui.main.key import Key
from audittui.tui.text.times import STYLES

if TYPE_CHECKING:
    from audittui.tui.main.desk import Desk
    from audittui.tui.model.run import Run
    from audittui.tui.text.times import TimeStyle

TIMES_GROW_OLD = 20
"""Seconds between redraws of relative times."""
_TOLD = {
    "utc": "Times are shown in UTC.",
    "local": "Times are shown in this machine's local time.",
    "ago": "Times are shown relative to now.",
}


class Columns:
    """How lists show their rows. ``tell_times`` sets the time style of every list."""

    def __init__(self, desk: Desk, tell_times: Callable[[TimeStyle], None]) -> None:
        self._desk = desk
        self._tell_times = tell_times
        self._chosen: dict[str, tuple[str, ...]] = {}
        """The chosen columns, by runbook id."""

    def of(self, run: Run) -> Sequence[str]:
        """The columns of a run."""
        return self._chosen.get(run.runbook.id, run.plan.columns)

    def began(self, run: Run) -> None:
        """Show the columns chosen before."""
        if run.runbook.id in self._chosen:
            run.rows.show_columns(self.of(run))

    def renew_times(self) -> None:
        """Redraw relative times."""
        results = self._desk.results
        if results.time_style == "ago":
            results.set_time_style("ago")

    def wrap(self) -> None:
        """Wrap rows over several lines, or show one line per row again."""
        results = self._desk.results
        wrapped = not results.wrapped
        results.set_wrapped(wrapped)
        said = "Columns are wrapped; w shows one line per row." if wrapped else "One line per row."
        self._desk.say(said)

    def next_time_style(self) -> None:
        """Show times in UTC, local time or relative time, in turn."""
        style = STYLES[(STYLES.index(self._desk.results.time_style) + 1) % len(STYLES)]
        self._tell_times(style)
        self._desk.say(_TOLD[style])

    def choose(self) -> None:
        """Choose columns and their order."""
        desk, source = self._desk, self._desk.row_source
        if desk.run is None:
            desk.say("Run a runbook first; then C chooses the columns.")
            return
        if source is None:
            desk.say("Open a group first (Enter).")
            return
        from audittui.tui.dialogs.columns import ColumnsScreen

        def chosen(columns: tuple[str, ...] | None) -> None:
            if not columns or desk.row_source is not source or columns == source.columns:
                return
            source.show_columns(columns)
            if desk.run is not None:
                self._chosen[desk.run.runbook.id] = columns
            desk.results.show(source, desk.results.cursor)
            desk.show_status()

        desk.open(ColumnsScreen(source.columns), chosen)

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("w", "wrap", "wrap columns over several lines", wrap, words="whole rows, lines"),
        Key("C", "columns", "choose columns", choose, words="fields, order, show, hide"),
        Key(
            "D",
            "time-style",
            "times: UTC, local, relative",
            next_time_style,
            words="time zone, clock, relative",
        ),
    )
