"""The index tables of an embedded store are held against its items."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.entry import Draft
from audittui.store.port import KeepsIndexes
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.integrity.bench import KEY, LAYOUT, Bench

HIDE = "DELETE FROM \"ix_by-actor\" WHERE p = 'user-4'"
MOVE = "UPDATE \"ix_by-time\" SET p = 'x' WHERE item = (SELECT id FROM items WHERE sk LIKE '%0004')"
DOUBLE = (
    'INSERT INTO "ix_by-actor" SELECT \'somebody\', s, tie, item, size FROM "ix_by-actor" '
    "WHERE p = 'user-4'"
)


def change(path: Path, sql: str) -> int:
    with sqlite3.connect(path) as connection:
        return connection.execute(sql).rowcount


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize(("sql", "index"), [(HIDE, "by-actor"), (MOVE, "by-time"), (DOUBLE, "")])
def test_an_entry_that_lists_hide_or_misplace_is_named(
    bench: Bench, sql: str, index: str, trusted: bool
) -> None:
    bench.append()
    bench.append("payments/1", 3)
    if trusted:
        bench.trust(KEY)
        bench.seal()
        bench.seal("payments/1")
    bench("verify", "--all")
    assert change(bench.path, sql) > 0
    out, err = bench("verify", "--all", code=4)
    assert "payments/0 4: INDEX MISMATCH." in out
    assert "payments/0 is NOT as it was written: 1 INDEX MISMATCH (first 4) of 12." in err
    assert "payments/1 is " in err and "payments/1 is NOT" not in err
    if index:
        out, _ = bench("verify", "payments/0", 4, code=4)
        assert f"The index {index} does not hold the entry, so lists are wrong" in out
    bench("verify", "payments/0", 5)


@pytest.mark.parametrize("value", [7, b"x", 1.5])
def test_a_copy_of_another_type_is_a_finding_and_no_crash(bench: Bench, value: Any) -> None:
    bench.append()
    bench.put({**bench.get(LAYOUT.key("payments/0", 4)), "time": value})
    for words in (("--all",), ("payments/0", 4)):
        out, _ = bench("verify", *words, code=4)
        assert "payments/0 4: INDEX MISMATCH. The attribute time differs from the body." in out


def test_appending_between_sweeps_is_no_fault(bench: Bench) -> None:
    bench.append()
    store = bench.open()
    assert isinstance(store, KeepsIndexes)
    assert not list(store.index_faults("entry#payments/0"))
    AuditLog(store, "payments/0").append(Draft(actor="a", action="b"))
    assert not list(store.index_faults("entry#payments/0"))
    other = bench.open()
    AuditLog(other, "payments/0").append(Draft(actor="a", action="b"))
    other.close()
    assert not list(store.index_faults("entry#payments/0"))
    store.close()


@given(st.sets(st.integers(0, 29), max_size=6), st.sampled_from(["by-time", "by-actor"]))
def test_every_row_that_is_deleted_is_missed(gone: set[int], index: str) -> None:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    AuditLog(store, "a/0").append_many([Draft(actor="a", action="b")] * 30)
    with store.file.writing() as connection:
        numbers = dict(connection.execute("SELECT sk, id FROM items WHERE pk = 'entry#a/0'"))
        for seq in gone:
            connection.execute(
                f'DELETE FROM "ix_{index}" WHERE item = ?', (numbers[f"{seq:020d}"],)
            )
    faults = list(store.index_faults("entry#a/0"))
    assert {int(one.key) for one in faults} == gone
    assert {one.index for one in faults} <= {index}
    assert {
        int(one.key) for one in store.index_faults("entry#a/0", [f"{seq:020d}" for seq in gone])
    } == gone
    store.close()
