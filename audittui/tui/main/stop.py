"""Stopping whatever is running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audittui.tui.main.desk import Desk

STOPPING = "Stopping…"


class Stop:
    """Stops the first thing that runs. ``ways`` are tried in order, each with the notice for its
    success; empty if it reports that itself."""

    def __init__(self, desk: Desk, ways: Sequence[tuple[Callable[[], bool], str]]) -> None:
        self._desk = desk
        self._ways = ways

    def stop(self) -> None:
        """Stop the current work, and keep what was read."""
        for stopped, said in self._ways:
            if stopped():
                if said:
                    self._desk.say(said)
                return
        self._desk.say("Nothing is being read. q quits.")
