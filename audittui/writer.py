"""`AuditLog`: appends entries to one chain without forks, losses or gaps.

An append reads the tip once, then puts the next entry on the condition that its key is free. A
conflict means that another writer took the place: the tip is read again and the entry is rebuilt
on it.
"""

from __future__ import annotations

import random
import re
import threading
import time as clock_time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from audittui import timestamp
from audittui.entry import (
    NO_HASH,
    Draft,
    Entry,
    complete,
    encode_body,
    hash_body,
    new_id,
)
from audittui.errors import EntryRefusedError, StoreError
from audittui.escape import shortened
from audittui.idempotency import (
    KeyConflictError,
    Used,
    asked_digest,
    key_fault,
    record_item,
    used_of,
)
from audittui.layout.native import REGISTRY, item_of
from audittui.layout.row import Item
from audittui.store.port import KeyTakenError, Store, TransactionRefusedError
from audittui.tip import SignedTail, Tip, Vouch, read_tip

MAX_ACTIONS = 100
"""Item puts in one transaction (TransactWriteItems)."""
MAX_BATCH_BYTES = 3_500_000
"""Bytes of bodies in one transaction, below the service's 4 MB for whole items."""
MAX_ATTEMPTS = 64
_FIRST_WAIT, _LONGEST_WAIT = 0.005, 0.5
_CHAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}")


class Appended(msgspec.Struct, frozen=True):
    """The place of an entry. ``added`` is False if its idempotency key was used before."""

    chain: str
    seq: int
    hash: bytes
    added: bool = True


_LANDED, _REFUSED, _CONFLICT = "landed", "refused", "conflict"
"""The result of a put: written, taken by another writer, or unknown."""


