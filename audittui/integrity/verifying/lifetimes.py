"""How long a chain's entries live, by its sealer's signed statements and the reader's clock."""

from __future__ import annotations

import msgspec

from audittui import timestamp
from audittui.integrity.pruned import pruned_below
from audittui.integrity.sealed_log import SealedItem, SealedLog
from audittui.integrity.trust import Trust, UntrustedError

CLOCK_SLACK = 300
"""Seconds that the sealer's clock may be ahead of the reader's."""
LEAST_INTERVAL = 3600
"""The shortest interval between sealings that is assumed, in seconds."""
_LAST_SECOND = 253_402_300_799
_STEP = 25
"""Checkpoints in one read."""


class Lifetimes(msgspec.Struct, frozen=True):
    """What is signed about the lifetimes of a chain's entries, as of ``now`` (Unix seconds).

    A prune record allows all entries below ``recorded`` to be gone; ``doubt`` says why a later one,
    which would reach up to ``doubted``, is not trusted. All entries below ``expired`` have outlived
    the retention signed with a checkpoint. The last of those from there to ``ends`` has not, nor
    has any after it (None: no further checkpoint states a retention). ``interval`` is the time
    between two sealings, in seconds.
    """

    now: int
    recorded: int = 0
    doubt: str = ""
    doubted: int = 0
    expired: int = 0
    ends: int | None = None
    interval: int = LEAST_INTERVAL


def lifetimes(sealed: SealedLog, trust: Trust, now: int) -> Lifetimes:
    """The lifetimes that the table's signed statements give at ``now``. Untrusted ones count as
    absent."""
    recorded = pruned_below(sealed, trust)
    doubt, doubted = "", 0
    at = _retention(sealed.at(recorded), trust, sealed.chain) if recorded else None
    if at is not None and (at.expires_at is None or at.expires_at > now + CLOCK_SLACK):
        lives = "for ever" if at.expires_at is None else f"until {_moment(at.expires_at)}"
        doubt = (
            f"The prune record below {recorded:,} was signed before its entries could expire: "
            f"they live {lives}"
        )
        recorded, doubted = 0, recorded
    before = at if recorded else None
    expired = recorded
    while True:
        items = sealed.checkpoints(expired, _STEP)
        for item in items:
            life = _retention(item, trust, sealed.chain)
            if life is None:
                continue
            if life.expires_at is None or life.expires_at > now:
                interval = _interval(before, life)
                return Lifetimes(now, recorded, doubt, doubted, expired, item.size, interval)
            expired, before = item.size, life
        if len(items) < _STEP or expired < items[-1].size:
            return Lifetimes(now, recorded, doubt, doubted, expired)


class _Life(msgspec.Struct, frozen=True):
    """A checkpoint's retention, and when it was sealed (Unix seconds; None if unknown)."""

    expires_at: int | None
    sealed_at: int | None


def _retention(item: SealedItem | None, trust: Trust, chain: str) -> _Life | None:
    if item is None:
        return None
    try:
        retention = trust.retention(item.retention, chain)
    except UntrustedError:
        return None
    if retention.size != item.size:
        return None
    try:
        sealed_at = timestamp.parse(item.sealed_at) // timestamp.SECOND
    except ValueError:
        sealed_at = None
    return _Life(retention.expires_at, sealed_at)


def _interval(before: _Life | None, life: _Life) -> int:
    """The time between two sealings: what they signed, capped by what they state unsigned.

    The time of a sealing is not signed, so it may shorten the interval but not lengthen it.
    """
    if before is None or before.expires_at is None or life.expires_at is None:
        return LEAST_INTERVAL
    spans = [life.expires_at - before.expires_at]
    if before.sealed_at is not None and life.sealed_at is not None:
        spans.append(life.sealed_at - before.sealed_at)
    return max(LEAST_INTERVAL, min(spans))


def _moment(seconds: int) -> str:
    return timestamp.text(min(seconds, _LAST_SECOND) * timestamp.SECOND)
