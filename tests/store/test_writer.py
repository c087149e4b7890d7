"""What the writer promises: no fork, no gap, nothing twice, nothing half written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import writer
from audittui.entry import NO_HASH, Draft, Entry, decode_body, hash_body
from audittui.errors import EntryRefusedError, IntegrityError, StoreError
from audittui.layout import load_layout
from audittui.layout.native import ENTRY, IDEMPOTENCY, REGISTRY
from audittui.layout.row import Item
from audittui.store.port import KeyTakenError, Query, Store, TransactionRefusedError
from audittui.store.sqlite import SqliteStore
from audittui.writer import Appended, AuditLog
from tests import tampering

NATIVE = load_layout("native")
CHAIN = "app/0"
FROZEN = 1_790_000_000_000_000
SECOND = 1_000_000


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts follow each other at once."""
    monkeypatch.setattr(writer, "_FIRST_WAIT", 0)


def memory() -> SqliteStore:
    return SqliteStore(":memory:", NATIVE)


def draft(**more: Any) -> Draft:
    return Draft(**{"actor": "alice", "action": "s3:Get", "outcome": "success", **more})


def frozen() -> int:
    return FROZEN


def read(store: Store, partition: str) -> list[Item]:
    items: list[Item] = []
    start = None
    while True:
        page = store.query(
            Query(
                index="", partition=("pk", partition), sort="sk", consistent=True, start_key=start
            )
        )
        items += page.items
        start = page.last_key
        if start is None:
            return items


def valid_chain(store: Store, chain: str = CHAIN) -> list[Entry]:
    """The entries of a chain, every promise of which is checked."""
    items = read(store, ENTRY + chain)
    before, expiry = NO_HASH, 0
    found = []
    for seq, item in enumerate(items):
        body = item["body"].encode()
        made = decode_body(body)
        assert item["sk"] == f"{seq:020d}"
        assert (made.chain, made.seq, made.prev_hash) == (chain, seq, before)
        assert item["hash"] == hash_body(body)
        assert item.get("expires_at") == made.expires_at
        assert made.expires_at is None or made.expires_at >= expiry
        before, expiry = item["hash"].hex(), made.expires_at or expiry
        found.append(made)
    assert len({made.id for made in found}) == len(found)
    registered = [item["sk"] for item in read(store, REGISTRY)]
    assert (chain in registered) == bool(found)
    return found


def test_entries_follow_each_other_from_zero(store: Store) -> None:
    log = AuditLog(store, CHAIN)
    places = [log.append(draft(resource="a")), *log.append_many([draft(), draft()])]
    assert [(place.chain, place.seq, place.added) for place in places] == [
        (CHAIN, seq, True) for seq in range(3)
    ]
    assert [item["hash"] for item in read(store, ENTRY + CHAIN)] == [one.hash for one in places]
    assert [entry.resource for entry in valid_chain(store)] == ["a", None, None]


def test_equal_entries_with_a_frozen_clock_are_entries_of_their_own(store: Store) -> None:
    log = AuditLog(store, CHAIN, clock=frozen)
    log.append_many([draft()] * 5)
    log.append(draft())
    assert len(valid_chain(store)) == 6


def test_two_writers_in_turns_never_fork(store: Store) -> None:
    logs = [AuditLog(store, CHAIN, clock=frozen), AuditLog(store, CHAIN, clock=frozen)]
    for turn in range(6):
        logs[turn % 2].append_many([draft()] * (turn % 3 + 1))
    assert len(valid_chain(store)) == 12


def test_writers_in_several_threads_never_fork(engine: str, store: Store) -> None:
    if engine == "moto":
        pytest.skip("moto checks conditions of concurrent requests without a lock")
    shared = AuditLog(store, CHAIN, clock=frozen)

    def work(number: int) -> list[Appended]:
        own = AuditLog(store, CHAIN, clock=frozen)
        places = []
        for turn in range(6):
            key = f"shared-{turn}" if turn % 2 else None
            places += (own if number % 2 else shared).append_many(
                [draft(), draft(idempotency_key=key)]
            )
        return places

    with ThreadPoolExecutor(4) as pool:
        places = [place for found in pool.map(work, range(4)) for place in found]
    added = [place.seq for place in places if place.added]
    assert len(added) == 4 * (6 + 3) + 3
    assert sorted(added) == list(range(len(valid_chain(store))))


