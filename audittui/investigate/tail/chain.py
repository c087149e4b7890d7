"""One followed chain: how far it is read, what a page of it brings, which entries are absent.

A Query may see a transaction (`append_many`) half done, so a missing seq is looked for again before
it is reported as absent.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from audittui.escape import escaped
from audittui.investigate.tail.cursor import ChainPlace
from audittui.investigate.tail.gaps import Gap, with_gap, without
from audittui.investigate.tail.pace import Pace
from audittui.investigate.tail.start import chain_range
from audittui.layout.model import Layout
from audittui.layout.reader import PAYLOAD
from audittui.layout.row import Row
from audittui.store.port import Key, Page, Query

GAP_SECONDS = 2.0
"""How long to wait for a missing seq; a transaction is fully visible within milliseconds."""
_GAP_READS = 3


class Question:
    """What is asked of every chain: the rows of ``layout`` that ``wanted`` accepts.

    Of the entries that existed when the tail began, those dated before ``since`` (microseconds;
    None: none) are left out. ``attributes`` are those of an item that a row needs.
    """

    def __init__(self, layout: Layout, wanted: Callable[[Row], bool], since: int | None) -> None:
        self.layout = layout
        self.wanted = wanted
        self.since = since
        self.attributes = _list_attributes(layout)


class FollowedChain:
    """One chain and how far it is read.

    ``ready`` rows were read and not yielded yet. ``behind``: there is more to read immediately, of
    the range that begins at ``low``, after ``page_key``. ``reached`` is the time of the last entry
    read. ``gaps`` has missing seqs, when they were first missed, and how often; ``passed`` has
    those that were given up. ``due`` is the time of the next poll, in monotonic seconds.
    """

    def __init__(
        self, name: str, place: ChainPlace, question: Question, pace: Pace, due: float
    ) -> None:
        self.name = name
        self.read = place.seq
        self.tip = place.tip
        self.loose = place.loose
        self.due = due
        self.behind = False
        self.low = 0
        self.page_key: Key | None = None
        self.reached = 0
        self.ready: list[Row] = []
        self.gaps: dict[tuple[int, int], tuple[float, int]] = {}
        self.passed = place.gaps
        self._question = question
        self._pace = pace
        self._malformed: set[str] = set()

    @property
    def next_seq(self) -> int:
        """The lowest seq that was not yielded yet."""
        return self.ready[0].seq if self.ready else self.read + 1

    @property
    def place(self) -> ChainPlace:
        """The place right after the last row yielded."""
        return ChainPlace(
            seq=self.next_seq - 1,
            tip=self.tip,
            loose=self.loose,
            gaps=tuple(gap for gap in self.passed if gap[1] < self.next_seq),
        )

    def request(self, most: int | None) -> Query:
        """The query for the next items, at most ``most`` of them (None: a full page)."""
        if not self.behind:
            self.low, self.page_key = self.read + 1, None
        return msgspec.structs.replace(
            chain_range(self._question.layout, self.name, self.low),
            attributes=self._question.attributes,
            start_key=self.page_key,
            limit=most,
        )

    def gap_request(self, gap: Gap) -> Query:
        """The query for entries that have since appeared in a gap."""
        return msgspec.structs.replace(
            chain_range(self._question.layout, self.name, *gap),
            attributes=self._question.attributes,
        )

    def take(self, page: Page, now: float, missed: list[str]) -> list[Row]:
        """The matching rows of one page, up to a gap that is still waited for."""
        gaps: dict[tuple[int, int], tuple[float, int]] = {}
        rows: list[Row] = []
        at, held, read = self.read, False, self.read
        for item in page.items:
            row = self._question.layout.row(item)
            if row.seq <= at or not self._well_keyed(row):
                key = str(row.key[1])
                if key not in self._malformed:
                    self._malformed.add(key)
                    missed.append(_malformed(self.name, key))
                continue
            gap = (at + 1, row.seq - 1)
            at = row.seq
            if gap[1] >= gap[0] and not self.loose:
                first, reads = self.gaps.get(gap, (now, 0))
                gaps[gap] = (first, reads + 1)
                held = held or now - first < GAP_SECONDS or reads + 1 < _GAP_READS
                if not held:
                    missed.append(_absent(self.name, *gap))
                    self.passed = with_gap(self.passed, *gap)
            if held:
                continue
            self.loose = False
            read, self.reached = row.seq, row.time
            if self._is_given(row):
                rows.append(row)
        self.read = read
        self.gaps = gaps if held else {}
        self.behind = page.last_key is not None and not held
        self.page_key = page.last_key
        if self.behind:
            self.due = now
        else:
            self.due = now + self._pace.after(bool(rows) or held)
        return rows

    def take_late(self, page: Page, room: int | None, missed: list[str]) -> list[Row]:
        """The matching rows that have since appeared in a gap that was given up."""
        given: list[Row] = []
        for item in page.items:
            row = self._question.layout.row(item)
            if not self._well_keyed(row):
                continue
            if room is not None and len(given) == room:
                break
            self.passed = without(self.passed, row.seq)
            missed.append(f"Entry {row.seq} of {escaped(self.name)} was absent and is now there.")
            if self._is_given(row):
                given.append(row)
        return given

    def _well_keyed(self, row: Row) -> bool:
        layout = self._question.layout
        return row.key[1] == layout.key(self.name, row.seq)[layout.sort.attribute]

    def _is_given(self, row: Row) -> bool:
        since = self._question.since
        if since is not None and row.seq <= self.tip and row.time < since:
            return False
        return self._question.wanted(row)


def _absent(chain: str, first: int, last: int) -> str:
    if first == last:
        said = f"Entry {first} of {escaped(chain)} is absent"
    else:
        said = f"Entries {first} to {last} of {escaped(chain)} are absent"
    return f"{said}: expired, deleted, or never written."


def _malformed(chain: str, key: str) -> str:
    name = escaped(chain)
    return (
        f"{name} has an item with the malformed key {escaped(key)}, which is skipped; "
        f"run audittui verify --chain {name} for details."
    )


def _list_attributes(layout: Layout) -> tuple[str, ...]:
    """The attributes that a row needs; empty, meaning all, if fields are inside the payload."""
    if layout.reads_payload:
        return ()
    names = [layout.partition.attribute, layout.sort.attribute]
    for field in layout.fields.values():
        names += [source for source in field.sources if not source.startswith(PAYLOAD)]
    return tuple(dict.fromkeys(names))
