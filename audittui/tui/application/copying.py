"""Copies of what is shown, made in threads."""

from __future__ import annotations

import json

import msgspec

from audittui.errors import AuditError
from audittui.layout.row import Row
from audittui.tui.application.exporting import ExportingApp
from audittui.tui.reading import Reading


class CopyingApp(ExportingApp):
    """Copies of what is shown, made in threads."""

    def command_of(self, reading: Reading) -> str:
        """The command that asks the same again."""
        from audittui.runbook.describe import command_of

        return command_of(reading.plan, self.target.options())

    def copy(self, what: str, text: str) -> None:
        """Copy a text in a thread; say what was done and no more."""

        def work() -> None:
            from audittui.tui.clipboard import copy

            said = copy(text, lambda given: self.call_from_thread(self.copy_to_clipboard, given))
            self.arrive(lambda: self.main.say(f"Copied {what}: {said}."))

        self.work(work, lambda error: self.main.say(str(error)), "copy")

    def copy_entry(self, row: Row) -> None:
        """Copy an entry's JSON, read first where it is not shown."""
        connection = self.connection
        if connection is None:
            return

        def work() -> None:
            from audittui.tui.inspection import read_document

            document = read_document(connection, row)
            if document.fault:
                raise AuditError(document.fault)
            # ASCII only: pasted into a terminal, no character of a log may act on it.
            text = json.dumps(_decoded(document.text), ensure_ascii=True, indent=2)
            self.arrive(lambda: self.spend(document.rcu))
            self.arrive(lambda: self.copy("the entry as JSON", text))

        self.work(work, lambda error: self.main.say(str(error)), "copy-read")


def _decoded(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text
