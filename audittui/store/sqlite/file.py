"""The file of an embedded store: a connection for each thread, transactions, readable errors."""

from __future__ import annotations

import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from audittui.errors import StoreError
from audittui.store.sqlite import pack

_BUSY_SECONDS = 15.0


class SqliteFile:
    """Connections to the SQLite file ``path``; ``:memory:`` is one connection for all threads.

    Without ``durable``, writes may not survive a power cut.
    """

    def __init__(self, path: str, *, read_only: bool, durable: bool) -> None:
        self.memory = path == ":memory:"
        self._path = path
        self._read_only = read_only
        self._durable = durable
        self._made = False
        self._local = threading.local()
        self._lock = threading.RLock()
        self._open: list[sqlite3.Connection] = []

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
            self._local = threading.local()

    def _connection(self) -> sqlite3.Connection:
        if self.memory:
            with self._lock:
                if not self._open:
                    self._open.append(self._connect(":memory:", uri=False))
                return self._open[0]
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open_file()
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        return connection

    def _open_file(self) -> sqlite3.Connection:
        place = f"file:{quote(str(Path(self._path).absolute()))}"
        if not self._read_only:
            # Only the first connection may create the file: a deleted one stays deleted.
            mode = "rw" if self._made else "rwc"
            connection = self._connect(f"{place}?mode={mode}", uri=True)
            self._made = True
            return connection
        connection = self._connect(f"{place}?mode=ro", uri=True)
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except sqlite3.OperationalError as error:
            if "unable to open" not in str(error) or not Path(self._path).exists():
                raise
            # A read-only folder cannot hold the shared memory file, and then nobody writes either.
            connection.close()
            connection = self._connect(f"{place}?mode=ro&immutable=1", uri=True)
        return connection

    def _connect(self, location: str, *, uri: bool) -> sqlite3.Connection:
        connection = sqlite3.connect(
            location,
            uri=uri,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        if not self._read_only:
            self._write_ahead(connection)
            # An acknowledged entry must outlive a power cut.
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
        return connection

    @staticmethod
    def _write_ahead(connection: sqlite3.Connection) -> None:
        """Turn on the write-ahead log. While others open the new file too, SQLite refuses that
        immediately instead of waiting as usual."""
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(0.001, 0.02))

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read with."""
        connection = self._connection()
        if self.memory:
            with self._lock:
                yield connection
        else:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """A connection whose reads all see the same state of the file."""
        with self.reading() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a transaction, which an exception rolls back."""
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # A full disk rolls the transaction back by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn SQLite's exceptions inside the block into `StoreError`."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise _store_error(self._path, error) from error
        except pack.PackError:
            raise StoreError(f"The store {self._path} is damaged.", kind="corrupt") from None


def _store_error(path: str, error: sqlite3.DatabaseError) -> StoreError:
    text = str(error)
    if "full" in text or "disk I/O error" in text:
        return StoreError(
            f"The disk of {path} is full or failing; nothing of the last write was kept.",
            "Free some space and run the command again.",
            kind="disk",
        )
    if "not a database" in text or "malformed" in text or "no such" in text:
        return StoreError(
            f"{path} is not an audittui store, or it is damaged.", "Check the path.", kind="corrupt"
        )
    if "unable to open" in text:
        return StoreError(
            f"{path} cannot be opened.", "Check the path and its permissions.", kind="disk"
        )
    if "readonly" in text:
        return StoreError(f"{path} is read-only.", "Check its permissions.", kind="permission")
    if "locked" in text:
        return StoreError(
            f"{path} is busy with another writer.", "Try again in a moment.", kind="throttled"
        )
    return StoreError(f"{path}: {text}.", kind="disk")
