"""Finds a chain's newest trusted checkpoint and holds it against the pinned ones.

A checkpoint in the table is accepted if a trusted key signed it, and must extend what this machine
has seen before. Pins are loaded before the table is read, because another process may pin a newer
checkpoint in between. Problems are returned as sentences, never raised: they are findings about the
log.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from audittui import timestamp
from audittui.errors import StoreError
from audittui.integrity.pins import Pin, Pins
from audittui.integrity.sealed_log import SealedItem, SealedLog
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tile_reader import TileReader
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.merkle import consistency_holds, consistency_proof
from audittui.integrity.tlog.tile import TileNodes
from audittui.integrity.trust import Trust, UntrustedError
from audittui.integrity.verifying.verdict import Anchor, Step

_SEEN = "was seen here"
_AT_ONCE = 100
_MOST = 2_000
"""How many checkpoints are examined when the newest ones cannot be trusted."""


class FoundCheckpoint(msgspec.Struct, frozen=True):
    """The checkpoint that a chain is held against.

    ``checkpoint`` is the newest trusted one (None if there is none), ``note`` its signed note.
    ``doubt`` says why the table's newest checkpoint is not trusted, ``rewritten`` how it
    contradicts a pinned one; both are empty if all is well. ``flaws`` are further findings on the
    stored checkpoints. ``pinned`` is the largest size seen before, ``unkept`` says why this
    checkpoint could not be pinned.
    """

    checkpoint: Checkpoint | None
    note: str = ""
    sealed_at: str = ""
    doubt: str = ""
    rewritten: str = ""
    flaws: tuple[Step, ...] = ()
    pinned: int | None = None
    unkept: str = ""

    @property
    def anchor(self) -> Anchor | None:
        """The checkpoint as verdicts report it."""
        one = self.checkpoint
        return None if one is None else Anchor(one.origin, one.size, self.sealed_at)

    @property
    def flawed(self) -> bool:
        """True when something is wrong with the stored checkpoints."""
        return bool(self.doubt) or any(step.result == "fails" for step in self.flaws)

    @property
    def known_size(self) -> int:
        """The least number of entries the chain must have, by what was signed."""
        size = self.checkpoint.size if self.checkpoint is not None else 0
        return max(size, self.pinned or 0)

    def steps(self) -> tuple[Step, ...]:
        """The comparisons made: the signature, and the pinned checkpoint."""
        steps = []
        one = self.checkpoint
        if self.doubt:
            steps.append(
                Step("checkpoint", "fails", "signed by a trusted key", "not trusted", self.doubt)
            )
        elif one is None:
            steps.append(Step("checkpoint", "not checked", note="The chain has no checkpoint"))
        else:
            text = f"{one.origin}, size {one.size:,}"
            steps.append(Step("checkpoint", "holds", text, text, "Signed by a trusted key"))
        if self.rewritten:
            expected = f"an extension of size {self.pinned or 0:,}"
            found = "none" if one is None else f"size {one.size:,}"
            steps.append(Step("pinned checkpoint", "fails", expected, found, self.rewritten))
        elif self.pinned is not None and one is not None:
            text = f"size {self.pinned:,} to {one.size:,}"
            steps.append(Step("pinned checkpoint", "holds", text, text))
        if self.unkept:
            steps.append(Step("saving the pin", "not checked", note=self.unkept))
        return (*steps, *self.flaws)


def find_checkpoint(sealed: SealedLog, trust: Trust) -> FoundCheckpoint:
    """The chain's newest checkpoint signed by a trusted key."""
    doubt = ""
    for looked, item in enumerate(sealed.downwards(_AT_ONCE)):
        if looked == _MOST:
            doubt = f"{doubt}; neither are the {_MOST:,} largest, and no others were examined"
            break
        try:
            return _believed(item, sealed.chain, trust, doubt)
        except UntrustedError as error:
            doubt = doubt or f"The checkpoint of size {item.size} is not trusted: {error}"
    return FoundCheckpoint(None, doubt=doubt)


