"""The sealer: verifies what was appended, extends the tree, and signs a checkpoint.

Writes may be interrupted anywhere: tiles come first, then the checkpoint, which alone makes them
count. Every write is conditional on a free key and depends only on the entries, so concurrent or
restarted sealers write the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from audittui import timestamp
from audittui.entry import NO_HASH
from audittui.errors import IntegrityError, StoreError, UsageError
from audittui.integrity.chain_reader import MAX_SEQ, ChainReader
from audittui.integrity.gap import Gap
from audittui.integrity.pins import Pin, Pins
from audittui.integrity.pruned import signed_gaps
from audittui.integrity.sealed_log import SealedItem, SealedLog
from audittui.integrity.sealing.gap_conditions import demand_gap, demand_reason
from audittui.integrity.sealing.growth import Growth, GrowthError
from audittui.integrity.sealing.tile_repair import recomputed_tile
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.statement import Prune, Retention
from audittui.integrity.stored_entry import StoredEntry
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.keys import LogSigner, SealingKey, VerifierKey
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.merkle import consistency_holds, consistency_proof
from audittui.integrity.tlog.note import sign_note
from audittui.integrity.tlog.tile import TILE_HASHES, Tile, TileNodes, tiles_of_size
from audittui.integrity.tlog.tile_tree import TileTree
from audittui.integrity.trust import Trust, UntrustedError, origin_of
from audittui.layout.model import Layout
from audittui.store.port import Store

Progress = Callable[[int], None]
"""Called with the number of entries verified."""
_STEP = 25
"""Checkpoints in one read while looking for the prune point."""


class Seal(msgspec.Struct, frozen=True):
    """The result of a sealing.

    ``note`` is the newest signed checkpoint, of ``size`` entries, ``added`` of them new; empty for
    a chain without entries. All entries below ``below`` may be gone. ``rcu`` is the read units
    used, ``tiles`` the number of tiles written. ``gaps`` counts the new entries that are gone by a
    signed gap statement. ``strays`` are the sort keys of items among the new ones that are not
    entries of the chain.
    """

    chain: str
    size: int
    added: int
    note: str
    below: int = 0
    tiles: int = 0
    rcu: float = 0.0
    gaps: int = 0
    strays: tuple[str, ...] = ()


class FaultError(IntegrityError):
    """The log is not valid from some entry on.

    ``seal`` is what was sealed before that entry, ``why`` the fault.
    """

    def __init__(self, seal: Seal, why: str, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.seal = seal
        self.why = why


class Sealer:
    """Seals one chain with ``key``.

    Earlier checkpoints are trusted if ``key`` or one of the ``trusted`` keys signed them. ``pins``
    keeps the newest checkpoint, so that a table that was rolled back is not sealed again. ``clock``
    returns the current time in microseconds.
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
        self._tiles = 0
        self._over: Tile | None = None
        self._over_written = False

    def tip(self) -> int:
        """The seq of the last entry by an eventually consistent read; -1 if there is none."""
        tip = ChainReader(self._store, self._layout, self.chain, consistent=False).tip()
        return -1 if tip is None else tip

    def seal(self, *, up_to: int | None = None, progress: Progress | None = None) -> Seal:
        """Seal what was appended since the last checkpoint, up to a size of ``up_to``.

        Raises `FaultError` if an entry is not valid; what is safely before it is signed. Raises
        `IntegrityError` if a tile or the last checkpoint is not valid; then nothing is signed.
        Raises `StoreError` if the store fails; `seal` can then be called again.
        """
        self._rcu = 0.0
        self._tiles = 0
        # Before the table is read: another sealer may sign and pin in between.
        pinned = self._pinned()
        newest = self._sealed.newest()
        tree, last, until = self._load(newest, pinned)
        before = tree.size
        gaps = signed_gaps(self._sealed, self._trust)
        growth = Growth(tree, last, until, gaps, self._put_tile, up_to)
        fault: GrowthError | None = None
        try:
            for place in self._new_entries(growth, up_to):
                growth.take(place)
                if progress is not None:
                    progress(tree.size - before)
            growth.finish()
        except GrowthError as error:
            fault = error
        note = newest.note if newest is not None else ""
        if tree.size > before:
            for tile, data in tree.partial_tiles():
                self._put_tile(tile, data)
            if signed_gaps(self._sealed, self._trust).all != gaps.all:
                raise StoreError(
                    f"A gap of {self.chain} was just signed.",
                    "Seal again.",
                    kind="throttled",
                )
            note = self._sign(tree, growth.until)
        elif tree.size:
            self._pin(note)
        below = self._prune()
        seal = Seal(
            self.chain, tree.size, tree.size - before, note, below, self._tiles,
            self._rcu + self._sealed.take(), growth.gaps, tuple(growth.strays),
        )  # fmt: skip
        if fault is not None:
            raise self._fault(seal, fault)
        return seal

    def accept_gap(self, first: int, last: int, reason: str) -> None:
        """Sign that the entries ``first`` to ``last`` are gone for ever, so that `seal` can pass
        them.

        Raises `UsageError` if they are not, or if a gap there was already signed.
        """
        reason = demand_reason(reason)
        pinned = self._pinned()
        newest = self._sealed.newest()
        size = self._load(newest, pinned)[0].size
        known = signed_gaps(self._sealed, self._trust)
        gap = Gap(self.origin, first, last, reason)
        if gap in known.all:
            return
        reader = ChainReader(self._store, self._layout, self.chain)
        demand_gap(reader, gap, size, known)
        self._rcu += reader.take()
        note = sign_note(gap.text, [self._key]).encoded().decode()
        stored = self._sealed.put_gap(first, note)
        try:
            same = self._trust.gap(stored, self.chain) == gap
        except UntrustedError:
            same = False
        if not same:
            raise UsageError(f"Another gap of {self.chain} was already signed from {first} on.")

    def replace_tile(self, tile: Tile) -> bool:
        """Rewrite a tile from the entries; False if it was already correct.

        A tile of the signed tree is proven to lead to the signed root before it is written. Raises
        `UsageError` for a tile that no tree has, `IntegrityError` if it cannot be derived from the
        entries.
        """
        newest = self._sealed.newest()
        point = self._believed(newest) if newest is not None else None
        end = (tile.index * TILE_HASHES + tile.width) * TILE_HASHES**tile.level
        if point is None or end > point.size:
            return self._replace_ahead(tile, end)
        if tile not in set(tiles_of_size(point.size)):
            raise UsageError(
                f"{tile.path} belongs to an older tree of {self.chain}.",
                "It is no longer read, so it need not be rewritten.",
            )
        reader = ChainReader(self._store, self._layout, self.chain)
        try:
            gaps = signed_gaps(self._sealed, self._trust)
            data = recomputed_tile(tile, point, reader, gaps, self._read_tile)
        except MalformedError as error:
            raise self._refusal(str(error)) from None
        self._rcu += reader.take()
        return self._sealed.replace_tile(tile, data)

    def _replace_ahead(self, tile: Tile, end: int) -> bool:
        """Replace a tile that the next sealing will write."""
        self._over = tile
        self._over_written = False
        try:
            seal = self.seal(up_to=None if tile.full else end)
        finally:
            self._over = None
        if seal.size < end:
            raise UsageError(
                f"{tile.path} lies beyond the entries of {self.chain}.",
                f"It can be written once there are {end:,} entries.",
            )
        return self._over_written

    def _put_tile(self, tile: Tile, data: bytes) -> None:
        if tile == self._over:
            self._over_written = self._sealed.replace_tile(tile, data)
        else:
            self._sealed.put_tile(tile, data)
        self._tiles += 1

    def _load(
        self, newest: SealedItem | None, pinned: tuple[Checkpoint, ...]
    ) -> tuple[TileTree, str, int | None]:
        """The tree of the last checkpoint, its last leaf (hex), and when its entries expire."""
        largest = max((point.size for point in pinned), default=0)
        if newest is None:
            if largest:
                raise self._refusal(
                    f"the table has no checkpoint, but one of size {largest} is pinned here"
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
                f"the checkpoint of size {newest.size} cannot be trusted: {error}"
            ) from None
        if checkpoint.size != newest.size:
            raise self._refusal(
                f"the checkpoint under size {newest.size} is of size {checkpoint.size}"
            )
        return checkpoint

    def _until(self, newest: SealedItem, checkpoint: Checkpoint) -> int | None:
        try:
            retention = self._trust.retention(newest.retention, self.chain)
        except UntrustedError as error:
            raise self._refusal(
                f"the retention statement of size {newest.size} cannot be trusted: {error}"
            ) from None
        if retention.size != checkpoint.size:
            raise self._refusal(
                f"the retention statement of size {newest.size} is for another size"
            )
        return retention.expires_at

    def _pinned(self) -> tuple[Checkpoint, ...]:
        """Every checkpoint of the chain that is pinned here."""
        pins = VerificationSettings(self._trust, self._pins).pinned(self._sealed)
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

    def _new_entries(self, growth: Growth, up_to: int | None) -> Iterator[StoredEntry]:
        """The entries from the next seq of ``growth`` on, read strongly consistent."""
        size = growth.tree.size
        if up_to is not None and up_to <= size:
            return
        last = MAX_SEQ if up_to is None else up_to - 1
        reader = ChainReader(self._store, self._layout, self.chain)
        for place in reader.every(size, last):
            growth.pass_gaps()
            if place.seq > growth.next:
                # A page is not a snapshot: an entry may have been written after it was read.
                yield from reader.between(growth.next, place.seq - 1)
            yield place
            self._rcu += reader.take()
        self._rcu += reader.take()

    def _sign(self, tree: TileTree, until: int | None) -> str:
        """Sign and store; return the note then in the table."""
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
        """Sign how far entries may be gone by now; return the seq below which they may."""
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
            raise self._refusal(f"the prune record cannot be trusted: {error}") from None

    def _fault(self, seal: Seal, fault: GrowthError) -> FaultError:
        """The error for an entry that is not valid."""
        signed = (
            f"Sealed up to size {seal.size:,}; nothing beyond was signed"
            if seal.added else "Nothing was signed"
        )  # fmt: skip
        hint = f"Run audittui verify --chain {self.chain}."
        if fault.gone:
            first, last = fault.gone
            hint += (
                f" If you know why they are gone, run audittui seal --accept-gap {self.chain} "
                f"{first}..{last} --reason TEXT."
            )
        return FaultError(seal, str(fault), f"{self.chain}: {fault}. {signed}.", hint)

    def _refusal(self, why: str) -> IntegrityError:
        return IntegrityError(
            f"{self.chain}: {why}. Nothing was signed.",
            f"Run audittui verify --chain {self.chain}.",
        )
