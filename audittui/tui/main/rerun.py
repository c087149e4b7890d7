"""Running the same query again, or reconnecting."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from audittui.tui.main.key import Key

if TYPE_CHECKING:
    from audittui.tui.main.connect import Connect
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.run import Runner
    from audittui.tui.model.workspace import Workspace


class Rerun:
    """Runs the same query again."""

    def __init__(self, desk: Desk, workspace: Workspace, runner: Runner, connect: Connect) -> None:
        self._desk = desk
        self._workspace = workspace
        self._runner = runner
        self._connect = connect

    def rerun(self) -> None:
        """Run the same query again, or reconnect."""
        run = self._desk.run
        if self._workspace.state.kind in ("failed", "none"):
            self._connect.again()
        elif run is not None:
            self._runner.run(run.runbook, run.texts)
        else:
            self._desk.say("Nothing has been run yet: choose a runbook (1).")

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("r", "rerun", "run again, connect again", rerun, words="refresh, reload, retry"),
    )