def hold_against_pins(
    found: FoundCheckpoint,
    settings: VerificationSettings,
    sealed: SealedLog,
    read: TileReader,
    pinned: Sequence[Pin],
) -> FoundCheckpoint:
    """``found`` compared with the ``pinned`` checkpoints; if it is newer and consistent, it is
    pinned.

    ``pinned`` is what `VerificationSettings.pinned` returned before the table was read.
    """
    if settings.pins is None:
        return found
    if pinned:
        found = msgspec.structs.replace(found, pinned=max(pin.size for pin in pinned))
    for pin in pinned:
        if found.checkpoint is None and found.doubt and not settings.owns(pin):
            # The table's checkpoints are signed by a key not trusted here, which is reported.
            continue
        why = contradiction(pin.checkpoint, found.checkpoint, read)
        if why:
            return msgspec.structs.replace(found, rewritten=why)
    if found.checkpoint is None or found.flawed:
        return found
    try:
        return _kept(found, found.checkpoint, settings.pins, sealed, read, pinned)
    except StoreError as error:
        # A pin that cannot be saved is reported, and does not change the verdict.
        return msgspec.structs.replace(found, unkept=error.message.rstrip("."))


def _kept(
    found: FoundCheckpoint, point: Checkpoint, pins: Pins, sealed: SealedLog, read: TileReader,
    pinned: Sequence[Pin],
) -> FoundCheckpoint:  # fmt: skip
    """Pin the checkpoint, which extends ``pinned``. Raises `StoreError` if it cannot be saved."""
    table = sealed.table
    known = next((pin for pin in pinned if pin.origin == point.origin), None)
    while known is None or known.size < point.size or not known.seen_in(table):
        note = found.note if known is None or known.size < point.size else known.note
        known = pins.swap(known, Pin(sealed.chain, point.origin, note, (table,)))
        if known is None or known.size > point.size:
            # Saved, or another process has seen a newer one since this table was read.
            return found
        why = contradiction(known.checkpoint, point, read)
        if why:
            return msgspec.structs.replace(found, rewritten=why)
    return found


def contradiction(
    seen: Checkpoint, newest: Checkpoint | None, read: TileReader, told: str = _SEEN
) -> str:
    """Why the log under ``newest`` is not the one that was ``seen``; empty if it is.

    ``told`` is the predicate of the sentence about the checkpoint that was seen.
    """
    if newest is None or newest.size < seen.size:
        has = "no checkpoint" if newest is None else f"none larger than {newest.size:,}"
        return f"A checkpoint of size {seen.size:,} {told}; the table has {has}"
    return inconsistency(seen, newest, read, told)


def inconsistency(old: Checkpoint, new: Checkpoint, read: TileReader, told: str = _SEEN) -> str:
    """Why ``new`` does not extend ``old``; empty if it does."""
    if old.size == new.size:
        same = old.root == new.root
        return "" if same else f"A different checkpoint of size {old.size:,} {told}"
    if not old.size:
        return ""
    try:
        proof = consistency_proof(old.size, new.size, TileNodes(new.size, read))
    except MalformedError as error:
        return f"The checkpoint that {told} cannot be proven to be part of this log: {error}"
    if consistency_holds(old.size, new.size, proof, old.root, new.root):
        return ""
    return f"The log is not the one that {told} at size {old.size:,}"


def flaws_of(item: SealedItem, chain: str, trust: Trust) -> tuple[Step, ...]:
    """Problems with what is stored beside a trusted checkpoint: its signed retention and its time
    of sealing."""
    flaws = []
    wanted = f"a signed statement of size {item.size:,}"
    try:
        size = trust.retention(item.retention, chain).size
        if size != item.size:
            note = f"The retention of the checkpoint of size {item.size:,} is for another size"
            flaws.append(Step("retention", "fails", wanted, f"one of size {size:,}", note))
    except UntrustedError as error:
        note = f"The retention of the checkpoint of size {item.size:,} is not trusted: {error}"
        flaws.append(Step("retention", "fails", wanted, "not trusted", note))
    try:
        timestamp.parse(item.sealed_at)
    except ValueError:
        note = f"The checkpoint of size {item.size:,} does not say when it was sealed"
        flaws.append(Step("sealed_at", "fails", "a time", item.sealed_at or "(absent)", note))
    return tuple(flaws)


def _believed(item: SealedItem, chain: str, trust: Trust, doubt: str) -> FoundCheckpoint:
    checkpoint = trust.checkpoint(item.note, chain)
    if checkpoint.size != item.size:
        raise UntrustedError(f"it is stored under a size other than its own, {checkpoint.size}")
    flaws = flaws_of(item, chain, trust)
    return FoundCheckpoint(checkpoint, item.note, item.sealed_at, doubt, flaws=flaws)
