"""A chain that is being written to while it is verified."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from audittui.entry import Draft
from audittui.integrity.verifying.single_entry import verify_entry
from audittui.integrity.verifying.sweep import verify_chain
from audittui.layout import load_layout
from audittui.store.port import Page, Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog


def test_an_entry_appended_meanwhile_is_not_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = load_layout("native")
    store = SqliteStore(":memory:", layout, create=True)
    log = AuditLog(store, "c/0")
    log.append(Draft(actor="a", action="b"))
    read = store.query

    def query(request: Query) -> Any:
        monkeypatch.undo()
        log.append(Draft(actor="a", action="b"))
        return read(request)

    monkeypatch.setattr(store, "query", query)
    assert verify_entry(store, layout, "c/0", 1).verdict == "CHAINED"
    store.close()


def test_an_entry_written_behind_the_reading_is_not_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layout = load_layout("native")
    store = SqliteStore(":memory:", layout, create=True)
    AuditLog(store, "c/0").append_many([Draft(actor="a", action="b")] * 4)
    read = store.query

    def query(request: Query) -> Page:
        # The first page looks as if it had passed seq 2 just before that was written.
        monkeypatch.undo()
        page = read(request)
        return msgspec.structs.replace(page, items=[*page.items[:2], *page.items[3:]])

    monkeypatch.setattr(store, "query", query)
    verdicts = list(verify_chain(store, layout, "c/0"))
    assert [(one.seq, one.verdict) for one in verdicts] == [(seq, "CHAINED") for seq in range(4)]
    store.close()
