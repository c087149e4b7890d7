"""Loading everything: the question before it, with what it will cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audittui.tui.application.running import RunningApp

if TYPE_CHECKING:
    from audittui.tui.model.run import Reading


class LoadingApp(RunningApp):
    """Loading everything: the question before it, with what it will cost."""

    def load(self, reading: Reading) -> None:
        """Read to the end; after a stop, from where it stopped."""
        if not reading.active:
            reading.go_on()
            self.read(reading, everything=True)
            self.main.show_status()

    def ask_to_load(self, reading: Reading) -> None:
        """Ask with the estimate, then read to the end."""
        from audittui.tui.dialogs.reader import ConfirmScreen

        def answered(yes: bool | None) -> None:
            if yes:
                self.load(reading)

        count = len(reading.rows.rows)
        estimate = reading.plan.estimate
        used = f"{reading.rcu:,.1f} RCU in {reading.requests:,} requests"
        if estimate.price.billed:
            used += f", {estimate.price.text(reading.rcu)}"
        details = [
            f"Loaded: {count:,} rows for {used}.",
            f"The rest: {reading.left_text}.",
            estimate.how,
            "Ctrl-C stops at any moment and keeps the rows.",
        ]
        budget = reading.max_rcu
        if budget is not None:
            details.insert(-1, f"It stops at the profile's budget of {budget:g} RCU.")
        self.push_screen(ConfirmScreen("Load all rows of this result?", details), answered)
