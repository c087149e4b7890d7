"""The embedded store: one SQLite file (or memory) that behaves like the table.

The same keys, sparse indexes, projections, paging, conditional puts and start keys as DynamoDB,
metering what DynamoDB would have charged. Among equal sort keys of an index DynamoDB's order is
undefined; here a seeded hash scrambles it, so that nothing can come to rely on it.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from audittui.errors import StoreError
from audittui.layout.model import Index, Layout
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
from audittui.store.size import PAGE_BYTES, attribute_sizes, item_size, read_units
from audittui.store.sqlite import counts, pack
from audittui.store.sqlite.file import SqliteFile
from audittui.store.sqlite.index_faults import Rows, count_rows, index_faults

MAX_TRANSACTION = 100
FORMAT = "1"
"""The version of the file's tables."""


class SqliteStore:
    """A store in the file ``path``; ``:memory:`` keeps it in this process.

    ``create`` makes the file where there is none. ``page_bytes`` is where a page ends, ``seed``
    the seed of the tie order. ``durable`` False gives up outliving a power cut. Raises
    `StoreError` when the file is missing or is not a store.
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
        self._file = SqliteFile(path, read_only=read_only, durable=durable)
        self._read_only = read_only
        self._counted = False
        self._id = ""
        self._counted_rows: tuple[tuple[int, int, int], Rows] | None = None
        self._page_bytes = page_bytes
        self._seed = seed.to_bytes(8, "big")
        self._indexes = {index.name: index for index in layout.indexes if index.name}
        self._listed = self._list_attributes()
        self._held = {name: self._attributes_of(index) for name, index in self._indexes.items()}
        if not self._file.memory and not create and not Path(path).exists():
            raise StoreError(
                f"There is no store {path}.",
                "Check the path, or make it with audittui import … --store FILE.",
                kind="missing_table",
                usage=True,
            )
        if not self._file.memory and Path(path).is_dir():
            raise StoreError(
                f"{path} is a folder, not a store.",
                "A store is one file: give its path.",
                kind="invalid",
                usage=True,
            )
        if create and not self._file.memory and not Path(path).parent.exists():
            raise StoreError(
                f"The folder of {path} does not exist.", "Make it first.", kind="disk", usage=True
            )
        with self._file.errors():
            self._prepare(create or self._file.memory)

    @property
    def place(self) -> str:
        """The file's name."""
        return "memory" if self._file.memory else Path(self.path).name

    @property
    def region(self) -> str | None:
        """An embedded store has no region."""
        return None

    @property
    def index_lag(self) -> int:
        """Indexes here are written together with the items."""
        return 0

    def identity(self) -> TableIdentity:
        """The random identity that the file was made with, and where it lies."""
        place = "" if self._file.memory else str(Path(self.path).resolve())
        return TableIdentity(self._id, place, self.place)

    def close(self) -> None:
        """Close every connection to the file."""
        self._file.close()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        """Read one page: at most ``limit`` items or the page's bytes, filters applied after."""
        index = self._index_of(request.index)
        self._refuse_absent(request)
        if request.consistent and request.index:
            raise StoreError(
                "Consistent reads are not supported on global secondary indexes.", kind="invalid"
            )
        sql, values = self._select(request, index)
        items: list[dict[str, Any]] = []
        scanned = size = matched = 0
        last: tuple[Any, ...] | None = None
        ended = True
        # Like DynamoDB, a page that its limit ends has a last key, even at the very end.
        with self._file.errors(), self._file.reading() as connection:
            cursor = connection.execute(sql, values)
            for sort, item_bytes, listed, rest, pk, sk in cursor:
                scanned += 1
                size += item_bytes
                last = (sort, pk, sk)
                if request.filters or not request.count:
                    item = pack.decode(listed)
                    if rest is not None:
                        item.update(pack.decode(rest))
                    item = self._in_index(item, request.index)
                if all(_holds(condition, item) for condition in request.filters):
                    matched += 1
                    if not request.count:
                        items.append(_chosen(item, request.attributes))
                if scanned == request.limit or size >= self._page_bytes:
                    ended = False
                    break
            cursor.close()
        last_key = None if ended or last is None else self._key(request, index, last)
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
        pk, sk = self._base_key(key)
        with self._file.errors(), self._file.reading() as connection:
            found = connection.execute(
                "SELECT listed, rest FROM items WHERE pk = ? AND sk = ?", (pk, sk)
            ).fetchone()
        if found is None:
            return Found(None, read_units(0, consistent=consistent))
        item = {**pack.decode(found[0]), **pack.decode(found[1])}
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
        if len({self._base_key(item) for item in items}) != len(items):
            raise StoreError("A transaction puts one item twice.", kind="invalid")
        with self._file.errors(), self._file.writing() as connection:
            existing = [self._read(connection, item) for item in items]
            if any(found is not None for found in existing):
                raise TransactionRefusedError(existing)
            self._insert(connection, items)

    def replace_tile(self, item: Item) -> None:
        """Write a tile over the one in its place."""
        demand_tile(item.get(self.layout.partition.attribute))
        self.overwrite(item)

    def describe(self) -> TableDescription:
        """Counts and sizes, exact: they are kept with every write."""
        with self._file.errors(), self._file.reading() as connection:
            if not self._counted:
                # An older file that this connection may not write to.
                known = {name: counts.count(connection, name) for name in ("", *self._indexes)}
            else:
                known = counts.read(connection)
        indexes = tuple(IndexDescription(name, *known[name]) for name in self._indexes)
        return TableDescription(self.place, *known[""], indexes)

    def index_faults(
        self, partition: str, keys: Sequence[str] | None = None
    ) -> Iterator[IndexFault]:
        """Where the index tables do not hold the items of ``partition`` as they should."""
        with self._file.errors(), self._file.snapshot() as connection:
            rows = {} if keys is not None else self._rows_of_indexes(connection)
            yield from index_faults(connection, self._indexes, self._tie, rows, partition, keys)

    def overwrite(self, item: Item) -> None:
        """Put an item without any condition: what a tamperer does. For the demo and tests."""
        with self._file.errors(), self._file.writing() as connection:
            self._remove(connection, self._base_key(item))
            self._insert(connection, [item])

    def delete(self, key: Key) -> None:
        """Delete an item: what a tamperer does, and TTL. For the demo and tests."""
        with self._file.errors(), self._file.writing() as connection:
            self._remove(connection, self._base_key(key))

    def _prepare(self, create: bool) -> None:
        with self._file.reading() as connection:
            known = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE name IN ('items', 'meta')"
            ).fetchone()[0]
            if known == 2:
                found = dict(connection.execute("SELECT name, value FROM meta"))
                if found.get("layout") != self.layout.name:
                    raise StoreError(
                        f"The store {self.place} has the layout {found.get('layout')!r}.",
                        f"Open it with --layout {found.get('layout')}.",
                        kind="invalid",
                    )
                if found.get("version", FORMAT) != FORMAT:
                    raise StoreError(
                        f"The store {self.place} was made by a newer audittui.",
                        "Open it with that one.",
                        kind="invalid",
                    )
                try:
                    self._seed = bytes.fromhex(found["seed"])
                except (KeyError, TypeError, ValueError):
                    raise StoreError(
                        f"The store {self.place} is damaged.", kind="corrupt"
                    ) from None
                self._id = found.get("id") or ""
                self._counted = counts.kept(connection)
        if known == 2:
            if not self._counted and not self._read_only:
                with self._file.writing() as connection:
                    counts.make(connection, self._indexes)
                self._counted = True
            return
        if not create or not self._make():
            raise StoreError(
                f"{self.path} is not an audittui store.",
                "Give another file, or import into a new one.",
                kind="corrupt",
            )

    def _make(self) -> bool:
        """Make the tables in a new file; False where there are tables of somebody else."""
        with self._file.writing() as connection:
            anything = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not anything:
                self._make_tables(connection)
                self._counted = True
                return True
            # Looked at while nobody else can write: another process may just have made the store.
            ours = connection.execute(
                "SELECT count(*) FROM sqlite_master WHERE name IN ('items', 'meta')"
            ).fetchone()[0]
        if ours == 2:
            self._prepare(create=False)
        return bool(ours == 2)

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT)")
        connection.execute(
            "CREATE TABLE items (id INTEGER PRIMARY KEY, pk, sk, size INTEGER, "
            "listed BLOB, rest BLOB, UNIQUE (pk, sk))"
        )
        for name in self._indexes:
            connection.execute(
                f'CREATE TABLE "ix_{name}" (p, s, tie INTEGER, item INTEGER, '
                "size INTEGER, PRIMARY KEY (p, s, tie, item)) WITHOUT ROWID"
            )
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [
                ("layout", self.layout.name), ("seed", self._seed.hex()), ("version", FORMAT),
                ("id", secrets.token_hex(16)),
            ],
        )  # fmt: skip
        self._id = connection.execute("SELECT value FROM meta WHERE name = 'id'").fetchone()[0]
        counts.make(connection, self._indexes)

    def _rows_of_indexes(self, connection: sqlite3.Connection) -> Rows:
        """`count_rows`, counted again only after a write of anybody's."""
        other = connection.execute("PRAGMA data_version").fetchone()[0]
        state = id(connection), other, connection.total_changes
        if self._counted_rows is None or self._counted_rows[0] != state:
            self._counted_rows = state, count_rows(connection, self._indexes)
        return self._counted_rows[1]

    def _list_attributes(self) -> frozenset[str]:
        """The attributes that some index holds: they are read without the rest of the item."""
        names = {self.layout.partition.attribute, self.layout.sort.attribute}
        for index in self._indexes.values():
            names |= {index.partition.attribute, index.sort.attribute}
            names |= {name for name in index.projection if name != "ALL"}
        return frozenset(names)

    def _attributes_of(self, index: Index) -> frozenset[str] | None:
        """What an index holds; None for everything."""
        if index.projection == ("ALL",):
            return None
        keys = (
            self.layout.partition.attribute, self.layout.sort.attribute,
            index.partition.attribute, index.sort.attribute,
        )  # fmt: skip
        return frozenset((*keys, *index.projection))

    def _index_of(self, name: str) -> Index | None:
        if not name:
            return None
        if name not in self._indexes:
            raise StoreError(f"The table has no index {name!r}.", kind="invalid")
        return self._indexes[name]

    def _select(self, request: Query, index: Index | None) -> tuple[str, list[Any]]:
        partition = request.partition[1]
        direction = "ASC" if request.forward else "DESC"
        beyond = ">" if request.forward else "<"
        values: list[Any] = [partition]
        if index is None:
            sql = "SELECT sk, size, listed, rest, pk, sk FROM items WHERE pk = ?"
            sort, order = "sk", f"sk {direction}"
        else:
            rest = "items.rest" if index.projection == ("ALL",) else "NULL"
            sql = (
                f"SELECT ix.s, ix.size, items.listed, {rest}, items.pk, items.sk "
                f'FROM "ix_{index.name}" AS ix JOIN items ON items.id = ix.item WHERE ix.p = ?'
            )
            sort, order = "ix.s", f"ix.s {direction}, ix.tie {direction}"
        if request.low is not None:
            sql += f" AND {sort} >= ?"
            values.append(request.low)
        if request.high is not None:
            sql += f" AND {sort} <= ?"
            values.append(request.high)
        if request.start_key is not None:
            start = self._start(request, index)
            if index is None:
                sql += f" AND sk {beyond} ?"
                values.append(start[1])
            else:
                sql += f" AND (ix.s, ix.tie) {beyond} (?, ?)"
                values += [start[2], self._tie(start[0], start[1])]
        return f"{sql} ORDER BY {order}", values

    def _start(self, request: Query, index: Index | None) -> tuple[Any, Any, Any]:
        key = request.start_key or {}
        names = {self.layout.partition.attribute, self.layout.sort.attribute}
        if index is not None:
            names |= {index.partition.attribute, index.sort.attribute}
        if set(key) != names:
            raise StoreError(
                "The start key is not valid: it must hold the index's and the table's keys.",
                kind="invalid",
            )
        sort = key[request.sort if index is None else index.sort.attribute]
        pk, sk = self._base_key(key)
        return pk, sk, sort

    def _key(
        self, request: Query, index: Index | None, last: tuple[Any, ...]
    ) -> dict[str, str | int]:
        sort, pk, sk = last
        key = {self.layout.partition.attribute: pk, self.layout.sort.attribute: sk}
        if index is not None:
            key[index.partition.attribute] = request.partition[1]
            key[index.sort.attribute] = sort
        return key

    def _refuse_absent(self, request: Query) -> None:
        """DynamoDB refuses a projection on what an index does not hold."""
        held = self._held.get(request.index)
        for name in request.attributes:
            if held is not None and name not in held:
                raise StoreError(
                    f"The index {request.index} does not hold {name!r}.", kind="invalid"
                )

    def _in_index(self, item: dict[str, Any], index: str) -> dict[str, Any]:
        held = self._held.get(index)
        if held is None:
            return item
        return {name: value for name, value in item.items() if name in held}

    def _base_key(self, key: Key) -> tuple[Any, Any]:
        return key[self.layout.partition.attribute], key[self.layout.sort.attribute]

    def _tie(self, pk: Any, sk: Any) -> int:
        digest = hashlib.blake2b(f"{pk}\x00{sk}".encode(), digest_size=8, key=self._seed).digest()
        return int.from_bytes(digest, "big", signed=True)

    def _read(self, connection: sqlite3.Connection, key: Key) -> dict[str, Any] | None:
        found = connection.execute(
            "SELECT listed, rest FROM items WHERE pk = ? AND sk = ?", self._base_key(key)
        ).fetchone()
        return None if found is None else {**pack.decode(found[0]), **pack.decode(found[1])}

    def _insert(self, connection: sqlite3.Connection, items: Sequence[Item]) -> None:
        last = connection.execute("SELECT coalesce(max(id), 0) FROM items").fetchone()[0]
        rows: list[tuple[Any, ...]] = []
        entries: dict[str, list[tuple[Any, ...]]] = {name: [] for name in self._indexes}
        for identity, item in enumerate(items, last + 1):
            pk, sk = self._base_key(item)
            listed = {name: value for name, value in item.items() if name in self._listed}
            rest = {name: value for name, value in item.items() if name not in self._listed}
            sizes = attribute_sizes(item)
            whole = sum(sizes.values())
            rows.append((identity, pk, sk, whole, pack.encode(listed), pack.encode(rest)))
            tie = self._tie(pk, sk)
            for name, index in self._indexes.items():
                partition = item.get(index.partition.attribute)
                sort = item.get(index.sort.attribute)
                if partition is None or sort is None:
                    continue
                held = self._held[name]
                if held is None:
                    size = whole
                else:
                    size = sum(sizes[attribute] for attribute in held & sizes.keys())
                entries[name].append((partition, sort, tie, identity, size))
        connection.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?)", rows)
        for name, made in entries.items():
            connection.executemany(f'INSERT INTO "ix_{name}" VALUES (?, ?, ?, ?, ?)', made)
        sizes_of = {name: [row[4] for row in made] for name, made in entries.items()}
        counts.add(connection, {"": [row[3] for row in rows], **sizes_of})

    def _remove(self, connection: sqlite3.Connection, key: tuple[Any, Any]) -> None:
        found = connection.execute(
            "SELECT id, listed, size FROM items WHERE pk = ? AND sk = ?", key
        ).fetchone()
        if found is None:
            return
        listed = pack.decode(found[1])
        gone = {"": [found[2]]}
        for name, index in self._indexes.items():
            place = (
                listed.get(index.partition.attribute), listed.get(index.sort.attribute), found[0],
            )  # fmt: skip
            here = "WHERE p = ? AND s = ? AND item = ?"
            sizes = connection.execute(f'SELECT size FROM "ix_{name}" {here}', place).fetchall()
            gone[name] = [size for (size,) in sizes]
            connection.execute(f'DELETE FROM "ix_{name}" {here}', place)
        connection.execute("DELETE FROM items WHERE id = ?", (found[0],))
        counts.add(connection, gone, sign=-1)


def _chosen(item: dict[str, Any], attributes: Sequence[str]) -> dict[str, Any]:
    """The attributes that were asked for, of those that are there."""
    if not attributes:
        return item
    return {name: item[name] for name in attributes if name in item}


def _holds(condition: Condition, item: Item) -> bool:
    inside = item.get(condition.attribute) in condition.values
    return inside if condition.operator == "in" else not inside
