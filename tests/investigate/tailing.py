"""Tails in tests: a clock that only waits move, stores that fail on demand, logs to follow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from audittui import entry as entries
from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft, hash_body
from audittui.errors import StoreError
from audittui.investigate.tail import Tail, TailBatch
from audittui.layout import load_layout
from audittui.layout.native import REGISTRY, item_of
from audittui.layout.row import Row
from audittui.runbook.catalogue import load_catalogue
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from tests import tampering

NATIVE = load_layout("native")
TELEPORT = load_layout("teleport")
START = timestamp.parse("2026-11-24T23:59:00Z")
"""A minute before midnight."""


class World:
    """Time as a tail sees it. After a poll, events planned with `at` happen, then time passes."""

    def __init__(self) -> None:
        self.mono = 1000.0
        self.offset = 0
        self.waits: list[float] = []
        self._plans: list[tuple[float, Callable[[], object]]] = []

    def clock(self) -> float:
        return self.mono

    def now(self) -> int:
        """The wall clock, which is wrong by `offset`."""
        return self.true_now() + self.offset

    def true_now(self) -> int:
        return START + round((self.mono - 1000.0) * timestamp.SECOND)

    def at(self, seconds: float, event: Callable[[], object]) -> None:
        """Let ``event`` happen ``seconds`` after the beginning."""
        self._plans.append((1000.0 + seconds, event))
        self._plans.sort(key=lambda plan: plan[0])

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        end = self.mono + seconds
        while self._plans and self._plans[0][0] <= end:
            moment, event = self._plans.pop(0)
            self.mono = max(self.mono, moment)
            event()
        self.mono = max(self.mono, end)
        return False


class Flaky:
    """A store that raises what ``fail`` says of a request, and shows items that ``hide`` allows."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.fail: Callable[[Query], StoreError | None] = lambda _: None
        self.hide: Callable[[Any], bool] = lambda _: False
        self.index_lag = 0
        self.queries: list[Query] = []
        self._lock = threading.Lock()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        with self._lock:
            self.queries.append(request)
            error = self.fail(request)
        if error is not None:
            raise error
        page = self.store.query(request, patience)
        shown = [item for item in page.items if not self.hide(item)]
        return Page(shown, page.last_key, page.scanned, page.rcu, matched=len(shown))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class Log:
    """A native store, written entry by entry with exact times."""

    def __init__(self, **options: Any) -> None:
        self.store = SqliteStore(":memory:", NATIVE, create=True, **options)
        self.flaky = Flaky(self.store)
        self.connection = Connection(Target(store=":memory:"), self.flaky, NATIVE)  # type: ignore[arg-type]
        self.lengths: dict[str, int] = {}

    def append(
        self, chain: str, time: int, *, recorded: int | None = None, skip: int = 0, **fields: Any
    ) -> int:
        """Put the next entry of a chain, after skipping ``skip`` places; returns its seq."""
        seq = self.lengths.get(chain, 0) + skip
        if chain not in self.lengths:
            self.store.put_new({"pk": REGISTRY, "sk": chain, "created": "-"})
        draft = Draft(
            actor=fields.get("actor", "ann"), action=fields.get("action", "act"),
            outcome=fields.get("outcome", "success"), time=timestamp.text(time),
        )  # fmt: skip
        made = entries.complete(
            draft, chain=chain, seq=seq, prev_hash=entries.NO_HASH, entry_id="x",
            recorded_at=time if recorded is None else recorded,
        )  # fmt: skip
        body = entries.encode_body(made)
        self.store.put_new(item_of(made, body, hash_body(body)))
        self.lengths[chain] = seq + 1
        return seq

    def delete(self, chain: str, seq: int) -> None:
        tampering.delete(self.store, NATIVE.key(chain, seq))


def teleport_item(number: int, time: int, user: str = "ann") -> dict[str, Any]:
    """An event as Teleport's backend stores it; its number is its EventIndex."""
    return {
        "SessionID": f"s{number % 7}", "EventIndex": number, "EventType": "exec",
        "CreatedAt": time // timestamp.SECOND, "CreatedAtDate": timestamp.text(time)[:10],
        "Fields": f'{{"user": "{user}", "time": "{timestamp.text(time)}"}}',
    }  # fmt: skip


class Events:
    """A Teleport table, written event by event."""

    def __init__(self) -> None:
        self.store = SqliteStore(":memory:", TELEPORT, create=True)
        self.flaky = Flaky(self.store)
        target = Target(store=":memory:", layout="teleport")
        self.connection = Connection(target, self.flaky, TELEPORT)  # type: ignore[arg-type]
        self.count = 0

    def add(self, time: int, *, user: str = "ann") -> int:
        """Put an event; returns its number, which is its EventIndex."""
        self.count += 1
        self.store.put_new(teleport_item(self.count, time, user))
        return self.count


class Follower:
    """A tail and everything it has yielded so far."""

    def __init__(
        self, log: Log | Events, world: World, runbook: str = "time-window", **options: Any
    ) -> None:
        texts = options.pop("texts", {})
        self.said: list[str] = []
        self.world = world
        self.tail = Tail(
            load_catalogue().find(runbook), texts, log.connection, notify=self.said.append,
            clock=world.clock, now=world.now, wait=options.pop("wait", world.wait), **options,
        )  # fmt: skip
        self.rows: list[Row] = []
        self.missed: list[str] = []
        self.last: TailBatch | None = None
        self._batches: Iterator[TailBatch] = self.tail.batches()

    def until(self, seconds: float) -> Follower:
        """Take batches until ``seconds`` after the beginning of the world, and one more poll."""
        for batch in self._batches:
            self.rows += batch.rows
            self.missed += batch.missed
            self.last = batch
            if not batch.more and self.world.mono - 1000.0 >= seconds:
                break
        return self

    @property
    def seqs(self) -> list[tuple[str, int]]:
        return [(row.chain, row.seq) for row in self.rows]

    @property
    def numbers(self) -> list[int]:
        return [row.seq for row in self.rows]
