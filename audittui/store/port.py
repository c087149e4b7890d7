"""The `Store` protocol, its requests and its responses.

Two adapters implement it: `audittui.store.dynamodb` and `audittui.store.sqlite`. One set of
contract tests holds both to the same behaviour.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from audittui.errors import StoreError
from audittui.layout.row import Item
from audittui.store.identity import TableIdentity

Key = Mapping[str, Any]
"""Key attributes and their values; for an index, those of the index and of the base table."""


class Condition(msgspec.Struct, frozen=True):
    """A filter on one attribute: it equals one of ``values`` (``in``), or none of them
    (``not_in``).

    ``not_in`` is also true where the attribute is absent.
    """

    attribute: str
    operator: Literal["in", "not_in"]
    values: tuple[str, ...]


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One Query request.

    ``index`` is empty for the base table. ``low`` and ``high`` bound the sort key, both included;
    None leaves a side open. ``filters`` are joined by "and" and applied after the page was read and
    charged. ``attributes`` is the projection; empty for all that the index projects. ``limit`` is
    the number of items *evaluated*. ``start_key`` is where the last page ended (exclusive).
    ``count`` requests only the number of matching items (``Select=COUNT``): it costs the same read
    units and transfers less.
    """

    index: str
    partition: tuple[str, str | int]
    sort: str
    low: str | int | None = None
    high: str | int | None = None
    forward: bool = True
    filters: tuple[Condition, ...] = ()
    attributes: tuple[str, ...] = ()
    limit: int | None = None
    consistent: bool = False
    start_key: Key | None = None
    count: bool = False


class Page(msgspec.Struct, frozen=True):
    """The response to one Query.

    ``scanned`` counts the items evaluated, before filters. ``rcu`` is the consumed capacity of all
    responses to the request; ``unmetered`` counts attempts whose cost is unknown. ``last_key`` is
    None at the end of the range. ``matched`` counts the items that passed the filters; a ``count``
    request has no ``items``. ``by_index`` says where ``rcu`` was spent: read units by index name,
    "" for the base table.
    """

    items: Sequence[Item]
    last_key: Key | None
    scanned: int
    rcu: float
    unmetered: int = 0
    matched: int = 0
    by_index: tuple[tuple[str, float], ...] = ()


class Found(msgspec.Struct, frozen=True):
    """The response to one GetItem: the item (None if there is none) and its cost."""

    item: Item | None
    rcu: float


class FoundMany(msgspec.Struct, frozen=True):
    """The response to several gets: the items in the order of their keys (None if there is none),
    and their total cost."""

    items: tuple[Item | None, ...]
    rcu: float


class IndexDescription(msgspec.Struct, frozen=True):
    """The service's description of one index. Sizes in bytes; they lag by up to six hours."""

    name: str
    item_count: int
    size_bytes: int


class TableDescription(msgspec.Struct, frozen=True):
    """The service's description of the table. ``place`` is its display name."""

    place: str
    item_count: int
    size_bytes: int
    indexes: tuple[IndexDescription, ...]
    region: str | None = None


class Patience(Protocol):
    """How a caller waits before a store retries a request.

    A run of a plan has its own, which shows the wait and can be cancelled during it.
    """

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        """Wait before attempt number ``attempt`` (2 is the first retry); ``error`` is the reason.

        Raise ``error`` to give up instead.
        """
        ...


class _Sleep:
    """Sleeps and says nothing."""

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        """Sleep for ``seconds``."""
        time.sleep(seconds)


PATIENT: Patience = _Sleep()
"""Sleeps silently for the whole wait."""
ANSWERS_AGAIN = "the table is responding again"
"""The message when a reported wait is over."""


def cost_unknown(error: StoreError) -> bool:
    """True when the cost of the request that failed with ``error`` is unknown, because it may have
    been served. Refused requests, including throttled ones, cost nothing."""
    return error.kind in ("network", "other")


def demand_tile(key: Any) -> None:
    """Raise `StoreError` unless ``key``, a partition key, is that of a chain's tiles."""
    # Writing is imported only when needed, to keep reading fast to start.
    from audittui.layout.native import TILE

    if not isinstance(key, str) or not key.startswith(TILE):
        raise StoreError("Only a tile can be overwritten.", kind="invalid")


class KeyTakenError(Exception):
    """A conditional put found the key taken. ``existing`` is the item in its place."""

    def __init__(self, existing: Item) -> None:
        super().__init__("the key is taken")
        self.existing = existing


class TransactionRefusedError(Exception):
    """A transaction wrote nothing.

    ``existing`` has one element for each put: the item that took its key, or None if this put was
    not the reason. All None means a conflict with another transaction: try again.
    """

    def __init__(self, existing: Sequence[Item | None]) -> None:
        super().__init__("the transaction was refused")
        self.existing = tuple(existing)


class IndexFault(msgspec.Struct, frozen=True):
    """An index that does not hold an item correctly. ``key`` is the item's sort key, ``why`` the
    predicate of a sentence about the index, ``expected`` and ``found`` the item's keys in it."""

    key: str | int
    index: str
    why: str
    expected: str
    found: str


@runtime_checkable
class KeepsIndexes(Protocol):
    """A store whose indexes can be changed from outside."""

    def index_faults(
        self, partition: str, keys: Sequence[str] | None = None
    ) -> Iterator[IndexFault]:
        """Where the indexes do not correctly hold the items of ``partition``, or only those of
        ``keys``. Raises `StoreError`."""
        ...


class Store(Protocol):
    """Where entries live. Every method may raise `audittui.errors.StoreError`.

    Methods are safe to call from several threads.
    """

    @property
    def place(self) -> str:
        """The store's display name, e.g. ``audit-log (eu-west-1)`` or ``case.db``."""
        ...

    @property
    def region(self) -> str | None:
        """The region that writes go to; None where there are no regions."""
        ...

    @property
    def index_lag(self) -> int:
        """How far indexes may lag behind writes, in microseconds; 0 where they never do."""
        ...

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        """Read one page. Transient errors (throttling, the network) are retried, with ``patience``
        in between; ``Page.unmetered`` counts the failed attempts that may have cost something."""
        ...

    def get(self, key: Key, *, consistent: bool = True) -> Found:
        """Read one item by its base key."""
        ...

    def get_many(self, keys: Sequence[Key], *, consistent: bool = True) -> FoundMany:
        """Read items by their base keys, in as few requests as possible (100 keys each)."""
        ...

    def put_new(self, item: Item) -> None:
        """Write an item whose key is free.

        Raises `KeyTakenError`, or `TransactionRefusedError` if a transaction is using the key.
        """
        ...

    def put_new_many(self, items: Sequence[Item]) -> None:
        """Write up to 100 items with free keys, all or none. Raises `TransactionRefusedError`."""
        ...

    def replace_tile(self, item: Item) -> None:
        """Write a tile (an item whose partition key begins with ``tile#``), replacing the one in
        its place. Nothing else is ever overwritten. Raises `StoreError` for any other key."""
        ...

    def describe(self) -> TableDescription:
        """The store's description of itself: counts, sizes, indexes."""
        ...

    def identity(self) -> TableIdentity:
        """The identity of the table, as far as it is available. Never raises."""
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...
