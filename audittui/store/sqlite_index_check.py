"""Holds the index tables of an embedded store against its items."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from audittui.layout.model import Index
from audittui.store import pack
from audittui.store.port import IndexFault

Rows = dict[str, dict[Any, int]]
"""Numbers of rows by index and by partition."""
_AT_ONCE = 500


class _Stored(NamedTuple):
    """An item: its number, its sort key, and what lists hold of it."""

    number: int
    sort: Any
    listed: Mapping[str, Any]


def index_faults(
    connection: sqlite3.Connection,
    indexes: Mapping[str, Index],
    tie: Callable[[Any, Any], int],
    rows: Mapping[str, Mapping[Any, int]],
    partition: str,
    keys: Sequence[str] | None,
) -> Iterator[IndexFault]:
    """The rows that are absent, or lie where they should not, of the items of ``partition``.

    ``tie`` gives an item's place among equal keys; ``rows`` are of `count_rows`. Rows in excess are
    looked for only where there are more than there should be, and never for ``keys`` alone: that
    takes a look at a whole index.
    """
    expected = dict.fromkeys(indexes, 0)
    for stored in _items(connection, partition, keys):
        for name, index in indexes.items():
            place = _place(stored, index)
            if place is None:
                continue
            row = (*place, tie(partition, stored.sort), stored.number)
            if _present(connection, name, row):
                expected[name] += 1
            else:
                yield IndexFault(
                    stored.sort, name, "does not hold the entry", _told(place), "(absent)"
                )
    if keys is not None:
        return
    for name, index in indexes.items():
        if rows[name].get(partition, 0) != expected[name]:
            yield from _misplaced(connection, name, index, tie, partition)


def count_rows(connection: sqlite3.Connection, indexes: Iterable[str]) -> Rows:
    """How many rows of each index show items of each partition."""
    counted: Rows = {}
    for name in indexes:
        sql = f'SELECT pk, count(*) FROM "ix_{name}" AS x JOIN items ON id = x.item GROUP BY pk'
        counted[name] = dict(connection.execute(sql).fetchall())
    return counted


def _items(
    connection: sqlite3.Connection, partition: str, keys: Sequence[str] | None
) -> Iterator[_Stored]:
    sql = "SELECT id, sk, listed FROM items WHERE pk = ?"
    if keys is None:
        yield from _stored(connection.execute(f"{sql} ORDER BY sk", (partition,)))
        return
    for at in range(0, len(keys), _AT_ONCE):
        some = keys[at : at + _AT_ONCE]
        marks = ", ".join("?" * len(some))
        wanted = f"{sql} AND sk IN ({marks}) ORDER BY sk"
        yield from _stored(connection.execute(wanted, (partition, *some)))


def _stored(cursor: sqlite3.Cursor) -> Iterator[_Stored]:
    while rows := cursor.fetchmany(_AT_ONCE):
        for number, sort, listed in rows:
            yield _Stored(number, sort, pack.decode(listed))


def _place(stored: _Stored, index: Index) -> tuple[Any, Any] | None:
    """The item's keys in an index; None where the index does not hold it."""
    partition = stored.listed.get(index.partition.attribute)
    sort = stored.listed.get(index.sort.attribute)
    return None if partition is None or sort is None else (partition, sort)


def _present(connection: sqlite3.Connection, name: str, row: tuple[Any, ...]) -> bool:
    sql = f'SELECT 1 FROM "ix_{name}" WHERE p = ? AND s = ? AND tie = ? AND item = ?'
    return connection.execute(sql, row).fetchone() is not None


def _misplaced(
    connection: sqlite3.Connection,
    name: str,
    index: Index,
    tie: Callable[[Any, Any], int],
    partition: str,
) -> Iterator[IndexFault]:
    """The rows that show an item where its attributes do not place it."""
    sql = (
        "SELECT x.p, x.s, x.tie, items.id, items.sk, items.listed "
        f'FROM "ix_{name}" AS x JOIN items ON items.id = x.item WHERE items.pk = ?'
    )
    for p, s, order, number, sort, listed in connection.execute(sql, (partition,)):
        place = _place(_Stored(number, sort, pack.decode(listed)), index)
        if place != (p, s) or order != tie(partition, sort):
            wanted = "(absent)" if place is None else _told(place)
            yield IndexFault(sort, name, "shows the entry where it is not", wanted, _told((p, s)))


def _told(place: tuple[Any, Any]) -> str:
    return f"{place[0]} {place[1]}"
