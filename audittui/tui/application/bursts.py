"""Repeated failures: other thresholds, and whether what failed succeeded in the end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from audittui.tui.application.threads import ThreadedApp

if TYPE_CHECKING:
    from audittui.investigate.correlations import Group
    from audittui.tui.model.run import Reading

AT_ONCE = 20
"""Groups that are asked about at once."""


class BurstingApp(ThreadedApp):
    """Repeated failures: other thresholds, and whether what failed succeeded in the end."""

    _looking: threading.Event | None = None
    """Set to end the search that is under way."""

    def rethreshold(self, reading: Reading, least: int, timespan: int) -> None:
        """Group the loaded rows by other thresholds, in a thread."""

        def work() -> None:
            groups = reading.rethreshold(least, timespan)
            self.arrive(lambda: done(groups))

        def done(groups: Sequence[Group]) -> None:
            reading.took_thresholds(least, timespan, groups)
            self.main.regrouped(reading)

        self.work(work, lambda error: self.main.say(str(error)), "thresholds")

    def look_for_success(self, reading: Reading, groups: Sequence[Group]) -> None:
        """Ask for the first success after each of ``groups``, one after the other."""
        source = reading.groups
        if source is None or self._looking is not None:
            return
        stop = self._looking = threading.Event()
        wanted = list(islice(groups, AT_ONCE))

        def work() -> None:
            from audittui.investigate.aftermath import first_success

            try:
                facts = reading.connection.facts()
                self.arrive(lambda: self.spend(facts.rcu))
                for at, group in enumerate(wanted):
                    if stop.is_set():
                        break
                    found = first_success(group, reading.connection, facts, stop)
                    self.arrive(lambda g=group, f=found, n=at: take(g, f, n))  # type: ignore[misc]
            finally:
                self.arrive(rest)

        def take(group: Group, found: object, at: int) -> None:
            source.aftermaths[group.key] = (group.last, found)  # type: ignore[assignment]
            reading.looked_rcu += found.rcu  # type: ignore[attr-defined]
            self.main.learnt(reading, f"{at + 1} of {len(wanted)} looked at. Ctrl-C stops.")

        def rest() -> None:
            self._looking = None
            self.main.learnt(reading, "")

        self.work(work, lambda error: self.main.say(str(error)), "success")

    def cancel_looking(self) -> bool:
        """End a search for successes; False when there is none."""
        if self._looking is None:
            return False
        self._looking.set()
        return True
