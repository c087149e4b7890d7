"""Maps a layout's items to rows: one in the table of items, and one in each index that holds it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from typing import Any

from audittui.errors import StoreError
from audittui.layout.model import Layout
from audittui.layout.parts import Index
from audittui.layout.row import Item
from audittui.store.port import Key, Query
from audittui.store.size import attribute_sizes
from audittui.store.sqlite import counts, pack


class ItemRows:
    """The rows of a layout's items. ``indexes`` are the layout's, by name; ``seed`` scrambles the
    order among equal sort keys."""

    def __init__(self, layout: Layout, seed: bytes) -> None:
        self.seed = seed
        self.indexes = {index.name: index for index in layout.indexes if index.name}
        self._layout = layout
        self._listed = self._list_attributes()
        self._held = {name: self._attributes_of(index) for name, index in self.indexes.items()}

    def index(self, name: str) -> Index | None:
        """The index called ``name``; None for the empty name, the table. Raises `StoreError`."""
        if not name:
            return None
        if name not in self.indexes:
            raise StoreError(f"The table has no index {name!r}.", kind="invalid")
        return self.indexes[name]

    def key_of(self, key: Key) -> tuple[Any, Any]:
        """The values of the table's own key."""
        return key[self._layout.partition.attribute], key[self._layout.sort.attribute]

    def tie(self, pk: Any, sk: Any) -> int:
        """The position of an item among those with an equal sort key."""
        digest = hashlib.blake2b(f"{pk}\x00{sk}".encode(), digest_size=8, key=self.seed).digest()
        return int.from_bytes(digest, "big", signed=True)

    def read(self, connection: sqlite3.Connection, key: Key) -> dict[str, Any] | None:
        """The item under a key; None if there is none."""
        found = connection.execute(
            "SELECT listed, rest FROM items WHERE pk = ? AND sk = ?", self.key_of(key)
        ).fetchone()
        return None if found is None else {**pack.decode(found[0]), **pack.decode(found[1])}

    def insert(self, connection: sqlite3.Connection, items: Sequence[Item]) -> None:
        """Write items whose keys are free, inside a transaction."""
        last = connection.execute("SELECT coalesce(max(id), 0) FROM items").fetchone()[0]
        rows: list[tuple[Any, ...]] = []
        entries: dict[str, list[tuple[Any, ...]]] = {name: [] for name in self.indexes}
        for identity, item in enumerate(items, last + 1):
            pk, sk = self.key_of(item)
            listed = {name: value for name, value in item.items() if name in self._listed}
            rest = {name: value for name, value in item.items() if name not in self._listed}
            sizes = attribute_sizes(item)
            whole = sum(sizes.values())
            rows.append((identity, pk, sk, whole, pack.encode(listed), pack.encode(rest)))
            tie = self.tie(pk, sk)
            for name, index in self.indexes.items():
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

    def remove(self, connection: sqlite3.Connection, key: tuple[Any, Any]) -> None:
        """Remove an item, if it exists, inside a transaction."""
        found = connection.execute(
            "SELECT id, listed, size FROM items WHERE pk = ? AND sk = ?", key
        ).fetchone()
        if found is None:
            return
        listed = pack.decode(found[1])
        gone = {"": [found[2]]}
        for name, index in self.indexes.items():
            place = (
                listed.get(index.partition.attribute), listed.get(index.sort.attribute), found[0],
            )  # fmt: skip
            here = "WHERE p = ? AND s = ? AND item = ?"
            sizes = connection.execute(f'SELECT size FROM "ix_{name}" {here}', place).fetchall()
            gone[name] = [size for (size,) in sizes]
            connection.execute(f'DELETE FROM "ix_{name}" {here}', place)
        connection.execute("DELETE FROM items WHERE id = ?", (found[0],))
        counts.add(connection, gone, sign=-1)

    def demand_held(self, request: Query) -> None:
        """Refuse a projection on attributes that an index does not hold, as DynamoDB does."""
        held = self._held.get(request.index)
        for name in request.attributes:
            if held is not None and name not in held:
                raise StoreError(
                    f"The index {request.index} does not hold {name!r}.", kind="invalid"
                )

    def shown_by(self, item: dict[str, Any], index: str) -> dict[str, Any]:
        """The attributes of an item that an index holds."""
        held = self._held.get(index)
        if held is None:
            return item
        return {name: value for name, value in item.items() if name in held}

    def _list_attributes(self) -> frozenset[str]:
        """The attributes that any index holds: they can be read without the rest of the item."""
        names = {self._layout.partition.attribute, self._layout.sort.attribute}
        for index in self.indexes.values():
            names |= {index.partition.attribute, index.sort.attribute}
            names |= {name for name in index.projection if name != "ALL"}
        return frozenset(names)

    def _attributes_of(self, index: Index) -> frozenset[str] | None:
        """The attributes that an index holds; None for everything."""
        if index.projection == ("ALL",):
            return None
        keys = (
            self._layout.partition.attribute, self._layout.sort.attribute,
            index.partition.attribute, index.sort.attribute,
        )  # fmt: skip
        return frozenset((*keys, *index.projection))
