"""The investigation, saved as it proceeds, and resumed with the same queries and places."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

from audittui import timestamp
from audittui.errors import AuditError
from audittui.layout.row import Row
from audittui.tui import messages
from audittui.tui.main.key import Key
from audittui.tui.model.filter import PatternError
from audittui.tui.model.marks import Mark
from audittui.tui.model.rows import RowSource
from audittui.tui.model.session import KeptMark, Session, Step, offered
from audittui.tui.text import words

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.runbook.plan import Window
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.entry import Entry
    from audittui.tui.main.groups import Groups
    from audittui.tui.main.notebook import Notebook
    from audittui.tui.main.run import Runner
    from audittui.tui.main.trail import Place, Trail
    from audittui.tui.model.groups import GroupSource
    from audittui.tui.model.run import Run
    from audittui.tui.model.workspace import Workspace

_EVERY = 2.0
"""Seconds between checks for something new to save."""


class Sessions:
    """Saves the investigation, and resumes an earlier one."""

    def __init__(
        self,
        desk: Desk,
        jobs: Jobs,
        workspace: Workspace,
        notebook: Notebook,
        runner: Runner,
        trail: Trail,
        groups: Groups,
        entry: Entry,
    ) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        self._notebook = notebook
        self._runner = runner
        self._trail = trail
        self._groups = groups
        self._entry = entry
        self._noted: Session | None = None
        self._key = ""
        self._taken_up = ""
        """The key of the investigation being resumed."""
        self._returning: Step | None = None
        """The place to return to, while it is being read."""
        self._looked = 0
        """Rows searched for its row so far."""
        jobs.hear(messages.MarksRead, lambda one: self._take_marks(one.marks))

    # Saving

    def begin(self) -> None:
        """Start saving the investigation."""
        if self._notebook.memory is not None:
            self._key = uuid4().hex
            self._jobs.regularly(_EVERY, self.note)

    @property
    def begun(self) -> bool:
        """True once something was run or an entry marked."""
        asked = self._desk.run is not None or bool(self._trail.places)
        return asked or len(self._workspace.marks) > 0

    @property
    def _target(self) -> str:
        return " ".join(self._workspace.target.options())

    @property
    def offer(self) -> Session | None:
        """The investigation that can be resumed; None if there is none, or one is under way.

        An embedded store in memory leaves nothing to resume.
        """
        notebook = self._notebook
        if notebook.memory is None or self.begun or self._workspace.target.store == ":memory:":
            return None
        return offered(notebook.state.sessions, self._key, self._target, timestamp.now())

    def note(self) -> None:
        """Save the current place, if it changed."""
        if self._notebook.memory is None or not self._key or not self.begun:
            return
        marks = tuple(
            KeptMark(one.row.key, one.row.chain, one.row.seq, one.note)
            for one in self._workspace.marks
        )
        session = Session(
            self._key,
            self._target,
            socket.gethostname(),
            os.getpid(),
            timestamp.now(),
            self._steps(),
            marks,
        )
        if not session.same_work(self._noted):
            self._noted, before = session, self._taken_up
            self._notebook.change(lambda state: state.with_session(session, before))

    def _steps(self) -> tuple[Step, ...]:
        """The path and the current place, as saved."""
        steps = [one if isinstance(one, Step) else _step(one) for one in self._trail.places]
        if self._returning is not None:
            steps.append(self._returning)
        elif self._desk.run is not None:
            steps.append(_step(self._trail.place_in(self._desk.run)))
        return tuple(steps)

    def end(self) -> None:
        """End this investigation: another log is opened."""
        self.note()
        self._noted, self._taken_up = None, ""
        if self._key:
            self._key = uuid4().hex

    # Resuming

    def take_up(self) -> None:
        """Resume the last investigation."""
        offer = self.offer
        if offer is not None:
            self._go_on(offer)
        elif self.begun:
            self._desk.say("An investigation is already under way: B works after a fresh start.")
        else:
            self._desk.say("There is no earlier investigation of this log to resume.")

    def _go_on(self, session: Session) -> None:
        """Reread the marks of an investigation in a thread, and go to its last place."""
        connection, jobs = self._workspace.connection, self._jobs
        if connection is None:
            self._desk.say("Not connected yet.")
            return
        self._taken_up = session.key
        if session.steps:
            self._trail.places[:] = session.steps[:-1]
            self.go_to(session.steps[-1])
        if not session.marks:
            return

        def work() -> None:
            marks, rcu = _read(connection, session.marks)
            jobs.post(messages.MarksRead(marks))
            jobs.post(messages.Spent(rcu))

        def failed(error: AuditError) -> None:
            self._take_marks([_unread(one) for one in session.marks])
            self._desk.say(str(error))

        jobs.run(work, failed, "marks", on=connection)

    def _take_marks(self, marks: Sequence[Mark]) -> None:
        present, results = self._workspace.marks, self._desk.results
        known = [one for one in present if all(one.row.key != had.row.key for had in marks)]
        present.replace([*marks, *known])
        results.redraw(results.cursor)

    def go_to(self, step: Step) -> None:
        """Run the query of an earlier session again, and restore its cursor."""
        desk, runbook = self._desk, self._workspace.runbook(step.runbook)
        if runbook is None:
            desk.say(f"Runbook {step.runbook} no longer exists.")
            return
        desk.sidebar.select(runbook.id)
        desk.fill_form(runbook, step.texts)
        self._runner.run(runbook, step.texts)
        desk.zoomed = step.zoomed
        self._returning, self._looked = step, 0

    def asked(self) -> None:
        """Another run was requested: stop returning to a place."""
        self._returning = None

    def began(self, run: Run) -> None:
        """The query runs again: restore its filter."""
        step = self._returning
        if step is not None and step.pattern and not run.rows.pattern:
            try:
                run.rows.filter(step.pattern, hiding=step.hiding)
            except PatternError:
                return
            self._desk.results.redraw(0)

    def rested(self, run: Run) -> bool:
        """Read more until the row of the cursor is loaded."""
        desk, step = self._desk, self._returning
        if step is None or run is not desk.run:
            return False
        if run.groups is not None:
            self._returning = None
            self._return_to_group(run.groups, step)
        elif not self._return_to_row(run.rows, step):
            if run.more and len(run.rows.rows) < step.rows:
                self._runner.read(run)
                desk.say(
                    f"Returning to where you were: {len(run.rows.rows):,} of"
                    f" {step.rows:,} rows. Ctrl-C stops."
                )
                return True
            self._returning = None
            if step.row is not None and not run.error:
                desk.say("The entry you were at is no longer among these rows.")
        return False

    def _return_to_row(self, source: RowSource, step: Step) -> bool:
        rows, results = source.rows, self._desk.results
        if step.row is None:
            self._returning = None
            return True
        at = next((at for at in range(self._looked, len(rows)) if rows[at].key == step.row), None)
        self._looked = len(rows)
        if at is None:
            return False
        self._returning = None
        if results.cursor == 0:  # the user has not moved meanwhile
            source.search()
            results.redraw(source.line_of(at))
            self._open_again(step)
        return True

    def _return_to_group(self, groups: GroupSource, step: Step) -> None:
        results = self._desk.results
        line = groups.line_of(step.group) if step.group is not None else None
        if line is None:
            results.go(step.line)
            return
        self._groups.open(groups.groups[line])
        source = self._desk.row_source
        assert source is not None
        at = next((at for at, row in enumerate(source.rows) if row.key == step.row), 0)
        results.go(at)
        self._open_again(step)

    def _open_again(self, step: Step) -> None:
        if step.detail:
            self._entry.open(self._desk.listed_row)
        else:
            self._desk.show_panes()

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "B", "take-up", "resume the last investigation", take_up,
            words="resume, restore, session, continue",
        ),
    )  # fmt: skip


def _read(connection: Connection, marks: Sequence[KeptMark]) -> tuple[list[Mark], float]:
    """Marks with their rows, and the read units used."""
    layout = connection.layout
    unread = [_unread(one) for one in marks]
    keys = [layout.key_of(one.row) for one in unread]
    found = connection.store.get_many(keys, consistent=False)
    return [
        one if item is None else Mark(layout.row(item), one.note)
        for one, item in zip(unread, found.items, strict=True)
    ], found.rcu


def _unread(mark: KeptMark) -> Mark:
    """A mark on an entry that cannot be read: only its key is known."""
    return Mark(Row(0, 0, mark.key, mark.chain, mark.seq), mark.note)


def _in_minutes(window: Window) -> str:
    """A window as text; empty if it is unbounded."""
    ends = (
        "" if end is None else timestamp.to_second(end)[:16] for end in (window.start, window.end)
    )
    text = "..".join(ends)
    return "" if text == ".." else text


def _step(place: Place) -> Step:
    """A place, as saved."""
    from audittui.runbook.timerange import window_text

    run, source, cursor = place.run, place.source, place.sight.cursor
    texts = dict(run.texts)
    # The resolved window, not the words, which would mean another one later.
    window = window_text(run.plan.window)
    if run.plan.window_parameter:
        texts[run.plan.window_parameter] = window
    rows = source if isinstance(source, RowSource) and len(source) else None
    return Step(
        title=words.crumb(run, _in_minutes(run.plan.window)),
        runbook=run.runbook.id,
        texts=texts,
        pattern=rows.pattern if rows is not None else "",
        hiding=rows.hiding if rows is not None else True,
        group=place.group.key if place.group is not None else None,
        row=rows.row(min(cursor, len(rows) - 1)).key if rows is not None else None,
        line=cursor,
        detail=place.detail is not None,
        zoomed=place.zoomed,
        rows=len(run.rows.rows),
        rcu=run.rcu,
    )
