"""Where a chain ends: what is built upon, what is refused, and what finding it takes."""

from __future__ import annotations

from typing import Any

import pytest

from audittui import entry as entries
from audittui.entry import NO_HASH, Draft, encode_body, hash_body
from audittui.errors import IntegrityError
from audittui.layout import load_layout
from audittui.layout.native import ENTRY, REGISTRY, item_of
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from audittui.tip import UNBORN, Tip, read_tip
from audittui.writer import AuditLog
from tests import tampering

CHAIN = "c/0"
NOW = 1_790_000_000_000_000
SECOND = 1_000_000
EXPIRY = NOW // SECOND


class Asked(SqliteStore):
    """A store in memory that keeps the queries that it is asked."""

    def __init__(self) -> None:
        super().__init__(":memory:", load_layout("native"))
        self.queries: list[Query] = []

    def query(self, request: Query, *more: Any) -> Any:
        self.queries.append(request)
        return super().query(request, *more)


@pytest.fixture
def store() -> Asked:
    return Asked()


def put(store: Asked, seq: int, prev_hash: str = NO_HASH, **more: Any) -> str:
    """An entry at ``seq``, whatever is there; its hash. ``body`` changes the text."""
    change = more.pop("change", lambda body: body)
    made = entries.complete(
        Draft(actor="a", action="b"), chain=CHAIN, seq=seq, prev_hash=prev_hash, recorded_at=0,
        entry_id=f"e{seq}", **more,
    )  # fmt: skip
    body = change(encode_body(made))
    tampering.overwrite(store, item_of(made, body, hash_body(body)))
    return hash_body(body).hex()


def registered(store: Asked) -> Asked:
    tampering.overwrite(store, {"pk": REGISTRY, "sk": CHAIN, "created": "-"})
    return store


def refused(store: Asked) -> str:
    with pytest.raises(IntegrityError) as error:
        read_tip(store, CHAIN, now=NOW)
    return error.value.message


def test_a_long_chains_end_takes_a_single_query(store: Asked) -> None:
    AuditLog(store, CHAIN).append_many([Draft(actor="a", action="b")] * 5)
    store.queries.clear()
    assert read_tip(store, CHAIN, now=NOW).seq == 4
    assert [request.limit for request in store.queries] == [2]


def test_a_chain_that_nobody_began_is_unborn(store: Asked) -> None:
    assert read_tip(store, CHAIN, now=NOW) == UNBORN


def test_entries_that_the_registry_does_not_name_are_refused(store: Asked) -> None:
    digest = put(store, 0)
    assert "The registry does not list the chain c/0" in refused(store)
    assert read_tip(registered(store), CHAIN, now=NOW) == Tip(0, digest)


def test_a_chain_that_is_born_meanwhile_is_not_said_to_be_unnamed(store: Asked) -> None:
    digest = put(store, 0)
    looked = []
    get = store.get

    def late(key: Any, **more: Any) -> Any:
        found = get(key, **more)
        looked.append(found.item)
        registered(store)
        return found

    store.get = late  # type: ignore[method-assign]
    assert read_tip(store, CHAIN, now=NOW) == Tip(0, digest)
    assert [item is None for item in looked] == [True, False]


def test_a_body_with_a_key_twice_is_not_built_upon(store: Asked) -> None:
    put(registered(store), 0, change=lambda body: body.replace(b'{"action"', b'{"v":1,"action"'))
    assert "its body is not an entry" in refused(store)


def test_an_end_without_its_predecessor_is_refused_unless_that_expired(store: Asked) -> None:
    registered(store)
    put(store, 7, "a" * 64)
    assert "its predecessor is absent, but has not expired" in refused(store)
    digest = put(store, 7, "a" * 64, expires_at=EXPIRY + 100)
    assert read_tip(store, CHAIN, now=NOW) == Tip(7, digest, EXPIRY + 100)


def test_an_entry_before_the_gap_must_have_expired_too(store: Asked) -> None:
    registered(store)
    digest = put(store, 7, "a" * 64, expires_at=EXPIRY + 100)
    put(store, 5, "b" * 64, expires_at=EXPIRY)
    assert read_tip(store, CHAIN, now=NOW).hash == digest
    put(store, 5, "b" * 64, expires_at=EXPIRY + 1)
    assert "has not expired" in refused(store)
    # Nobody knows when it expires: it says nothing that counts.
    put(store, 5, "b" * 64, expires_at=EXPIRY, change=lambda body: body.replace(b'"c/0"', b'"d/0"'))
    assert "has not expired" in refused(store)
    tampering.overwrite(store, {"pk": ENTRY + CHAIN, "sk": f"{5:020d}", "hash": b"x"})
    assert "has not expired" in refused(store)


def test_no_entry_follows_the_last_seq_that_there_is(store: Asked) -> None:
    put(registered(store), 10**20 - 1, "a" * 64, expires_at=EXPIRY + 100)
    assert "no seq is left after it" in refused(store)
    put(store, 10**20 - 2, "a" * 64, expires_at=EXPIRY + 100)
    tampering.delete(store, {"pk": ENTRY + CHAIN, "sk": f"{10**20 - 1}"})
    assert read_tip(store, CHAIN, now=NOW).seq == 10**20 - 2
