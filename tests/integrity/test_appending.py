"""A chain that is being written to while it is verified."""

from __future__ import annotations

from typing import Any

import pytest

from audittui.entry import Draft
from audittui.integrity.verify import verify_entry
from audittui.layout import load_layout
from audittui.store.port import Query
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
