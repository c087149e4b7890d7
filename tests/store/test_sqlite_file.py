"""The embedded store's file: what it keeps, and what happens when it is not as it should be."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.store.sqlite import counts as sqlite_counts
from audittui.writer import AuditLog
from tests import tampering

LAYOUT = load_layout("native")


def counted(store: SqliteStore) -> dict[str, tuple[int, int]]:
    """What describing says, held against counting the rows."""
    told = store.describe()
    found = {"": (told.item_count, told.size_bytes)}
    found |= {one.name: (one.item_count, one.size_bytes) for one in told.indexes}
    with store.file.reading() as connection:
        assert found == {name: sqlite_counts.count(connection, name) for name in found}
    return found


@given(st.lists(st.tuples(st.sampled_from("pod"), st.integers(0, 9)), max_size=25))
@settings(max_examples=40)
def test_counts_are_what_is_there(steps: list[tuple[str, int]]) -> None:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    log = AuditLog(store, "c/0")
    for what, number in steps:
        if what == "p":
            outcome: Any = "denied" if number % 2 else "success"
            log.append(Draft(actor=f"a{number}", action="b", outcome=outcome))
        elif what == "d":
            tampering.delete(store, LAYOUT.key("c/0", number))
        else:
            item = store.get(LAYOUT.key("c/0", number)).item
            if item is not None:
                tampering.overwrite(store, {**item, "actor": "x" * number or "y"})
        counted(store)
    store.close()


def test_an_older_file_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    store = SqliteStore(str(path), LAYOUT, create=True)
    AuditLog(store, "c/0").append_many([Draft(actor="a", action="b")] * 5)
    before = counted(store)
    store.close()
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE counts")
        connection.execute("DELETE FROM meta WHERE name = 'version'")
    reader = SqliteStore(str(path), LAYOUT, read_only=True)
    assert counted(reader) == before
    reader.close()
    writer = SqliteStore(str(path), LAYOUT)
    AuditLog(writer, "c/0").append(Draft(actor="a", action="b"))
    assert counted(writer)[""][0] == before[""][0] + 1
    writer.close()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE meta SET value = '2' WHERE name = 'version'", "created by a newer audittui"),
        ("UPDATE meta SET value = 'zz' WHERE name = 'seed'", "is damaged"),
        ("DELETE FROM meta WHERE name = 'seed'", "is damaged"),
    ],
)
def test_a_file_that_is_not_ours_is_said(tmp_path: Path, change: str, sentence: str) -> None:
    path = tmp_path / "odd.db"
    SqliteStore(str(path), LAYOUT, create=True).close()
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    with pytest.raises(StoreError, match=sentence):
        SqliteStore(str(path), LAYOUT)


def test_a_full_disk_is_one_sentence_and_nothing_is_half_there(tmp_path: Path) -> None:
    path = tmp_path / "full.db"
    store = SqliteStore(str(path), LAYOUT, create=True)
    log = AuditLog(store, "c/0")
    log.append(Draft(actor="a", action="b"))
    with store.file.reading() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreError, match=r"disk of .* is full"):
        log.append_many([Draft(actor="a", action="b", details="x" * 50_000)] * 20)
    with store.file.reading() as connection:
        assert not connection.in_transaction
        connection.execute(f"PRAGMA max_page_count = {pages + 10_000}")
    assert log.append(Draft(actor="a", action="b")).seq == 1
    assert counted(store)["by-time"][0] == 2
    store.close()
