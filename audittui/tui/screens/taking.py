"""Taking things away: copies of a row, an entry, the command; a result as a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.model.followed import is_entry
from audittui.tui.model.groups import GroupSource
from audittui.tui.screens.reading import ReadingScreen
from audittui.tui.text import words

if TYPE_CHECKING:
    from audittui.layout.row import Row
    from audittui.tui.model.export import Taken
    from audittui.tui.model.followed import Live
    from audittui.tui.model.rows import RowSource
    from audittui.tui.model.run import Reading

LOADED = "what is loaded"
ALL = "the whole result"


class TakingScreen(ReadingScreen):
    """Taking things away: copies of a row, an entry, the command; a result as a file."""

    _export_after: tuple[Reading, Path] | None = None
    """What is to be written once all of it is loaded."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy('row')", "copy the row", id="copy-row"),
        Binding("y", "copy('json')", "copy the entry as JSON", id="copy-json"),
        Binding("Y", "copy('command')", "copy the command that asks the same", id="copy-command"),
        Binding("W", "write_copy", "the last copy to a file", id="copy-to-file"),
        Binding(
            "s",
            "export",
            "to a file: the list; in detail the entry, its proof",
            id="export",
        ),
    ]

    def action_copy(self, what: str) -> None:
        """Copy the row, the entry or the command."""
        if what == "command":
            if self.reading is None:
                self.say("Nothing was run yet, so there is no command.")
            else:
                self.app.copy("the command", self.app.command_of(self.reading))
            return
        row = self.row
        if row is None:
            self.say_no_entry()
        elif what == "row":
            self.app.copy("the row", words.row_line(row))
        else:
            self.app.copy_entry(row)

    def action_write_copy(self) -> None:
        """Write the last copy to a file."""
        self.app.write_copy()

    def action_export(self) -> None:
        """Ask where to, and whether to read on first; then write it."""
        from audittui.tui.dialogs.ask import AskScreen, Blank
        from audittui.tui.model.export import FORMS_TEXT, fault_of, path_of, proposed_name

        reading = self.reading
        if reading is None:
            self.say("Nothing was run yet, so there is nothing to export.")
            return
        taken = self._taken(reading)
        over = reading.complete or self._followed(reading) is not None
        if not taken.count and over:
            self.say("There is nothing to export: the list is empty.")
            return
        plural = "" if taken.count == 1 else "s"
        details = [f"{taken.count:,} {taken.noun}{plural} in the list.", FORMS_TEXT]
        if taken.filter:
            of = f"{taken.loaded:,} {'groups' if taken.rows is None else 'loaded rows'}"
            details[0] = f"{taken.count:,} of {of} match the filter {taken.filter}."
        blanks = [Blank("file", "file", proposed_name(reading.runbook.id, ".jsonl", Path()))]
        if self._followed(reading) is not None:
            details.insert(1, "They are followed: what comes later is not in the file.")
        elif not reading.complete:
            details.insert(1, f"That is not all: the rest takes {reading.left_text}.")
            blanks.append(Blank("what", "export", LOADED, (LOADED, ALL)))

        def check(values: Mapping[str, str]) -> dict[str, str]:
            fault = fault_of(values["file"])
            return {"file": fault} if fault else {}

        def answered(values: dict[str, str] | None) -> None:
            if values is None:
                return
            path = path_of(values["file"])
            if values.get("what") != ALL:
                self._write(reading, path)
            elif reading.active:
                self.say("Still reading: Ctrl-C stops it, then s again.")
            else:
                self._export_after = (reading, path)
                self.app.load(reading)

        self.app.push_screen(AskScreen("Export to a new file", details, blanks, check), answered)

    def took(self, reading: Reading) -> None:
        """A page came: while all is read for an export, say so."""
        super().took(reading)
        if self._export_after is not None and self._export_after[0] is reading:
            self._notice = f"All of it is read first, then written to {self._export_after[1].name}."

    def paused(self, reading: Reading) -> None:
        """The reading rests: write what was to be written then."""
        super().paused(reading)
        after, self._export_after = self._export_after, None
        if after is None or after[0] is not reading or reading is not self.reading:
            return
        if reading.complete:
            self._write(reading, after[1])
        else:
            self.say("Not all was read, so nothing was written. s exports what is loaded.")

    def _write(self, reading: Reading, path: Path) -> None:
        from audittui.tui.model.export import extent_of, followed_extent

        taken = self._taken(reading)
        title = words.crumb(reading)
        live = self._followed(reading)
        if live is not None:
            extent = followed_extent(live, taken, title, self.app.target.options())
        else:
            extent = extent_of(reading, taken, title, self.app.command_of(reading))
        self.app.export(taken, path, extent)

    def _followed(self, reading: Reading) -> Live | None:
        """What the list shows, while that is something followed."""
        live = reading.live
        return live if live is not None and self.results.source is live.source else None

    def _taken(self, reading: Reading) -> Taken:
        """What the list shows now."""
        from audittui.tui.model.export import Taken
        from audittui.tui.model.rows import verdict_word

        source = self.results.source
        if isinstance(source, GroupSource):
            return Taken(
                None, tuple(source.groups), loaded=source.total, filter=source.pattern,
                strangers=reading.strangers,
            )  # fmt: skip
        rows = self.row_source
        assert rows is not None
        shown = _shown(rows)
        verdicts = [rows.verdicts.get((row.chain, row.seq)) for row in shown]
        return Taken(
            shown,
            teller="checked" if any(verdicts) else "",
            told=["" if one is None else verdict_word(one) for one in verdicts],
            columns=rows.columns,
            loaded=len(rows.rows),
            filter=rows.pattern if rows.filtered else "",
            of_group=words.group_name(self.group) if self.group is not None else "",
            strangers=reading.strangers,
        )


def _shown(rows: RowSource) -> list[Row]:
    """The rows that the list shows, all of them looked at by its filter."""
    if not rows.filtered:
        return [row for row in rows.rows if is_entry(row)]
    rows.search()
    return [row for row in map(rows.row, range(len(rows))) if is_entry(row)]
