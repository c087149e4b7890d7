"""A resource's lifecycle as a list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from audittui.layout.row import Row
from audittui.tui.model.outcomes import mark_of, tone_of


class LifecycleSource:
    """The rows of a resource's lifecycle, the open entry marked.

    ``odd`` are the indexes of rows with anomalies; some entries before the row at ``unread`` were
    not read (-1: none). ``strangers`` maps keys of rows to why they do not belong to this log.
    """

    titles: Sequence[str] = ("    ", "time", "change", "action", "actor", "outcome")
    times = frozenset({1})

    def __init__(
        self,
        rows: Sequence[Row] = (),
        present: int = -1,
        odd: Collection[int] = (),
        unread: int = -1,
        strangers: Mapping[tuple[str, str | int], str] | None = None,
    ) -> None:
        self.rows = list(rows)
        self.present = present
        self.odd = frozenset(odd)
        self.unread = unread
        self.strangers = strangers or {}

    def __len__(self) -> int:
        return len(self.rows)

    def cells(self, at: int) -> Sequence[str | int]:
        """The texts of a row; its time as a number."""
        from audittui.investigate.lifecycle import change_of

        row = self.rows[at]
        mark = "this" if at == self.present else ""
        change = self.strangers.get(row.key) or change_of(row)
        return [mark, row.time, change, row.action, row.actor, row.outcome]

    def tone(self, at: int) -> str:
        """The open entry is marked; refusals, anomalies and strangers are coloured."""
        if self.rows[at].key in self.strangers:
            return "denied"
        if at == self.present:
            return "marked"
        return tone_of(self.rows[at].outcome) or ("failure" if at in self.odd else "")

    def mark(self, at: int) -> str:
        """Refusals and anomalies are marked, and so is a gap before the row."""
        what = "!" if at in self.odd else "…" if at == self.unread else ""
        return mark_of(self.rows[at].outcome) + what
