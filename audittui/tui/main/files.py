"""New files, written in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audittui.tui import messages

if TYPE_CHECKING:
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk


class Files:
    """Writes new files, and reports where."""

    def __init__(self, desk: Desk, jobs: Jobs) -> None:
        self._desk = desk
        self._jobs = jobs
        jobs.hear(messages.FileWritten, self._written)

    def write(self, path: Path, data: bytes) -> None:
        """Write a new file in a thread; report its path."""

        def work() -> None:
            from audittui.whole_file import write_new

            write_new(path, data)
            self._jobs.post(messages.FileWritten(path))

        self._jobs.run(work, lambda error: self._desk.say(str(error)), "file")

    def _written(self, message: messages.FileWritten) -> None:
        self._desk.say(f"Written to {message.path.absolute()}.")
