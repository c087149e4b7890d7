"""Stopping what runs, whatever that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audittui.tui.main.desk import Desk

STOPPING = "Stopping…"


class Stop:
    """Stops the first thing that runs. ``ways`` try it one after the other, each with what is said
    where it was that; empty where it says so itself."""

    def __init__(self, desk: Desk, ways: Sequence[tuple[Callable[[], bool], str]]) -> None:
        self._desk = desk
        self._ways = ways

    def stop(self) -> None:
        """Stop what runs, and keep what came."""
        for stopped, said in self._ways:
            if stopped():
                if said:
                    self._desk.say(said)
                return
        self._desk.say("Nothing is being read. q quits.")
