"""The `Store` protocol, its requests and its answers.

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
    """A filter on one attribute: it equals one of ``values`` (``in``), or none of them.

    ``not_in`` is also true where the attribute is absent.
    """

    attribute: str
    operator: Literal["in", "not_in"]
    values: tuple[str, ...]


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """One Query request.

    ``index`` is empty for the base table. ``low`` and ``high`` bound the sort key, both included;
    None leaves a side open. ``filters`` are joined by "and" and run after the page was read and
    paid for. ``attributes`` is the projection; empty for all that the index holds. ``limit`` is
    the number of items *evaluated*. ``start_key`` is where the last page ended (exclusive).
    ``count`` asks for the number of matching items alone (``Select=COUNT``): it costs the same
    read units and saves the wire.
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
    """The answer to one Query.

    ``scanned`` counts the items evaluated, before filters. ``rcu`` is the consumed capacity of all
    responses that the request took; ``unmetered`` counts attempts that may have cost something that
    nobody knows of. ``last_key`` is None at the end of the range. ``matched`` counts the items that
    passed the filters; a ``count`` request has no ``items``. ``by_index`` says where ``rcu`` was
    spent: read units by index name, "" for the base table.
    """

    items: Sequence[Item]
    last_key: Key | None
    scanned: int
    rcu: float
    unmetered: int = 0
    matched: int = 0
    by_index: tuple[tuple[str, float], ...] = ()


class Found(msgspec.Struct, frozen=True):
    """The answer to one GetItem: the item (None where there is none) and its cost."""

    item: Item | None
    rcu: float


class FoundMany(msgspec.Struct, frozen=True):
    """The answer to several gets at once: the items in the order of their keys (None where there
    is none), and what they cost together."""

    items: tuple[Item | None, ...]
    rcu: float


class IndexDescription(msgspec.Struct, frozen=True):
    """What the service says of one index. Sizes in bytes; they lag by up to six hours."""

    name: str
    item_count: int
    size_bytes: int


class TableDescription(msgspec.Struct, frozen=True):
    """What the service says of the table. ``place`` names it for people."""

    place: str
    item_count: int
    size_bytes: int
    indexes: tuple[IndexDescription, ...]
    region: str | None = None


class Patience(Protocol):
    """How a caller waits before a store tries a request again.

    A run of a plan has its own, which shows the wait and can be cancelled in it.
    """

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        """Wait before attempt number ``attempt`` (2 is the first repeat); ``error`` is why.

        Raise ``error`` to give up instead.
        """
        ...


class _Sleep:
    """Sleeps and says nothing."""

    def wait(self, error: StoreError, attempt: int, seconds: float) -> None:
        """Sleep for ``seconds``."""
        time.sleep(seconds)


PATIENT: Patience = _Sleep()
"""Waits as long as it is told."""
ANSWERS_AGAIN = "the table answers again"
"""What is told when a wait that was told is over."""


def cost_unknown(error: StoreError) -> bool:
    """True when nobody knows what the request cost that failed with ``error``: it may have been
    served. What the service refuses, throttled requests too, costs nothing."""
    return error.kind in ("network", "other")


def demand_tile(key: Any) -> None:
    """Raise `StoreError` unless ``key``, a partition key, is that of a chain's tiles."""
    # What is written is not needed where only reading begins.
    from audittui.layout.native import TILE

    if not isinstance(key, str) or not key.startswith(TILE):
        raise StoreError("Only a tile can be written over.", kind="invalid")


class KeyTakenError(Exception):
    """A conditional put found the key taken. ``existing`` is the item that is there."""

    def __init__(self, existing: Item) -> None:
        super().__init__("the key is taken")
        self.existing = existing


class TransactionRefusedError(Exception):
    """A transaction wrote nothing.

    ``existing`` has one place an item put: the item that took its key, or None where this put was
    not the reason. All None means a conflict with another transaction: try again.
    """

    def __init__(self, existing: Sequence[Item | None]) -> None:
        super().__init__("the transaction was refused")
        self.existing = tuple(existing)


class IndexFault(msgspec.Struct, frozen=True):
    """An index that does not hold an item as it should. ``key`` is the item's sort key, ``why`` the
    rest of a sentence about the index, ``expected`` and ``found`` the item's keys in it."""

    key: str | int
    index: str
    why: str
    expected: str
    found: str


@runtime_checkable
class KeepsIndexes(Protocol):
    """A store that keeps its indexes where they can be changed without it."""

    def index_faults(
        self, partition: str, keys: Sequence[str] | None = None
    ) -> Iterator[IndexFault]:
        """Where the indexes do not hold the items of ``partition``, or those of ``keys`` alone, as
        they should. Raises `StoreError`."""
        ...


class Store(Protocol):
    """Where entries live. Every method may raise `audittui.errors.StoreError`.

    Methods are safe to call from several threads.
    """

    @property
    def place(self) -> str:
        """The store's name for people, e.g. ``audit-log (eu-west-1)`` or ``case.db``."""
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
        """Read one page. What passes by itself (throttling, the network) is tried again, with
        ``patience`` in between; ``Page.unmetered`` counts the attempts that failed and may have
        cost something."""
        ...

    def get(self, key: Key, *, consistent: bool = True) -> Found:
        """Read one item by its base key."""
        ...

    def get_many(self, keys: Sequence[Key], *, consistent: bool = True) -> FoundMany:
        """Read items by their base keys, in as few requests as they fit in (100 keys each)."""
        ...

    def put_new(self, item: Item) -> None:
        """Write an item whose key is free.

        Raises `KeyTakenError`; `TransactionRefusedError` when a transaction is at work on the key.
        """
        ...

    def put_new_many(self, items: Sequence[Item]) -> None:
        """Write up to 100 items with free keys, all or none. Raises `TransactionRefusedError`."""
        ...

    def replace_tile(self, item: Item) -> None:
        """Write a tile (an item whose partition key begins with ``tile#``) over the one in its
        place. Nothing else is ever written over. Raises `StoreError` for any other key."""
        ...

    def describe(self) -> TableDescription:
        """What the store says of itself: counts, sizes, indexes."""
        ...

    def identity(self) -> TableIdentity:
        """Which table it is, as far as that can be found out. Never raises."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
