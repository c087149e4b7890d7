"""Verification settings, from a target's trusted keys and this machine's folders."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from audittui.config import cache_folder, state_folder
from audittui.integrity.pins import Pin, Pins
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.tile_cache import TileCache
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.trust import Trust, origin_of, trusted_keys

CHECKPOINTS = "checkpoints"
"""The folder of the pins, inside the state folder."""


class VerificationSettings(msgspec.Struct, frozen=True):
    """The settings of verifications: the trusted keys, the pins, and the cache of proven tiles."""

    trust: Trust
    pins: Pins | None = None
    cache: TileCache | None = None

    def origin(self, chain: str, checkpoint: Checkpoint | None) -> str:
        """The origin of the chain's log: the checkpoint's, else the pinned one."""
        if checkpoint is not None:
            return checkpoint.origin
        origins = [origin_of(key.name, chain) for key in self.trust.keys]
        pins = self.pins
        seen = [one for one in origins if pins is not None and pins.path(one, chain).exists()]
        return (seen or origins)[0]

    def pinned(self, sealed: SealedLog) -> tuple[Pin, ...]:
        """The pins that the chain of ``sealed`` is held against: those under a trusted key's name,
        and those of this very table, whatever key signed them. Load them before the table is read.

        Raises `StoreError` if one cannot be read: then nothing can be enforced.
        """
        if self.pins is None:
            return ()
        return tuple(
            pin
            for pin in self.pins.of_chain(sealed.chain)
            if self.owns(pin) or pin.seen_in(sealed.table)
        )

    def owns(self, pin: Pin) -> bool:
        """True when a pin is for a log under a trusted key's name."""
        return any(origin_of(key.name, pin.chain) == pin.origin for key in self.trust.keys)


def verification_settings(keys: Sequence[str]) -> VerificationSettings | None:
    """The settings for trusted verifier keys, as texts; None if there are none.

    Raises `UsageError` for a text that is not a verifier key.
    """
    if not keys:
        return None
    return VerificationSettings(
        Trust(trusted_keys(keys)),
        Pins(state_folder() / CHECKPOINTS),
        TileCache(cache_folder() / "tiles"),
    )
