"""One step back, from wherever one is; stopping what runs; running the same again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from audittui.tui.main.key import Key
from audittui.tui.main.trail import Place

if TYPE_CHECKING:
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.connect import Connect
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.entry import Entry
    from audittui.tui.main.find import Find
    from audittui.tui.main.follow import Follow
    from audittui.tui.main.groups import Groups
    from audittui.tui.main.run import Runner
    from audittui.tui.main.session import Sessions
    from audittui.tui.main.trail import Trail
    from audittui.tui.model.workspace import Workspace


class Back:
    """Leads back. ``leave`` leaves the application."""

    def __init__(
        self,
        desk: Desk,
        jobs: Jobs,
        workspace: Workspace,
        trail: Trail,
        runner: Runner,
        entry: Entry,
        find: Find,
        follow: Follow,
        groups: Groups,
        sessions: Sessions,
        connect: Connect,
        leave: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        self._trail = trail
        self._runner = runner
        self._entry = entry
        self._find = find
        self._follow = follow
        self._groups = groups
        self._sessions = sessions
        self._connect = connect
        self._leave = leave

    def back(self) -> None:
        """One step back; never out of the application."""
        self._step_back()

    def _step_back(self) -> bool:
        """One step back; False at the root."""
        desk, places = self._desk, self._trail.places
        if desk.asking:
            desk.end_asking()
            desk.go_pane("results")
        elif desk.zoomed and not (places and places[-1].zoomed):
            # One pane alone since this place; the step back to one that was so keeps it.
            desk.zoomed = False
            desk.show_panes()
        elif desk.pane == "detail" or (desk.pane == "results" and desk.detail_open):
            desk.close_detail()
        elif desk.pane == "results" and (self._follow.leave() or self._groups.leave()):
            pass
        elif desk.pane == "results" and self._find.pattern:
            self._find.filter("")
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
            # It was ended by leaving it: reading goes on once more rows are wanted.
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

    def back_or_leave(self) -> None:
        """One step back, and out of the application at the root."""
        desk = self._desk
        inside = desk.pane in ("results", "detail") or bool(desk.asking)
        if not inside or not self._step_back():
            self._leave()

    def interrupt(self) -> None:
        """Stop what runs: an export, a search, following, planning, reading."""
        desk, jobs = self._desk, self._jobs
        if jobs.cancel("export") or jobs.cancel("success"):
            desk.say("Stopping…")
        elif self._follow.stop():
            pass
        elif self._runner.cancel_planning():
            desk.say("Stopped before anything was read.")
        elif self._runner.stop():
            desk.say("Stopping…")
        else:
            desk.say("Nothing is being read. q quits.")

    def rerun(self) -> None:
        """Run the same again, or connect again."""
        run = self._desk.run
        if self._workspace.state.kind in ("failed", "none"):
            self._connect.again()
        elif run is not None:
            self._runner.run(run.runbook, run.texts)
        else:
            self._desk.say("Nothing was run yet: choose a runbook (1).")

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("escape", "back", "back", back, words="close, undo"),
        Key("backspace", "back-too", "back", back, shown=False),
        Key("q", "quit", "back, and quits at the root", back_or_leave, words="exit, leave"),
        Key("r", "rerun", "run again, connect again", rerun, words="refresh, reload, retry"),
    )
