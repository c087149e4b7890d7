"""Proves many entries of one chain under one checkpoint, at a low cost in read units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from audittui.errors import UsageError
from audittui.integrity.chain_reader import MAX_SEQ, ChainReader
from audittui.integrity.pruned import signed_gaps
from audittui.integrity.registrations import Registrations
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.stored_entry import StoredEntry
from audittui.integrity.tile_reader import TileReader
from audittui.integrity.tlog.inclusion import prove, tiles_for
from audittui.integrity.tlog.note import parse_note
from audittui.integrity.tlog.proof import TlogProof
from audittui.integrity.tlog.tile import Tile
from audittui.integrity.verifying.found_checkpoint import (
    FoundCheckpoint,
    find_checkpoint,
    hold_against_pins,
)
from audittui.integrity.verifying.links import verify_links, with_registry
from audittui.integrity.verifying.older_checkpoints import older_flaws
from audittui.integrity.verifying.store_indexes import StoreIndexes
from audittui.integrity.verifying.under_checkpoint import verify_under_checkpoint, with_proof
from audittui.integrity.verifying.verdict import Verdict
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.store.port import Store

_HOLE = 1
"""Gaps of up to this many entries between two ranges are read along: that costs about as much as
rounding up one more request."""


class Prover:
    """Fetches entries with their neighbours and proofs.

    Reads are eventually consistent. Anything wrong or absent is only reported after a strongly
    consistent read that bypasses the cache. ``found`` is the chain's newest trusted checkpoint, if
    there is one, read strongly consistent. With ``thorough`` the older ones are held against it, as
    in a sweep. ``requests`` and ``rcu`` are the cost so far. ``registrations`` caches the registry,
    to be shared with verifications of single entries.
    """

    def __init__(
        self,
        store: Store,
        layout: Layout,
        chain: str,
        settings: VerificationSettings | None,
        *,
        thorough: bool = False,
    ) -> None:
        self.requests = 0
        self.rcu = 0.0
        self.found = FoundCheckpoint(None)
        self._chain = chain
        self._settings = settings
        self.registrations = known = Registrations()
        self._reader = ChainReader(store, layout, chain, consistent=False, registrations=known)
        self._strict = ChainReader(store, layout, chain, registrations=known)
        self._sealed = SealedLog(store, chain)
        self._strictly_sealed = SealedLog(store, chain, consistent=True)
        self._indexes = StoreIndexes(store, layout, chain)
        self._read: TileReader | None = None
        self._read_strictly: TileReader | None = None
        self._places: dict[int, StoredEntry] = {}
        self._unproven: set[int] = set()
        self.items: dict[int, Item] = {}
        """The stored items that the verdicts are about, by seq."""
        if settings is not None:
            strictly = self._strictly_sealed
            pinned = settings.pinned(strictly)
            found = find_checkpoint(strictly, settings.trust)
            origin = settings.origin(chain, found.checkpoint)
            read = TileReader(strictly, origin, settings.cache)
            if thorough and found.checkpoint is not None:
                flaws = older_flaws(strictly, found, settings.trust, read, 0)
                found = msgspec.structs.replace(found, flaws=(*found.flaws, *flaws))
            self.found = hold_against_pins(found, settings, strictly, read, pinned)
            self._read = TileReader(self._sealed, origin, settings.cache)
            self._read_strictly = TileReader(self._strictly_sealed, origin, None)
            self._pay()

    def fetch(self, seqs: list[int]) -> None:
        """Read entries, their neighbours and the tiles that prove them, dropping earlier ones."""
        self._places = {place.seq: place for place in self._reader.several(ranges_of(seqs))}
        if seqs:
            self._indexes.compare(*seqs)
        if self._read is not None:
            self._unproven = {seq for seq in seqs if seq < self._size}
            self._read.fetch(self._tiles(sorted(self._unproven)))
        self._pay()

    def prove(self, seq: int) -> tuple[bytes, Verdict]:
        """The stored body of a fetched entry and its verdict. Raises `UsageError` if it is
        absent."""
        places = self._places
        verdict = self._verdict(seq, places, self._read)
        if verdict is None or verdict.failed:
            places = {place.seq: place for place in self._strict.several(ranges_of([seq]))}
            if self._read_strictly is not None:
                self._read_strictly.fetch(self._tiles([seq]))
            verdict = self._verdict(seq, places, self._read_strictly)
            self._pay()
        if verdict is None:
            raise UsageError(
                f"There is no entry {self._chain} {seq}.",
                f"Run audittui verify {self._chain} {seq}.",
            )
        self.items[seq] = places[seq].item
        return _stored(places[seq]), verdict

    def gap(self, seq: int) -> tuple[bytes, bytes] | None:
        """The leaf data in place of an entry in a signed gap, and the proof that it is under the
        checkpoint (empty if the checkpoint does not reach it yet); None if no gap is signed."""
        settings, point, read = self._settings, self.found.checkpoint, self._read_strictly
        if settings is None or read is None:
            return None
        gap = signed_gaps(self._strictly_sealed, settings.trust).covering(seq)
        if gap is None:
            self._pay()
            return None
        text, proof = gap.leaf_data(seq), b""
        if point is not None and seq < point.size:
            inclusion = prove(seq, point, read)
            if inclusion.leaf == gap.leaf(seq):
                note = parse_note(self.found.note.encode())
                proof = TlogProof(seq, inclusion.hashes, note, text).encoded()
        self._pay()
        return text, proof

    def _verdict(
        self, seq: int, places: Mapping[int, StoredEntry], read: TileReader | None
    ) -> Verdict | None:
        """The verdict on an entry among ``places``; None if it is absent."""
        place = places.get(seq)
        if place is None:
            return None
        verdict = verify_links(place, places.get(seq - 1), places.get(seq + 1), steps=True)
        verdict = with_registry(verdict, self._is_registered(), steps=True)
        if self._settings is None or read is None:
            return self._indexes.with_faults(verdict, place)
        point, inclusion = self.found.checkpoint, None
        if point is not None and seq < point.size:
            inclusion = prove(seq, point, read)
            if not inclusion.fault and not self.found.rewritten:
                self._unproven.discard(seq)
                self._keep()
        region = self._strict.write_region() if self.found.rewritten else ""
        verdict = verify_under_checkpoint(verdict, place, self.found, inclusion, region)
        verdict = self._indexes.with_faults(verdict, place)
        return with_proof(verdict, place, self.found, inclusion)

    def _is_registered(self) -> bool:
        """True when the registry lists the chain; read once."""
        registered = self._reader.registered() or self._strict.registered()
        self._pay()
        return registered

    @property
    def _size(self) -> int:
        """The number of entries under the checkpoint."""
        point = self.found.checkpoint
        return 0 if point is None else point.size

    def _tiles(self, seqs: Iterable[int]) -> list[Tile]:
        """The tiles that prove those of ``seqs`` that lie under the checkpoint."""
        return [tile for seq in seqs if seq < self._size for tile in tiles_for(seq, self._size)]

    def _keep(self) -> None:
        """Cache the tiles once everything they were read for is proven."""
        cache = None if self._settings is None else self._settings.cache
        if cache is None or self._unproven:
            return
        for read in (self._read, self._read_strictly):
            if read is not None:
                read.keep(cache)
                read.forget()

    def _pay(self) -> None:
        for sealed in (self._sealed, self._strictly_sealed):
            rcu = sealed.take()
            if rcu:
                self.requests += 1
                self.rcu += rcu
        self.requests += sum(reader.take_requests() for reader in (self._reader, self._strict))
        self.rcu += self._reader.take() + self._strict.take()


def _stored(place: StoredEntry) -> bytes:
    """The entry's text as stored; empty if it is not text."""
    body = place.item.get("body")
    return body.encode("utf-8", "surrogatepass") if isinstance(body, str) else b""


def ranges_of(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """The ranges, both ends included, that hold all ``seqs`` and their neighbours."""
    ranges: list[tuple[int, int]] = []
    for seq in sorted(set(seqs)):
        first, last = max(seq - 1, 0), min(seq + 1, MAX_SEQ)
        if ranges and first - ranges[-1][1] - 1 <= _HOLE:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
    return ranges
