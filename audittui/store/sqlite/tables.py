"""Opens the tables of a store's file, and creates them in a new one."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from audittui.errors import StoreError
from audittui.layout.parts import Index
from audittui.store.sqlite import counts
from audittui.store.sqlite.file import SqliteFile

FORMAT = "1"
"""The version of the file's tables."""
_OURS = "SELECT count(*) FROM sqlite_master WHERE name IN ('items', 'meta')"


class Made(NamedTuple):
    """A file's metadata: the seed of the tie order, its random id, and whether it has counts."""

    seed: bytes
    id: str
    counted: bool


class Tables:
    """The tables of ``file``, which is at ``path`` and called ``place`` in errors.

    ``layout`` is the name of its layout, ``indexes`` are those of that layout.
    """

    def __init__(
        self, file: SqliteFile, path: str, place: str, layout: str, indexes: Mapping[str, Index]
    ) -> None:
        self._file = file
        self._path = path
        self._place = place
        self._layout = layout
        self._indexes = indexes

    def open(self, seed: bytes, *, create: bool, read_only: bool) -> Made:
        """The file's metadata. With ``create`` an empty file is initialised, with ``seed``.

        Raises `StoreError` for a file that is not a store, has another layout, or cannot be read.
        """
        with self._file.reading() as connection:
            known = connection.execute(_OURS).fetchone()[0]
            made = self._read(connection) if known == 2 else None
        if made is not None:
            if not made.counted and not read_only:
                with self._file.writing() as connection:
                    counts.make(connection, self._indexes)
                made = made._replace(counted=True)
            return made
        made = self._make(seed, read_only=read_only) if create else None
        if made is None:
            raise StoreError(
                f"{self._path} is not an audittui store.",
                "Choose another file, or import into a new one.",
                kind="corrupt",
            )
        return made

    def _read(self, connection: sqlite3.Connection) -> Made:
        found = dict(connection.execute("SELECT name, value FROM meta"))
        if found.get("layout") != self._layout:
            raise StoreError(
                f"The store {self._place} has the layout {found.get('layout')!r}.",
                f"Open it with --layout {found.get('layout')}.",
                kind="invalid",
            )
        if found.get("version", FORMAT) != FORMAT:
            raise StoreError(
                f"The store {self._place} was created by a newer audittui.",
                "Open it with that version.",
                kind="invalid",
            )
        try:
            seed = bytes.fromhex(found["seed"])
        except (KeyError, TypeError, ValueError):
            raise StoreError(f"The store {self._place} is damaged.", kind="corrupt") from None
        return Made(seed, found.get("id") or "", counts.kept(connection))

    def _make(self, seed: bytes, *, read_only: bool) -> Made | None:
        """Create the tables in a new file; None if it already has other tables."""
        with self._file.writing() as connection:
            anything = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not anything:
                return self._make_tables(connection, seed)
            # Checked while nobody else can write: another process may just have created the store.
            ours = connection.execute(_OURS).fetchone()[0]
        return self.open(seed, create=False, read_only=read_only) if ours == 2 else None

    def _make_tables(self, connection: sqlite3.Connection, seed: bytes) -> Made:
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
        made = Made(seed, secrets.token_hex(16), counted=True)
        connection.executemany(
            "INSERT INTO meta VALUES (?, ?)",
            [
                ("layout", self._layout), ("seed", seed.hex()), ("version", FORMAT),
                ("id", made.id),
            ],
        )  # fmt: skip
        counts.make(connection, self._indexes)
        return made


def demand_path(path: str, *, create: bool) -> None:
    """Raise `StoreError` unless a store exists at ``path``, or can be created there."""
    if not create and not Path(path).exists():
        raise StoreError(
            f"There is no store {path}.",
            "Check the path, or create it with audittui import … --store FILE.",
            kind="missing_table",
            usage=True,
        )
    if Path(path).is_dir():
        raise StoreError(
            f"{path} is a folder, not a store.",
            "A store is one file: give its path.",
            kind="invalid",
            usage=True,
        )
    if create and not Path(path).parent.exists():
        raise StoreError(
            f"The folder of {path} does not exist.", "Create it first.", kind="disk", usage=True
        )
