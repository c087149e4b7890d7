"""One whole entry: its stored text and its parsed content."""

from __future__ import annotations

import msgspec

from audittui.entry import Entry, decode_body
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.store.port import Key, Store


class Fetched(msgspec.Struct, frozen=True):
    """What is stored under one key.

    ``document`` is the JSON text, verbatim if the layout keeps it so; empty if there is no item.
    ``entry`` is None if the text is not a native entry. ``rcu`` is in read units.
    """

    key: Key
    item: Item | None
    document: str
    entry: Entry | None
    rcu: float


def fetch_entry(store: Store, layout: Layout, chain: str, seq: int) -> Fetched:
    """Read one entry by its place, strongly consistent. Raises `StoreError`."""
    return fetch(store, layout, layout.key(chain, seq))


def fetch(store: Store, layout: Layout, key: Key) -> Fetched:
    """Read one entry by its base key, strongly consistent. Raises `StoreError`."""
    found = store.get(key, consistent=True)
    if found.item is None:
        return Fetched(key, None, "", None, found.rcu)
    document = layout.document(found.item)
    entry = None
    if layout.chained:
        try:
            entry = decode_body(document.encode("utf-8"))
        except ValueError:
            entry = None
    return Fetched(key, found.item, document, entry, found.rcu)
