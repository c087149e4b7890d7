"""What the next entry is built upon, when the end of a chain was written to by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from audittui.entry import Draft, decode_body, encode_body, hash_body
from audittui.layout.native import item_of
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering
from tests.cli.bench import LAYOUT, CommandLine

CHAIN = "payments/0"
DAY = 86_400
APPEND = ("append", "--chain", CHAIN, "--actor", "a", "--action", "b")
Item = dict[str, Any]


class Bench:
    """A store with a chain of four entries that live for a day, and the command line."""

    def __init__(self, run: CommandLine) -> None:
        self.store = SqliteStore(str(run.store), LAYOUT, create=True)
        self._run = run
        AuditLog(self.store, CHAIN, retention=DAY).append_many(
            [Draft(actor="a", action="b", outcome="success")] * 4
        )

    def item(self, seq: int) -> Item:
        return dict(self.store.get(LAYOUT.key(CHAIN, seq)).item or {})

    def stored_keys(self) -> list[str]:
        page = self.store.query(Query(index="", partition=("pk", f"entry#{CHAIN}"), sort="sk"))
        return [item["sk"] for item in page.items]

    def write(self, seq: int, like: int, **fields: Any) -> Item:
        """Put an entry that agrees with itself."""
        entry = decode_body(self.item(like)["body"].encode())
        entry = msgspec.structs.replace(entry, seq=seq, **fields)
        body = encode_body(entry)
        item = item_of(entry, body, hash_body(body))
        tampering.overwrite(self.store, item)
        return item

    def __call__(self, *words: str, code: int = 0) -> str:
        return "".join(self._run(*words, code=code))


@pytest.fixture
def bench(command_line: CommandLine) -> Bench:
    return Bench(command_line)


@pytest.mark.parametrize("expires_at", [1, "soon", 10**15, None])
def test_an_expiry_is_the_bodys_not_the_attributes(bench: Bench, expires_at: Any) -> None:
    item = {**bench.item(3), "expires_at": expires_at}
    if expires_at is None:
        del item["expires_at"]
    tampering.overwrite(bench.store, item)
    bench(*APPEND, "--retention", "1d")
    until = decode_body(bench.item(4)["body"].encode()).expires_at
    assert until is not None
    assert abs(until - time.time() - DAY) < 60


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda item: item.pop("hash"), "does not hash"),
        (lambda item: item.update(hash=b"short"), "does not hash"),
        (lambda item: item.update(hash=bytes(32)), "does not hash"),
        (lambda item: item.pop("body"), "no body"),
        (lambda item: item.update(body=item["body"].replace('"a"', '"c"')), "does not hash"),
        (lambda item: item.update(body="{}", hash=hash_body(b"{}")), "not an entry"),
    ],
)
def test_a_tip_that_is_not_what_was_written_is_refused_with_its_place(
    bench: Bench, harm: Callable[[Item], Any], told: str
) -> None:
    item = bench.item(3)
    harm(item)
    tampering.overwrite(bench.store, item)
    said = bench(*APPEND, code=4)
    assert f"entry#{CHAIN} {3:020d}" in said
    assert told in said
    assert len(bench.stored_keys()) == 4


@pytest.mark.parametrize("key", [f"{3:020d}x", "9" * 19 + "x", "zzz", "7", "１" * 20])
def test_a_malformed_key_neither_stops_nor_moves_what_is_appended(bench: Bench, key: str) -> None:
    tampering.overwrite(bench.store, {**bench.item(3), "sk": key})
    assert f"{CHAIN} 4 " in bench(*APPEND)
    assert f"{4:020d}" in bench.stored_keys()


@pytest.mark.parametrize("seq", [5, 10**12, 10**20 - 1])
def test_a_planted_entry_far_ahead_is_refused_with_its_place(bench: Bench, seq: int) -> None:
    copied = {**bench.item(3), "sk": f"{seq:020d}"}
    tampering.overwrite(bench.store, copied)
    said = bench(*APPEND, code=4)
    assert f"entry#{CHAIN} {seq:020d}" in said
    assert "a different place" in said
    # One that agrees with itself follows from nothing that is there.
    bench.write(seq, 3, prev_hash=bench.item(3)["hash"].hex())
    said = bench(*APPEND, code=4)
    assert f"entry#{CHAIN} {seq:020d}" in said
    assert len(bench.stored_keys()) == 5


def test_a_planted_successor_must_follow_from_the_tip(bench: Bench) -> None:
    bench.write(4, 3, prev_hash="1" * 64)
    said = bench(*APPEND, code=4)
    assert f"entry#{CHAIN} {4:020d}" in said
    assert "does not follow from its predecessor" in said


def test_a_first_entry_has_no_predecessor(bench: Bench) -> None:
    for seq in range(1, 4):
        tampering.delete(bench.store, LAYOUT.key(CHAIN, seq))
    bench.write(0, 0, prev_hash="1" * 64)
    assert "predecessor" in bench(*APPEND, code=4)


def test_entries_of_a_chain_that_is_not_registered_are_not_built_upon(bench: Bench) -> None:
    tampering.delete(bench.store, {"pk": "chains", "sk": CHAIN})
    said = bench(*APPEND, code=4)
    assert "registry does not list" in said
    assert len(bench.stored_keys()) == 4


def test_a_tip_whose_predecessors_expired_goes_on(bench: Bench) -> None:
    past = int(time.time()) - 10
    first = bench.write(0, 0, expires_at=past)
    second = bench.write(1, 1, prev_hash=first["hash"].hex(), expires_at=past)
    third = bench.write(2, 2, prev_hash=second["hash"].hex(), expires_at=past)
    bench.write(3, 3, prev_hash=third["hash"].hex())
    tampering.delete(bench.store, LAYOUT.key(CHAIN, 2))
    assert f"{CHAIN} 4 " in bench(*APPEND, "--retention", "1d")
    for seq in (0, 1, 3):
        tampering.delete(bench.store, LAYOUT.key(CHAIN, seq))
    assert f"{CHAIN} 5 " in bench(*APPEND, "--retention", "1d")


def test_a_tip_behind_a_hole_that_nothing_explains_is_refused(bench: Bench) -> None:
    tampering.delete(bench.store, LAYOUT.key(CHAIN, 2))
    said = bench(*APPEND, "--retention", "1d", code=4)
    assert f"entry#{CHAIN} {3:020d}" in said
    assert "predecessor is absent" in said
