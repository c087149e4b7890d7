"""Translates the port's queries to SQL, and makes the start keys of pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audittui.errors import StoreError
from audittui.layout.model import Layout
from audittui.layout.parts import Index
from audittui.store.port import Query


def select(
    request: Query, index: Index | None, layout: Layout, tie: Callable[[Any, Any], int]
) -> tuple[str, list[Any]]:
    """The SQL of one page, and its parameters. Its rows are sort key, size, listed, rest, pk and
    sk.

    ``tie`` returns an item's position among equal keys. Raises `StoreError` for an invalid start
    key.
    """
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
        start = _start(request, index, layout)
        if index is None:
            sql += f" AND sk {beyond} ?"
            values.append(start[1])
        else:
            sql += f" AND (ix.s, ix.tie) {beyond} (?, ?)"
            values += [start[2], tie(start[0], start[1])]
    return f"{sql} ORDER BY {order}", values


def start_key(
    request: Query, index: Index | None, layout: Layout, last: tuple[Any, ...]
) -> dict[str, str | int]:
    """The start key of the next page; ``last`` is the sort key, pk and sk of a row."""
    sort, pk, sk = last
    key = {layout.partition.attribute: pk, layout.sort.attribute: sk}
    if index is not None:
        key[index.partition.attribute] = request.partition[1]
        key[index.sort.attribute] = sort
    return key


def _start(request: Query, index: Index | None, layout: Layout) -> tuple[Any, Any, Any]:
    key = request.start_key or {}
    names = {layout.partition.attribute, layout.sort.attribute}
    if index is not None:
        names |= {index.partition.attribute, index.sort.attribute}
    if set(key) != names:
        raise StoreError(
            "The start key is not valid: it must contain the keys of the index and of the table.",
            kind="invalid",
        )
    sort = key[request.sort if index is None else index.sort.attribute]
    return key[layout.partition.attribute], key[layout.sort.attribute], sort