class AuditLog:
    """Appends to the chain ``<stream>/<shard>`` of a store with the native layout.

    ``retention`` (seconds) sets ``expires_at`` on new entries; None keeps them for ever. ``clock``
    returns the current time in microseconds, ``ids`` returns unique entry ids. Safe to use from
    several threads. ``signed_tail`` finds the last entry of a chain whose last entries are gone,
    proven by a signed checkpoint; without it an empty chain cannot continue, and a new entry may
    take the place of a sealed one that is gone. ``vouched`` tells whether a trusted key signed for
    a tip whose predecessor is gone. Raises `EntryRefusedError` for a chain name that is not
    ``<stream>/<shard>``.
    """

    def __init__(
        self,
        store: Store,
        chain: str,
        *,
        retention: int | None = None,
        clock: Callable[[], int] = timestamp.now,
        ids: Callable[[], str] = new_id,
        signed_tail: SignedTail | None = None,
        vouched: Vouch | None = None,
    ) -> None:
        if not _CHAIN_NAME.fullmatch(chain):
            raise EntryRefusedError(
                f"{chain!r} is not a chain name.",
                "Write <stream>/<shard> in letters, digits and . _ -, such as payments/0.",
            )
        if retention is not None and retention <= 0:
            raise EntryRefusedError("The retention must be greater than zero.")
        self.chain = chain
        self._store = store
        self._retention = retention
        self._clock = clock
        self._ids = ids
        self._signed_tail = signed_tail
        self._vouched = vouched
        self._tip: Tip | None = None
        self._lock = threading.Lock()

    def append(self, draft: Draft) -> Appended:
        """Append one entry and return its place.

        Raises `EntryRefusedError` before anything is written, `StoreError` if the store fails.
        """
        return self.append_many([draft])[0]

    def append_many(self, drafts: Sequence[Draft]) -> list[Appended]:
        """Append entries in order, in as few transactions as possible; return a place for each
        draft.

        A draft whose idempotency key was used before in this stream, in this call or an earlier
        one, is not written again: its place is that of the first. Every draft is checked before the
        first byte is sent. If the store fails midway, earlier transactions stay. Raises
        `KeyConflictError` if a key was used for something else; the transactions before the one
        that contains it stay.
        """
        places: list[Appended] = []
        for made in self._append(drafts, [], strict=True):
            assert isinstance(made, Appended)
            places.append(made)
        return places

    def append_each(
        self,
        drafts: Sequence[Draft],
        into: list[Appended | KeyConflictError],
        sizes: Sequence[int] = (),
    ) -> None:
        """Like `append_many`, but a draft whose key was used for something else is skipped, and the
        others are appended.

        ``into`` receives a place or the conflict for each draft as its transaction lands, so if the
        store fails midway it shows what was written. ``sizes`` are upper bounds on the bodies'
        bytes, 0 for a draft that has not been checked yet.
        """
        self._append(drafts, into, sizes, strict=False)

    def _append(
        self,
        drafts: Sequence[Draft],
        into: list[Appended | KeyConflictError],
        known: Sequence[int] = (),
        *,
        strict: bool,
    ) -> list[Appended | KeyConflictError]:
        known = known or [0] * len(drafts)
        sizes = [self._check(draft, size) for draft, size in zip(drafts, known, strict=True)]
        asked = [asked_digest(draft) if draft.idempotency_key else "" for draft in drafts]
        if strict:
            self._refuse_two_meanings(drafts, asked)
        with self._lock:
            seen: dict[str, Used] = {}
            batch: list[_Asked] = []
            actions, size = 1, 0
            for draft, digest, bytes_of in zip(drafts, asked, sizes, strict=True):
                cost = 2 if draft.idempotency_key else 1
                if batch and (actions + cost > MAX_ACTIONS or size + bytes_of > MAX_BATCH_BYTES):
                    into += self._append_batch(batch, seen, strict)
                    batch, actions, size = [], 1, 0
                batch.append(_Asked(draft, digest))
                actions += cost
                size += bytes_of
            if batch:
                into += self._append_batch(batch, seen, strict)
            return into

    def _refuse_two_meanings(self, drafts: Sequence[Draft], asked: Sequence[str]) -> None:
        first: dict[str, str] = {}
        for draft, digest in zip(drafts, asked, strict=True):
            key = draft.idempotency_key
            if key is not None and first.setdefault(key, digest) != digest:
                raise KeyConflictError(key, self.chain, None)

    def _check(self, draft: Draft, size: int) -> int:
        """Refuse what cannot be written; return the bytes that the draft will take, of which
        ``size`` are its body's if it was checked before."""
        if draft.idempotency_key is not None and (fault := key_fault(draft.idempotency_key)):
            raise EntryRefusedError(f"{fault[0].upper()}{fault[1:]}.")
        if not size:
            # The longest seq and expiry that the entry could get.
            largest = complete(
                draft, chain=self.chain, seq=10**12, prev_hash=NO_HASH, recorded_at=self._clock(),
                entry_id="0" * 32, expires_at=None if self._retention is None else 10**11,
            )  # fmt: skip
            size = len(encode_body(largest))
        # The body is not all: there are the copies of the index keys and the idempotency key (at
        # most 4 KB for most), and the one other list field without a limit of its own.
        return size + 4096 + len((draft.source_ip or "").encode())

    def _append_batch(
        self, asked: Sequence[_Asked], seen: dict[str, Used], strict: bool
    ) -> list[Appended | KeyConflictError]:
        """Append what is new in ``asked``, in one transaction, retried until it lands."""
        ids = [self._ids() for _ in asked]
        # One timestamp for all attempts: on the same tip a retry has the same bytes, so an attempt
        # that landed without a response is recognised.
        recorded_at = self._clock()
        doubtful: list[_Made] = []
        for attempt in range(MAX_ATTEMPTS):
            new = _new_of(asked, seen)
            if strict:
                self._refuse_conflicts(asked, seen)
            if not new:
                return self._places(asked, {}, seen)
            tip = self._current_tip(recorded_at)
            if doubtful and tip.seq >= doubtful[0].entry.seq and self._is_there(doubtful[0]):
                outcome, entries = _LANDED, doubtful
            else:
                chosen = [asked[at] for at in new]
                entries = self._build(tip, chosen, [ids[at] for at in new], recorded_at)
                outcome = self._put(tip, entries, chosen, seen)
            if outcome == _LANDED:
                last = entries[-1]
                self._tip = Tip(last.entry.seq, last.digest.hex(), last.entry.expires_at or 0)
                return self._places(asked, dict(zip(new, entries, strict=True)), seen)
            doubtful = entries if outcome == _CONFLICT else []
            self._tip = None
            ceiling = min(_FIRST_WAIT * 2**attempt, _LONGEST_WAIT)
            clock_time.sleep(random.uniform(0, ceiling))
        raise StoreError(
            f"The chain {self.chain} is too busy: {MAX_ATTEMPTS} attempts ran into other writers.",
            "Spread the writers over more chains; nothing of this batch was written.",
            kind="throttled",
        )

    def _refuse_conflicts(self, asked: Sequence[_Asked], seen: dict[str, Used]) -> None:
        for one in asked:
            key = one.draft.idempotency_key
            if key is not None and key in seen and seen[key].digest != one.digest:
                raise KeyConflictError(key, self.chain, seen[key])

    def _places(
        self, asked: Sequence[_Asked], written: dict[int, _Made], seen: dict[str, Used]
    ) -> list[Appended | KeyConflictError]:
        places: list[Appended | KeyConflictError] = []
        for at, one in enumerate(asked):
            key = one.draft.idempotency_key
            made = written.get(at)
            if made is not None:
                places.append(Appended(self.chain, made.entry.seq, made.digest))
                if key is not None:
                    seen[key] = Used(self.chain, made.entry.seq, made.digest, one.digest)
                continue
            assert key is not None
            used = seen[key]
            if used.digest == one.digest:
                places.append(Appended(used.chain, used.seq, used.hash, added=False))
            else:
                places.append(KeyConflictError(key, self.chain, used))
        return places

    def _current_tip(self, now: int) -> Tip:
        """The cached tip, or a new read of it if TTL may have deleted the entries after it.

        Entries after the tip expire no earlier than it does. Until then the place after it is
        either free or taken. Later it may be free again, and a put there would fork the chain.
        """
        tip = self._tip
        if tip is None or (tip.expires_at and tip.expires_at * timestamp.SECOND <= now):
            tip = self._tip = self._read_tip(now)
        return tip

    def _is_there(self, made: _Made) -> bool:
        """True when this very entry is in its place, although the write was not confirmed."""
        key = {"pk": made.item["pk"], "sk": made.item["sk"]}
        found = self._store.get(key, consistent=True).item
        return found is not None and found.get("hash") == made.digest

    def _build(
        self, tip: Tip, asked: Sequence[_Asked], ids: Sequence[str], recorded_at: int
    ) -> list[_Made]:
        expires_at = None
        if self._retention is not None:
            if tip.seq >= 0 and not tip.expires_at:
                raise EntryRefusedError(
                    f"The entries of {self.chain} do not expire; one that does would leave a gap.",
                    "Append without a retention, or to a new chain.",
                )
            # Never decreasing, so TTL can only delete a prefix of the chain.
            expires_at = max(recorded_at // timestamp.SECOND + self._retention, tip.expires_at)
        made: list[_Made] = []
        prev_hash = tip.hash
        for offset, (one, entry_id) in enumerate(zip(asked, ids, strict=True), start=1):
            entry = complete(
                one.draft, chain=self.chain, seq=tip.seq + offset, prev_hash=prev_hash,
                recorded_at=recorded_at, entry_id=entry_id, expires_at=expires_at,
            )  # fmt: skip
            body = encode_body(entry)
            digest = hash_body(body)
            prev_hash = digest.hex()
            made.append(_Made(entry, digest, item_of(entry, body, digest)))
        return made

    def _put(
        self,
        tip: Tip,
        made: Sequence[_Made],
        asked: Sequence[_Asked],
        seen: dict[str, Used],
    ) -> str:
        """Write the entries and return the result. Keys found used are added to ``seen``."""
        items: list[Item] = []
        if tip.seq < 0:
            items.append(self._registration(made[0].entry))
        items += [one.item for one in made]
        keyed: dict[int, str] = {}
        for one, wanted in zip(made, asked, strict=True):
            key = wanted.draft.idempotency_key
            if key:
                keyed[len(items)] = key
                used = Used(self.chain, one.entry.seq, one.digest, wanted.digest)
                items.append(record_item(key, used, one.entry.expires_at))
        try:
            if len(items) == 1:
                self._store.put_new(items[0])
            else:
                self._store.put_new_many(items)
        except KeyTakenError as taken:
            return _LANDED if taken.existing.get("hash") == made[0].digest else _REFUSED
        except TransactionRefusedError as refused:
            if all(found is None for found in refused.existing):
                return _CONFLICT
            # All entries are in place: an earlier attempt landed and its response was lost.
            first = 1 if tip.seq < 0 else 0
            mine = refused.existing[first : first + len(made)]
            if all(
                found is not None and found.get("hash") == one.digest
                for found, one in zip(mine, made, strict=True)
            ):
                return _LANDED
            for at, key in keyed.items():
                found = refused.existing[at]
                if found is not None:
                    seen[key] = self._used(key, found)
            return _REFUSED
        return _LANDED

    @staticmethod
    def _used(key: str, record: Item) -> Used:
        used = used_of(record)
        if used is None:
            raise StoreError(
                f"The record of the idempotency key {shortened(key, 100)} is damaged.",
                "Nothing was appended under it; inspect the item in the table.",
                kind="corrupt",
            )
        return used

    def _registration(self, entry: Entry) -> dict[str, Any]:
        item = {"pk": REGISTRY, "sk": self.chain, "created": entry.recorded_at}
        if self._store.region:
            item["region"] = self._store.region
        return item

    def _read_tip(self, now: int) -> Tip:
        return read_tip(
            self._store, self.chain, now=now, signed_tail=self._signed_tail, vouched=self._vouched
        )


class _Made(msgspec.Struct, frozen=True):
    """An entry ready to be put."""

    entry: Entry
    digest: bytes
    item: dict[str, Any]


class _Asked(msgspec.Struct, frozen=True):
    """A draft, and the digest of its content if it has an idempotency key."""

    draft: Draft
    digest: str


def _new_of(asked: Sequence[_Asked], seen: dict[str, Used]) -> list[int]:
    """The positions of the drafts to write: repeats inside the batch are collapsed."""
    new: list[int] = []
    keys: set[str] = set()
    for at, one in enumerate(asked):
        key = one.draft.idempotency_key
        if key is None:
            new.append(at)
        elif key not in seen and key not in keys:
            keys.add(key)
            new.append(at)
    return new
