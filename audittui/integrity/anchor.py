"""Finds the newest trusted checkpoint of a chain and holds it against the pinned one.

What the table says is believed when a trusted key signed it; what was seen before, on this
machine, must be a part of it. What is wrong comes back as a sentence, never as an exception: it
is a finding about the log.
"""

from __future__ import annotations

import msgspec

from audittui.errors import StoreError
from audittui.integrity.checkpoint import Checkpoint
from audittui.integrity.malformed import MalformedError, malformed
from audittui.integrity.merkle import consistency_holds, consistency_proof
from audittui.integrity.pin import Pins
from audittui.integrity.sealed import SealedItem, SealedLog
from audittui.integrity.tile import Tile, TileNodes
from audittui.integrity.tile_cache import TileCache
from audittui.integrity.trust import Trust, UntrustedError, origin_of
from audittui.integrity.verdict import Anchor, Step

_FURTHER = 25
"""How many checkpoints are looked through when the newest is not to be believed."""


class Anchored(msgspec.Struct, frozen=True):
    """What a chain can be held against.

    ``checkpoint`` is the newest that is trusted (None: there is none), ``note`` its signed note.
    ``doubt`` says why the table's newest checkpoint is not believed, ``rewritten`` how it
    contradicts the pinned one; both are empty where all is well. ``pinned`` is the size that was
    seen before, ``unkept`` says why this one cannot be remembered.
    """

    checkpoint: Checkpoint | None
    note: str = ""
    sealed_at: str = ""
    doubt: str = ""
    rewritten: str = ""
    pinned: int | None = None
    unkept: str = ""

    @property
    def anchor(self) -> Anchor | None:
        """What verdicts say of the checkpoint."""
        one = self.checkpoint
        return None if one is None else Anchor(one.origin, one.size, self.sealed_at)

    @property
    def known_size(self) -> int:
        """How many entries the chain had at least, by what was signed."""
        size = self.checkpoint.size if self.checkpoint is not None else 0
        return max(size, self.pinned or 0)

    def steps(self) -> tuple[Step, ...]:
        """What was compared: the signature, and the pinned checkpoint."""
        steps = []
        one = self.checkpoint
        if self.doubt:
            steps.append(
                Step("checkpoint", "fails", "signed by a trusted key", "not believed", self.doubt)
            )
        elif one is None:
            steps.append(Step("checkpoint", "not checked", note="The chain has no checkpoint"))
        else:
            text = f"{one.origin}, size {one.size:,}"
            steps.append(Step("checkpoint", "holds", text, text, "Signed by a trusted key"))
        if self.rewritten:
            expected = f"an extension of size {self.pinned:,}"
            found = "none" if one is None else f"size {one.size:,}"
            steps.append(Step("pinned checkpoint", "fails", expected, found, self.rewritten))
        elif self.pinned is not None and one is not None:
            text = f"size {self.pinned:,} to {one.size:,}"
            steps.append(Step("pinned checkpoint", "holds", text, text))
        if self.unkept:
            steps.append(Step("keeping the pin", "not checked", note=self.unkept))
        return tuple(steps)


class AnchorSettings(msgspec.Struct, frozen=True):
    """What verifications go by: the trusted keys, the pins, and the tiles that were proven."""

    trust: Trust
    pins: Pins | None = None
    cache: TileCache | None = None

    def origin(self, chain: str, checkpoint: Checkpoint | None) -> str:
        """The log that the chain belongs to: the checkpoint's, else the one that was pinned."""
        if checkpoint is not None:
            return checkpoint.origin
        origins = [origin_of(key.name, chain) for key in self.trust.keys]
        seen = [one for one in origins if self.pins is not None and self.pins.load(one)]
        return (seen or origins)[0]


