"""Reads what a verification needs, always strongly consistent: one entry, or a whole chain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from audittui.errors import StoreError, UsageError
from audittui.integrity.check import (
    Examined,
    check,
    examine,
    missing,
    seq_of_key,
    unverifiable,
    with_registry,
)
from audittui.integrity.verdict import Verdict
from audittui.layout.model import Layout
from audittui.layout.native import REGISTRY
from audittui.store.port import Query, Store

Progress = Callable[[int, int | None], None]
"""Told how many entries were read, and of how many (None: unknown)."""
MAX_SEQ = 10**20 - 1
"""The largest seq that a sort key can say."""
LONGEST_RUN = 1000
"""Up to here every absent entry has a verdict of its own; a longer run has one for all."""
_PLAUSIBLE = 10**15
_NO_CHAIN = "UNVERIFIABLE: the layout {name} keeps no hash chain."


def verify_entry(store: Store, layout: Layout, chain: str, seq: int) -> Verdict:
    """The verdict on one entry, with all its steps and the read units that it took.

    Raises `UsageError` for a seq that the chain does not reach and for an unknown chain. What the
    store refuses comes back as UNVERIFIABLE.
    """
    if not layout.chained:
        return unverifiable(chain, seq, _NO_CHAIN.format(name=layout.name))
    if not 0 <= seq <= MAX_SEQ:
        raise UsageError(f"{seq} is not the number of an entry.", "Entries count from 0.")
    reader = _Reader(store, layout, chain)
    try:
        verdict = _verdict_on(reader, seq)
    except StoreError as error:
        verdict = unverifiable(chain, seq, f"UNVERIFIABLE: {error}")
    return msgspec.structs.replace(verdict, rcu=reader.take())


def _verdict_on(reader: _Reader, seq: int) -> Verdict:
    place = reader.get(seq)
    if place is not None:
        return _beside_neighbours(reader, place)
    tip = reader.tip()
    if tip is None:
        reader.demand_registered()
        if seq == 0:
            return missing(reader.chain, 0, 0)
        raise UsageError(f"The chain {reader.chain} holds no entries.")
    if seq > tip:
        raise UsageError(f"The chain ends at {tip}.", f"Give a seq from 0 to {tip}.")
    # A writer may have appended it after the first read: then it is not missing.
    place = reader.get(seq)
    if place is not None:
        return _beside_neighbours(reader, place)
    return missing(reader.chain, seq, seq)


def _beside_neighbours(reader: _Reader, place: Examined) -> Verdict:
    seq = place.seq
    before = reader.get(seq - 1) if seq else None
    after = reader.get(seq + 1) if seq < MAX_SEQ else None
    verdict = check(place, before, after, steps=True)
    return verdict if seq else with_registry(verdict, reader.registered(), steps=True)


def verify_chain(
    store: Store,
    layout: Layout,
    chain: str,
    *,
    progress: Progress | None = None,
    steps: bool = False,
) -> Iterator[Verdict]:
    """The verdicts on every entry of a chain in order, page by page, in bounded memory.

    The read units of a page are in the first verdict after it, so that the verdicts sum to the
    cost. Entries under malformed keys have seq -1. When the store fails, the last verdict is
    UNVERIFIABLE at the first seq that was not reached. ``steps`` fills in the steps of entries
    that are as they should be, too. Raises `UsageError` for an unknown chain.
    """
    if not layout.chained:
        yield unverifiable(chain, 0, _NO_CHAIN.format(name=layout.name))
        return
    reader = _Reader(store, layout, chain)
    sweep = _Sweep(chain, steps)
    try:
        total = None
        if progress is not None:
            tip = reader.tip()
            total = tip + 1 if tip is not None and tip < _PLAUSIBLE else None
        read = 0
        for page in reader.pages():
            if page and not read:
                # After the entries, which are written together with the record: never too early.
                sweep.registered = reader.registered()
            for place in page:
                if place.seq > sweep.reached:
                    # A page is no snapshot: an entry may have been written behind the reading.
                    for late in reader.between(sweep.reached, place.seq - 1):
                        for verdict in sweep.take(late):
                            yield reader.paid(verdict)
                for verdict in sweep.take(place):
                    yield reader.paid(verdict)
            read += len(page)
            if progress is not None:
                progress(read, total)
        if sweep.empty:
            reader.demand_registered()
            yield reader.paid(missing(chain, 0, 0))
        for verdict in sweep.end():
            yield reader.paid(verdict)
    except StoreError as error:
        for verdict in sweep.end():
            yield reader.paid(verdict)
        yield reader.paid(unverifiable(chain, sweep.reached, f"UNVERIFIABLE: {error}"))


class _Sweep:
    """Holds each entry back until its successor has come."""

    def __init__(self, chain: str, steps: bool) -> None:
        self.registered = True
        self._chain = chain
        self._steps = steps
        self._before: Examined | None = None
        self._place: Examined | None = None
        self.reached = 0

    @property
    def empty(self) -> bool:
        """True while no entry under a well-formed key has come."""
        return self.reached == 0

    def take(self, place: Examined) -> Iterator[Verdict]:
        """The verdicts that are certain once ``place`` is known."""
        if place.seq < 0:
            yield check(place, None, None, steps=self._steps)
            return
        gap = place.seq > self.reached
        yield from self._judged(None if gap else place)
        if gap:
            yield from _absent(self._chain, self.reached, place.seq - 1)
        self._before = None if gap else self._place
        self._place = place
        self.reached = place.seq + 1

    def end(self) -> Iterator[Verdict]:
        """The verdict on the last entry."""
        yield from self._judged(None)
        self._place = None

    def _judged(self, after: Examined | None) -> Iterator[Verdict]:
        place = self._place
        if place is None:
            return
        verdict = check(place, self._before, after, steps=self._steps)
        if place.seq == 0:
            verdict = with_registry(verdict, self.registered, steps=self._steps)
        yield verdict


def _absent(chain: str, first: int, last: int) -> Iterator[Verdict]:
    if last - first < LONGEST_RUN:
        for seq in range(first, last + 1):
            yield missing(chain, seq, seq)
    else:
        yield missing(chain, first, last)


class _Reader:
    """Consistent reads of one chain, with their cost."""

    def __init__(self, store: Store, layout: Layout, chain: str) -> None:
        self.chain = chain
        self._store = store
        self._layout = layout
        self._rcu = 0.0

    def take(self) -> float:
        """The read units since the last call."""
        rcu, self._rcu = self._rcu, 0.0
        return rcu

    def paid(self, verdict: Verdict) -> Verdict:
        """``verdict`` with what was read for it."""
        return msgspec.structs.replace(verdict, rcu=self.take()) if self._rcu else verdict

    def get(self, seq: int) -> Examined | None:
        """The entry at ``seq``, examined; None where there is none."""
        found = self._store.get(self._layout.key(self.chain, seq), consistent=True)
        self._rcu += found.rcu
        return None if found.item is None else examine(found.item, self._layout, self.chain)

    def pages(self) -> Iterator[list[Examined]]:
        """Every item of the chain's partition in key order, examined, a page at a time."""
        return self._pages(self._query())

    def between(self, first: int, last: int) -> Iterator[Examined]:
        """The entries under well-formed keys from ``first`` to ``last``, both included."""
        request = msgspec.structs.replace(self._query(), low=f"{first:020d}", high=f"{last:020d}")
        for page in self._pages(request):
            yield from (place for place in page if place.seq >= 0)

    def _pages(self, request: Query) -> Iterator[list[Examined]]:
        while True:
            page = self._store.query(request)
            self._rcu += page.rcu
            yield [examine(item, self._layout, self.chain) for item in page.items]
            if page.last_key is None:
                return
            request = msgspec.structs.replace(request, start_key=page.last_key)

    def tip(self) -> int | None:
        """The seq of the last entry under a well-formed key; None where there is none."""
        sort = self._layout.sort.attribute
        request = msgspec.structs.replace(
            self._query(),
            low=f"{0:020d}", high="9" * 20, forward=False, limit=1, attributes=(sort,),
        )  # fmt: skip
        while True:
            page = self._store.query(request)
            self._rcu += page.rcu
            for item in page.items:
                seq = seq_of_key(item.get(sort))
                if seq >= 0:
                    return seq
            if page.last_key is None:
                return None
            # Malformed keys lie among the last ones: look further at once.
            request = msgspec.structs.replace(request, start_key=page.last_key, limit=100)

    def registered(self) -> bool:
        """True when the registry names the chain."""
        key = {self._layout.partition.attribute: REGISTRY, self._layout.sort.attribute: self.chain}
        found = self._store.get(key, consistent=True)
        self._rcu += found.rcu
        return found.item is not None

    def demand_registered(self) -> None:
        """Raise `UsageError` unless the registry knows the chain."""
        if not self.registered():
            raise UsageError(
                f"There is no chain {self.chain}.",
                "audittui verify --all goes through the chains that there are.",
            )

    def _query(self) -> Query:
        attribute = self._layout.partition.attribute
        return Query(
            index="",
            partition=(attribute, self._layout.key(self.chain, 0)[attribute]),
            sort=self._layout.sort.attribute,
            consistent=True,
        )
