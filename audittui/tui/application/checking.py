"""Entries of a list, checked in a thread with few requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audittui.layout.row import Row
from audittui.tui.application.threads import ThreadedApp
from audittui.tui.model.rows import RowSource

if TYPE_CHECKING:
    from audittui.integrity.verdict import Verdict


class CheckingApp(ThreadedApp):
    """Entries of a list, checked in a thread with few requests."""

    def check_rows(self, source: RowSource, rows: Sequence[Row]) -> None:
        """Check the entries of ``rows`` and mark them in ``source``."""
        connection = self.connection
        if connection is None:
            return

        def work() -> None:
            from audittui.tui.model.entry import check_entries

            verdicts, rcu = check_entries(connection, rows)
            self.arrive(lambda: took(verdicts, rcu))

        def took(verdicts: Sequence[Verdict], rcu: float) -> None:
            self.main.take_verdicts(source, verdicts)
            self.spend(rcu)

        self.work(work, lambda error: self.main.say(str(error)), "verdicts")
