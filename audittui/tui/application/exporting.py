"""What is on the screen, written to a file in a thread."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from audittui.tui.application.bursts import BurstingApp

if TYPE_CHECKING:
    from audittui.export.result import Extent, Written
    from audittui.tui.model.export import Taken


class ExportingApp(BurstingApp):
    """What is on the screen, written to a file in a thread."""

    _export: threading.Event | None = None
    """Set to cancel the export that is under way."""

    def export(self, taken: Taken, path: Path, extent: Extent) -> None:
        """Write ``taken`` to ``path``; say how far it is, and in the end what was done."""
        from audittui.export.result import write_result
        from audittui.tui.model.export import form_of, records_of

        if self._export is not None:
            self.main.say("An export is under way: Ctrl-C cancels it.")
            return
        stop = self._export = threading.Event()
        form = form_of(path)
        columns, records = records_of(taken, form)

        def work() -> None:
            written = write_result(
                path, form, columns, records, extent, progress=progress, cancelled=stop.is_set
            )
            self.arrive(lambda: done(written))

        def progress(count: int) -> None:
            if not stop.is_set():
                said = f"Writing {path}: {count:,} of {taken.count:,}. Ctrl-C cancels."
                self.arrive(lambda: self.main.say(said))

        def done(written: Written) -> None:
            self._export = None
            verb = "Cancelled; begun in" if written.cancelled else "Written to"
            self.main.say(f"{verb} {written.path}, {written.sentence}")

        def failed(error: Exception) -> None:
            self._export = None
            self.main.say(str(error))

        self.work(work, failed, "export")

    def cancel_export(self) -> bool:
        """End an export that is under way; False when there is none."""
        if self._export is None:
            return False
        self._export.set()
        return True
