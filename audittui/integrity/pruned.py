"""Up to where a chain's entries may be gone, by its signed prune record."""

from __future__ import annotations

from audittui.integrity.sealed import SealedLog
from audittui.integrity.trust import Trust, UntrustedError


def pruned_below(sealed: SealedLog, trust: Trust) -> int:
    """The seq below which entries may be gone; 0 without a record that a trusted key signed."""
    note = sealed.prune_note()
    if not note:
        return 0
    try:
        return trust.prune(note, sealed.chain).below
    except UntrustedError:
        return 0
