"""One stored item of a chain, hashed and decoded: its content, and whether it is consistent.

An entry is *sound* when its body hashes to the recorded hash, decodes as an entry and agrees with
its key.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import msgspec

from audittui.entry import LIST_FIELDS, Entry, decode_body, decode_strict, hash_body
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.layout.value import value_text

COPIES = (*LIST_FIELDS, "bucket", "failed_bucket", "expires_at")
"""The attributes that repeat the body."""
_decode = msgspec.json.Decoder(Entry).decode
_encode = msgspec.json.Encoder().encode
_list_fields = attrgetter(*LIST_FIELDS)


class StoredEntry(msgspec.Struct, frozen=True, gc=False):
    """One stored item, hashed and decoded.

    ``key`` is the sort key's text and ``seq`` its value (-1 if it is malformed). ``digest`` is the
    computed hash and ``recorded`` the stored one, in hex (empty if there is none). ``entry`` is
    None if the body cannot be decoded; ``fault`` says why. ``agrees`` is True when the item is
    `sound` and its copies are those of the body.
    """

    item: Item
    chain: str
    key: str
    seq: int
    digest: str
    recorded: str
    entry: Entry | None
    fault: str
    agrees: bool

    @property
    def hash_holds(self) -> bool:
        """True when the body hashes to the recorded hash."""
        return bool(self.digest) and self.digest == self.recorded

    @property
    def key_holds(self) -> bool:
        """True when the body and the key name the same place."""
        entry = self.entry
        return entry is not None and entry.seq == self.seq and entry.chain == self.chain

    def expired(self, now: int) -> bool:
        """True when the entry has expired by ``now`` (Unix seconds)."""
        entry = self.entry
        return entry is not None and entry.expires_at is not None and entry.expires_at <= now

    @property
    def sound(self) -> bool:
        """True when the entry itself is not MODIFIED."""
        return self.hash_holds and self.key_holds


def seq_of_key(key: Any) -> int:
    """The seq in a sort key; -1 if it is not 20 digits."""
    if isinstance(key, str) and len(key) == 20 and key.isascii() and key.isdigit():
        return int(key)
    return -1


def read_stored(item: Item, layout: Layout, chain: str) -> StoredEntry:
    """Hash and decode one stored item. Never raises, whatever the item holds."""
    if not isinstance(item, dict):
        # Every value is used, some twice: decode a lazily decoded item once, now.
        item = dict(item.items())
    key, body, stored = item.get(layout.sort.attribute), item.get("body"), item.get("hash")
    recorded = stored.hex() if isinstance(stored, bytes) else ""
    seq = seq_of_key(key)
    digest, entry, fault = "", None, ""
    if not isinstance(body, str):
        fault = "there is no body"
    else:
        try:
            data = body.encode("utf-8")
            digest = hash_body(data).hex()
            entry = _read(data, body)
        except ValueError as error:
            fault = str(error)
    return StoredEntry(
        item,
        chain,
        key if isinstance(key, str) else value_text(key),
        seq,
        digest,
        recorded,
        entry,
        fault,
        entry is not None
        and digest == recorded
        and entry.seq == seq
        and entry.chain == chain
        and _copies_hold(entry, item),
    )


def _read(data: bytes, body: str) -> Entry:
    """The entry in a body. Raises ``ValueError`` for what `decode_strict` refuses.

    A text that survives decoding and encoding byte for byte cannot hold a duplicate key; checking
    that is several times faster.
    """
    try:
        entry = _decode(data)
        if _encode(entry) == data:
            return entry
    except (msgspec.MsgspecError, RecursionError):
        pass
    decode_strict(body)
    return decode_body(data)


def _copies_hold(entry: Entry, item: Item) -> bool:
    """True when the copies are `copies_of` the entry. May be False if a field is empty."""
    get = item.get
    bucket = get("bucket")
    failed = None if entry.outcome == "success" else bucket
    values = _list_fields(entry)
    return (
        values == tuple(map(get, LIST_FIELDS))
        and bucket == f"{entry.chain}#{entry.time[:10]}"
        and get("failed_bucket") == failed
        and get("expires_at") == entry.expires_at
        and "" not in values
    )
