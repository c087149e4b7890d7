"""Copies of what is shown, made in threads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audittui import timestamp
from audittui.errors import AuditError
from audittui.tui.application.exporting import ExportingApp

if TYPE_CHECKING:
    from audittui.layout.row import Row
    from audittui.tui.model.run import Reading


class CopyingApp(ExportingApp):
    """Copies of what is shown, made in threads."""

    _copied = ""
    """The last copy."""

    def command_of(self, reading: Reading) -> str:
        """The command that asks the same again."""
        from audittui.runbook.describe import command_of

        return command_of(reading.plan, self.target.options())

    def copy(self, what: str, text: str) -> None:
        """Copy a text in a thread; say what was done and no more."""
        self._copied = text

        def work() -> None:
            from audittui.tui.clipboard import copy

            said = copy(text, lambda given: self.call_from_thread(self.copy_to_clipboard, given))
            self.arrive(lambda: self.main.say(f"Copied {what}: {said}. W: to a file."))

        self.work(work, lambda error: self.main.say(str(error)), "copy")

    def write_copy(self) -> None:
        """Write the last copy to a new file in the present folder."""
        if not self._copied:
            self.main.say("Nothing was copied yet: c, y or Y copies.")
            return
        text = self._copied

        stamp = timestamp.text(timestamp.now())[:19].replace(":", "")
        number = 1
        while (path := Path(f"audittui-copy-{stamp}-{number}.txt")).exists():
            number += 1
        self.keep_bytes(path, (text + "\n").encode("utf-8", "backslashreplace"))

    def keep_bytes(self, path: Path, data: bytes) -> None:
        """Write a new file in a thread; say where it is."""

        def work() -> None:
            from audittui.whole_file import write_new

            write_new(path, data)
            self.arrive(lambda: self.main.say(f"Written to {path.absolute()}."))

        self.work(work, lambda error: self.main.say(str(error)), "file")

    def copy_entry(self, row: Row) -> None:
        """Copy an entry's JSON, read first where it is not shown."""
        connection = self.connection
        if connection is None:
            return

        def work() -> None:
            import json

            from audittui.tui.model.entry import read_document
            from audittui.tui.model.json_lines import ascii_spread

            document = read_document(connection, row)
            if document.fault:
                raise AuditError(document.fault)
            try:
                text = ascii_spread(document.text)
            except ValueError:
                # What is no JSON is copied as a JSON string: all of it, and harmless.
                text = json.dumps(document.text)
            self.arrive(lambda: self.spend(document.rcu))
            self.arrive(lambda: self.copy("the entry as JSON", text))

        self.work(work, lambda error: self.main.say(str(error)), "copy-read")
