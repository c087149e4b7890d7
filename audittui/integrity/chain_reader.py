"""Reads a chain's entries from the base table, and sums the cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import msgspec

from audittui.errors import UsageError
from audittui.integrity.read_ahead import read_ahead
from audittui.integrity.registrations import Registrations
from audittui.integrity.stored_entry import StoredEntry, read_stored, seq_of_key
from audittui.layout.model import Layout
from audittui.layout.native import REGISTRY
from audittui.layout.row import Item
from audittui.store.port import Page, Query, Store

MAX_SEQ = 10**20 - 1
"""The largest seq that a sort key can hold."""
_RANGE = 2000
"""Entries of one range in a sweep: a few pages of ordinary entries."""
_MOST_RANGES = 500
"""However far away a forged tip is, no more empty ranges than this are read."""


class ChainReader:
    """Reads one chain, strongly consistent or not. ``spent`` is in read units.

    Records held by ``registrations`` are not read again; without it, the registry is read each
    time.
    """

    def __init__(
        self, store: Store, layout: Layout, chain: str, *, consistent: bool = True,
        registrations: Registrations | None = None,
    ) -> None:  # fmt: skip
        self.chain = chain
        self._store = store
        self._layout = layout
        self._consistent = consistent
        self.spent = 0.0
        self._requests = 0
        self._registration: Item | None = None
        self._registrations = registrations

    def take(self) -> float:
        """Return the read units since the last call."""
        rcu, self.spent = self.spent, 0.0
        return rcu

    def take_requests(self) -> int:
        """Return the number of requests since the last call."""
        requests, self._requests = self._requests, 0
        return requests

    def get(self, seq: int) -> StoredEntry | None:
        """The entry at ``seq``, hashed and decoded; None if there is none."""
        found = self._store.get(self._layout.key(self.chain, seq), consistent=self._consistent)
        self._pay(found.rcu)
        return None if found.item is None else self.stored_entry(found.item)

    def between(self, first: int, last: int) -> Iterator[StoredEntry]:
        """The entries under well-formed keys from ``first`` to ``last``, both included."""
        for page in self._pages(low=f"{first:020d}", high=f"{last:020d}"):
            yield from (place for place in map(self.stored_entry, page.items) if place.seq >= 0)

    def every(self, first: int, last: int) -> Iterator[StoredEntry]:
        """Every item from seq ``first`` to ``last``; one under a malformed key has seq -1."""
        for page in self._pages(low=f"{first:020d}", high=f"{last:020d}"):
            yield from map(self.stored_entry, page.items)

    def several(self, ranges: Sequence[tuple[int, int]]) -> Iterator[StoredEntry]:
        """The entries of several ranges, each as by `between`, read in parallel."""

        def read(number: int) -> Iterator[Page]:
            first, last = ranges[number]
            return self._asked(low=f"{first:020d}", high=f"{last:020d}")

        for _, page in read_ahead(read, len(ranges)):
            self._pay(page.rcu)
            yield from (place for place in map(self.stored_entry, page.items) if place.seq >= 0)

    def pages(
        self, first: int, tip: int | None, limit: Callable[[], int] | None = None
    ) -> Iterator[Sequence[Item]]:
        """Every item from seq ``first`` on in key order, a page at a time, for `stored_entry`.

        From 0 on, items under malformed keys are included. Ranges up to ``tip`` (the last seq, if
        it is known) are read in parallel, several pages ahead; without it, pages of up to
        ``limit()`` items are read one by one, on demand. A decoded page takes megabytes: handling
        one item after another keeps it in the processor's cache.
        """
        low = f"{first:020d}" if first else None
        if tip is None or tip < first:
            for page in self._pages(low=low, high=None, limit=limit):
                yield page.items
            return
        length = max(_RANGE, (tip - first) // _MOST_RANGES)
        bounds = [low, *(f"{seq:020d}" for seq in range(first + length, tip + 1, length)), None]
        ranges = list(pairwise(bounds))

        def read(number: int) -> Iterator[Page]:
            start, end = ranges[number]
            return self._asked(low=start, high=end)

        for number, page in read_ahead(read, len(ranges)):
            self._pay(page.rcu)
            items, end = page.items, ranges[number][1]
            # Adjacent ranges share a key, so whatever lies between two seqs is in one of them.
            if end is not None and items and items[-1].get(self._layout.sort.attribute) == end:
                items = items[:-1]
            yield items

    def stored_entry(self, item: Item) -> StoredEntry:
        """An item of the chain, hashed and decoded."""
        return read_stored(item, self._layout, self.chain)

    def tip(self) -> int | None:
        """The seq of the last entry under a well-formed key; None if there is none."""
        sort = self._layout.sort.attribute
        request = msgspec.structs.replace(
            self._query(low=f"{0:020d}", high="9" * 20),
            forward=False, limit=1, attributes=(sort,),
        )  # fmt: skip
        while True:
            page = self._store.query(request)
            self._pay(page.rcu)
            for item in page.items:
                seq = seq_of_key(item.get(sort))
                if seq >= 0:
                    return seq
            if page.last_key is None:
                return None
            # There are malformed keys among the last ones: read more in one go.
            request = msgspec.structs.replace(request, start_key=page.last_key, limit=100)

    def beside(self, seq: int, *, after: bool) -> StoredEntry | None:
        """The nearest entry under a well-formed key after ``seq``, or before it; None if there is
        none."""
        if seq == (MAX_SEQ if after else 0):
            return None
        low, high = (seq + 1, MAX_SEQ) if after else (0, seq - 1)
        request = msgspec.structs.replace(
            self._query(low=f"{low:020d}", high=f"{high:020d}"), forward=after, limit=1
        )
        while True:
            page = self._store.query(request)
            self._pay(page.rcu)
            for place in map(self.stored_entry, page.items):
                if place.seq >= 0:
                    return place
            if page.last_key is None:
                return None
            # There are malformed keys in between: read more in one go.
            request = msgspec.structs.replace(request, start_key=page.last_key, limit=100)

    def registered(self) -> bool:
        """True when the registry lists the chain."""
        known = self._registrations
        if known is not None and known.knows(self.chain, consistent=self._consistent):
            self._registration = known.record(self.chain)
            return self._registration is not None
        key = {self._layout.partition.attribute: REGISTRY, self._layout.sort.attribute: self.chain}
        found = self._store.get(key, consistent=self._consistent)
        self._pay(found.rcu)
        self._registration = found.item
        if known is not None:
            known.keep(self.chain, found.item, consistent=self._consistent)
        return found.item is not None

    def write_region(self) -> str:
        """The region the chain is written in, if it differs from the region read; empty if it is
        the same or unknown."""
        if self._registration is None:
            self.registered()
        region = (self._registration or {}).get("region")
        here = self._store.region
        return region if isinstance(region, str) and here and region != here else ""

    def demand_registered(self) -> None:
        """Raise `UsageError` unless the registry lists the chain."""
        if not self.registered():
            raise UsageError(
                f"There is no chain {self.chain}.",
                "Run audittui verify --all to verify every chain.",
            )

    def _pay(self, rcu: float) -> None:
        self.spent += rcu
        self._requests += 1

    def _pages(
        self, *, low: str | None, high: str | None, limit: Callable[[], int] | None = None
    ) -> Iterator[Page]:
        for page in self._asked(low=low, high=high, limit=limit):
            self._pay(page.rcu)
            yield page

    def _asked(
        self, *, low: str | None, high: str | None, limit: Callable[[], int] | None = None
    ) -> Iterator[Page]:
        request = self._query(low=low, high=high)
        while True:
            if limit is not None:
                request = msgspec.structs.replace(request, limit=limit())
            page = self._store.query(request)
            yield page
            if page.last_key is None:
                return
            request = msgspec.structs.replace(request, start_key=page.last_key)

    def _query(self, *, low: str | None, high: str | None) -> Query:
        attribute = self._layout.partition.attribute
        return Query(
            index="",
            partition=(attribute, self._layout.key(self.chain, 0)[attribute]),
            sort=self._layout.sort.attribute,
            low=low,
            high=high,
            consistent=self._consistent,
        )
