"""Copies of a row, a value, an entry, or the equivalent command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from audittui import timestamp
from audittui.errors import AuditError
from audittui.tui import messages
from audittui.tui.main.key import Key
from audittui.tui.text import words

if TYPE_CHECKING:
    from audittui.layout.row import Row
    from audittui.tui.jobs import Jobs
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.files import Files
    from audittui.tui.model.workspace import Workspace
    from audittui.tui.widgets.outline import OutlineView


class Copy:
    """Copies what is shown. ``by_terminal`` copies a text by way of the terminal."""

    def __init__(
        self,
        desk: Desk,
        jobs: Jobs,
        workspace: Workspace,
        files: Files,
        by_terminal: Callable[[str], None],
    ) -> None:
        self._desk = desk
        self._jobs = jobs
        self._workspace = workspace
        self._files = files
        self._by_terminal = by_terminal
        self._last = ""
        """The last copy."""
        jobs.hear(messages.Copied, self._copied)
        jobs.hear(messages.DocumentCopied, lambda one: self.copy("the entry as JSON", one.text))

    def copy_row(self) -> None:
        """Copy the row; in the detail view the value under the cursor, or the lifecycle's row."""
        desk, row = self._desk, self._desk.row
        if desk.pane == "detail" and not desk.detail.lane.has_focus:
            self.copy_value(desk.detail.entry)
            return
        if desk.pane == "detail":
            at, life = desk.detail.chosen_version, desk.detail.life
            row = None if at is None or life is None else life.rows[at]
            if row is None:
                desk.say("The lifecycle has no entry to copy.")
                return
        if row is None:
            desk.say_no_entry()
        else:
            self.copy("the row", words.row_line(row))

    def copy_value(self, view: OutlineView) -> None:
        """Copy the full value of the line under the cursor."""
        from audittui.escape import escaped

        value = view.value
        if value is None:
            said = "No value on this line; y copies the whole entry."
            self._desk.say(said)
        else:
            self.copy(value.name, escaped(value.text))

    def copy_json(self) -> None:
        """Copy the entry's JSON."""
        row = self._desk.row
        if row is None:
            self._desk.say_no_entry()
        else:
            self._copy_entry(row)

    def copy_command(self) -> None:
        """Copy the equivalent command."""
        from audittui.runbook.describe import command_of

        run = self._desk.run
        if run is None:
            self._desk.say("Nothing has been run yet, so there is no command to copy.")
        else:
            command = command_of(run.plan, self._workspace.target.options())
            self.copy("the command", command)

    def copy(self, what: str, text: str) -> None:
        """Copy a text in a thread; report only what is known."""
        self._last = text

        def work() -> None:
            from audittui.tui.clipboard import BY_TMUX, copy_by_tmux

            said = BY_TMUX if copy_by_tmux(text) else ""
            self._jobs.post(messages.Copied(what, text, said))

        self._jobs.run(work, self._failed, "copy")

    def _copied(self, message: messages.Copied) -> None:
        from audittui.tui.clipboard import BY_TERMINAL

        if not message.said:
            self._by_terminal(message.text)
        said = message.said or BY_TERMINAL
        self._desk.say(f"Copied {message.what}: {said}. W writes it to a file.")

    def _copy_entry(self, row: Row) -> None:
        """Copy an entry's JSON, reading it first if it is not shown."""
        connection, jobs = self._workspace.connection, self._jobs
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
                # Text that is not JSON is copied as a JSON string: complete and harmless.
                text = json.dumps(document.text)
            jobs.post(messages.Spent(document.rcu))
            jobs.post(messages.DocumentCopied(text))

        jobs.run(work, self._failed, "copy-read", on=connection)

    def _failed(self, error: AuditError) -> None:
        self._desk.say(str(error))

    def write_last(self) -> None:
        """Write the last copy to a new file in the current folder."""
        if not self._last:
            self._desk.say("Nothing copied yet: c, y or Y copies.")
            return
        stamp = timestamp.text(timestamp.now())[:19].replace(":", "")
        number = 1
        while (path := Path(f"audittui-copy-{stamp}-{number}.txt")).exists():
            number += 1
        self._files.write(path, (self._last + "\n").encode("utf-8", "backslashreplace"))

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("c", "copy-row", "copy the row", copy_row, words="yank, clipboard, value"),
        Key("y", "copy-json", "copy the entry as JSON", copy_json, words="yank, clipboard"),
        Key(
            "Y", "copy-command", "copy the equivalent shell command", copy_command,
            words="yank, clipboard, shell, script",
        ),
        Key(
            "W", "copy-to-file", "write the last copy to a file", write_last,
            words="save, clipboard",
        ),
    )  # fmt: skip
