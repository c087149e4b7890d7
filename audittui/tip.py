"""The tip of a chain: the entry that the next one is built on.

Everything is taken from the last entry's body, which must match its hash, be stored under its own
key and follow from its predecessor; the attributes beside the body are not evidence. Items under
keys that are not a seq are not entries and are skipped. Any other mismatch is refused and its place
reported: appending before it could fill the place of a deleted entry, and appending after it would
leave a hole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from audittui import timestamp
from audittui.entry import NO_HASH, Entry, decode_body, decode_strict, hash_body
from audittui.errors import IntegrityError, StoreError
from audittui.layout.native import ENTRY, REGISTRY
from audittui.layout.row import Item
from audittui.store.port import Query, Store

_SEQ = re.compile(r"[0-9]{20}")
_LAST_SEQ = 10**20 - 1
_FURTHER = 100
"""Items in one read if there are keys that are not a seq among the last ones."""


class Tip(msgspec.Struct, frozen=True):
    """The last entry of a chain: its seq (-1 for a chain without a first entry yet), its hash in
    hex, and its expiry (Unix seconds; 0 for never)."""

    seq: int
    hash: str
    expires_at: int = 0


UNBORN = Tip(-1, NO_HASH)
"""The tip of a chain that has no entry yet."""
SignedTail = Callable[[int], Tip | None]
"""Finds the last entry signed by a trusted key, if it comes after the given seq (-1 if the chain is
empty) and it is also signed that all entries after that seq are gone. None if there is none. Raises
`IntegrityError` if entries after that seq are signed and gone without such a statement."""
Vouch = Callable[[Tip, str], bool]
"""True when a trusted key signed for a tip whose predecessor is gone: for the tip itself, or for
the predecessor, whose hash in hex is the second argument."""


class _Last(msgspec.Struct, frozen=True):
    """One of the last items. ``fault`` says why it is not a valid entry."""

    seq: int
    digest: str
    recorded: str
    entry: Entry | None
    fault: str

    @property
    def claims(self) -> tuple[str, ...]:
        """The hashes that a successor may refer to it by."""
        return tuple(one for one in (self.digest, self.recorded) if one)


def read_tip(
    store: Store,
    chain: str,
    *,
    now: int,
    signed_tail: SignedTail | None = None,
    vouched: Vouch | None = None,
) -> Tip:
    """The tip of ``chain``, read strongly consistent; ``now`` is in microseconds.

    A predecessor may be absent if it may have expired, or if ``vouched`` allows it; the last
    entries may be absent if ``signed_tail`` allows it. Raises `IntegrityError` for an end that is
    not what was written, `StoreError` for a chain written in another region and for one that is
    empty although it was started.
    """
    registered = _registered(store, chain)
    if registered is not None:
        _demand_region(store, chain, registered)
    found = _last_two(store, chain)
    if not found:
        return UNBORN if registered is None else _tail(chain, registered, signed_tail)
    if registered is None and _registered(store, chain) is None:
        raise IntegrityError(
            f"The registry does not list the chain {chain}, but the table holds entries of it.",
            f"Nothing was appended. Run audittui verify --chain {chain}.",
        )
    last = found[0]
    tip = _sound(chain, last)
    _demand_link(chain, last, found[1] if len(found) > 1 else None, tip, now, vouched)
    if signed_tail is None:
        return tip
    try:
        later = signed_tail(tip.seq)
        if later is None:
            return tip
    except IntegrityError:
        if not _has_moved(store, chain, tip):
            raise
        later = None
    if later is not None and not _has_moved(store, chain, tip):
        return later
    # The entries signed after the tip were appended in the meantime.
    return read_tip(store, chain, now=now, signed_tail=signed_tail, vouched=vouched)


def _has_moved(store: Store, chain: str, tip: Tip) -> bool:
    found = _last_two(store, chain)
    return not found or found[0].seq != tip.seq


def _registered(store: Store, chain: str) -> Item | None:
    return store.get({"pk": REGISTRY, "sk": chain}, consistent=True).item


def _demand_region(store: Store, chain: str, registered: Item) -> None:
    region = registered.get("region")
    if region and store.region and region != store.region:
        raise StoreError(
            f"The chain {chain} is written in {region}, not in {store.region}.",
            f"Use --region {region}, or another chain: conditions hold within one region only.",
            kind="permission",
        )


def _tail(chain: str, registered: Item, signed_tail: SignedTail | None) -> Tip:
    tail = signed_tail(-1) if signed_tail is not None else None
    if tail is not None:
        return tail
    raise StoreError(
        f"The chain {chain} was started at {registered.get('created')} and is empty now.",
        "It can continue only from a tail that a trusted key signed as expired. Trust the "
        "sealer's key, or append to a new chain.",
        kind="corrupt",
    )


def _last_two(store: Store, chain: str) -> Sequence[_Last]:
    """The last two items whose keys are a seq, the last one first."""
    request = Query(
        index="", partition=("pk", ENTRY + chain), sort="sk", low="0" * 20, high="9" * 20,
        forward=False, limit=2, consistent=True, attributes=("sk", "body", "hash"),
    )  # fmt: skip
    found: list[_Last] = []
    while True:
        page = store.query(request)
        found += [_read(chain, item) for item in page.items if _SEQ.fullmatch(str(item["sk"]))]
        if len(found) >= 2 or page.last_key is None:
            return found[:2]
        request = msgspec.structs.replace(request, start_key=page.last_key, limit=_FURTHER)


def _read(chain: str, item: Item) -> _Last:
    seq, body, stored = int(item["sk"]), item.get("body"), item.get("hash")
    recorded = stored.hex() if isinstance(stored, bytes) else ""
    if not isinstance(body, str):
        return _Last(seq, "", recorded, None, "it has no body")
    try:
        data = body.encode()
        digest = hash_body(data).hex()
    except UnicodeEncodeError:
        return _Last(seq, "", recorded, None, "its body is not UTF-8")
    if digest != recorded:
        return _Last(seq, digest, recorded, None, "its body does not hash to the recorded hash")
    try:
        decode_strict(body)
        entry = decode_body(data)
    except ValueError:
        return _Last(seq, digest, recorded, None, "its body is not an entry")
    if entry.chain != chain or entry.seq != seq:
        fault = f"its body names a different place, {entry.chain} {entry.seq}"
        return _Last(seq, digest, recorded, entry, fault)
    return _Last(seq, digest, recorded, entry, "")


def _sound(chain: str, last: _Last) -> Tip:
    """The tip given by the last item, if it is an entry under its own key."""
    if last.fault or last.entry is None:
        raise _refusal(chain, last.seq, last.fault)
    if last.seq == _LAST_SEQ:
        raise _refusal(chain, last.seq, "no seq is left after it")
    expires_at: Any = last.entry.expires_at
    return Tip(last.seq, last.digest, expires_at or 0)


def _demand_link(
    chain: str, last: _Last, before: _Last | None, tip: Tip, now: int, vouched: Vouch | None
) -> None:
    """Refuse a last entry that does not follow from its predecessor."""
    assert last.entry is not None
    previous = last.entry.prev_hash
    if not last.seq:
        if previous != NO_HASH:
            raise _refusal(chain, 0, "it is the first entry, but names a predecessor")
    elif before is not None and before.seq == last.seq - 1:
        if previous not in before.claims:
            raise _refusal(chain, last.seq, "it does not follow from its predecessor")
    elif not _may_be_gone(tip, before, now) and not (
        vouched is not None and vouched(tip, previous)
    ):
        raise _refusal(chain, last.seq, "its predecessor is absent, but has not expired")


def _may_be_gone(tip: Tip, before: _Last | None, now: int) -> bool:
    """True when the predecessor may have expired: expiry times never decrease along a chain."""
    if not tip.expires_at:
        return False
    if before is None:
        return True
    until = before.entry.expires_at if before.entry is not None and not before.fault else None
    return until is not None and until * timestamp.SECOND <= now


def _refusal(chain: str, seq: int, why: str) -> IntegrityError:
    return IntegrityError(
        f"The chain {chain} ends at {ENTRY}{chain} {seq:020d}, which cannot be extended: {why}.",
        f"Nothing was appended. Run audittui verify {chain} {seq}; remove what was planted, "
        "or append to a new chain.",
    )
