"""What tamperers and TTL do to a store: put and delete items without conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audittui.demo import tampering
from audittui.store.sqlite import SqliteStore


def overwrite(store: Any, item: Mapping[str, Any]) -> None:
    """Put an item, replacing any other; a table must allow the tampering."""
    if isinstance(store, SqliteStore):
        tampering.overwrite(store, item)
    else:
        store.overwrite(item)


def delete(store: Any, key: Mapping[str, Any]) -> None:
    """Delete an item; a table must allow the tampering."""
    if isinstance(store, SqliteStore):
        with store.file.errors(), store.file.writing() as connection:
            store.rows.remove(connection, store.rows.key_of(key))
    else:
        store.delete(key)
