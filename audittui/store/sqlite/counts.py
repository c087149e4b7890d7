"""How many items an embedded store and each of its indexes hold, updated with every write.

Counting a million rows takes seconds, and every plan needs the counts. A row of ``counts`` is for
the table (the empty name) or an index: its items, and their bytes as DynamoDB counts them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

Counts = tuple[int, int]
"""Items and bytes."""


def kept(connection: sqlite3.Connection) -> bool:
    """True when the file has counts; older ones do not."""
    found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'counts'")
    return bool(found.fetchone()[0])


def make(connection: sqlite3.Connection, indexes: Iterable[str]) -> None:
    """Count the existing rows, once."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, items INTEGER, bytes INTEGER) "
        "WITHOUT ROWID"
    )
    connection.executemany(
        "INSERT OR REPLACE INTO counts VALUES (?, ?, ?)",
        [(name, *count(connection, name)) for name in ("", *indexes)],
    )


def count(connection: sqlite3.Connection, name: str) -> Counts:
    """The counts of an index, or of the table, from its rows."""
    table = f'"ix_{name}"' if name else "items"
    items, size = connection.execute(
        f"SELECT count(*), coalesce(sum(size), 0) FROM {table}"
    ).fetchone()
    return items, size


def read(connection: sqlite3.Connection) -> dict[str, Counts]:
    """The counts by name."""
    rows = connection.execute("SELECT name, items, bytes FROM counts")
    return {name: (items, size) for name, items, size in rows}


def add(
    connection: sqlite3.Connection, sizes: Mapping[str, Sequence[int]], *, sign: int = 1
) -> None:
    """Add items of the given sizes, by name; subtract them if ``sign`` is -1."""
    connection.executemany(
        "UPDATE counts SET items = items + ?, bytes = bytes + ? WHERE name = ?",
        [(sign * len(some), sign * sum(some), name) for name, some in sizes.items() if some],
    )
