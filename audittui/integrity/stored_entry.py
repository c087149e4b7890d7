"""One stored item of a chain, hashed and read: what it says, and whether it agrees with itself.

An entry is *sound* when its body hashes to the recorded hash, reads as an entry and agrees with
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
    """One stored item, hashed and read.

    ``key`` is the sort key's text and ``seq`` what it says (-1 where it is malformed). ``digest``
    is the computed hash and ``recorded`` the stored one, in hex (empty where there is none).
    ``entry`` is None where the body cannot be read; ``fault`` says why. ``agrees`` is True when the
    item is `sound` and its copies are those of the body.
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
        """True when the body names the place that the key names."""
        entry = self.entry
        return entry is not None and entry.seq == self.seq and entry.chain == self.chain

    def expired(self, now: int) -> bool:
        """True when the entry may go by ``now`` (Unix seconds)."""
        entry = self.entry
        return entry is not None and entry.expires_at is not None and entry.expires_at <= now

    @property
    def sound(self) -> bool:
        """True when nothing of the entry itself is MODIFIED."""
        return self.hash_holds and self.key_holds


def seq_of_key(key: Any) -> int:
    """The seq that a sort key says; -1 where it is not 20 digits."""
    if isinstance(key, str) and len(key) == 20 and key.isascii() and key.isdigit():
        return int(key)
    return -1


def read_stored(item: Item, layout: Layout, chain: str) -> StoredEntry:
    """Hash and read one stored item. Never raises for what the item holds."""
    if not isinstance(item, dict):
        # Every value is looked at, some twice: an item that decodes at each look decodes now.
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
    """The entry that a body says, with what `decode_strict` refuses refused (``ValueError``).

    A text that comes out of decoding and encoding byte for byte can hold no duplicate key; that
    is several times faster to find out.
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
    """True when the copies are `copies_of` the entry. May be False where a field is empty."""
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
