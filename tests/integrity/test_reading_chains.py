"""Entries and sealed items are read from first to last, however many pages that takes."""

from __future__ import annotations

from typing import Any

import pytest

from audittui.entry import Draft
from audittui.integrity.chain_reader import ChainReader
from audittui.integrity.sealed_log import SealedItem, SealedLog
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

LAYOUT = load_layout("native")
CHAIN = "payments/0"
LAST = 10**20 - 1


def store_of(count: int, **options: Any) -> SqliteStore:
    store = SqliteStore(":memory:", LAYOUT, create=True, **options)
    AuditLog(store, CHAIN).append_many(
        [Draft(actor="a", action=f"n{at}", outcome="success") for at in range(count)]
    )
    return store


def forge(store: SqliteStore, sk: str) -> None:
    """Put an item of the chain under a sort key of one's own."""
    store.put_new({"pk": f"entry#{CHAIN}", "sk": sk, "body": "{}", "hash": b""})


def test_the_neighbours_of_an_entry_are_found_however_far_away() -> None:
    store = store_of(3)
    forge(store, str(LAST))
    reader = ChainReader(store, LAYOUT, CHAIN)
    found = [(reader.beside(seq, after=False), reader.beside(seq, after=True)) for seq in range(3)]
    assert [(one.seq if one else None, two.seq if two else None) for one, two in found] == [
        (None, 1), (0, 2), (1, LAST),
    ]  # fmt: skip
    before, after = reader.beside(LAST, after=False), reader.beside(LAST, after=True)
    assert (before.seq if before else None, after) == (2, None)
    assert reader.tip() == LAST


def test_malformed_keys_hide_neither_a_neighbour_nor_the_end() -> None:
    store = store_of(3)
    for at in range(150):
        forge(store, f"{1:020d}x{at}")
        forge(store, f"{2:020d}x{at}")
    reader = ChainReader(store, LAYOUT, CHAIN)
    before, after = reader.beside(2, after=False), reader.beside(1, after=True)
    assert (before.seq if before else None, after.seq if after else None) == (1, 2)
    assert reader.beside(2, after=True) is None and reader.tip() == 2
    assert [one.seq for one in reader.between(1, 2)] == [1, 2]
    assert len(list(reader.every(1, 2))) == 152


def test_what_is_read_is_counted() -> None:
    reader = ChainReader(store_of(3), LAYOUT, CHAIN)
    reader.get(0)
    reader.registered()
    assert reader.take_requests() == 2 and reader.take_requests() == 0
    assert reader.take() == 2 and reader.take() == 0


@pytest.mark.parametrize("page_bytes", [100, 1_000_000])
def test_checkpoints_are_all_given_page_by_page(page_bytes: int) -> None:
    sealed = SealedLog(store_of(0, page_bytes=page_bytes), CHAIN)
    for size in range(1, 10):
        sealed.put_checkpoint(SealedItem(size, f"note {size}", "", ""))
    assert [one.size for one in sealed.checkpoints(2)] == [3, 4, 5, 6, 7, 8, 9]
    assert [one.size for one in sealed.checkpoints(2, limit=3)] == [3, 4, 5]
    assert [one.size for one in sealed.before(9, limit=4)] == [8, 7, 6, 5]
    assert sealed.before(1, limit=4) == [] and sealed.before(0, limit=4) == []
    assert [one.size for one in sealed.downwards(4)] == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    newest = sealed.newest()
    assert newest is not None and newest.note == "note 9"
    assert sealed.at(4) == SealedItem(4, "note 4", "", "") and sealed.at(10) is None


@pytest.mark.parametrize("page_bytes", [100, 1_000_000])
def test_gap_statements_and_the_newest_prune_record_are_found(page_bytes: int) -> None:
    store = store_of(0, page_bytes=page_bytes)
    sealed = SealedLog(store, CHAIN)
    assert sealed.prune_note() == "" and sealed.gap_notes() == []
    for at in (3, 12, 7):
        sealed.put_prune(at, f"prune {at}")
        assert sealed.put_gap(at, f"gap {at}") == f"gap {at}"
    store.put_new({"pk": f"checkpoint#{CHAIN}", "sk": "gap#7", "note": "malformed"})
    # What has its place stays.
    sealed.put_prune(12, "another")
    assert sealed.put_gap(3, "another") == "gap 3"
    assert sealed.prune_note() == "prune 12"
    assert sealed.gap_notes() == [(3, "gap 3"), (7, "gap 7"), (12, "gap 12")]
