"""Compares the index tables of an embedded store with its items."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from audittui.layout.parts import Index
from audittui.store.port import IndexFault
from audittui.store.sqlite import pack

Rows = dict[str, dict[Any, int]]
"""The number of rows by index and by partition."""
_AT_ONCE = 4000
_IN_ONE_QUERY = 500
_FEW = 4
_KEYS = (str, int, float, bytes)


class _Stored(NamedTuple):
    """An item: its row id, its sort key, and its list attributes."""

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
    """The missing and misplaced rows for the items of ``partition``.

    ``tie`` returns an item's position among equal keys; ``rows`` comes from `count_rows`. Excess
    rows are looked for only if there are more than there should be, and never for ``keys`` alone:
    that would read a whole index.
    """
    expected = dict.fromkeys(indexes, 0)
    looks = {name: _Look(connection, name) for name in indexes}
    for batch in _batches(connection, partition, keys):
        ties = {stored.number: tie(partition, stored.sort) for stored in batch}
        for name, index in indexes.items():
            rows_of: dict[Any, dict[tuple[Any, int, int], _Stored]] = {}
            for stored in batch:
                place = _place(stored, index)
                if place is not None:
                    row = (place[1], ties[stored.number], stored.number)
                    rows_of.setdefault(place[0], {})[row] = stored
            for held_under, wanted in rows_of.items():
                absent = looks[name].absent(held_under, wanted)
                expected[name] += len(wanted) - len(absent)
                for row in absent:
                    told = _told((held_under, row[0]))
                    why = "does not hold the entry"
                    yield IndexFault(wanted[row].sort, name, why, told, "(absent)")
    if keys is not None:
        return
    for name, index in indexes.items():
        if rows[name].get(partition, 0) != expected[name]:
            yield from _misplaced(connection, name, index, tie, partition)


def count_rows(connection: sqlite3.Connection, indexes: Iterable[str]) -> Rows:
    """How many rows of each index point to items of each partition."""
    counted: Rows = {}
    for name in indexes:
        sql = f'SELECT pk, count(*) FROM "ix_{name}" AS x JOIN items ON id = x.item GROUP BY pk'
        counted[name] = dict(connection.execute(sql).fetchall())
    return counted


class _Look:
    """Looks up rows under one partition key of an index: many at once in one range, as long as the
    range holds little else."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self._connection = connection
        self._one = f'SELECT 1 FROM "ix_{name}" WHERE p = ? AND s = ? AND tie = ? AND item = ?'
        self._range = (
            f'SELECT s, tie, item FROM "ix_{name}" WHERE p = ? AND s BETWEEN ? AND ? LIMIT ?'
        )

    def absent(
        self, partition: Any, wanted: Mapping[tuple[Any, int, int], _Stored]
    ) -> list[tuple[Any, int, int]]:
        """Those of ``wanted`` (sort key, tie, item) that are missing."""
        sorts = [row[0] for row in wanted]
        if len(wanted) >= _FEW and len(set(map(type, sorts))) == 1:
            most = 4 * len(wanted)
            found = self._connection.execute(
                self._range, (partition, min(sorts), max(sorts), most)
            ).fetchall()
            if len(found) < most:
                held = set(found)
                return [row for row in wanted if row not in held]
        one = self._connection.execute
        return [row for row in wanted if one(self._one, (partition, *row)).fetchone() is None]


def _batches(
    connection: sqlite3.Connection, partition: str, keys: Sequence[str] | None
) -> Iterator[list[_Stored]]:
    sql = "SELECT id, sk, listed FROM items WHERE pk = ?"
    if keys is None:
        cursor = connection.execute(f"{sql} ORDER BY sk", (partition,))
        while batch := _stored(cursor.fetchmany(_AT_ONCE)):
            yield batch
        return
    for at in range(0, len(keys), _IN_ONE_QUERY):
        some = keys[at : at + _IN_ONE_QUERY]
        marks = ", ".join("?" * len(some))
        wanted = f"{sql} AND sk IN ({marks}) ORDER BY sk"
        yield _stored(connection.execute(wanted, (partition, *some)).fetchall())


def _stored(rows: Sequence[tuple[int, Any, bytes]]) -> list[_Stored]:
    return [_Stored(number, sort, pack.decode(listed)) for number, sort, listed in rows]


def _place(stored: _Stored, index: Index) -> tuple[Any, Any] | None:
    """The item's keys in an index; None if the index does not hold it."""
    partition = stored.listed.get(index.partition.attribute)
    sort = stored.listed.get(index.sort.attribute)
    # A value that cannot be a key is a fault of the entry's copies, found elsewhere.
    if not isinstance(partition, _KEYS) or not isinstance(sort, _KEYS):
        return None
    return partition, sort


def _misplaced(
    connection: sqlite3.Connection,
    name: str,
    index: Index,
    tie: Callable[[Any, Any], int],
    partition: str,
) -> Iterator[IndexFault]:
    """The rows that show an item where its attributes do not put it."""
    sql = (
        "SELECT x.p, x.s, x.tie, items.id, items.sk, items.listed "
        f'FROM "ix_{name}" AS x JOIN items ON items.id = x.item WHERE items.pk = ?'
    )
    for p, s, order, number, sort, listed in connection.execute(sql, (partition,)):
        place = _place(_Stored(number, sort, pack.decode(listed)), index)
        if place != (p, s) or order != tie(partition, sort):
            wanted = "(absent)" if place is None else _told(place)
            yield IndexFault(
                sort, name, "shows the entry in the wrong place", wanted, _told((p, s))
            )


def _told(place: tuple[Any, Any]) -> str:
    return f"{place[0]} {place[1]}"
