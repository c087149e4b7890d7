"""A store's file is made by the first write, and by many processes at once."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from audittui.config import Config
from audittui.connection import Target, open_connection, resolve_target
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.store.sqlite.tables import Made, Tables
from audittui.writer import AuditLog

NATIVE = load_layout("native")
PROCESSES = 8
ROUNDS = 6


def make_and_append(path: Path, number: int, start: int) -> int:
    """What a process does once ``start`` ends; its exit status."""
    os.read(start, 1)
    try:
        store = SqliteStore(str(path), NATIVE, create=True, durable=False)
        AuditLog(store, "c/0").append(Draft(actor=f"a{number}", action="b"))
        store.close()
    except BaseException as fault:
        os.write(2, f"{type(fault).__name__}: {fault}\n".encode())
        return 1
    return 0


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no fork")
def test_processes_that_make_one_file_at_once_all_succeed(tmp_path: Path) -> None:
    for turn in range(ROUNDS):
        path = tmp_path / f"{turn}.db"
        read, write = os.pipe()
        processes = []
        for number in range(PROCESSES):
            process = os.fork()
            if not process:
                os.close(write)
                os._exit(make_and_append(path, number, read))
            processes.append(process)
        os.close(write)
        assert [os.waitpid(process, 0)[1] for process in processes] == [0] * PROCESSES
        os.close(read)
        store = SqliteStore(str(path), NATIVE, read_only=True)
        assert store.describe().item_count == PROCESSES + 1
        store.close()


def test_a_file_made_while_this_process_looked_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "a.db")
    make = Tables._make

    def late(tables: Tables, seed: bytes, *, read_only: bool) -> Made | None:
        monkeypatch.setattr(Tables, "_make", make)
        first = SqliteStore(path, NATIVE, create=True, seed=77)
        AuditLog(first, "c/0").append(Draft(actor="a", action="b"))
        first.close()
        return make(tables, seed, read_only=read_only)

    monkeypatch.setattr(Tables, "_make", late)
    store = SqliteStore(path, NATIVE, create=True, seed=5)
    assert AuditLog(store, "c/0").append(Draft(actor="a", action="b")).seq == 1
    # The order of ties is the file's own.
    assert int.from_bytes(store.rows.seed, "big") == 77
    store.close()


def test_another_programs_file_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreError, match="not an audittui store"):
        SqliteStore(str(path), NATIVE, create=True)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("theirs",)]


def test_the_first_write_makes_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    opened = open_connection(Target(store=str(path)), create=True)
    assert opened.chains() == () and opened.store.describe().item_count == 0
    assert opened.store.place == "a.db" and not path.exists()
    AuditLog(opened.store, "c/0").append(Draft(actor="a", action="b"))
    assert path.exists() and opened.chains() == ("c/0",)
    opened.store.close()
    again = open_connection(resolve_target({"store": str(path)}, Config(), {}), create=True)
    assert AuditLog(again.store, "c/0").append(Draft(actor="a", action="b")).seq == 1
    again.store.close()


def test_what_another_process_makes_meanwhile_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    opened = open_connection(Target(store=str(path)), create=True)
    other = SqliteStore(str(path), NATIVE, create=True)
    AuditLog(other, "c/0").append(Draft(actor="a", action="b"))
    other.close()
    assert AuditLog(opened.store, "c/0").append(Draft(actor="a", action="b")).seq == 1
    opened.store.close()


def test_a_store_is_made_only_in_a_folder_that_is_there(tmp_path: Path) -> None:
    SqliteStore(str(tmp_path / "new.db"), NATIVE, create=True).close()
    with pytest.raises(StoreError) as refused:
        SqliteStore(str(tmp_path / "missing" / "new.db"), NATIVE, create=True)
    assert refused.value.message.endswith("missing/new.db does not exist.")
    assert refused.value.exit_code == 2 and not (tmp_path / "missing").exists()
