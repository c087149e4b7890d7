"""Follows all hash chains of a table by seq: merged by time, paced, within a budget.

Reads are strongly consistent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from heapq import merge

import msgspec

from audittui.errors import StoreError
from audittui.investigate.asker import Asker
from audittui.investigate.tail.chain import FollowedChain, Question
from audittui.investigate.tail.cursor import ChainPlace, TailCursor
from audittui.investigate.tail.pace import HOUR, Interval, Pace
from audittui.investigate.tail.source import Backlog, Round
from audittui.investigate.tail.start import beginning, tip_of
from audittui.layout.model import Layout
from audittui.layout.native import REGISTRY
from audittui.layout.row import Row
from audittui.store.port import Page, Query

REGISTRY_SECONDS = 15.0
"""How often the registry is read for new chains."""
_ITEM_BYTES = 1024.0
"""The assumed size of an item until one was read."""
_WEIGHED = 16
"""The number of items in a page from which their mean size is learnt."""
_UNIT_BYTES = 4096
"""Bytes per strongly consistent read unit."""
_PAGE_UNITS = 256.0
"""A full page, strongly consistent."""
Narrow = Callable[[dict[str, ChainPlace]], dict[str, ChainPlace]]
_TOGETHER = 0.05
"""Polls that are due within this many seconds are made together."""


def _as_they_are(places: dict[str, ChainPlace]) -> dict[str, ChainPlace]:
    return places


class ChainSource:
    """Follows every chain of the registry, new ones from their first entry on.

    ``wanted`` selects the rows to yield. ``since`` (microseconds) begins with the entries written
    since then, without those dated earlier; None begins with the next entry of each chain.
    ``places`` resumes from a cursor instead. ``narrow`` lets chains with a long backlog begin
    later, if it knows that no earlier entry matches. ``item_bytes`` is the mean size of an item,
    ``table_bytes`` the size of all items; None if not known. ``clock`` returns monotonic seconds.
    ``notes`` are passed on.
    """

    def __init__(
        self,
        layout: Layout,
        asker: Asker,
        wanted: Callable[[Row], bool],
        *,
        since: int | None,
        places: dict[str, ChainPlace] | None,
        interval: Interval,
        clock: Callable[[], float],
        narrow: Narrow = _as_they_are,
        item_bytes: float | None = None,
        table_bytes: int | None = None,
        notes: tuple[str, ...] = (),
    ) -> None:
        self._narrow = narrow
        self._begins = places is None
        self._item_bytes = item_bytes or _ITEM_BYTES
        self._table_bytes = table_bytes or 0
        self._layout = layout
        self._asker = asker
        self._question = Question(layout, wanted, since)
        self._interval = interval
        self._clock = clock
        self._chains: dict[str, FollowedChain] = {}
        self._notes = notes
        self._registry_due = 0.0
        self._begin(places)

    @property
    def due(self) -> float:
        """When the next chain, or the registry, is due."""
        return min([self._registry_due, *(chain.due for chain in self._chains.values())])

    @property
    def floor(self) -> float:
        """Read units per hour while nothing happens: one per chain and poll, half a unit for the
        registry."""
        chains = self._interval.polls_per_hour * len(self._chains)
        return chains + HOUR / self._registry_pause * 0.5

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes given at the start: a chain hides nothing from its followers."""
        return self._notes

    def cancel(self) -> None:
        """Nothing to do: the asker drops its requests itself."""

    def place(self, cursor: TailCursor) -> TailCursor:
        """``cursor`` with the last processed seq of every chain."""
        places = {name: chain.place for name, chain in self._chains.items()}
        return msgspec.structs.replace(cursor, chains=places)

    def backlog(self) -> Backlog:
        """What lies between the places and the ends of the chains. A new tail knows the ends; a
        resumed one reads them."""
        tips = {
            name: chain.tip if self._begins else tip_of(self._layout, self._asker, name)
            for name, chain in self._chains.items()
        }
        # Entries are larger than the table's mean item, which includes small ones.
        all_entries = sum(tip + 1 for tip in tips.values())
        size = max(self._item_bytes, self._table_bytes / max(all_entries, 1))
        entries, rcu = 0, 0.0
        for name, chain in self._chains.items():
            behind = max(tips[name] - chain.read, 0)
            entries += behind
            units = behind * size / _UNIT_BYTES
            # Each page rounds up, and the last one says that there is no more.
            rcu += units + units // _PAGE_UNITS + 1 if behind else 0.0
        return Backlog(entries, rcu)

    def poll(self, room: int | None) -> Iterator[Round]:
        """Poll the chains that are due. Rows are yielded before an error is raised."""
        now = self._clock()
        failure: StoreError | None = None
        looking = now >= self._registry_due
        if looking:
            try:
                self._welcome(self._registered())
            except StoreError as error:
                failure = error
            else:
                self._registry_due = now + self._registry_pause
        due = self._to_ask(now)
        passed = [(chain, gap) for chain in self._chains.values() for gap in chain.passed]
        passed = passed if looking else []
        most = self._most_items(len(due) + len(passed))
        answers = self._asker.ask_all(
            [chain.request(most) for chain in due]
            + [chain.gap_request(gap) for chain, gap in passed]
        )
        # No more requests from here on: the rows are yielded even after a cancel.
        missed: list[str] = []
        for chain, answer in zip(due, answers, strict=False):
            if isinstance(answer, StoreError):
                failure = failure or answer
            else:
                self._weigh(answer)
                chain.ready += chain.take(answer, self._clock(), missed)
        late: list[Row] = []
        for (chain, _), answer in zip(passed, answers[len(due) :], strict=True):
            # A gap whose query failed is simply looked into again.
            if not isinstance(answer, StoreError):
                left = None if room is None else room - len(late)
                late += chain.take_late(answer, left, missed)
        left = None if room is None else room - len(late)
        rows = self._give(left, self._barrier())
        behind = any(chain.behind for chain in self._chains.values())
        yield Round((*late, *rows), tuple(missed), more=behind)
        if failure is not None:
            raise failure

    def _welcome(self, names: list[str]) -> None:
        """Follow newly created chains from their first entry on."""
        for name in names:
            if name not in self._chains:
                self._chains[name] = self._chain(name, ChainPlace(-1))

    def _to_ask(self, now: float) -> list[FollowedChain]:
        """The chains that are due; of those behind, the ones that hold up the others."""
        barrier = self._barrier()
        return [
            chain
            for chain in self._chains.values()
            if chain.due <= now + _TOGETHER and (not chain.behind or chain.reached <= barrier)
        ]

    def _barrier(self) -> float:
        """The time up to which every chain was read; infinite once all have caught up."""
        behind = [chain.reached for chain in self._chains.values() if chain.behind]
        return min(behind, default=float("inf"))

    def rest(self, room: int | None) -> tuple[Row, ...]:
        """The rows of chains that were read further than others."""
        return self._give(room, float("inf"))

    def _give(self, room: int | None, barrier: float) -> tuple[Row, ...]:
        """Rows of all chains merged by time, each chain's in seq order, up to the barrier."""
        given: list[Row] = []
        for row in merge(*(chain.ready for chain in self._chains.values()), key=_time):
            if row.time > barrier or (room is not None and len(given) == room):
                break
            given.append(row)
        counts = Counter(row.chain for row in given)
        for chain in self._chains.values():
            del chain.ready[: counts[chain.name]]
        return tuple(given)

    @property
    def _registry_pause(self) -> float:
        return max(REGISTRY_SECONDS, self._interval.slowest)

    def _begin(self, places: dict[str, ChainPlace] | None) -> None:
        names = self._registered()
        if places is None:
            places = self._narrow(
                {
                    name: beginning(self._layout, self._asker, name, self._question.since)
                    for name in names
                }
            )
        for name, place in places.items():
            self._chains[name] = self._chain(name, place)
        self._welcome(names)
        self._registry_due = self._clock() + self._registry_pause

    def _chain(self, name: str, place: ChainPlace) -> FollowedChain:
        return FollowedChain(name, place, self._question, Pace(self._interval), self._clock())

    def _registered(self) -> list[str]:
        layout = self._layout
        names: list[str] = []
        start = None
        while True:
            page = self._asker.ask(
                Query(
                    index="",
                    partition=(layout.partition.attribute, REGISTRY),
                    sort=layout.sort.attribute,
                    attributes=(layout.partition.attribute, layout.sort.attribute),
                    start_key=start,
                )
            )
            names += [str(item[layout.sort.attribute]) for item in page.items]
            start = page.last_key
            if start is None:
                return names

    def _most_items(self, sharers: int) -> int | None:
        """How many items each of ``sharers`` requests may read, so that all fit into the budget;
        None for full pages."""
        left = self._asker.left
        if left is None or not sharers or left / sharers >= _PAGE_UNITS:
            return None
        return max(int(left / sharers * _UNIT_BYTES / self._item_bytes), 1)

    def _weigh(self, page: Page) -> None:
        """Learn the size of items from a page, as it is billed."""
        if page.scanned >= _WEIGHED:
            self._item_bytes = page.rcu * _UNIT_BYTES / page.scanned
        elif page.scanned:
            whole = (page.rcu - 1) * _UNIT_BYTES / page.scanned
            self._item_bytes = max(self._item_bytes, whole)


def _time(row: Row) -> int:
    return row.time
