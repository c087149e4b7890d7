"""Stepping from entry to entry: failures, entries of one resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from audittui.layout.row import Row
from audittui.tui.main.key import Key
from audittui.tui.text import words

if TYPE_CHECKING:
    from audittui.tui.main.desk import Desk
    from audittui.tui.main.entry import Entry


class Steps:
    """Steps from entry to entry."""

    def __init__(self, desk: Desk, entry: Entry) -> None:
        self._desk = desk
        self._entry = entry

    def failure(self, step: int) -> None:
        """Go to the next or previous row that did not succeed or has a broken verdict."""
        source = self._desk.row_source
        verdicts = source.verdicts if source is not None else {}

        def fits(row: Row) -> bool:
            verdict = verdicts.get((row.chain, row.seq))
            broken = verdict is not None and verdict.failed
            return broken or row.outcome in ("failure", "denied")

        self._step(step, "failure", fits)

    def _step(self, step: int, what: str, fits: Callable[[Row], bool]) -> None:
        desk, source = self._desk, self._desk.row_source
        if source is None or not len(source):
            desk.say("There are no rows to move through.")
            return
        line = desk.results.cursor + step
        while 0 <= line < len(source):
            if fits(source.row(line)):
                desk.results.go(line)
                if desk.pane == "detail":
                    self._entry.open(source.row(line))
                return
            line += step
        desk.say(words.no_more(what, step, desk.run))

    def same_resource(self, step: int) -> None:
        """Go to the next or previous entry of the same resource."""
        desk, row = self._desk, self._desk.row
        if row is None or not row.resource:
            desk.say("No entry with a resource is selected.")
        elif desk.pane == "detail":
            neighbour = desk.detail.neighbour(step)
            if neighbour is None:
                desk.say(words.end_of_life(desk.detail.life, step))
            else:
                self._entry.open(neighbour)
        else:
            self._step(step, "entry of this resource", lambda one: one.resource == row.resource)

    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "e", "next-failure", "next failure, denial or broken verdict", failure, (1,),
            words="error, denied",
        ),
        Key(
            "E", "previous-failure", "previous failure, denial or broken verdict", failure, (-1,),
            words="error, denied",
        ),
        Key(
            "o", "next-of-resource", "next entry of the same resource", same_resource, (1,),
            words="lifecycle, history",
        ),
        Key(
            "O", "previous-of-resource", "previous entry of the same resource", same_resource,
            (-1,), words="lifecycle, history",
        ),
    )  # fmt: skip
