"""Groups of repeated events: their thresholds, and whether what failed succeeded in the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from audittui.tui.screens.reading import ReadingScreen

if TYPE_CHECKING:
    from audittui.tui.model.run import Reading


class GroupingScreen(ReadingScreen):
    """Groups of repeated events: their thresholds, and whether what failed succeeded in the end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("T", "thresholds", "other thresholds for these groups", id="thresholds"),
        Binding("S", "success", "did the repeated failures end in success?", id="success"),
    ]

    def action_thresholds(self) -> None:
        """Ask for other thresholds; the loaded rows are grouped again, nothing is read."""
        from audittui.runbook.timerange import duration_text, parse_duration
        from audittui.tui.dialogs.ask import AskScreen, Blank

        reading = self.reading
        if reading is None or reading.groups is None or reading.plan.correlation is None:
            self.say("These are no groups: a runbook such as Repeated failures makes some.")
            return
        rule = reading.plan.correlation
        least = max((bound for name, bound in rule.condition if name == "gte"), default=2)
        blanks = [
            Blank("least", "at least", str(least)),
            Blank("timespan", "within", duration_text(rule.timespan)),
        ]

        def check(values: Mapping[str, str]) -> dict[str, str]:
            faults = {}
            if not values["least"].strip().isdecimal() or int(values["least"]) < 1:
                faults["least"] = "Give a whole number from 1 on."
            try:
                if parse_duration(values["timespan"]) < 1:
                    faults["timespan"] = "That holds nothing; write such as 10m."
            except ValueError as error:
                faults["timespan"] = f"{error}."
            return faults

        def answered(values: dict[str, str] | None) -> None:
            if values is not None:
                timespan = parse_duration(values["timespan"])
                self.app.rethreshold(reading, int(values["least"]), timespan)

        details = [
            f"The {len(reading.rows.rows):,} loaded rows are grouped again; nothing is read."
        ]
        self.app.push_screen(AskScreen("Thresholds", details, blanks, check), answered)

    def action_success(self) -> None:
        """Say what it may cost, then ask for the first success after each group."""
        from audittui.investigate.aftermath import BUDGET, HORIZON
        from audittui.runbook.timerange import duration_text
        from audittui.tui.application.bursts import AT_ONCE
        from audittui.tui.dialogs.reader import ConfirmScreen

        reading = self.reading
        source = reading.groups if reading is not None else None
        if reading is None or source is None or self.group is not None:
            self.say("This belongs to a list of groups: a runbook such as Repeated failures.")
            return
        if source.reads_success:
            self.say("The rows hold successes too: the list shows the first one already.")
            return
        unknown = source.unknown()
        if not unknown:
            self.say("It is known of every group." if len(source) else "There is no group.")
            return
        count = min(len(unknown), AT_ONCE)
        details = [
            "This runbook reads failures alone, so successes have to be asked for: one question",
            f"a group, up to {duration_text(HORIZON)} after its last event.",
            f"At most {BUDGET:g} RCU a group, {count * BUDGET:g} RCU in all.",
            f"! marks a success within {duration_text(source.timespan)} after the last failure.",
        ]
        if count < len(unknown):
            details.append(f"These are the largest {count} of {len(unknown):,}; S goes on.")

        def answered(yes: bool | None) -> None:
            if yes:
                self.app.look_for_success(reading, unknown)

        which = "1 group" if count == 1 else f"{count} groups"
        self.app.push_screen(
            ConfirmScreen(f"Look for the first success after {which}?", details), answered
        )

    def paused(self, reading: Reading) -> None:
        """The reading rests: where nothing is billed, look for successes at once."""
        super().paused(reading)
        source = reading.groups
        if reading is not self.reading or source is None or not reading.complete:
            return
        if not reading.connection.billed and source.unknown():
            self.app.look_for_success(reading, source.unknown())

    def regrouped(self, reading: Reading) -> None:
        """The groups are others now."""
        if reading is self.reading and reading.groups is not None:
            self.group = None
            self.results.show(reading.groups)
            self._notice = ""
            self.show_panes()
            self.show_status()

    def learnt(self, reading: Reading, notice: str) -> None:
        """More is known of the groups."""
        groups = reading.groups
        if groups is None:
            return
        groups.filter_again()
        if reading is self.reading and self.results.source is groups:
            self.results.changed(groups.moved(self.results.cursor))
            self.say(notice)
