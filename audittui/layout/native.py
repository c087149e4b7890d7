"""The native table's items: the attributes that hold an entry."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from audittui.entry import LIST_FIELDS, Entry

ENTRY = "entry#"
IDEMPOTENCY = "idempotency#"
REGISTRY = "chains"
TILE = "tile#"
CHECKPOINT = "checkpoint#"
_list_fields = attrgetter(*LIST_FIELDS)
INDEX_NAMES = ("by-time", "by-failure", "by-actor", "by-resource", "by-request", "by-action")


def copies_of(entry: Entry) -> dict[str, Any]:
    """The attributes that repeat the body's fields, for indexes and lists.

    Empty values are left out, because DynamoDB refuses an empty index key.
    """
    values = _list_fields(entry)
    copies: dict[str, Any] = {
        name: value for name, value in zip(LIST_FIELDS, values, strict=True) if value
    }
    bucket = f"{entry.chain}#{entry.time[:10]}"
    copies["bucket"] = bucket
    if entry.outcome != "success":
        copies["failed_bucket"] = bucket
    if entry.expires_at is not None:
        copies["expires_at"] = entry.expires_at
    return copies


def item_of(entry: Entry, body: bytes, digest: bytes) -> dict[str, Any]:
    """The item that stores ``entry``: its key, body, hash, and the copies."""
    return {
        "pk": ENTRY + entry.chain,
        "sk": f"{entry.seq:020d}",
        "body": body.decode("utf-8"),
        "hash": digest,
        **copies_of(entry),
    }