def test_a_repeated_key_is_not_written_again(store: Store) -> None:
    log = AuditLog(store, CHAIN)
    first = log.append(draft(idempotency_key="k"))
    again = log.append(draft(idempotency_key="k"))
    other = AuditLog(store, "app/1").append(draft(idempotency_key="k"))
    assert first.added
    for repeat in (again, other):
        assert (repeat.chain, repeat.seq, repeat.hash, repeat.added) == (
            first.chain, first.seq, first.hash, False
        )  # fmt: skip
    assert len(valid_chain(store)) == 1
    assert valid_chain(store, "app/1") == []


def test_repeats_inside_a_batch_are_collapsed(store: Store) -> None:
    log = AuditLog(store, CHAIN)
    old = log.append(draft(idempotency_key="old"))
    drafts = [
        draft(idempotency_key="a"), draft(), draft(idempotency_key="a"),
        draft(idempotency_key="old"), draft(idempotency_key="b"),
    ]  # fmt: skip
    places = log.append_many(drafts)
    assert [(place.seq, place.added) for place in places] == [
        (1, True), (2, True), (1, False), (old.seq, False), (3, True)
    ]  # fmt: skip
    assert len(valid_chain(store)) == 4
    assert log.append_many([]) == []


def test_large_batches_become_several_transactions() -> None:
    store = memory()
    log = AuditLog(store, CHAIN)
    drafts = [draft(idempotency_key=f"k{n % 130}" if n % 2 else None) for n in range(260)]
    drafts += [draft(details="x" * 59_000) for _ in range(70)]
    places = log.append_many(drafts)
    assert len(places) == len(drafts)
    assert len(valid_chain(store)) == len({place.seq for place in places}) == 130 + 65 + 70


keys = st.none() | st.sampled_from(["k0", "k1", "k2"])
calls = st.lists(
    st.tuples(st.integers(0, 1), st.lists(keys, min_size=1, max_size=4)), max_size=12
)  # fmt: skip


@settings(max_examples=80)
@given(calls=calls, clock=st.sampled_from([None, frozen]))
def test_interleaved_writers_write_every_draft_exactly_once(
    calls: list[tuple[int, list[str | None]]], clock: Callable[[], int] | None
) -> None:
    store = memory()
    more = {} if clock is None else {"clock": clock}
    logs = [AuditLog(store, CHAIN, **more), AuditLog(store, CHAIN, **more)]
    first: dict[str, int] = {}
    length = 0
    for who, wanted in calls:
        drafts = [draft(idempotency_key=key) for key in wanted]
        for key, place in zip(wanted, logs[who].append_many(drafts), strict=True):
            if key in first:
                assert (place.seq, place.added) == (first[key], False)
                continue
            assert (place.seq, place.added) == (length, True)
            length += 1
            if key is not None:
                first[key] = place.seq
    assert len(valid_chain(store)) == length
    store.close()


