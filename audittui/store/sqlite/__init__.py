"""The embedded store: one SQLite file, or memory, that behaves like a DynamoDB table.

Not here: the port that it implements, which is `audittui.store.port`.
"""

from audittui.store.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