class TileReader:
    """Reads the tiles of a chain from the cache, else from the table.

    Raises `MalformedError` for a tile that the table does not have. What the table gave goes into
    the cache when `keep` is called: after it was proven.
    """

    def __init__(self, sealed: SealedLog, origin: str, cache: TileCache | None) -> None:
        self._sealed = sealed
        self._origin = origin
        self._cache = cache
        self._read: dict[Tile, bytes] = {}

    def __call__(self, tile: Tile) -> bytes:
        """The bytes of ``tile``."""
        data = self._read.get(tile)
        if data is None and self._cache is not None:
            data = self._cache.load(self._origin, tile)
        if data is None:
            data = self._sealed.tiles([tile])[tile]
            if data is None:
                raise malformed("log", f"{tile.path} is absent")
            self._read[tile] = data
        return data

    def fetch(self, tiles: list[Tile]) -> None:
        """Read at once what `__call__` will be asked for."""
        absent = [
            tile
            for tile in dict.fromkeys(tiles)
            if tile not in self._read
            and (self._cache is None or self._cache.load(self._origin, tile) is None)
        ]
        for tile, data in self._sealed.tiles(absent).items():
            if data is not None:
                self._read[tile] = data

    def forget(self) -> None:
        """Let go of what was read."""
        self._read.clear()

    def keep(self, cache: TileCache | None) -> None:
        """Put what was read into ``cache``: it was proven."""
        if cache is not None:
            for tile, data in self._read.items():
                cache.save(self._origin, tile, data)


def find_anchor(sealed: SealedLog, trust: Trust) -> Anchored:
    """The newest checkpoint of the chain that a trusted key signed."""
    newest = sealed.newest()
    if newest is None:
        return Anchored(None)
    doubt = ""
    candidates = [newest]
    for looked in range(2):
        for item in candidates:
            try:
                return _believed(item, sealed.chain, trust, doubt)
            except UntrustedError as error:
                doubt = doubt or f"The checkpoint of size {item.size} is not believed: {error}"
        if not looked:
            candidates = sealed.before(newest.size, _FURTHER)
    return Anchored(None, doubt=doubt)


def hold_against_pin(
    found: Anchored, settings: AnchorSettings, chain: str, read: TileReader
) -> Anchored:
    """``found`` with what the pinned checkpoint says of it; a newer consistent one is pinned.

    Raises `StoreError` when the pin cannot be read: then nothing can be demanded.
    """
    pins, trust = settings.pins, settings.trust
    if pins is None:
        return found
    origin = settings.origin(chain, found.checkpoint)
    note = pins.load(origin)
    checkpoint = found.checkpoint
    if not note:
        return found if checkpoint is None or found.doubt else _kept(found, pins, origin)
    try:
        pinned = trust.checkpoint(note, chain)
    except UntrustedError as error:
        why = f"The checkpoint that is pinned here is not believed: {error}"
        return msgspec.structs.replace(found, doubt=found.doubt or why)
    size = pinned.size
    if checkpoint is None or checkpoint.size < size:
        has = "no checkpoint" if checkpoint is None else f"none larger than {checkpoint.size:,}"
        why = f"A checkpoint of size {size:,} was seen here; the table has {has}"
        return msgspec.structs.replace(found, rewritten=why, pinned=size)
    why = inconsistency(pinned, checkpoint, read)
    found = msgspec.structs.replace(found, rewritten=why, pinned=size)
    if not why and size < checkpoint.size and not found.doubt:
        return _kept(found, pins, origin)
    return found


def _kept(found: Anchored, pins: Pins, origin: str) -> Anchored:
    """Pin the checkpoint; a disk that does not take it is told, and makes nothing less true."""
    try:
        pins.save(origin, found.note)
    except StoreError as error:
        return msgspec.structs.replace(found, unkept=error.message.rstrip("."))
    return found


def inconsistency(old: Checkpoint, new: Checkpoint, read: TileReader) -> str:
    """Why ``new`` does not extend ``old``; empty where it does."""
    if old.size == new.size:
        same = old.root == new.root
        return "" if same else f"Another checkpoint of size {old.size:,} was seen here"
    if not old.size:
        return ""
    try:
        proof = consistency_proof(old.size, new.size, TileNodes(new.size, read))
    except MalformedError as error:
        return f"It cannot be proven that the pinned checkpoint is a part of this log: {error}"
    if consistency_holds(old.size, new.size, proof, old.root, new.root):
        return ""
    return f"The log is not the one that was seen here at size {old.size:,}"


def _believed(item: SealedItem, chain: str, trust: Trust, doubt: str) -> Anchored:
    checkpoint = trust.checkpoint(item.note, chain)
    if checkpoint.size != item.size:
        raise UntrustedError(f"it stands under another size than its own, {checkpoint.size}")
    return Anchored(checkpoint, item.note, item.sealed_at, doubt)