class Unreliable:
    """A store that answers puts as ``faults`` say, one a put.

    ``lost``: it lands, then the client's own retry is refused by it. ``silent``: it lands, and
    all that comes back is a conflict. ``conflict``: it does not land. ``late`` and ``later``: a
    conflict now, and it lands while the writer waits, or just before its next put, if it still can.
    """

    def __init__(self, store: SqliteStore, faults: Sequence[str]) -> None:
        self._store = store
        self._faults = list(faults)
        self._late: list[Sequence[Item]] = []
        self._later: list[Sequence[Item]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def get(self, key: Any, *, consistent: bool = True) -> Any:
        self._land(self._late)
        return self._store.get(key, consistent=consistent)

    def _land(self, waiting: list[Sequence[Item]]) -> None:
        for items in waiting:
            with contextlib.suppress(TransactionRefusedError):
                self._store.put_new_many(items)
        waiting.clear()

    def put_new(self, item: Item) -> None:
        self._put([item], lambda: self._store.put_new(item))

    def put_new_many(self, items: Sequence[Item]) -> None:
        self._put(items, lambda: self._store.put_new_many(items))

    def _put(self, items: Sequence[Item], put: Callable[[], None]) -> None:
        fault = self._faults.pop(0) if self._faults else ""
        self._land(self._late)
        self._land(self._later)
        if fault in ("conflict", "late", "later"):
            if fault != "conflict":
                (self._late if fault == "late" else self._later).append(items)
            raise TransactionRefusedError([None] * len(items))
        put()
        if fault == "lost":
            put()
        if fault == "silent":
            raise TransactionRefusedError([None] * len(items))


FAULTS = ["", "lost", "silent", "conflict", "late", "later"]


@settings(max_examples=150)
@given(
    calls=calls,
    faults=st.lists(st.sampled_from(FAULTS), max_size=20),
)
def test_answers_that_are_lost_add_nothing_twice(
    calls: list[tuple[int, list[str | None]]], faults: list[str]
) -> None:
    store = memory()
    unreliable = Unreliable(store, faults)
    logs = [AuditLog(unreliable, CHAIN), AuditLog(unreliable, CHAIN)]
    expected = 0
    known: set[str] = set()
    for who, wanted in calls:
        places = logs[who].append_many([draft(idempotency_key=key) for key in wanted])
        for key, place in zip(wanted, places, strict=True):
            item = store.get({"pk": ENTRY + CHAIN, "sk": f"{place.seq:020d}"}).item
            assert item is not None
            assert item["hash"] == place.hash
            expected += key is None or key not in known
            known |= set() if key is None else {key}
    assert len(valid_chain(store)) == expected
    store.close()


def test_a_chain_that_is_always_busy_is_given_up_with_a_sentence() -> None:
    log = AuditLog(Unreliable(memory(), ["conflict"] * 1000), CHAIN)
    with pytest.raises(StoreError) as busy:
        log.append(draft())
    assert busy.value.kind == "throttled"
    assert CHAIN in busy.value.message


@settings(max_examples=60)
@given(
    appends=st.lists(
        st.tuples(st.integers(1, 10**7), st.integers(-(10**6), 10**6)), min_size=1, max_size=8
    )
)
def test_expiry_never_decreases_along_a_chain(appends: list[tuple[int, int]]) -> None:
    store = memory()
    for retention, drift in appends:
        now = FROZEN + drift * SECOND
        AuditLog(store, CHAIN, retention=retention, clock=lambda now=now: now).append(
            draft(idempotency_key=f"{retention} {drift}")
        )
    latest = 0
    for (retention, drift), entry in zip(dict.fromkeys(appends), valid_chain(store), strict=True):
        latest = max(latest, FROZEN // SECOND + drift + retention)
        assert entry.expires_at == latest
        item = store.get({"pk": f"{IDEMPOTENCY}app#{retention} {drift}", "sk": "-"}).item
        assert item is not None
        assert item["expires_at"] == latest
    store.close()


def test_an_expiring_entry_after_one_that_stays_is_refused(store: Store) -> None:
    AuditLog(store, CHAIN, retention=60).append(draft())
    AuditLog(store, CHAIN).append(draft())
    with pytest.raises(EntryRefusedError):
        AuditLog(store, CHAIN, retention=60).append(draft())
    assert [entry.expires_at is None for entry in valid_chain(store)] == [False, True]


def test_a_tip_that_may_have_expired_is_read_again() -> None:
    """TTL can free the places after a cached tip; a put there would fork the chain."""
    store = memory()
    now = FROZEN
    idle = AuditLog(store, CHAIN, retention=60, clock=lambda: now)
    busy = AuditLog(store, CHAIN, retention=60, clock=lambda: now)
    idle.append(draft())
    busy.append_many([draft()] * 3)
    now += 120 * SECOND
    busy.append(draft())
    for seq in range(4):
        tampering.delete(store, {"pk": ENTRY + CHAIN, "sk": f"{seq:020d}"})
    assert idle.append(draft()).seq == 5
    assert [item["sk"] for item in read(store, ENTRY + CHAIN)] == [f"{4:020d}", f"{5:020d}"]


@pytest.mark.parametrize(
    "bad",
    [
        draft(details="x" * 60_001),
        draft(actor="a" * 2049),
        draft(resource="é" * 1025),
        draft(actor=""),
        draft(details=float("nan")),
        draft(details="\ud800"),
        draft(details={1: 2}),
        draft(time="yesterday"),
        draft(outcome="fine"),
        draft(idempotency_key=""),
        draft(idempotency_key="k" * 2040),
        draft(idempotency_key="\ud800"),
    ],
)
def test_a_bad_draft_is_refused_before_anything_is_written(bad: Draft) -> None:
    store = memory()
    with pytest.raises(EntryRefusedError):
        AuditLog(store, CHAIN).append_many([*[draft(details="x" * 50_000)] * 150, bad])
    assert store.describe().item_count == 0


def test_entries_at_the_limits_are_written(store: Store) -> None:
    log = AuditLog(store, CHAIN)
    key = "k" * (2048 - len(IDEMPOTENCY))
    log.append(draft(actor="a" * 2048, resource="é" * 1024, idempotency_key=key))
    log.append(draft(details="x" * 59_500, source_ip="", request_id=""))
    assert len(valid_chain(store)) == 2


@pytest.mark.parametrize("chain", ["app", "app/0/1", "app/", "/0", "app 0/1", "é/0", "a#b/0", ""])
def test_a_name_that_is_no_chain_is_refused(chain: str) -> None:
    with pytest.raises(EntryRefusedError):
        AuditLog(memory(), chain)


@pytest.mark.parametrize("retention", [0, -1])
def test_a_retention_of_nothing_is_refused(retention: int) -> None:
    with pytest.raises(EntryRefusedError):
        AuditLog(memory(), CHAIN, retention=retention)


def test_a_registered_chain_without_entries_is_not_begun_again() -> None:
    store = memory()
    AuditLog(store, CHAIN).append(draft())
    tampering.delete(store, {"pk": ENTRY + CHAIN, "sk": f"{0:020d}"})
    with pytest.raises(StoreError) as refused:
        AuditLog(store, CHAIN).append(draft())
    assert refused.value.kind == "corrupt"
    assert read(store, ENTRY + CHAIN) == []


@pytest.mark.parametrize("harm", [{"hash": None}, {"hash": b"short"}, {"body": None}])
def test_a_tip_that_cannot_be_read_is_not_built_upon(harm: dict[str, Any]) -> None:
    store = memory()
    AuditLog(store, CHAIN).append(draft())
    item = {**read(store, ENTRY + CHAIN)[0], **harm}
    tampering.overwrite(store, {name: value for name, value in item.items() if value is not None})
    with pytest.raises(IntegrityError, match=r"entry#app/0 0{20}, which cannot be extended"):
        AuditLog(store, CHAIN).append(draft())


class Elsewhere:
    """The same store, seen from another region."""

    def __init__(self, store: SqliteStore, region: str) -> None:
        self._store = store
        self.region = region

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_a_writer_in_another_region_is_refused() -> None:
    store = memory()
    here, there = Elsewhere(store, "eu-west-1"), Elsewhere(store, "us-east-1")
    AuditLog(here, CHAIN).append(draft())
    with pytest.raises(StoreError) as refused:
        AuditLog(there, CHAIN).append(draft())
    assert refused.value.kind == "permission"
    assert "eu-west-1" in refused.value.message
    AuditLog(here, CHAIN).append(draft())
    AuditLog(there, "app/1").append(draft())
    assert len(valid_chain(store)) == 2


def test_a_birth_that_another_writer_wins_goes_on_after_it() -> None:
    """Both writers read an unborn chain; the second one's seq 0 is refused."""
    store = memory()

    class Rival(Unreliable):
        def _put(self, items: Sequence[Item], put: Callable[[], None]) -> None:
            if not read(store, REGISTRY):
                AuditLog(store, CHAIN).append(draft(actor="rival"))
            put()

    place = AuditLog(Rival(store, []), CHAIN).append(draft(actor="late"))
    assert place.seq == 1
    assert [entry.actor for entry in valid_chain(store)] == ["rival", "late"]


def test_a_taken_key_of_a_single_put_is_a_conflict_not_an_error(store: Store) -> None:
    """The store contract that the writer stands on."""
    AuditLog(store, CHAIN).append(draft())
    item = read(store, ENTRY + CHAIN)[0]
    with pytest.raises(KeyTakenError) as taken:
        store.put_new(item)
    assert taken.value.existing["hash"] == item["hash"]
