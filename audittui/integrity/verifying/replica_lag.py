"""Verdicts on a replica of a global table, which may lag behind the write region."""

from __future__ import annotations

import msgspec

from audittui.integrity.verifying.found_checkpoint import FoundCheckpoint
from audittui.integrity.verifying.verdict import Step

_PINNED = "pinned checkpoint"


def behind(found: FoundCheckpoint) -> bool:
    """True when the table's newest checkpoint is older than the pinned one."""
    size = found.checkpoint.size if found.checkpoint is not None else 0
    return found.pinned is not None and size < found.pinned


def only_late(found: FoundCheckpoint, write_region: str) -> bool:
    """True when a replica may contradict the pin only because it lags.

    ``write_region`` is the region the chain is written in, if the reads went to another one.
    """
    return bool(write_region and found.rewritten and behind(found))


def steps_of(found: FoundCheckpoint, write_region: str) -> tuple[Step, ...]:
    """The steps of ``found``; one that fails only because of lag counts as not checked."""
    if not only_late(found, write_region):
        return found.steps()
    return tuple(
        msgspec.structs.replace(step, result="not checked") if step.name == _PINNED else step
        for step in found.steps()
    )


def advice(write_region: str) -> str:
    """The advice, as a sentence without a full stop."""
    return f"The chain is written in {write_region}: verify it there with --region {write_region}"
