"""Following hash chains on the base table by seq: strictly in order, without gaps.

Reads are strongly consistent. A Query may still see a transaction (`append_many`) half done, so an
absent seq is looked for again before it is called absent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from heapq import merge

import msgspec

from audittui.errors import StoreError
from audittui.escape import escaped
from audittui.investigate.asker import Asker
from audittui.investigate.tail.cursor import ChainPlace, TailCursor
from audittui.investigate.tail.gaps import Gap, with_gap, without
from audittui.investigate.tail.pace import HOUR, Interval, Pace
from audittui.investigate.tail.source import Backlog, Round
from audittui.investigate.tail.start import beginning, chain_range, tip_of
from audittui.layout.model import PAYLOAD, Layout
from audittui.layout.native import REGISTRY
from audittui.layout.row import Row
from audittui.store.port import Key, Page, Query

REGISTRY_SECONDS = 15.0
"""How often the registry is asked for new chains."""
GAP_SECONDS = 2.0
"""How long an absent seq is waited for; a transaction shows whole within milliseconds."""
_GAP_READS = 3
_ITEM_BYTES = 1024.0
"""What an item is taken for until one was read."""
_WEIGHED = 16
"""Items whose page says how large one is."""
_UNIT_BYTES = 4096
"""Bytes that a strongly consistent read unit reads."""
_PAGE_UNITS = 256.0
"""A full page, strongly consistent."""
Narrow = Callable[[dict[str, ChainPlace]], dict[str, ChainPlace]]
_TOGETHER = 0.05
"""Polls that are due within this many seconds are made together."""


def _as_they_are(places: dict[str, ChainPlace]) -> dict[str, ChainPlace]:
    return places


class _Chain:
    """One chain and how far it is read.

    ``ready`` rows were read and not given yet. ``behind``: there is more to read at once, of the
    range that begins at ``low``, after ``page_key``. ``reached`` is the time of the last entry
    read. ``gaps`` has absent seqs, when they were first missed, and how often; ``passed`` has
    those that were given up.
    """

    def __init__(self, name: str, place: ChainPlace, pace: Pace, due: float) -> None:
        self.name = name
        self.read = place.seq
        self.tip = place.tip
        self.loose = place.loose
        self.pace = pace
        self.due = due
        self.behind = False
        self.low = 0
        self.page_key: Key | None = None
        self.reached = 0
        self.ready: list[Row] = []
        self.gaps: dict[tuple[int, int], tuple[float, int]] = {}
        self.passed = place.gaps
        self.malformed: set[str] = set()

    @property
    def next_seq(self) -> int:
        """The lowest seq that was not given yet."""
        return self.ready[0].seq if self.ready else self.read + 1


class ChainSource:
    """Follows every chain of the registry, new ones from their first entry on.

    ``wanted`` says which rows to give. ``since`` (microseconds) begins with the entries written
    since then, those dated earlier left out; None begins with the next entry of each chain.
    ``places`` goes on from a cursor instead. ``narrow`` lets chains with a long backlog begin
    later, where it knows that nothing before is wanted. ``item_bytes`` is the mean size of an item,
    ``table_bytes`` what all of them take; None where nobody knows. ``clock`` gives
    monotonic seconds. ``notes`` are passed on.
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
        self._wanted = wanted
        self._since = since
        self._interval = interval
        self._clock = clock
        self._chains: dict[str, _Chain] = {}
        self._notes = notes
        self._registry_due = 0.0
        self._listed = _list_attributes(layout)
        self._begin(places)

    @property
    def due(self) -> float:
        """When the next chain, or the registry, is to be asked."""
        return min([self._registry_due, *(chain.due for chain in self._chains.values())])

    @property
    def floor(self) -> float:
        """Read units an hour while nothing happens: one a chain and poll, a half for the
        registry."""
        chains = self._interval.polls_per_hour * len(self._chains)
        return chains + HOUR / self._registry_pause * 0.5

    @property
    def notes(self) -> tuple[str, ...]:
        """What was said at the start: a chain hides nothing from who follows it."""
        return self._notes

    def cancel(self) -> None:
        """Nothing to do: the asker's requests are left by themselves."""

    def place(self, cursor: TailCursor) -> TailCursor:
        """``cursor`` with the last seq of every chain that was dealt with."""
        places = {
            name: ChainPlace(
                seq=chain.next_seq - 1,
                tip=chain.tip,
                loose=chain.loose,
                gaps=tuple(gap for gap in chain.passed if gap[1] < chain.next_seq),
            )
            for name, chain in self._chains.items()
        }
        return msgspec.structs.replace(cursor, chains=places)

    def backlog(self) -> Backlog:
        """What lies between the places and the ends of the chains. A tail that begins knows the
        ends; one that goes on asks for them."""
        tips = {
            name: chain.tip if self._begins else tip_of(self._layout, self._asker, name)
            for name, chain in self._chains.items()
        }
        # Entries are larger than the table's mean item: small ones stand beside them.
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
        """Ask the chains that are due. What some brought is given before another's error."""
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
            [self._request(chain, most) for chain in due]
            + [self._gap_request(chain, gap) for chain, gap in passed]
        )
        # From here on nothing is asked: what was taken in is given, whoever cancels.
        missed: list[str] = []
        for chain, answer in zip(due, answers, strict=False):
            if isinstance(answer, StoreError):
                failure = failure or answer
            else:
                self._weigh(answer)
                chain.ready += self._take(chain, answer, missed)
        late: list[Row] = []
        for (chain, _), answer in zip(passed, answers[len(due) :], strict=True):
            # One that failed is simply looked into again.
            if not isinstance(answer, StoreError):
                left = None if room is None else room - len(late)
                late += self._take_late(chain, answer, left, missed)
        left = None if room is None else room - len(late)
        rows = self._give(left, self._barrier())
        behind = any(chain.behind for chain in self._chains.values())
        yield Round((*late, *rows), tuple(missed), more=behind)
        if failure is not None:
            raise failure

    def _welcome(self, names: list[str]) -> None:
        """Follow the chains that nobody knew from their first entry on: they are newly born."""
        for name in names:
            if name not in self._chains:
                self._chains[name] = self._chain(name, ChainPlace(-1))

    def _take_late(
        self, chain: _Chain, page: Page, room: int | None, missed: list[str]
    ) -> list[Row]:
        """The wanted rows that stand by now in a gap that was passed by."""
        given: list[Row] = []
        for item in page.items:
            row = self._layout.row(item)
            if not self._well_keyed(chain.name, row):
                continue
            if room is not None and len(given) == room:
                break
            chain.passed = without(chain.passed, row.seq)
            missed.append(f"Entry {row.seq} of {escaped(chain.name)}, absent before, is there.")
            if self._is_given(chain, row):
                given.append(row)
        return given

    def _to_ask(self, now: float) -> list[_Chain]:
        """The chains that are due; of those that are behind, the ones that hold the others up."""
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
                {name: beginning(self._layout, self._asker, name, self._since) for name in names}
            )
        for name, place in places.items():
            self._chains[name] = self._chain(name, place)
        self._welcome(names)
        self._registry_due = self._clock() + self._registry_pause

    def _chain(self, name: str, place: ChainPlace) -> _Chain:
        return _Chain(name, place, Pace(self._interval), self._clock())

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
        """How many items each of so many requests may read, so that all fit into the budget; None
        for full pages."""
        left = self._asker.left
        if left is None or not sharers or left / sharers >= _PAGE_UNITS:
            return None
        return max(int(left / sharers * _UNIT_BYTES / self._item_bytes), 1)

    def _weigh(self, page: Page) -> None:
        """Keep to the size of the items that come, as pages are billed."""
        if page.scanned >= _WEIGHED:
            self._item_bytes = page.rcu * _UNIT_BYTES / page.scanned
        elif page.scanned:
            whole = (page.rcu - 1) * _UNIT_BYTES / page.scanned
            self._item_bytes = max(self._item_bytes, whole)

    def _request(self, chain: _Chain, most: int | None) -> Query:
        if not chain.behind:
            chain.low, chain.page_key = chain.read + 1, None
        return msgspec.structs.replace(
            chain_range(self._layout, chain.name, chain.low),
            attributes=self._listed,
            start_key=chain.page_key,
            limit=most,
        )

    def _gap_request(self, chain: _Chain, gap: Gap) -> Query:
        return msgspec.structs.replace(
            chain_range(self._layout, chain.name, *gap), attributes=self._listed
        )

    def _take(self, chain: _Chain, page: Page, missed: list[str]) -> list[Row]:
        """The wanted rows of one page, up to a gap that still has to be waited for."""
        now = self._clock()
        gaps: dict[tuple[int, int], tuple[float, int]] = {}
        rows: list[Row] = []
        at, held, read = chain.read, False, chain.read
        for item in page.items:
            row = self._layout.row(item)
            if row.seq <= at or not self._well_keyed(chain.name, row):
                key = str(row.key[1])
                if key not in chain.malformed:
                    chain.malformed.add(key)
                    missed.append(_malformed(chain.name, key))
                continue
            gap = (at + 1, row.seq - 1)
            at = row.seq
            if gap[1] >= gap[0] and not chain.loose:
                first, reads = chain.gaps.get(gap, (now, 0))
                gaps[gap] = (first, reads + 1)
                held = held or now - first < GAP_SECONDS or reads + 1 < _GAP_READS
                if not held:
                    missed.append(_absent(chain.name, *gap))
                    chain.passed = with_gap(chain.passed, *gap)
            if held:
                continue
            chain.loose = False
            read, chain.reached = row.seq, row.time
            if self._is_given(chain, row):
                rows.append(row)
        chain.read = read
        chain.gaps = gaps if held else {}
        chain.behind = page.last_key is not None and not held
        chain.page_key = page.last_key
        if chain.behind:
            chain.due = now
        else:
            chain.due = now + chain.pace.after(bool(rows) or held)
        return rows

    def _well_keyed(self, chain: str, row: Row) -> bool:
        return row.key[1] == self._layout.key(chain, row.seq)[self._layout.sort.attribute]

    def _is_given(self, chain: _Chain, row: Row) -> bool:
        if self._since is not None and row.seq <= chain.tip and row.time < self._since:
            return False
        return self._wanted(row)


def _time(row: Row) -> int:
    return row.time


def _absent(chain: str, first: int, last: int) -> str:
    if first == last:
        said = f"Entry {first} of {escaped(chain)} is absent"
    else:
        said = f"Entries {first} to {last} of {escaped(chain)} are absent"
    return f"{said}: expired, deleted, or never written."


def _malformed(chain: str, key: str) -> str:
    name = escaped(chain)
    return (
        f"{name} holds an item under the malformed key {escaped(key)}, which is left out; "
        f"audittui verify --chain {name} says more."
    )


def _list_attributes(layout: Layout) -> tuple[str, ...]:
    """What a row needs of an item; empty, for everything, where that is inside the payload."""
    if layout.reads_payload:
        return ()
    names = [layout.partition.attribute, layout.sort.attribute]
    for field in layout.fields.values():
        names += [source for source in field.sources if not source.startswith(PAYLOAD)]
    return tuple(dict.fromkeys(names))
