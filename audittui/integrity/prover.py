"""Proves many entries of one chain under one checkpoint, with few requests."""

from __future__ import annotations

from audittui.errors import UsageError
from audittui.integrity.anchor import (
    Anchored,
    AnchorSettings,
    TileReader,
    find_anchor,
    hold_against_pin,
)
from audittui.integrity.check import Examined, check, examine
from audittui.integrity.inclusion import prove, tiles_for
from audittui.integrity.judge import judged, with_proof
from audittui.integrity.sealed import SealedLog
from audittui.integrity.verdict import Verdict
from audittui.layout.model import Layout
from audittui.store.port import Store


class Prover:
    """Fetches entries with their neighbours and proofs, strongly consistent.

    ``found`` is the chain's newest trusted checkpoint (without one: none). ``requests`` and
    ``rcu`` are what it took so far.
    """

    def __init__(
        self, store: Store, layout: Layout, chain: str, settings: AnchorSettings | None
    ) -> None:
        self.requests = 0
        self.rcu = 0.0
        self.found = Anchored(None)
        self._store = store
        self._layout = layout
        self._chain = chain
        self._settings = settings
        self._sealed = SealedLog(store, chain, consistent=True)
        self._read: TileReader | None = None
        self._places: dict[int, Examined] = {}
        if settings is not None:
            found = find_anchor(self._sealed, settings.trust)
            self._read = TileReader(
                self._sealed, settings.origin(chain, found.checkpoint), settings.cache
            )
            self.found = hold_against_pin(found, settings, chain, self._read)
            self._pay()

    def fetch(self, seqs: list[int]) -> None:
        """Read entries, their neighbours and the tiles that prove them, forgetting earlier ones."""
        wanted = sorted({seq + step for seq in seqs for step in (-1, 0, 1) if seq + step >= 0})
        keys = [self._layout.key(self._chain, seq) for seq in wanted]
        found = self._store.get_many(keys, consistent=True)
        self.requests += -(-len(keys) // 100)
        self.rcu += found.rcu
        self._places = {
            seq: examine(item, self._layout, self._chain)
            for seq, item in zip(wanted, found.items, strict=True)
            if item is not None
        }
        point = self.found.checkpoint
        if self._read is not None and point is not None:
            tiles = [
                tile for seq in seqs if seq < point.size for tile in tiles_for(seq, point.size)
            ]
            self._read.fetch(tiles)
            self._pay()

    def prove(self, seq: int) -> tuple[bytes, Verdict]:
        """The stored body of a fetched entry and its verdict. Raises `UsageError` when absent."""
        place = self._places.get(seq)
        if place is None:
            raise UsageError(
                f"There is no entry {self._chain} {seq}.",
                f"Look with audittui verify {self._chain} {seq}.",
            )
        body = str(place.item.get("body", "")).encode("utf-8", "surrogatepass")
        verdict = check(place, self._places.get(seq - 1), self._places.get(seq + 1), steps=True)
        if self._settings is None or self._read is None:
            return body, verdict
        point = self.found.checkpoint
        inclusion = prove(seq, point, self._read) if point and seq < point.size else None
        verdict = judged(verdict, place, self.found, inclusion)
        return body, with_proof(verdict, place, self.found, inclusion)

    def _pay(self) -> None:
        rcu = self._sealed.take()
        if rcu:
            self.requests += 1
            self.rcu += rcu
