"""Idempotency keys: what they stand for, where they are recorded, and how repeats are recognised.

A key belongs to a stream: the shards of ``payments`` share keys, ``audit`` has its own. The record
of a key holds the place of the entry and a digest of the request, so the same key with another
request is detected and never taken for a repeat.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec

from audittui import timestamp
from audittui.entry import MAX_PARTITION_KEY_BYTES, Draft
from audittui.errors import AuditError, EntryRefusedError
from audittui.escape import shortened
from audittui.layout.native import IDEMPOTENCY
from audittui.layout.row import Item

MAX_KEY_BYTES = MAX_PARTITION_KEY_BYTES - len(IDEMPOTENCY)
"""The most UTF-8 bytes of a key."""
_SORT = "-"
_OF_DRAFT, _OF_RECORD = "1:draft:", "1:record:"
"""The versions of digests, by what they are made from."""
_FIELDS = (
    "actor", "action", "resource", "outcome", "request_id", "severity", "source_ip", "reason",
    "before", "after", "details",
)  # fmt: skip


class Used(msgspec.Struct, frozen=True):
    """What a key was used for: the place of its entry, and the digest of the request (empty if the
    record has none)."""

    chain: str
    seq: int
    hash: bytes
    digest: str


class KeyConflictError(AuditError):
    """An idempotency key was used for something else. Nothing was written under it.

    ``used`` is what it stands for, None if both are drafts of one call; ``reason`` is the conflict
    as a clause.
    """

    def __init__(self, key: str, chain: str, used: Used | None) -> None:
        self.key = key
        self.used = used
        told = shortened(key, 100)
        if used is None:
            self.reason = f"the key {told} is used for two different entries in one call"
            message = f"The idempotency key {told} is used for two different entries for {chain}."
        else:
            self.reason = (
                f"the key {told} was used for the entry {used.chain} {used.seq}, which has other "
                "content"
            )
            message = (
                f"The idempotency key {told} was used for the entry {used.chain} {used.seq}, which "
                f"has different content from this one for {chain}."
            )
        super().__init__(message, "Compare them; if both are intended, change one of the keys.")


def key_fault(key: str) -> str | None:
    """Why a key cannot be recorded, or None."""
    try:
        size = len(key.encode("utf-8"))
    except UnicodeEncodeError:
        return "the idempotency key contains a lone surrogate, which UTF-8 cannot encode"
    if not 0 < size <= MAX_KEY_BYTES:
        return f"the idempotency key has {size:,} bytes; it must have 1 to {MAX_KEY_BYTES:,}"
    return None


def partition_of(chain: str, key: str) -> str:
    """The partition key of the record of ``key`` for the stream of ``chain``. A key that does not
    fit beside the stream's name is replaced by its SHA-256."""
    whole = f"{IDEMPOTENCY}{chain.partition('/')[0]}#{key}"
    data = whole.encode()
    if len(data) <= MAX_PARTITION_KEY_BYTES:
        return whole
    mark = f"…sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    return data[: MAX_PARTITION_KEY_BYTES - len(mark.encode())].decode("utf-8", "ignore") + mark


def record_digest(record: Any) -> str:
    """The digest of a source record, before it is converted. White space and the order of its keys
    do not matter."""
    return _OF_RECORD + _sha256(record)


def asked_digest(draft: Draft) -> str:
    """The digest of a draft's request: of its source record if it has one, else of its fields.
    Equal times in different notations give the same digest. Raises `EntryRefusedError`."""
    if draft.source_digest is not None:
        return draft.source_digest
    fields = {name: value for name in _FIELDS if (value := getattr(draft, name)) not in (None, "")}
    try:
        if draft.time is not None:
            fields["time"] = timestamp.text(timestamp.parse(draft.time))
        return _OF_DRAFT + _sha256(fields)
    except (ValueError, TypeError, RecursionError) as error:
        raise EntryRefusedError(f"The entry cannot be written as JSON: {error}.") from None


def record_item(key: str, used: Used, expires_at: int | None) -> dict[str, Any]:
    """The item that records a key; it expires with its entry (``expires_at`` in Unix seconds)."""
    item: dict[str, Any] = {
        "pk": partition_of(used.chain, key), "sk": _SORT, "chain": used.chain, "seq": used.seq,
        "hash": used.hash, "asked": used.digest,
    }  # fmt: skip
    if expires_at is not None:
        item["expires_at"] = expires_at
    return item


def used_of(item: Item) -> Used | None:
    """The content of a record; None if it does not name a place."""
    chain, seq, digest = item.get("chain"), item.get("seq"), item.get("hash")
    if not isinstance(chain, str) or not isinstance(seq, int) or not isinstance(digest, bytes):
        return None
    return Used(chain, seq, digest, str(item.get("asked", "")))


def _sha256(value: Any) -> str:
    # Lone surrogates are refused elsewhere, with a better message.
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
