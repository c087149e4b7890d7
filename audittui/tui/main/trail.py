"""The path to the current place: the places that a step back returns to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from audittui.tui.text import words
from audittui.tui.widgets.lines import Sight
from audittui.tui.widgets.source import Source

if TYPE_CHECKING:
    from audittui.investigate.correlations import Group
    from audittui.layout.row import Row
    from audittui.tui.main.desk import Desk
    from audittui.tui.model.run import Run
    from audittui.tui.model.session import Step


class Place(msgspec.Struct, frozen=True):
    """A place that a step back restores. ``source`` is what the list showed."""

    run: Run
    source: Source
    sight: Sight
    group: Group | None
    detail: Row | None
    pane: str
    zoomed: bool

    @property
    def title(self) -> str:
        """The place in a few words."""
        return words.crumb(self.run)


class Trail:
    """The path, the latest place last. A `Step` is a place of an earlier session."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.places: list[Place | Step] = []

    def place_in(self, run: Run) -> Place:
        """The current place."""
        desk = self._desk
        detail = desk.detail.row if desk.detail_open else None
        source, sight = desk.results.source, desk.results.sight
        return Place(run, source, sight, desk.group, detail, desk.pane, desk.zoomed)

    def keep(self, run: Run) -> None:
        """Save the current place for a step back."""
        self.places.append(self.place_in(run))

    @property
    def runs(self) -> list[Run]:
        """The runs that a step back may return to."""
        return [one.run for one in self.places if isinstance(one, Place)]

    def clear(self) -> None:
        """Forget all places."""
        self.places.clear()
