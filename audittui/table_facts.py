"""The facts about a table that a plan needs, cached so that they are not read twice.

The registry of chains is read while DescribeTable runs. DescribeTable's answer is cached for a
minute: its counts are up to six hours old anyway. The registry is read for every plan, since a
chain that it lacks would be missing from a result that says "complete". Only the first plan after a
`TableFacts.prefetch` uses what that read, while it is fresh; the plan's present is then the moment
of that read.

DescribeTable only serves estimates and the choice of an index: a plan waits for it at most two
seconds longer than for the registry, and is then made without it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from time import monotonic
from typing import NamedTuple, TypeVar

import msgspec

from audittui import timestamp
from audittui.errors import StoreError
from audittui.layout import Layout
from audittui.layout.native import REGISTRY
from audittui.runbook.plan import Facts
from audittui.store.port import (
    PATIENT,
    IndexDescription,
    Patience,
    Query,
    Store,
    TableDescription,
)

DESCRIBED_SECONDS = 60.0
"""How long DescribeTable's answer is cached."""
REGISTRY_SECONDS = 5.0
"""How long a prefetched registry may serve a plan."""
DESCRIBE_SECONDS = 2.0
"""How long a plan waits for DescribeTable."""
_OPTIONAL = ("network", "throttled", "other")
"""The kinds of DescribeTable errors after which a plan is made without it."""
T = TypeVar("T")


class _Described(NamedTuple):
    """DescribeTable's answer, None if it is forbidden, and when it arrived. ``silent``: it did not
    arrive in time."""

    table: TableDescription | None
    at: float
    silent: bool = False

    @property
    def fresh(self) -> bool:
        return not self.silent and monotonic() - self.at <= DESCRIBED_SECONDS


class _Early(NamedTuple):
    """What was prefetched and not used by a plan yet, and when it was requested."""

    registry: Facts
    at: float

    @property
    def fresh(self) -> bool:
        return monotonic() - self.at <= REGISTRY_SECONDS


class TableFacts:
    """What is known about a connection's table. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._described: _Described | None = None
        self._early: _Early | None = None
        self._asked: Future[TableDescription | None] | None = None

    def prefetch(self, store: Store, layout: Layout, patience: Patience = PATIENT) -> None:
        """Read everything that the first plan needs. The cost counts towards that plan."""
        at = monotonic()
        # Without chains, nothing else proves that the table can be reached.
        registry, described, requests = self._ask(
            store, layout, patience, needed=not layout.chained
        )
        with self._lock:
            self._described = described
            self._early = _Early(_more(registry, requests), at)

    def facts(self, store: Store, layout: Layout, patience: Patience = PATIENT) -> Facts:
        """What the planner must know; reads what is not known yet, and counts the cost.

        A reader without permission for DescribeTable still gets facts, without sizes and indexes.
        Raises `StoreError`.
        """
        with self._lock:
            early, self._early = self._early, None
            described = self._described
        if early is not None and early.fresh and described is not None and layout.chained:
            return _with(early.registry, described)
        registry, described, requests = self._ask(store, layout, patience, described)
        with self._lock:
            self._described = described
        if early is not None:
            registry = _more(registry, early.registry.requests, early.registry.rcu)
        return _with(_more(registry, requests), described)

    def _ask(
        self, store: Store, layout: Layout, patience: Patience,
        described: _Described | None = None, *, needed: bool = False,
    ) -> tuple[Facts, _Described, int]:  # fmt: skip
        """The registry, and the description if the cached one is too old, with the requests that
        the description took. ``needed``: wait for it."""
        if described is not None and described.fresh:
            return read_registry(store, layout, patience), described, 0
        with self._lock:
            # An answer that came too late for the previous plan serves this one.
            asked, requests = self._asked, 0
            if asked is None:
                asked, requests = _begun(lambda: describe(store)), 1
            self._asked = asked
        try:
            registry = read_registry(store, layout, patience)
            table = asked.result(None if needed else DESCRIBE_SECONDS)
        except FutureTimeout:
            return registry, _Described(None, monotonic(), silent=True), requests
        except StoreError as error:
            self._over(asked)
            if needed or not asked.done() or asked.exception() is not error:
                raise
            if error.kind not in _OPTIONAL:
                raise
            return registry, _Described(None, monotonic(), silent=True), requests
        self._over(asked)
        return registry, _Described(table, monotonic()), requests

    def _over(self, asked: Future[TableDescription | None]) -> None:
        with self._lock:
            if self._asked is asked:
                self._asked = None


def read_registry(store: Store, layout: Layout, patience: Patience = PATIENT) -> Facts:
    """The chains in the registry of ``store``, and the cost of reading it; none without a chain
    scheme. Raises `StoreError`."""
    now = timestamp.now()
    if not layout.chained:
        return Facts(now=now)
    chains: list[str] = []
    births: list[str] = []
    requests, rcu, start = 0, 0.0, None
    while True:
        page = store.query(
            Query(
                index="",
                partition=(layout.partition.attribute, REGISTRY),
                sort=layout.sort.attribute,
                start_key=start,
            ),
            patience,
        )
        requests, rcu = requests + 1, rcu + page.rcu
        chains += [str(item[layout.sort.attribute]) for item in page.items]
        births += [str(item.get("created", "")) for item in page.items]
        start = page.last_key
        if start is None:
            return Facts(tuple(sorted(chains)), None, now, requests, rcu, since=_earliest(births))


class Looks:
    """Further reads of the registry; ``rcu`` is their cost."""

    def __init__(self, store: Store, layout: Layout) -> None:
        self.rcu = 0.0
        self._store = store
        self._layout = layout

    def chains(self) -> tuple[str, ...]:
        """The chains in the registry now. Raises `StoreError`."""
        facts = read_registry(self._store, self._layout)
        self.rcu += facts.rcu
        return facts.chains


def described_facts(facts: Facts, table: TableDescription) -> Facts:
    """``facts`` with the description of ``table``."""
    return msgspec.structs.replace(
        facts,
        indexes=table.indexes,
        base=IndexDescription("", table.item_count, table.size_bytes),
    )


def describe(store: Store) -> TableDescription | None:
    """The table's description; None if the reader lacks permission. Raises `StoreError`."""
    try:
        return store.describe()
    except StoreError as error:
        if error.kind != "permission":
            raise
        return None


def _with(facts: Facts, described: _Described) -> Facts:
    if described.table is None:
        return msgspec.structs.replace(facts, silent=described.silent)
    return described_facts(facts, described.table)


def _more(facts: Facts, requests: int, rcu: float = 0.0) -> Facts:
    return msgspec.structs.replace(facts, requests=facts.requests + requests, rcu=facts.rcu + rcu)


def _begun(call: Callable[[], T]) -> Future[T]:
    """A call that runs in its own thread.

    A daemon thread, not an executor: the program would wait for an executor's threads at exit.
    """
    told: Future[T] = Future()

    def run() -> None:
        try:
            told.set_result(call())
        except BaseException as error:
            told.set_exception(error)

    threading.Thread(target=run, daemon=True, name="audittui-describe").start()
    return told


def _earliest(births: Sequence[str]) -> int | None:
    """The earliest of the times in the registry; None if one cannot be read."""
    try:
        return min(map(timestamp.parse, births), default=None)
    except ValueError:
        return None
