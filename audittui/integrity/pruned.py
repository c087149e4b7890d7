"""Which of a chain's entries may be gone, according to its sealer's signed statements."""

from __future__ import annotations

from audittui.integrity.gap import Gaps
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.trust import Trust, UntrustedError


def pruned_below(sealed: SealedLog, trust: Trust) -> int:
    """The seq below which entries may be gone; 0 without a record signed by a trusted key."""
    note = sealed.prune_note()
    if not note:
        return 0
    try:
        return trust.prune(note, sealed.chain).below
    except UntrustedError:
        return 0


def signed_gaps(sealed: SealedLog, trust: Trust) -> Gaps:
    """The gaps signed by a trusted key; untrusted statements are skipped."""
    gaps = []
    for first, note in sealed.gap_notes():
        try:
            gap = trust.gap(note, sealed.chain)
        except UntrustedError:
            continue
        if gap.first == first:
            gaps.append(gap)
    return Gaps(gaps)
