"""What verifications go by, from a target's trusted keys and this machine's folders."""

from __future__ import annotations

from collections.abc import Sequence

from audittui.config import cache_folder, state_folder
from audittui.integrity.pins import Pins
from audittui.integrity.tile_cache import TileCache
from audittui.integrity.trust import Trust, trusted_keys
from audittui.integrity.verifying.found_checkpoint import AnchorSettings

CHECKPOINTS = "checkpoints"
"""The folder of the pins, in the state folder."""


def anchor_settings(keys: Sequence[str]) -> AnchorSettings | None:
    """The settings for trusted verifier keys, as texts; None where there is none.

    Raises `UsageError` for a text that is not a verifier key.
    """
    if not keys:
        return None
    return AnchorSettings(
        Trust(trusted_keys(keys)),
        Pins(state_folder() / CHECKPOINTS),
        TileCache(cache_folder() / "tiles"),
    )
