"""The embedded store: one SQLite file (or memory) that behaves like a DynamoDB table.

It has the same keys, sparse indexes, projections, paging, conditional puts and start keys, and
meters what DynamoDB would have charged. DynamoDB's order among equal sort keys of an index is
undefined; here a seeded hash scrambles it, so that nothing can rely on it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from audittui.errors import StoreError
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.store.identity import TableIdentity
from audittui.store.port import (
    PATIENT,
    Condition,
    Found,
    FoundMany,
    IndexDescription,
    IndexFault,
    Key,
    KeyTakenError,
    Page,
    Patience,
    Query,
    TableDescription,
    TransactionRefusedError,
    demand_tile,
)
from audittui.store.size import PAGE_BYTES, item_size, read_units
from audittui.store.sqlite import counts, pack
from audittui.store.sqlite.file import SqliteFile
from audittui.store.sqlite.index_faults import Rows, count_rows, index_faults
from audittui.store.sqlite.items import ItemRows
from audittui.store.sqlite.selection import select, start_key
from audittui.store.sqlite.tables import Tables, demand_path

MAX_TRANSACTION = 100


class SqliteStore:
    """A store in the file ``path``; ``:memory:`` keeps it in this process.

    ``create`` creates a missing file. ``page_bytes`` is the size of a page, ``seed`` the seed of
    the tie order. Without ``durable``, writes may not survive a power cut. Raises `StoreError` if
    the file is missing or is not a store.

    ``file`` holds the connections, ``rows`` maps items to rows of its tables.
    """

    def __init__(
        self,
        path: str,
        layout: Layout,
        *,
        create: bool = False,
        read_only: bool = False,
        page_bytes: int = PAGE_BYTES,
        seed: int = 0,
        durable: bool = True,
    ) -> None:
        self.path = path
        self.layout = layout
        self.file = SqliteFile(path, read_only=read_only, durable=durable)
        self.rows = ItemRows(layout, seed.to_bytes(8, "big"))
        self._counted_rows: tuple[tuple[int, int, int], Rows] | None = None
        self._page_bytes = page_bytes
        if not self.file.memory:
            demand_path(path, create=create)
        tables = Tables(self.file, path, self.place, layout.name, self.rows.indexes)
        with self.file.errors():
            made = tables.open(
                self.rows.seed, create=create or self.file.memory, read_only=read_only
            )
        self.rows.seed = made.seed
        self._id, self._counted = made.id, made.counted

    @property
    def place(self) -> str:
        """The file's name."""
        return "memory" if self.file.memory else Path(self.path).name

    @property
    def region(self) -> str | None:
        """An embedded store has no region."""
        return None

    @property
    def index_lag(self) -> int:
        """Always 0: indexes are written together with the items."""
        return 0

    def identity(self) -> TableIdentity:
        """The random id that the file was created with, and its path."""
        place = "" if self.file.memory else str(Path(self.path).resolve())
        return TableIdentity(self._id, place, self.place)

    def close(self) -> None:
        """Close every connection to the file."""
        self.file.close()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        """Read one page: at most ``limit`` items or the page's bytes, filters applied after."""
        index = self.rows.index(request.index)
        self.rows.demand_held(request)
        if request.consistent and request.index:
            raise StoreError(
                "Consistent reads are not supported on global secondary indexes.", kind="invalid"
            )
        sql, values = select(request, index, self.layout, self.rows.tie)
        items: list[dict[str, Any]] = []
        scanned = size = matched = 0
        last: tuple[Any, ...] | None = None
        ended = True
        base = (self.layout.partition.attribute, self.layout.sort.attribute)
        # Keys have their own columns, so reading them decodes nothing.
        keys_alone = request.attributes == base and not request.filters and not request.count
        # As in DynamoDB, a page that ends at its limit has a last key, even at the very end.
        with self.file.errors(), self.file.reading() as connection:
            cursor = connection.execute(sql, values)
            for sort, item_bytes, listed, rest, pk, sk in cursor:
                scanned += 1
                size += item_bytes
                last = (sort, pk, sk)
                if keys_alone:
                    items.append({base[0]: pk, base[1]: sk})
                elif request.filters or not request.count:
                    item = pack.decode(listed)
                    if rest is not None:
                        item.update(pack.decode(rest))
                    item = self.rows.shown_by(item, request.index)
                if all(_holds(condition, item) for condition in request.filters):
                    matched += 1
                    if not request.count and not keys_alone:
                        items.append(_chosen(item, request.attributes))
                if scanned == request.limit or size >= self._page_bytes:
                    ended = False
                    break
            cursor.close()
        last_key = None if ended or last is None else start_key(request, index, self.layout, last)
        rcu = read_units(size, consistent=request.consistent)
        return Page(
            items=items,
            last_key=last_key,
            scanned=scanned,
            rcu=rcu,
            matched=matched,
            by_index=((request.index, rcu),),
        )

    def get(self, key: Key, *, consistent: bool = True) -> Found:
        """Read one item by its key."""
        with self.file.errors(), self.file.reading() as connection:
            item = self.rows.read(connection, key)
        if item is None:
            return Found(None, read_units(0, consistent=consistent))
        return Found(item, read_units(item_size(item), consistent=consistent))

    def get_many(self, keys: Sequence[Key], *, consistent: bool = True) -> FoundMany:
        """Read items by their keys."""
        found = [self.get(key, consistent=consistent) for key in keys]
        return FoundMany(tuple(one.item for one in found), sum(one.rcu for one in found))

    def put_new(self, item: Item) -> None:
        """Write one item whose key is free."""
        try:
            self.put_new_many([item])
        except TransactionRefusedError as refused:
            existing = refused.existing[0]
            assert existing is not None
            raise KeyTakenError(existing) from None

    def put_new_many(self, items: Sequence[Item]) -> None:
        """Write all of ``items`` or none."""
        if len(items) > MAX_TRANSACTION:
            raise StoreError(
                f"A transaction takes at most {MAX_TRANSACTION} items.", kind="invalid"
            )
        if len({self.rows.key_of(item) for item in items}) != len(items):
            raise StoreError("A transaction puts one item twice.", kind="invalid")
        with self.file.errors(), self.file.writing() as connection:
            existing = [self.rows.read(connection, item) for item in items]
            if any(found is not None for found in existing):
                raise TransactionRefusedError(existing)
            self.rows.insert(connection, items)

    def replace_tile(self, item: Item) -> None:
        """Write a tile over the one in its place."""
        demand_tile(item.get(self.layout.partition.attribute))
        with self.file.errors(), self.file.writing() as connection:
            self.rows.remove(connection, self.rows.key_of(item))
            self.rows.insert(connection, [item])

    def describe(self) -> TableDescription:
        """Counts and sizes, which are exact: every write updates them."""
        with self.file.errors(), self.file.reading() as connection:
            if not self._counted:
                # An older file, which this connection may not write to.
                known = {name: counts.count(connection, name) for name in ("", *self.rows.indexes)}
            else:
                known = counts.read(connection)
        indexes = tuple(IndexDescription(name, *known[name]) for name in self.rows.indexes)
        return TableDescription(self.place, *known[""], indexes)

    def index_faults(
        self, partition: str, keys: Sequence[str] | None = None
    ) -> Iterator[IndexFault]:
        """Where the index tables do not correctly hold the items of ``partition``."""
        with self.file.errors(), self.file.snapshot() as connection:
            counted = {} if keys is not None else self._rows_of_indexes(connection)
            indexes, tie = self.rows.indexes, self.rows.tie
            yield from index_faults(connection, indexes, tie, counted, partition, keys)

    def _rows_of_indexes(self, connection: sqlite3.Connection) -> Rows:
        """The result of `count_rows`, counted again only after a write by anybody."""
        other = connection.execute("PRAGMA data_version").fetchone()[0]
        state = id(connection), other, connection.total_changes
        if self._counted_rows is None or self._counted_rows[0] != state:
            self._counted_rows = state, count_rows(connection, self.rows.indexes)
        return self._counted_rows[1]


def _chosen(item: dict[str, Any], attributes: Sequence[str]) -> dict[str, Any]:
    """The requested attributes, of those present."""
    if not attributes:
        return item
    return {name: item[name] for name in attributes if name in item}


def _holds(condition: Condition, item: Item) -> bool:
    inside = item.get(condition.attribute) in condition.values
    return inside if condition.operator == "in" else not inside
