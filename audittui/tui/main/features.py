"""The features of the main screen, each built from what it needs; the listeners of a run; all
keys in the order of the help."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from audittui.tui import messages
from audittui.tui.main.back import Back
from audittui.tui.main.columns import Columns
from audittui.tui.main.connect import Connect
from audittui.tui.main.copy import Copy
from audittui.tui.main.cost import Cost
from audittui.tui.main.entry import Entry
from audittui.tui.main.evidence import Evidence
from audittui.tui.main.export import Export
from audittui.tui.main.files import Files
from audittui.tui.main.find import Find
from audittui.tui.main.follow import Follow
from audittui.tui.main.groups import Groups
from audittui.tui.main.history import History
from audittui.tui.main.key import Key
from audittui.tui.main.link import Link
from audittui.tui.main.listeners import Listeners
from audittui.tui.main.marks import Marking
from audittui.tui.main.notebook import Notebook
from audittui.tui.main.pivot import Pivot
from audittui.tui.main.rerun import Rerun
from audittui.tui.main.run import Runner
from audittui.tui.main.runbooks import Runbooks
from audittui.tui.main.session import Sessions
from audittui.tui.main.status import Status
from audittui.tui.main.step import Steps
from audittui.tui.main.stop import STOPPING, Stop
from audittui.tui.main.trail import Trail
from audittui.tui.main.verify import Verify
from audittui.tui.main.window import TimeWindow

if TYPE_CHECKING:
    from audittui.connection import Connection, Target
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.outside import Outside
    from audittui.tui.model.session import Session
    from audittui.tui.model.workspace import Workspace


class Feature(Protocol):
    """Something that keys call."""

    KEYS: ClassVar[tuple[Key, ...]]


IN_HELP: tuple[type[Feature], ...] = (
    Sessions,
    Connect,
    History,
    Cost,
    Groups,
    Marking,
    Verify,
    Columns,
    Pivot,
    Follow,
    Steps,
    TimeWindow,
    Copy,
    Export,
    Find,
    Entry,
    Back,
    Rerun,
)
"""The features with keys, in the order of the help."""


class Features:
    """All features of the main screen."""

    def __init__(
        self,
        desk: Desk,
        outside: Outside,
        jobs: Jobs,
        workspace: Workspace,
        folders: Sequence[Path],
        open_target: Callable[[Target], Connection],
    ) -> None:
        self.trail = trail = Trail(desk)
        self.status = Status(desk, workspace, trail, self._offer)
        self.notebook = notebook = Notebook(desk, jobs)
        self.link = link = Link(desk, workspace, outside.show_connection)
        self.runner = runner = Runner(desk, jobs, workspace, trail, link, self.status)
        self.runbooks = Runbooks(desk, runner, trail)
        files = Files(desk, jobs)
        self.copy = Copy(desk, jobs, workspace, files, outside.copy_to_clipboard)
        self.columns = Columns(desk, outside.tell_times)
        self.groups = Groups(desk, jobs, workspace, self.columns)
        self.verify = Verify(desk, jobs, workspace)
        self.entry = Entry(desk, jobs, workspace, self.verify, self.copy.copy_value)
        self.find = Find(desk, runner)
        self.follow = Follow(desk, jobs, link)
        self.step = Steps(desk, self.entry)
        self.pivot = Pivot(desk, workspace, runner, trail)
        self.window = TimeWindow(desk, runner, trail)
        self.cost = Cost(desk, workspace, runner, self.entry.read_life_on)
        self.export = Export(desk, jobs, workspace, runner, files)
        evidence = Evidence(desk, jobs, workspace)
        self.marking = Marking(desk, workspace, self.entry, self.export, evidence)
        self.history = History(desk, workspace, notebook, runner, trail)
        self.sessions = Sessions(
            desk, jobs, workspace, notebook, runner, trail, self.groups, self.entry
        )
        self.connect = Connect(
            desk, jobs, workspace, link, runner, trail, self.sessions, folders, open_target
        )
        self.back = Back(
            desk,
            trail,
            runner,
            self.entry,
            self.sessions,
            undo=(self.follow.leave, self.groups.leave, self.find.clear),
            leave=outside.leave,
        )
        self.rerun = Rerun(desk, workspace, runner, self.connect)
        self.stop = Stop(
            desk,
            ways=(
                (lambda: jobs.cancel("export"), STOPPING),
                (lambda: jobs.cancel("success"), STOPPING),
                (self.follow.stop, ""),
                (runner.cancel_planning, "Stopped before anything was read."),
                (runner.stop, STOPPING),
            ),
        )
        jobs.hear(messages.Said, lambda message: desk.say(message.text))
        notebook.recalled = (self.history.renew, desk.show_status)
        runner.listeners = Listeners(
            asked=(self.sessions.asked,),
            began=(
                self.history.began,
                self.columns.began,
                runner.began,
                self.sessions.began,
            ),
            brought=(
                runner.brought,
                self.export.brought,
            ),
            rested=(
                self.history.rested,
                link.rested,
                self.find.rested,
                self.sessions.rested,
                runner.rested,
                self.groups.rested,
                self.export.rested,
                self.cost.rested,
            ),
            ended=(
                self.history.ended,
                runner.ended,
            ),
        )
        with_keys = [one for one in vars(self).values() if isinstance(one, IN_HELP)]
        self._calls = {
            key.name: partial(key.call, feature, *key.given)
            for feature in with_keys
            for key in feature.KEYS
        }

    def _offer(self) -> Session | None:
        return self.sessions.offer

    async def do(self, name: str) -> None:
        """Run the command of the key with this name."""
        done = self._calls[name]()
        if inspect.isawaitable(done):
            await done


def keys() -> Iterator[Key]:
    """The keys of all features, in the order of the help."""
    for feature in IN_HELP:
        yield from feature.KEYS
