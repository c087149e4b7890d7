"""Tampering by anyone who can write to an embedded store's file: replacing an item."""

from __future__ import annotations

from audittui.layout.row import Item
from audittui.store.sqlite import SqliteStore


def overwrite(store: SqliteStore, item: Item) -> None:
    """Put an item without any condition."""
    with store.file.errors(), store.file.writing() as connection:
        store.rows.remove(connection, store.rows.key_of(item))
        store.rows.insert(connection, [item])
