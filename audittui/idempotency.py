"""Idempotency keys: what one stands for, where it is recorded, and what a repeat is held against.

A key belongs to a stream: the shards of ``payments`` share it, ``audit`` has its own. Beside the
place of the entry its record carries a digest of what was asked for, so that the same key with
another request is noticed and never taken for a repeat.
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
"""The longest key, in UTF-8 bytes."""
_SORT = "-"
_OF_DRAFT, _OF_RECORD = "1:draft:", "1:record:"
"""The version of a digest, and what it is made of."""
_FIELDS = (
    "actor", "action", "resource", "outcome", "request_id", "severity", "source_ip", "reason",
    "before", "after", "details",
)  # fmt: skip


class Used(msgspec.Struct, frozen=True):
    """What a key was used for: the place of its entry, and the digest of what was asked for
    (empty where the record has none)."""

    chain: str
    seq: int
    hash: bytes
    digest: str


class KeyConflictError(AuditError):
    """An idempotency key was used for something else. Nothing was written under it.

    ``used`` is what it stands for, None where the two are drafts of one call; ``reason`` says it
    in half a sentence.
    """

    def __init__(self, key: str, chain: str, used: Used | None) -> None:
        self.key = key
        self.used = used
        told = shortened(key, 100)
        if used is None:
            self.reason = f"the key {told} stands for two different entries of one call"
            message = f"The idempotency key {told} stands for two different entries for {chain}."
        else:
            self.reason = (
                f"the key {told} stands for the entry {used.chain} {used.seq}, which has other "
                "content"
            )
            message = (
                f"The idempotency key {told} stands for the entry {used.chain} {used.seq}, which "
                f"was asked for with other content than this one for {chain}."
            )
        super().__init__(message, "Compare the two; if both are meant, give one another key.")


def key_fault(key: str) -> str | None:
    """Why a key cannot be recorded, or None."""
    try:
        size = len(key.encode("utf-8"))
    except UnicodeEncodeError:
        return "the idempotency key holds a lone surrogate, which UTF-8 cannot say"
    if not 0 < size <= MAX_KEY_BYTES:
        return f"the idempotency key has {size:,} bytes; it must have 1 to {MAX_KEY_BYTES:,}"
    return None


def partition_of(chain: str, key: str) -> str:
    """The partition key of the record of ``key`` for the stream of ``chain``. A key that does not
    fit beside the stream's name is told by its SHA-256."""
    whole = f"{IDEMPOTENCY}{chain.partition('/')[0]}#{key}"
    data = whole.encode()
    if len(data) <= MAX_PARTITION_KEY_BYTES:
        return whole
    mark = f"…sha256:{hashlib.sha256(key.encode()).hexdigest()}"
    return data[: MAX_PARTITION_KEY_BYTES - len(mark.encode())].decode("utf-8", "ignore") + mark


def record_digest(record: Any) -> str:
    """The digest of a source record, before anything is made of it. White space and the order of
    its keys do not count."""
    return _OF_RECORD + _sha256(record)


def asked_digest(draft: Draft) -> str:
    """The digest of what a draft asks for: of its source record where it knows one, else of its
    fields. A time counts as the moment that it names. Raises `EntryRefusedError`."""
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
    """What a record says; None where it does not say a place."""
    chain, seq, digest = item.get("chain"), item.get("seq"), item.get("hash")
    if not isinstance(chain, str) or not isinstance(seq, int) or not isinstance(digest, bytes):
        return None
    return Used(chain, seq, digest, str(item.get("asked", "")))


def _sha256(value: Any) -> str:
    # Lone surrogates are refused elsewhere, with a better sentence.
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
