"""One step back, from any place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from audittui.tui.main.key import Key
from audittui.tui.main.trail import Place

if TYPE_CHECKING:
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.entry import Entry
    from audittui.tui.main.run import Runner
    from audittui.tui.main.session import Sessions
    from audittui.tui.main.trail import Trail


class Back:
    """Goes back. A step back in the results first tries each of ``undo`` before it leaves the
    place; ``leave`` ends the application."""

    def __init__(
        self,
        desk: Desk,
        trail: Trail,
        runner: Runner,
        entry: Entry,
        sessions: Sessions,
        undo: Sequence[Callable[[], bool]],
        leave: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._trail = trail
        self._runner = runner
        self._entry = entry
        self._sessions = sessions
        self._undo = undo
        self._leave = leave

    def back(self) -> None:
        """One step back; never out of the application."""
        self._step_back()

    def _step_back(self) -> bool:
        """One step back; False at the top level."""
        desk, places = self._desk, self._trail.places
        if desk.asking:
            desk.end_asking()
            desk.go_pane("results")
        elif desk.zoomed and not (places and places[-1].zoomed):
            # A pane zoomed at this place is restored; a step back to a zoomed place keeps the zoom.
            desk.zoomed = False
            desk.show_panes()
        elif desk.pane == "detail" or (desk.pane == "results" and desk.detail_open):
            desk.close_detail()
        elif desk.pane == "results" and any(undone() for undone in self._undo):
            pass
        elif desk.pane == "results" and places:
            place = places.pop()
            if isinstance(place, Place):
                self._restore(place)
            else:
                self._sessions.go_to(place)
        elif desk.pane in ("results", "form"):
            desk.go_pane("sidebar")
            return False
        else:
            return False
        return True

    def _restore(self, place: Place) -> None:
        """Show a place again as it was left."""
        desk, runner = self._desk, self._runner
        runner.leave()
        runner.cancel_planning()
        run = desk.run = place.run
        if run.last is not None and run.last.coverage.stop == "cancelled":
            # Leaving it stopped it: reading resumes once more rows are wanted.
            run.go_on()
        desk.group, desk.zoomed = place.group, place.zoomed
        desk.results.show_at(place.source, place.sight)
        desk.sidebar.select(run.runbook.id)
        desk.fill_form(run.runbook, run.texts)
        desk.close_detail()
        if place.detail is not None:
            self._entry.open(place.detail)
        if place.detail is None or place.pane == "results":
            desk.go_pane("results")
        desk.unsay()
        desk.show_status()
        desk.after_refresh(lambda: self._look_again(place))

    def _look_again(self, place: Place) -> None:
        lines, sight = self._desk.results, place.sight
        now = lines.sight
        if lines.source is place.source and now.cursor == sight.cursor and now != sight:
            lines.show_at(place.source, sight)
        self._runner.want_more()

    def back_or_leave(self) -> None:
        """One step back; at the top level, quit."""
        desk = self._desk
        inside = desk.pane in ("results", "detail") or bool(desk.asking)
        if not inside or not self._step_back():
            self._leave()

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("escape", "back", "back", back, words="close, undo"),
        Key("backspace", "back-too", "back", back, shown=False),
        Key("q", "quit", "back; quit at the top level", back_or_leave, words="exit, leave"),
    )
