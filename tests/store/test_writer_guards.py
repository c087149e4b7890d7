"""What keeps writers apart and writes durable: each guard is seen at work."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audittui import writer
from audittui.entry import MAX_BODY_BYTES, Draft
from audittui.errors import EntryRefusedError, StoreError
from audittui.layout import load_layout
from audittui.layout.row import Item
from audittui.store.port import Query, TransactionRefusedError
from audittui.store.size import item_size
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

NATIVE = load_layout("native")
PLAIN = Draft(actor="a", action="b")


class Watched:
    """A store that shows every request to ``seen`` before it is answered."""

    def __init__(self, seen: Any) -> None:
        self._store = SqliteStore(":memory:", NATIVE)
        self._seen = seen

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get(self, key: Any, *, consistent: bool = True) -> Any:
        self._seen("get", consistent)
        return self._store.get(key, consistent=consistent)

    def query(self, request: Query) -> Any:
        self._seen("query", request.consistent)
        return self._store.query(request)

    def put_new(self, item: Item) -> None:
        self._seen("put", [item])
        self._store.put_new(item)

    def put_new_many(self, items: Sequence[Item]) -> None:
        self._seen("put", items)
        self._store.put_new_many(items)


def test_the_tip_is_read_consistently() -> None:
    seen: list[tuple[str, Any]] = []
    AuditLog(Watched(lambda *what: seen.append(what)), "c/0").append(PLAIN)
    reads = [consistent for what, consistent in seen if what != "put"]
    assert len(reads) >= 2 and all(reads)


def test_a_transaction_is_within_the_services_bounds() -> None:
    sizes: list[int] = []
    counts: list[int] = []

    def see(what: str, told: Any) -> None:
        if what == "put":
            counts.append(len(told))
            sizes.append(sum(map(item_size, told)))

    log = AuditLog(Watched(see), "c/0")
    large = Draft(actor="a" * 2000, action="b" * 2000, resource="r" * 2000, details="x" * 53_000)
    log.append_many([large] * 150)
    log.append_many([PLAIN] * 250)
    assert max(sizes) < 4_000_000 and max(counts) <= 100
    # And no more transactions than that takes.
    assert len(counts) <= 150 * 70_000 // 3_500_000 + 2 + 3


def test_threads_that_share_a_log_write_one_after_the_other() -> None:
    others: list[threading.Thread] = []

    def see(what: str, _: Any) -> None:
        if what == "put" and not others:
            others.append(threading.Thread(target=log.append, args=(PLAIN,)))
            others[0].start()
            others[0].join(0.05)
            assert others[0].is_alive()

    log = AuditLog(Watched(see), "c/0")
    assert log.append(PLAIN).seq == 0
    others[0].join()
    assert log.append(PLAIN).seq == 2


def test_an_acknowledged_entry_outlives_a_power_cut(tmp_path: Path) -> None:
    for durable, level in ((True, 2), (False, 0)):
        path = tmp_path / f"{durable}.db"
        store = SqliteStore(str(path), NATIVE, create=True, durable=durable)
        with store.file.reading() as connection:
            assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        store.close()


def test_a_write_holds_the_file_before_it_looks(tmp_path: Path) -> None:
    """What a conditional put reads must still be so when it writes."""
    path = tmp_path / "a.db"
    store = SqliteStore(str(path), NATIVE, create=True)
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with store.file.writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.close()
    store.close()


def test_stores_on_one_file_put_without_an_error(tmp_path: Path) -> None:
    path = str(tmp_path / "a.db")
    SqliteStore(path, NATIVE, create=True, durable=False).close()
    faults: list[BaseException] = []

    def work() -> None:
        store = SqliteStore(path, NATIVE, durable=False)
        try:
            log = AuditLog(store, "c/0")
            for _ in range(15):
                log.append(PLAIN)
        except BaseException as fault:
            faults.append(fault)
        finally:
            store.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = SqliteStore(path, NATIVE)
    assert faults == [] and AuditLog(store, "c/0").append(PLAIN).seq == 60
    store.close()


class Doubtful(Watched):
    """The first put lands, and all that comes back is a conflict."""

    doubtful = True

    def put_new_many(self, items: Sequence[Item]) -> None:
        super().put_new_many(items)
        if self.doubtful:
            self.doubtful = False
            raise TransactionRefusedError([None] * len(items))


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits of a writer, each as long as it may be; none is waited for."""
    slept: list[float] = []
    monkeypatch.setattr(writer, "clock_time", SimpleNamespace(sleep=slept.append))
    monkeypatch.setattr(writer, "random", SimpleNamespace(uniform=lambda _, most: most))
    return slept


def test_what_may_have_landed_is_looked_for_consistently(waits: list[float]) -> None:
    seen: list[tuple[str, Any]] = []
    place = AuditLog(Doubtful(lambda *what: seen.append(what)), "c/0").append(PLAIN)
    assert place.seq == 0 and len(waits) == 1
    assert all(consistent for what, consistent in seen if what != "put")
    assert [what for what, _ in seen].count("put") == 1


class Busy(Watched):
    """A store where others always come first."""

    def put_new_many(self, items: Sequence[Item]) -> None:
        raise TransactionRefusedError([None] * len(items))


def test_writers_that_meet_wait_longer_and_longer_up_to_half_a_second(waits: list[float]) -> None:
    with pytest.raises(StoreError, match="is too busy: 64 attempts ran into other writers"):
        AuditLog(Busy(lambda *_: None), "c/0").append(PLAIN)
    assert waits[:8] == [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.5]
    assert len(waits) == 64 and set(waits[7:]) == {0.5}


def test_a_transaction_takes_as_many_entries_as_the_service_does() -> None:
    counts: list[int] = []
    log = AuditLog(Watched(lambda what, told: what == "put" and counts.append(len(told))), "c/0")
    # The chain's registration is one of the hundred, and a key's record one more.
    log.append_many([PLAIN] * 99)
    log.append_many([PLAIN] * 97 + [Draft(actor="a", action="b", idempotency_key="k")])
    assert counts == [100, 99]


def test_one_entry_that_stays_keeps_all_others_from_expiring() -> None:
    store = SqliteStore(":memory:", NATIVE)
    AuditLog(store, "c/0").append(PLAIN)
    with pytest.raises(EntryRefusedError, match="do not expire; one that does would leave a gap"):
        AuditLog(store, "c/0", retention=60).append(PLAIN)


def test_an_entry_that_only_its_expiry_makes_too_long_is_refused_before_anything_is_written() -> (
    None
):
    store = SqliteStore(":memory:", NATIVE)
    log, short = AuditLog(store, "c/0"), AuditLog(store, "d/0", retention=60)
    taken, most = 0, MAX_BODY_BYTES
    while taken < most - 1:
        size = (taken + most) // 2
        try:
            log.append(Draft(actor="a", action="b", details="x" * size))
            taken = size
        except EntryRefusedError:
            most = size
    before = store.describe().item_count
    longest = Draft(actor="a", action="b", details="x" * taken)
    with pytest.raises(EntryRefusedError, match="the limit is 60,000"):
        short.append_many([PLAIN] * 150 + [longest])
    assert store.describe().item_count == before
