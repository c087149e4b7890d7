"""A store that counts what is asked of it, with a replica that may lag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from audittui.store.port import PATIENT, Found, FoundMany, Key, Page, Patience, Query
from audittui.store.sqlite import SqliteStore


class Counting:
    """A store that counts requests and what they cost, and whose eventually consistent reads may
    come from ``stale``."""

    def __init__(self, store: SqliteStore, stale: SqliteStore | None = None) -> None:
        self._store = store
        self._stale = stale or store
        self.requests = 0
        self.rcu = 0.0

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        store = self._store if request.consistent else self._stale
        page = store.query(request, patience)
        self._count(page.rcu)
        return page

    def get(self, key: Key, *, consistent: bool = True) -> Found:
        found = (self._store if consistent else self._stale).get(key, consistent=consistent)
        self._count(found.rcu)
        return found

    def get_many(self, keys: Sequence[Key], *, consistent: bool = True) -> FoundMany:
        store = self._store if consistent else self._stale
        found = store.get_many(keys, consistent=consistent)
        if keys:
            self._count(found.rcu)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def _count(self, rcu: float) -> None:
        self.requests += 1
        self.rcu += rcu
