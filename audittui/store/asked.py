"""Records the requests to a store by partition, and reports when it does not answer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import msgspec

from audittui.errors import StoreError
from audittui.layout.row import Item
from audittui.store.identity import TableIdentity
from audittui.store.port import (
    PATIENT,
    Found,
    FoundMany,
    Key,
    Page,
    Patience,
    Query,
    Store,
    TableDescription,
)

Watch = Callable[[StoreError | None], None]
"""Called, from any thread, with an error that is retried or raised, and with None on a response."""


class Asked(msgspec.Struct):
    """The requests for one partition so far. ``index`` is empty for the base table; ``low`` and
    ``high`` are the widest requested range of the sort key (None for open)."""

    index: str
    partition: str | int
    low: str | int | None
    high: str | int | None
    requests: int = 0
    pages: int = 0
    scanned: int = 0
    rcu: float = 0.0


class AskedStore:
    """A `Store` that records the requests to ``store`` and passes them on. Thread-safe."""

    def __init__(self, store: Store, watch: Watch = lambda _: None) -> None:
        self._store = store
        self._watch = watch
        self._lock = threading.Lock()
        self._asked: dict[tuple[str, str | int], Asked] = {}

    def asked(self) -> list[Asked]:
        """The requests so far, by partition, in the order of the first request."""
        with self._lock:
            return [msgspec.structs.replace(one) for one in self._asked.values()]

    @property
    def place(self) -> str:
        """The store's display name."""
        return self._store.place

    @property
    def region(self) -> str | None:
        """The region that writes go to."""
        return self._store.region

    @property
    def index_lag(self) -> int:
        """How far indexes may lag, in microseconds."""
        return self._store.index_lag

    def identity(self) -> TableIdentity:
        """Which table it is."""
        return self._store.identity()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        """Read one page, and record it."""
        partition = request.partition[1]
        with self._lock:
            asked = self._asked.get((request.index, partition))
            if asked is None:
                asked = Asked(request.index, partition, request.low, request.high)
                self._asked[request.index, partition] = asked
            asked.requests += 1
            asked.low = _outer(asked.low, request.low, min)
            asked.high = _outer(asked.high, request.high, max)
        try:
            page = self._store.query(request, _Watched(patience, self._watch))
        except StoreError as error:
            self._watch(error)
            raise
        self._watch(None)
        with self._lock:
            asked.pages += 1
            asked.scanned += page.scanned
            asked.rcu += page.rcu
        return page

    def get(self, key: Key, *, consistent: bool = True) -> Found:
        """Read one item."""
        return self._store.get(key, consistent=consistent)

    def get_many(self, keys: Sequence[Key], *, consistent: bool = True) -> FoundMany:
        """Read items."""
        return self._store.get_many(keys, consistent=consistent)

    def put_new(self, item: Item) -> None:
        """Write an item whose key is free."""
        self._store.put_new(item)

    def replace_tile(self, item: Item) -> None:
        """Write a tile over the one in its place."""
        self._store.replace_tile(item)

    def put_new_many(self, items: Sequence[Item]) -> None:
        """Write items with free keys."""
        self._store.put_new_many(items)

    def describe(self) -> TableDescription:
        """The store's description of itself."""
        return self._store.describe()

    def close(self) -> None:
        """Do nothing: whoever opened the store closes it."""


class _Watched:
    """Passes waits on and reports them."""

    def __init__(self, patience: Patience, watch: Watch) -> None:
        self._patience = patience
        self._watch = watch

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        """Report the error, then wait as the caller of the store wants to."""
        self._watch(error)
        self._patience.wait(error, attempt, seconds)


def _outer(
    one: str | int | None, other: str | int | None, choose: Callable[[str | int, str | int], object]
) -> str | int | None:
    """The outer one of two bounds of the same type; None is open, beyond any other."""
    if one is None or other is None:
        return None
    found = choose(one, other)
    assert isinstance(found, (str, int))
    return found
