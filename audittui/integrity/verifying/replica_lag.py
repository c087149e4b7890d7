"""What may be said of a replica of a global table, which lags behind the region written in."""

from __future__ import annotations

import msgspec

from audittui.integrity.verifying.found_checkpoint import FoundCheckpoint
from audittui.integrity.verifying.verdict import Step

_PINNED = "pinned checkpoint"


def behind(found: FoundCheckpoint) -> bool:
    """True when the table's newest checkpoint is older than the one that was seen before."""
    size = found.checkpoint.size if found.checkpoint is not None else 0
    return found.pinned is not None and size < found.pinned


def only_late(found: FoundCheckpoint, write_region: str) -> bool:
    """True when a replica may contradict the pin just because it is late.

    ``write_region`` is where the chain is written, if the reads went to another region.
    """
    return bool(write_region and found.rewritten and behind(found))


def steps_of(found: FoundCheckpoint, write_region: str) -> tuple[Step, ...]:
    """The steps of ``found``; one that fails only by lag is not taken to fail."""
    if not only_late(found, write_region):
        return found.steps()
    return tuple(
        msgspec.structs.replace(step, result="not checked") if step.name == _PINNED else step
        for step in found.steps()
    )


def advice(write_region: str) -> str:
    """The sentence that says what to do."""
    return f"The chain is written in {write_region}: look there, with --region {write_region}"
