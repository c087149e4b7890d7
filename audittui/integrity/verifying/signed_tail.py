"""Where a chain continues when its last entries are gone, proven by a sealer's signature."""

from __future__ import annotations

import msgspec

from audittui.errors import IntegrityError
from audittui.integrity.gap import Gaps
from audittui.integrity.pruned import pruned_below, signed_gaps
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.tile_reader import TileReader
from audittui.integrity.tlog.inclusion import prove
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.tile_tree import TileTree
from audittui.integrity.trust import Trust, UntrustedError
from audittui.integrity.verifying.found_checkpoint import find_checkpoint
from audittui.store.port import Store


class SignedTail(msgspec.Struct, frozen=True):
    """The last sealed entry: its seq, its hash, and its expiry (Unix seconds; 0 for never)."""

    seq: int
    hash: bytes
    expires_at: int


def signed_tail(store: Store, chain: str, trust: Trust, after: int = -1) -> SignedTail | None:
    """The entry from which a chain that ends at ``after`` (-1 if it is empty) continues, if entries
    after it were sealed.

    None if none were, and for an empty chain unless a signed prune record covers the newest trusted
    checkpoint: only then may all of its entries be gone. Raises `IntegrityError` if the tiles do
    not lead to its root, or if sealed entries after ``after`` are absent and neither pruned nor in
    a signed gap.
    """
    sealed = SealedLog(store, chain, consistent=True)
    found = find_checkpoint(sealed, trust)
    point = found.checkpoint
    if point is None or point.size <= after + 1:
        return None
    if found.doubt or not _signed_as_gone(sealed, trust, after + 1, point.size):
        if after < 0:
            return None
        raise IntegrityError(
            f"The chain {chain} ends at entry {after}, but a trusted key signed entries up to "
            f"{point.size - 1}: appending would reuse the seq of a signed entry.",
            f"Nothing was appended. Run audittui verify --chain {chain}. If the entries expired, "
            "seal first to record that; otherwise append to a new chain.",
        )
    newest = sealed.newest()
    read = TileReader(sealed, point.origin, None)
    try:
        tree = TileTree.load(point.size, read)
        if tree.root() != point.root:
            raise IntegrityError(
                f"The tiles of {chain} do not lead to the root of its checkpoint.",
                "Nothing was appended; append to a new chain.",
            )
        leaf = tree.last_leaf(read)
        retention = trust.retention(newest.retention if newest else "", chain)
    except (MalformedError, UntrustedError) as error:
        raise IntegrityError(
            f"The signed tail of {chain} is incomplete: {error}.",
            "Nothing was appended; append to a new chain.",
        ) from None
    return SignedTail(point.size - 1, leaf, retention.expires_at or 0)


def _signed_as_gone(sealed: SealedLog, trust: Trust, first: int, end: int) -> bool:
    """True when every seq from ``first`` up to ``end`` is pruned or in a signed gap."""
    seq = max(first, pruned_below(sealed, trust))
    gaps = signed_gaps(sealed, trust) if seq < end else Gaps()
    while seq < end and (gap := gaps.covering(seq)) is not None:
        seq = gap.last + 1
    return seq >= end


def signed_for(
    store: Store, chain: str, trust: Trust, seq: int, digest: str, prev_hash: str
) -> bool:
    """True when a trusted key signed the entry ``seq``, or its predecessor.

    ``digest`` is its hash and ``prev_hash`` the predecessor's, in hex. The predecessor may be a
    gap: an entry written before the gap was signed follows from one that is unknown.
    """
    sealed = SealedLog(store, chain, consistent=True)
    found = find_checkpoint(sealed, trust)
    point = found.checkpoint
    if point is None or found.doubt or not 0 < seq <= point.size:
        return False
    read = TileReader(sealed, point.origin, None)
    if seq < point.size:
        return prove(seq, point, read).leaf.hex() == digest
    leaf = prove(seq - 1, point, read).leaf
    gap = signed_gaps(sealed, trust).covering(seq - 1)
    return bool(leaf) and (
        leaf.hex() == prev_hash or (gap is not None and gap.leaf(seq - 1) == leaf)
    )
