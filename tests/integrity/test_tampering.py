"""Every way to tamper with a chain is named at the right place, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from audittui.entry import Draft, decode_body, encode_body, hash_body
from audittui.errors import StoreError, UsageError
from audittui.integrity.verifying.single_entry import verify_entry
from audittui.integrity.verifying.sweep import verify_chain
from audittui.layout import load_layout
from audittui.layout.native import item_of
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering
from tests.integrity.conftest import AWS_KEYS, TamperedTable, tampered_table
from tests.store.conftest import ENDPOINT

LAYOUT = load_layout("native")
CHAIN = "payments/0"
LENGTH = 8


def drafts(length: int) -> list[Draft]:
    return [
        Draft(actor=f"user-{n}", action="a:B", outcome="success" if n % 2 else "denied")
        for n in range(length)
    ]


def new_chain(length: int = LENGTH, page_bytes: int = 2000) -> SqliteStore:
    store = SqliteStore(":memory:", LAYOUT, create=True, page_bytes=page_bytes)
    AuditLog(store, CHAIN).append_many(drafts(length))
    return store


def new_table(client: Any, endpoint: str = "") -> TamperedTable:
    table = tampered_table(client, endpoint)
    AuditLog(table, CHAIN).append_many(drafts(LENGTH))
    return table


@pytest.fixture(
    params=["sqlite", "moto", pytest.param("dynamodb-local", marks=pytest.mark.dynamodb_local)]
)
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    if request.param == "sqlite":
        store = new_chain()
        yield store
        store.close()
    elif request.param == "moto":
        with mock_aws():
            yield new_table(boto3.client("dynamodb", **AWS_KEYS))
    else:
        if not ENDPOINT:
            pytest.skip("AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
        yield new_table(boto3.client("dynamodb", endpoint_url=ENDPOINT, **AWS_KEYS), ENDPOINT)


def stored(store: Any, seq: int) -> dict[str, Any]:
    item = store.get(LAYOUT.key(CHAIN, seq)).item
    assert item is not None
    return dict(item)


def edited(item: dict[str, Any], **fields: Any) -> bytes:
    entry = decode_body(item["body"].encode())
    return encode_body(msgspec.structs.replace(entry, **fields))


def wrong(store: Any) -> dict[int, str]:
    """What is not CHAINED, by the sweep; held against the verification of single entries."""
    swept = list(verify_chain(store, LAYOUT, CHAIN))
    for verdict in swept:
        if verdict.seq >= 0 and "entries)" not in verdict.summary:
            single = verify_entry(store, LAYOUT, CHAIN, verdict.seq)
            assert (single.verdict, single.summary) == (verdict.verdict, verdict.summary)
    return {one.seq: one.verdict for one in swept if one.verdict != "CHAINED"}


def test_an_untouched_chain_is_chained(store: Any) -> None:
    assert wrong(store) == {}
    assert [one.seq for one in verify_chain(store, LAYOUT, CHAIN)] == list(range(LENGTH))


@pytest.mark.parametrize("seq", [0, 3, LENGTH - 1])
def test_an_edited_body_is_modified(store: Any, seq: int) -> None:
    item = stored(store, seq)
    tampering.overwrite(store, {**item, "body": edited(item, actor="mallory").decode()})
    assert wrong(store) == {seq: "MODIFIED"}
    steps = {one.name: one for one in verify_entry(store, LAYOUT, CHAIN, seq).steps}
    assert steps["hash of body"].result == "fails"
    assert steps["hash of body"].expected == item["hash"].hex()


@pytest.mark.parametrize("seq", [0, 3])
def test_a_deleted_entry_is_missing(store: Any, seq: int) -> None:
    tampering.delete(store, LAYOUT.key(CHAIN, seq))
    assert wrong(store) == {seq: "MISSING"}
    summary = verify_entry(store, LAYOUT, CHAIN, seq).summary
    assert summary == f"MISSING: seq {seq} is not in the table."


@pytest.mark.parametrize("attributes", [("body",), ("body", "hash"), ("all",)])
def test_swapped_entries_are_both_modified(store: Any, attributes: tuple[str]) -> None:
    one, two = stored(store, 3), stored(store, 4)
    names = set(one | two) - {"pk", "sk"} if attributes == ("all",) else set(attributes)
    for item, other in ((one, two), (two, one)):
        kept = {name: value for name, value in item.items() if name not in names}
        tampering.overwrite(
            store, {**kept, **{name: other[name] for name in names if name in other}}
        )
    assert wrong(store) == {3: "MODIFIED", 4: "MODIFIED"}


@pytest.mark.parametrize("seq", [0, 3])
def test_a_rehashed_edit_breaks_the_link_between_the_two(store: Any, seq: int) -> None:
    body = edited(stored(store, seq), actor="mallory")
    tampering.overwrite(store, item_of(decode_body(body), body, hash_body(body)))
    assert wrong(store) == {seq: "BROKEN LINK", seq + 1: "BROKEN LINK"}


@pytest.mark.parametrize("seq", [0, 3, LENGTH - 1])
def test_a_changed_hash_is_modified(store: Any, seq: int) -> None:
    tampering.overwrite(store, {**stored(store, seq), "hash": bytes(32)})
    assert wrong(store) == {seq: "MODIFIED"}


@pytest.mark.parametrize("body", ["", "{}", "[", '{"v":1,"v":1}', None])
def test_an_unreadable_body_is_modified(store: Any, body: str | None) -> None:
    item = {name: value for name, value in stored(store, 3).items() if name != "body"}
    if body is not None:
        item |= {"body": body, "hash": hash_body(body.encode())}
    tampering.overwrite(store, item)
    assert wrong(store)[3] == "MODIFIED"


@pytest.mark.parametrize(
    ("seq", "attribute", "value"),
    [
        (3, "actor", "nobody"),
        (3, "failed_bucket", "payments/0#2026-01-01"),
        (3, "expires_at", 5),
        (3, "bucket", None),
        (4, "failed_bucket", None),
        (4, "outcome", "success"),
    ],
)
def test_a_changed_copy_is_named(store: Any, seq: int, attribute: str, value: Any) -> None:
    item = stored(store, seq)
    before = item.pop(attribute, None)
    tampering.overwrite(store, item if value is None else {**item, attribute: value})
    assert wrong(store) == {seq: "INDEX MISMATCH"}
    failed = [s for s in verify_entry(store, LAYOUT, CHAIN, seq).steps if s.result == "fails"]
    assert [(s.name, s.expected, s.found) for s in failed] == [
        (
            f"index copy {attribute}",
            "(absent)" if before is None else str(before),
            "(absent)" if value is None else str(value),
        )
    ]


def test_a_forged_tail_breaks_the_link(store: Any) -> None:
    body = edited(stored(store, LENGTH - 1), seq=LENGTH, prev_hash="f" * 64)
    tampering.overwrite(store, item_of(decode_body(body), body, hash_body(body)))
    assert wrong(store) == {LENGTH - 1: "BROKEN LINK", LENGTH: "BROKEN LINK"}


@pytest.mark.parametrize("key", ["3", "x", "0000000000000000000x", "٣" * 20])
def test_an_entry_under_a_malformed_key_is_modified(store: Any, key: str) -> None:
    tampering.overwrite(store, {**stored(store, 3), "sk": key})
    assert wrong(store) == {-1: "MODIFIED"}
    with pytest.raises(UsageError, match=f"ends at {LENGTH - 1}"):
        verify_entry(store, LAYOUT, CHAIN, LENGTH)


def test_a_key_far_away_does_not_make_verdicts_without_end(store: Any) -> None:
    far = 10**20 - 1
    tampering.overwrite(store, {**stored(store, 3), "sk": str(far)})
    assert wrong(store) == {LENGTH: "MISSING", far: "MODIFIED"}


def test_a_seq_above_the_tip_is_a_usage_error(store: Any) -> None:
    with pytest.raises(UsageError, match="The chain ends at 7"):
        verify_entry(store, LAYOUT, CHAIN, LENGTH)


def test_an_entry_without_neighbours_is_unanchored(store: Any) -> None:
    for seq in (2, 4):
        tampering.delete(store, LAYOUT.key(CHAIN, seq))
    assert wrong(store) == {2: "MISSING", 3: "UNANCHORED", 4: "MISSING"}


def test_a_registered_chain_without_entries_is_missing(store: Any) -> None:
    for seq in range(LENGTH):
        tampering.delete(store, LAYOUT.key(CHAIN, seq))
    assert wrong(store) == {0: "MISSING"}
    with pytest.raises(UsageError, match="no chain other/0"):
        list(verify_chain(store, LAYOUT, "other/0"))


def test_what_cannot_be_checked_says_why(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    teleport = load_layout("teleport")
    assert verify_entry(store, teleport, "s", 0).verdict == "UNVERIFIABLE"
    pages, read = iter([True, False]), store.query

    def query(request: Query) -> Any:
        if next(pages):
            return read(request)
        raise StoreError("Reading was denied.", kind="permission")

    monkeypatch.setattr(store, "query", query)
    last = list(verify_chain(store, LAYOUT, CHAIN, progress=lambda *_: None))[-1]
    assert last.verdict == "UNVERIFIABLE"
    assert "Reading was denied." in last.summary


def test_a_table_that_is_not_there_is_no_verdict(
    store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def query(request: Query) -> Any:
        raise StoreError("There is no table x.", kind="missing_table", usage=True)

    monkeypatch.setattr(store, "query", query)
    with pytest.raises(StoreError, match="no table x") as refused:
        verify_entry(store, LAYOUT, CHAIN, 0)
    assert refused.value.exit_code == 2


@settings(max_examples=60)
@given(st.integers(1, 8), st.data())
def test_one_random_change_in_a_body_is_modified_exactly_there(
    length: int, data: st.DataObject
) -> None:
    store = new_chain(length)
    assert wrong(store) == {}
    seq = data.draw(st.integers(0, length - 1))
    item = stored(store, seq)
    at = data.draw(st.integers(0, len(item["body"]) - 1))
    new = data.draw(st.characters(codec="utf-8").filter(lambda c: c != item["body"][at]))
    tampering.overwrite(store, {**item, "body": item["body"][:at] + new + item["body"][at + 1 :]})
    assert wrong(store) == {seq: "MODIFIED"}
    store.close()


def test_a_moment_of_recording_that_is_none_is_modified_too(store: Any) -> None:
    item = stored(store, 4)
    body = edited(item, recorded_at="2026-11-24T25:00:00.000000Z").decode()
    tampering.overwrite(store, {**item, "body": body})
    assert wrong(store) == {4: "MODIFIED"}


def test_the_read_units_of_a_sweep_are_in_its_verdicts() -> None:
    store = new_chain()
    pages, start, rcu = 0, None, 0.0
    while start is not None or not pages:
        page = store.query(
            Query(
                index="", partition=("pk", f"entry#{CHAIN}"), sort="sk", consistent=True,
                start_key=start,
            )
        )  # fmt: skip
        pages, rcu, start = pages + 1, rcu + page.rcu, page.last_key
    assert pages > 1
    registry_and_tip = 2.0
    assert sum(one.rcu for one in verify_chain(store, LAYOUT, CHAIN)) == rcu + registry_and_tip


def test_a_chain_that_the_registry_no_longer_names_is_an_index_mismatch(store: Any) -> None:
    tampering.delete(store, {"pk": "chains", "sk": CHAIN})
    assert wrong(store) == dict.fromkeys(range(LENGTH), "INDEX MISMATCH")
    verdict = verify_entry(store, LAYOUT, CHAIN, 5)
    assert [step.name for step in verdict.steps if step.result == "fails"] == ["registry"]


def test_a_modified_first_entry_stays_modified_without_a_registry(store: Any) -> None:
    item = stored(store, 0)
    tampering.overwrite(store, {**item, "body": edited(item, actor="mallory").decode()})
    tampering.delete(store, {"pk": "chains", "sk": CHAIN})
    others = dict.fromkeys(range(1, LENGTH), "INDEX MISMATCH")
    assert wrong(store) == {0: "MODIFIED", **others}


def test_the_summary_says_which_links_were_compared(store: Any) -> None:
    def summary(seq: int) -> str:
        return verify_entry(store, LAYOUT, CHAIN, seq).summary

    assert "both links hold" in summary(3)
    assert "the beginning of the chain" not in summary(3)
    assert "both links hold" in summary(0)
    assert "has no successor" in summary(LENGTH - 1)
    tampering.delete(store, LAYOUT.key(CHAIN, 3))
    assert "has no successor" in summary(2)
    assert "has no predecessor left" in summary(4)
