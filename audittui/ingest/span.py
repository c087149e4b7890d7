"""The first and last times among the records read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audittui import timestamp
from audittui.entry import Draft
from audittui.ingest.source import Read


class Span:
    """The earliest and the latest time seen, in microseconds; None before the first."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.last: int | None = None
        self._known = ""

    def over(self, reads: Iterable[Read]) -> Iterator[Read]:
        """Yield ``reads`` unchanged, noting their times. Drafts without a time do not count."""
        for one in reads:
            if isinstance(one.made, Draft) and one.made.time and one.made.time != self._known:
                self._note(one.made.time)
            yield one

    def _note(self, text: str) -> None:
        self._known = text
        time = timestamp.parse(text)
        self.first = time if self.first is None else min(self.first, time)
        self.last = time if self.last is None else max(self.last, time)
