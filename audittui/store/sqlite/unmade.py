"""An embedded store that has no file yet. The first write creates it, so a command that fails
before that leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from audittui.errors import StoreError
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.store.identity import TableIdentity
from audittui.store.port import (
    PATIENT,
    Found,
    FoundMany,
    Key,
    Page,
    Patience,
    Query,
    TableDescription,
)
from audittui.store.sqlite import SqliteStore


class UnmadeSqliteStore:
    """The store that will be in the file ``path``: empty until something is written, by this
    process or another. Raises `StoreError` if its folder does not exist."""

    def __init__(self, path: str, layout: Layout) -> None:
        if not Path(path).parent.exists():
            raise StoreError(
                f"The folder of {path} does not exist.", "Create it first.", kind="disk", usage=True
            )
        self.path = path
        self.layout = layout
        self._lock = threading.Lock()
        self._made: SqliteStore | None = None
        self._empty = SqliteStore(":memory:", layout)

    @property
    def place(self) -> str:
        """The file's name."""
        return Path(self.path).name

    @property
    def region(self) -> str | None:
        """An embedded store has no region."""
        return None

    @property
    def index_lag(self) -> int:
        """Always 0: indexes are written together with the items."""
        return 0

    def close(self) -> None:
        """Close every connection to the file."""
        self._empty.close()
        if self._made is not None:
            self._made.close()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        """Read one page."""
        return self._to_read().query(request, patience)

    def get(self, key: Key, *, consistent: bool = True) -> Found:
        """Read one item by its key."""
        return self._to_read().get(key, consistent=consistent)

    def get_many(self, keys: Sequence[Key], *, consistent: bool = True) -> FoundMany:
        """Read items by their keys."""
        return self._to_read().get_many(keys, consistent=consistent)

    def put_new(self, item: Item) -> None:
        """Write one item whose key is free."""
        self._to_write().put_new(item)

    def put_new_many(self, items: Sequence[Item]) -> None:
        """Write all of ``items`` or none."""
        self._to_write().put_new_many(items)

    def replace_tile(self, item: Item) -> None:
        """Write a tile over the one in its place."""
        self._to_write().replace_tile(item)

    def identity(self) -> TableIdentity:
        """The identity of the file."""
        return self._to_read().identity()

    def describe(self) -> TableDescription:
        """Counts and sizes."""
        return self._to_read().describe()

    def _to_read(self) -> SqliteStore:
        return self._to_write() if self._made or Path(self.path).exists() else self._empty

    def _to_write(self) -> SqliteStore:
        with self._lock:
            if self._made is None:
                self._made = SqliteStore(self.path, self.layout, create=True)
            return self._made
