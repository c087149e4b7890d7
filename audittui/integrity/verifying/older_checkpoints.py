"""Holds a chain's older checkpoints against its newest one."""

from __future__ import annotations

from audittui import timestamp
from audittui.integrity.sealed_log import SealedItem, SealedLog
from audittui.integrity.tile_reader import TileReader
from audittui.integrity.trust import Trust, UntrustedError
from audittui.integrity.verifying.found_checkpoint import FoundCheckpoint, contradiction, flaws_of
from audittui.integrity.verifying.verdict import Step

_MOST_TOLD = 10
"""At most this many flaws are reported; the rest are counted."""


def older_flaws(
    sealed: SealedLog, found: FoundCheckpoint, trust: Trust, read: TileReader, after: int
) -> tuple[Step, ...]:
    """Problems with the checkpoints of more than ``after`` entries that are older than ``found``.

    One signed by a trusted key must be part of the newest one, be stored under its own size, and
    have its retention beside it. Those not signed by a trusted key are counted: a key may have been
    retired.
    """
    newest = found.checkpoint
    assert newest is not None
    flaws: list[Step] = []
    unknown = 0
    latest = 0
    for item in sealed.checkpoints(after):
        if item.size > newest.size:
            break
        if item.size < newest.size:
            try:
                point = trust.checkpoint(item.note, sealed.chain)
            except UntrustedError:
                unknown += 1
                continue
            name = f"checkpoint of size {item.size:,}"
            if point.size != item.size:
                note = f"The {name} claims size {point.size:,}"
                flaws.append(Step(name, "fails", f"size {item.size}", f"size {point.size}", note))
                continue
            if contradiction(point, newest, read):
                note = f"The {name}, signed by a trusted key, is not part of the newest one"
                flaws.append(Step(name, "fails", f"a part of size {newest.size:,}", "none", note))
            flaws += flaws_of(item, sealed.chain, trust)
        moment = _moment(item)
        if moment is not None and moment < latest:
            # It is not signed, and sealers' clocks differ: reported, but not a failure.
            note = f"The checkpoint of size {item.size:,} says it was sealed before a smaller one"
            flaws.append(Step("sealed_at", "not checked", "", item.sealed_at, note))
        latest = max(latest, moment or 0)
    if unknown:
        note = f"{unknown:,} older checkpoints are not signed by a trusted key"
        flaws.append(Step("older checkpoints", "not checked", note=note))
    return _bounded(flaws)


def _moment(item: SealedItem) -> int | None:
    try:
        return timestamp.parse(item.sealed_at)
    except ValueError:
        return None


def _bounded(flaws: list[Step]) -> tuple[Step, ...]:
    if len(flaws) <= _MOST_TOLD:
        return tuple(flaws)
    rest = len(flaws) - _MOST_TOLD
    note = f"{rest:,} more flaws were found in stored checkpoints"
    return (*flaws[:_MOST_TOLD], Step("older checkpoints", "fails", "none", f"{rest:,}", note))
