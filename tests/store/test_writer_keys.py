"""Idempotency keys: a stream's own, and held against what was asked for under them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.entry import MAX_PARTITION_KEY_BYTES, Draft
from audittui.errors import AuditError, StoreError
from audittui.idempotency import (
    MAX_KEY_BYTES,
    KeyConflictError,
    asked_digest,
    partition_of,
    record_digest,
)
from audittui.layout import load_layout
from audittui.layout.native import ENTRY
from audittui.store.port import Store
from audittui.store.sqlite import SqliteStore
from audittui.writer import Appended, AuditLog
from tests import tampering

NATIVE = load_layout("native")


def memory() -> SqliteStore:
    return SqliteStore(":memory:", NATIVE)


def draft(key: str | None = "k", **more: Any) -> Draft:
    return Draft(**{"actor": "ann", "action": "door.open", "idempotency_key": key, **more})


def record_of(store: Store, chain: str, key: str) -> Any:
    return store.get({"pk": partition_of(chain, key), "sk": "-"}).item


def count(store: Store, chain: str) -> int:
    found = 0
    while store.get({"pk": ENTRY + chain, "sk": f"{found:020d}"}).item is not None:
        found += 1
    return found


def test_a_key_is_a_streams_own(store: Store) -> None:
    first = AuditLog(store, "app/0").append(draft())
    shard = AuditLog(store, "app/1").append(draft())
    other = AuditLog(store, "payments/0").append(draft(actor="bob", action="pay"))
    assert (shard.chain, shard.seq, shard.hash, shard.added) == ("app/0", 0, first.hash, False)
    assert (other.chain, other.seq, other.added) == ("payments/0", 0, True)
    record = record_of(store, "app/1", "k")
    assert record["pk"] == "idempotency#app#k" and record["chain"] == "app/0"
    assert record["asked"] == asked_digest(draft()) and record["asked"].startswith("1:draft:")


@pytest.mark.parametrize("chain", ["app/0", "app/1"])
def test_a_key_with_another_request_is_an_error_that_names_both(store: Store, chain: str) -> None:
    AuditLog(store, "app/0").append_many([draft(None), draft()])
    with pytest.raises(KeyConflictError) as conflict:
        AuditLog(store, chain).append_many([draft("new"), draft(actor="eve")])
    assert "app/0 1" in conflict.value.message and f"for {chain}" in conflict.value.message
    assert conflict.value.exit_code == 1
    assert (count(store, "app/0"), count(store, "app/1")) == (2, 0)
    assert record_of(store, chain, "new") is None
    # The writer goes on as before.
    assert AuditLog(store, chain).append(draft("new")).added


def test_two_meanings_in_one_call_are_refused_before_anything_is_written() -> None:
    store = memory()
    with pytest.raises(KeyConflictError):
        AuditLog(store, "app/0").append_many([draft("a"), draft(), draft(actor="eve")])
    assert store.describe().item_count == 0


def test_each_that_can_be_is_appended_beside_a_conflict(store: Store) -> None:
    log = AuditLog(store, "app/0")
    log.append(draft("old"))
    into: list[Appended | KeyConflictError] = []
    log.append_each(
        [draft("a"), draft("old", actor="eve"), draft("a", actor="eve"), draft("old"), draft(None)],
        into,
    )
    told = [
        (one.seq, one.added) if isinstance(one, Appended) else one.used and one.used.seq
        for one in into
    ]
    assert told == [(1, True), 0, 1, (0, False), (2, True)]
    assert count(store, "app/0") == 3


FIELDS = {
    "actor": "bob", "action": "door.close", "resource": "door/1", "outcome": "denied",
    "time": "2026-11-24T10:00:00Z", "request_id": "r", "severity": "high", "source_ip": "10.0.0.1",
    "reason": "why", "before": {"a": 1}, "after": [1], "details": {"x": None},
}  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_counts(field: str) -> None:
    store = memory()
    AuditLog(store, "app/0").append(draft())
    with pytest.raises(KeyConflictError):
        AuditLog(store, "app/0").append(draft(**{field: FIELDS[field]}))
    same = [draft(**{field: FIELDS[field]}, key="other")] * 2
    assert [one.added for one in AuditLog(store, "app/0").append_many(same)] == [True, False]


def test_spellings_of_one_request_are_one() -> None:
    assert asked_digest(draft(time="2026-11-24T10:00:00Z", resource="")) == asked_digest(
        draft(time="2026-11-24 11:00:00.000+01:00")
    )
    assert asked_digest(draft(details={"a": 1, "b": 2})) == asked_digest(
        draft(details={"b": 2, "a": 1})
    )
    assert record_digest({"a": 1, "b": 2}) == record_digest({"b": 2, "a": 1})
    # What was mapped from a record stands for the record, whatever the mapping makes of it.
    source = record_digest({"eventID": "e"})
    assert asked_digest(draft(source_digest=source)) == source != asked_digest(draft())


@given(st.text(max_size=40), st.text(max_size=40))
def test_two_keys_never_share_a_record(one: str, two: str) -> None:
    try:
        places = {partition_of("app/0", key) for key in (one, two)}
    except UnicodeEncodeError:
        return
    assert (len(places) == 1) == (one == two)


@settings(max_examples=30)
@given(st.integers(0, 60), st.sampled_from(["k", "ü"]), st.text("ab", min_size=1, max_size=100))
def test_the_longest_keys_have_a_record_each(short: int, letter: str, stream: str) -> None:
    length = (MAX_KEY_BYTES - short) // len(letter.encode())
    keys = [letter * length, letter * (length - 1), letter * (length - 1) + "x"]
    places = {partition_of(f"{stream}/0", key) for key in keys}
    assert len(places) == 3 and all(len(place.encode()) <= 2048 for place in places)


@pytest.mark.parametrize("harm", [{"chain": None}, {"seq": "x"}, {"hash": "text"}])
def test_a_damaged_record_is_a_sentence(harm: dict[str, Any]) -> None:
    store = memory()
    AuditLog(store, "app/0").append(draft())
    item = {**record_of(store, "app/0", "k"), **harm}
    tampering.overwrite(store, {name: value for name, value in item.items() if value is not None})
    with pytest.raises(StoreError, match="damaged") as told:
        AuditLog(store, "app/0").append(draft())
    assert told.value.kind == "corrupt" and count(store, "app/0") == 1


def test_a_record_without_a_digest_is_never_taken_for_a_repeat() -> None:
    store = memory()
    AuditLog(store, "app/0").append(draft())
    item = dict(record_of(store, "app/0", "k"))
    del item["asked"]
    tampering.overwrite(store, item)
    with pytest.raises(AuditError):
        AuditLog(store, "app/0").append(draft())


def test_a_record_expires_with_its_entry() -> None:
    store = memory()
    AuditLog(store, "app/0", retention=60).append(draft())
    entry = store.get({"pk": ENTRY + "app/0", "sk": f"{0:020d}"}).item
    assert entry is not None
    assert record_of(store, "app/0", "k")["expires_at"] == entry["expires_at"]


def test_a_key_that_just_fits_beside_its_stream_is_recorded_as_it_is() -> None:
    room = MAX_PARTITION_KEY_BYTES - len(partition_of("app/0", "k")) + 1
    whole = partition_of("app/0", "k" * room)
    assert len(whole) == MAX_PARTITION_KEY_BYTES and whole.endswith("#" + "k" * room)
    assert "…sha256:" in partition_of("app/0", "k" * (room + 1))


def test_a_digest_stays_what_it_was_since_tables_hold_it() -> None:
    text = '{"a":1,"name":"é"}'.encode()
    assert record_digest({"name": "é", "a": 1}) == f"1:record:{sha256(text).hexdigest()}"
