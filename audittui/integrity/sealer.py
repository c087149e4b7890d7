"""The sealer: verifies what was appended, extends the tree, and signs a checkpoint (DESIGN §6).

Writes come in an order that may end anywhere: tiles first, then the checkpoint, which alone says
that they count. Every write is on the condition that its key is free, and what is written depends
on the entries alone, so that two sealers at once, or one that starts again, write the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from audittui import timestamp
from audittui.entry import NO_HASH
from audittui.errors import IntegrityError
from audittui.integrity.anchor import AnchorSettings
from audittui.integrity.check import Examined, check, examine
from audittui.integrity.checkpoint import Checkpoint
from audittui.integrity.keys import LogSigner, SealingKey, VerifierKey
from audittui.integrity.malformed import MalformedError
from audittui.integrity.merkle import consistency_holds, consistency_proof
from audittui.integrity.note import sign_note
from audittui.integrity.pin import Pin, Pins
from audittui.integrity.reader import ChainReader
from audittui.integrity.sealed import SealedItem, SealedLog
from audittui.integrity.statement import Prune, Retention
from audittui.integrity.tile import Tile, TileNodes
from audittui.integrity.tile_tree import TileTree
from audittui.integrity.trust import Trust, UntrustedError, origin_of
from audittui.layout.model import Layout
from audittui.store.port import Query, Store

Progress = Callable[[int], None]
"""Told how many entries were verified."""
_STEP = 25
"""Checkpoints read at once while looking for the prune point."""


class Seal(msgspec.Struct, frozen=True):
    """What a sealing came to.

    ``note`` is the newest signed checkpoint, of ``size`` entries, ``added`` of them new; empty for
    a chain without entries. All entries below ``below`` may be gone. ``rcu`` was read; ``tiles``
    were written.
    """

    chain: str
    size: int
    added: int
    note: str
    below: int = 0
    tiles: int = 0
    rcu: float = 0.0


class Sealer:
    """Seals one chain with ``key``.

    Checkpoints of the past are believed when ``key`` or one of the ``trusted`` keys signed them.
    ``pins`` keeps the newest checkpoint, so that a table that was set back is not sealed again.
    ``clock`` gives the present in microseconds.
    """

    def __init__(
        self,
        store: Store,
        layout: Layout,
        chain: str,
        key: SealingKey,
        *,
        trusted: tuple[VerifierKey, ...] = (),
        pins: Pins | None = None,
        clock: Callable[[], int] = timestamp.now,
    ) -> None:
        self.chain = chain
        self.origin = origin_of(key.verifier.name, chain)
        self._store = store
        self._layout = layout
        self._key = LogSigner(self.origin, key)
        self._trust = Trust((key.verifier, *trusted))
        self._pins = pins
        self._clock = clock
        self._sealed = SealedLog(store, chain, consistent=True)
        self._rcu = 0.0

    def tip(self) -> int:
        """The seq of the last entry, as an eventually consistent read shows it; -1: none."""
        tip = ChainReader(self._store, self._layout, self.chain, consistent=False).tip()
        return -1 if tip is None else tip

    def seal(self, *, up_to: int | None = None, progress: Progress | None = None) -> Seal:
        """Seal what was appended since the last checkpoint, at most ``up_to`` entries in all.

        Raises `IntegrityError` when the entries, the tiles or the last checkpoint are not what
        they should be: then nothing is signed. `StoreError` when the store fails; it can be
        called again.
        """
        self._rcu = 0.0
        # Before the table is read: another sealer may sign and pin meanwhile.
        pinned = self._pinned()
        newest = self._sealed.newest()
        tree, last, until = self._load(newest, pinned)
        before = tree.size
        tiles = 0
        for place in self._new_entries(tree.size, up_to):
            last, until = self._demand_next(place, tree.size, last, until)
            for tile, data in tree.append(bytes.fromhex(last)):
                self._sealed.put_tile(tile, data)
                tiles += 1
            if progress is not None:
                progress(tree.size - before)
        note = newest.note if newest is not None else ""
        if tree.size > before:
            for tile, data in tree.partial_tiles():
                self._sealed.put_tile(tile, data)
                tiles += 1
            note = self._sign(tree, until)
        elif tree.size:
            self._pin(note)
        below = self._prune()
        return Seal(
            self.chain, tree.size, tree.size - before, note, below, tiles,
            self._rcu + self._sealed.take(),
        )  # fmt: skip

    def _load(
        self, newest: SealedItem | None, pinned: tuple[Checkpoint, ...]
    ) -> tuple[TileTree, str, int | None]:
        """The tree of the last checkpoint, its last leaf (hex), and until when entries live."""
        largest = max((point.size for point in pinned), default=0)
        if newest is None:
            if largest:
                raise self._refusal(
                    f"the table holds no checkpoint, but one of size {largest} is pinned here"
                )
            return TileTree(), NO_HASH, 0
        checkpoint = self._believed(newest)
        if largest > checkpoint.size:
            raise self._refusal(
                f"the newest checkpoint is of size {checkpoint.size}, but one of size "
                f"{largest} is pinned here"
            )
        try:
            tree = TileTree.load(checkpoint.size, self._read_tile)
            if tree.root() != checkpoint.root:
                raise self._refusal(
                    f"the tiles do not lead to the root of the checkpoint of size {tree.size}"
                )
            for point in pinned:
                if point.size:
                    self._demand_consistency(point, checkpoint)
            last = tree.last_leaf(self._read_tile).hex() if tree.size else NO_HASH
        except MalformedError as error:
            raise self._refusal(str(error)) from None
        return tree, last, self._until(newest, checkpoint) if tree.size else 0

    def _believed(self, newest: SealedItem) -> Checkpoint:
        try:
            checkpoint = self._trust.checkpoint(newest.note, self.chain)
        except UntrustedError as error:
            raise self._refusal(
                f"the checkpoint of size {newest.size} is not to be believed: {error}"
            ) from None
        if checkpoint.size != newest.size:
            raise self._refusal(
                f"the checkpoint under size {newest.size} speaks of size {checkpoint.size}"
            )
        return checkpoint

    def _until(self, newest: SealedItem, checkpoint: Checkpoint) -> int | None:
        try:
            retention = self._trust.retention(newest.retention, self.chain)
        except UntrustedError as error:
            raise self._refusal(
                f"the retention statement of size {newest.size} is not to be believed: {error}"
            ) from None
        if retention.size != checkpoint.size:
            raise self._refusal(f"the retention statement of size {newest.size} is another's")
        return retention.expires_at

    def _pinned(self) -> tuple[Checkpoint, ...]:
        """Every checkpoint of the chain that is pinned here."""
        pins = AnchorSettings(self._trust, self._pins).pinned(self._sealed)
        return tuple(pin.checkpoint for pin in pins)

    def _pin(self, note: str) -> None:
        if self._pins is not None:
            origin = note.partition("\n")[0]
            self._pins.grow(Pin(self.chain, origin, note, (self._sealed.table,)))

    def _demand_consistency(self, old: Checkpoint, new: Checkpoint) -> None:
        proof = consistency_proof(old.size, new.size, TileNodes(new.size, self._read_tile))
        if not consistency_holds(old.size, new.size, proof, old.root, new.root):
            raise self._refusal(
                f"the checkpoint of size {new.size} does not extend the pinned one of {old.size}"
            )

    def _read_tile(self, tile: Tile) -> bytes:
        data = self._sealed.tile(tile)
        if data is None:
            raise self._refusal(f"{tile.path} is absent")
        return data

    def _new_entries(self, size: int, up_to: int | None) -> Iterator[Examined]:
        """The entries from seq ``size`` on, strongly consistent."""
        if up_to is not None and up_to <= size:
            return
        partition = self._layout.partition.attribute
        request = Query(
            index="",
            partition=(partition, self._layout.key(self.chain, 0)[partition]),
            sort=self._layout.sort.attribute,
            low=f"{size:020d}",
            high="9" * 20 if up_to is None else f"{up_to - 1:020d}",
            consistent=True,
        )
        while True:
            page = self._store.query(request)
            self._rcu += page.rcu
            for item in page.items:
                yield examine(item, self._layout, self.chain)
            if page.last_key is None:
                return
            request = msgspec.structs.replace(request, start_key=page.last_key)

    def _demand_next(
        self, place: Examined, seq: int, last: str, until: int | None
    ) -> tuple[str, int | None]:
        """The hash and the expiry of the next entry; it must be sound and follow from ``last``."""
        if place.seq > seq:
            raise self._refusal(f"MISSING: there is no entry {seq}, but one at {place.seq}")
        entry = place.entry
        if entry is None or not place.sound:
            verdict = check(place, None, None, steps=True)
            raise self._refusal(f"{seq} is {verdict.verdict}. {verdict.summary.rstrip('.')}")
        if entry.prev_hash != last:
            raise self._refusal(f"{seq} is a BROKEN LINK: it does not follow from its predecessor")
        expires_at = entry.expires_at
        if expires_at is not None and (until is None or expires_at < until):
            raise self._refusal(f"{seq} expires before its predecessor")
        return place.digest, expires_at

    def _sign(self, tree: TileTree, until: int | None) -> str:
        """Sign and store; the note that stands in the table then."""
        checkpoint = Checkpoint(self.origin, tree.size, tree.root())
        retention = Retention(self.origin, tree.size, until)
        note = sign_note(checkpoint.text, [self._key]).encoded().decode()
        self._trust.checkpoint(note, self.chain)
        stored = self._sealed.put_checkpoint(
            SealedItem(
                tree.size, note,
                sign_note(retention.text, [self._key]).encoded().decode(),
                timestamp.text(self._clock()),
            )
        )  # fmt: skip
        if self._believed(stored).root != checkpoint.root:
            raise self._refusal(f"another checkpoint of size {tree.size} has another root")
        self._pin(stored.note)
        return stored.note

    def _prune(self) -> int:
        """Sign how far entries may be gone by now; the seq below which they may."""
        now = self._clock() // timestamp.SECOND
        below = first = self._pruned()
        while True:
            checkpoints = self._sealed.checkpoints(below, _STEP)
            for sealed in checkpoints:
                until = self._until(sealed, self._believed(sealed))
                if until is None or until > now:
                    break
                below = sealed.size
            else:
                if len(checkpoints) == _STEP:
                    continue
            break
        if below > first:
            note = sign_note(Prune(self.origin, below).text, [self._key])
            self._sealed.put_prune(below, note.encoded().decode())
        return below

    def _pruned(self) -> int:
        note = self._sealed.prune_note()
        if not note:
            return 0
        try:
            return self._trust.prune(note, self.chain).below
        except UntrustedError as error:
            raise self._refusal(f"the prune record is not to be believed: {error}") from None

    def _refusal(self, why: str) -> IntegrityError:
        return IntegrityError(
            f"{self.chain}: {why}. Nothing was signed.",
            f"Look with audittui verify --chain {self.chain}.",
        )
