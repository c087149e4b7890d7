"""The items that sealing leaves in the table: tiles, checkpoints, prune records.

- ``pk = tile#<chain>``, ``sk`` = the tile's path: ``hashes`` (B).
- ``pk = checkpoint#<chain>``, ``sk`` = the tree size in 20 digits: ``note`` (S), the signed
  checkpoint; ``retention`` (S), the signed statement for the same size; ``sealed_at`` (S), the time
  by the sealer's clock (not signed, because the formats have no field for it).
- ``pk = checkpoint#<chain>``, ``sk = prune#<seq in 20 digits>``: ``note`` (S).
- ``pk = checkpoint#<chain>``, ``sk = gap#<first seq in 20 digits>``: ``note`` (S).

All are written once, on the condition that the key is free; only a tile can be replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from audittui.errors import IntegrityError
from audittui.integrity.tlog.malformed import MalformedError
from audittui.integrity.tlog.tile import Tile, parse_tile_path
from audittui.layout.native import CHECKPOINT, TILE
from audittui.layout.row import Item
from audittui.store.identity import TableIdentity
from audittui.store.port import KeyTakenError, Query, Store

_PRUNE = "prune#"
_GAP = "gap#"
_LAST = "9" * 20


class SealedItem(msgspec.Struct, frozen=True):
    """One checkpoint as stored in the table; absent parts are empty."""

    size: int
    note: str
    retention: str
    sealed_at: str


class SealedLog:
    """Reads and writes one chain's sealed items. ``spent`` is in read units."""

    def __init__(self, store: Store, chain: str, *, consistent: bool = False) -> None:
        self.chain = chain
        self._store = store
        self._consistent = consistent
        self.spent = 0.0

    def take(self) -> float:
        """Return the read units since the last call."""
        rcu, self.spent = self.spent, 0.0
        return rcu

    def add(self, rcu: float) -> None:
        """Add back read units that were taken."""
        self.spent += rcu

    @property
    def table(self) -> TableIdentity:
        """The identity of the table."""
        return self._store.identity()

    def newest(self) -> SealedItem | None:
        """The checkpoint of the largest size, or None."""
        items = self._items(low="0" * 20, high=_LAST, forward=False, limit=1)
        return _sealed(items[0]) if items else None

    def checkpoints(self, after: int, limit: int | None = None) -> list[SealedItem]:
        """The checkpoints of sizes above ``after``, smallest first."""
        items = self._items(low=f"{after + 1:020d}", high=_LAST, forward=True, limit=limit)
        return [_sealed(item) for item in items]

    def before(self, size: int, limit: int) -> list[SealedItem]:
        """The checkpoints of sizes below ``size``, largest first."""
        if size <= 0:
            return []
        items = self._items(low="0" * 20, high=f"{size - 1:020d}", forward=False, limit=limit)
        return [_sealed(item) for item in items]

    def downwards(self, at_once: int) -> Iterator[SealedItem]:
        """Every checkpoint, largest size first, read ``at_once`` at a time after the first."""
        request = self._query(low="0" * 20, high=_LAST, forward=False, limit=1)
        while True:
            page = self._store.query(request)
            self.spent += page.rcu
            yield from map(_sealed, page.items)
            if page.last_key is None:
                return
            request = msgspec.structs.replace(request, start_key=page.last_key, limit=at_once)

    def at(self, size: int) -> SealedItem | None:
        """The checkpoint of ``size``, or None."""
        key = {"pk": CHECKPOINT + self.chain, "sk": f"{size:020d}"}
        found = self._store.get(key, consistent=self._consistent)
        self.spent += found.rcu
        return None if found.item is None else _sealed(found.item)

    def gap_notes(self) -> list[tuple[int, str]]:
        """The notes of all gap statements, each with the first seq that its key names."""
        items = self._items(low=_GAP, high=_GAP + "~", forward=True, limit=None)
        found = []
        for item in items:
            first = str(item.get("sk", "")).removeprefix(_GAP)
            if len(first) == 20 and first.isascii() and first.isdigit():
                found.append((int(first), _text(item, "note")))
        return found

    def prune_note(self) -> str:
        """The newest prune record's note; empty if there is none."""
        items = self._items(low=_PRUNE, high=_PRUNE + "~", forward=False, limit=1)
        return _text(items[0], "note") if items else ""

    def tile(self, tile: Tile) -> bytes | None:
        """The bytes of a tile; None if the table does not have it."""
        return self.tiles([tile])[tile]

    def tiles(self, tiles: Sequence[Tile]) -> dict[Tile, bytes | None]:
        """The bytes of several tiles; None for those the table does not have."""
        found = self._store.get_many(
            [_tile_key(self.chain, tile) for tile in tiles], consistent=self._consistent
        )
        self.spent += found.rcu
        return {
            tile: None if item is None else _hashes(item)
            for tile, item in zip(tiles, found.items, strict=True)
        }

    def put_tile(self, tile: Tile, data: bytes) -> None:
        """Write a tile. Raises `IntegrityError` if other bytes are in its place."""
        try:
            self._store.put_new({**_tile_key(self.chain, tile), "hashes": data})
        except KeyTakenError as taken:
            if taken.existing.get("hashes") != data:
                raise IntegrityError(
                    f"The hashes in {tile.path} of {self.chain} are not those of the entries: it "
                    "was planted or changed. Nothing was signed.",
                    f"Run audittui seal --chain {self.chain} --replace-tile {tile.path} to "
                    "rewrite it from the entries.",
                ) from None

    def replace_tile(self, tile: Tile, data: bytes) -> bool:
        """Write a tile, whatever is in its place; False if it was already correct."""
        if self.tile(tile) == data:
            return False
        self._store.replace_tile({**_tile_key(self.chain, tile), "hashes": data})
        return True

    def tiles_from(self, level: int, index: int) -> list[tuple[Tile, bytes]]:
        """The tiles of a level whose index is at least ``index``, with their bytes."""
        found = []
        low = Tile(level, index).path
        request = Query(
            index="", partition=("pk", TILE + self.chain), sort="sk", low=low,
            high=f"tile/{level}/~", consistent=self._consistent,
        )  # fmt: skip
        for item in self._every(request):
            try:
                tile = parse_tile_path(str(item.get("sk", "")))
            except MalformedError:
                continue
            if tile.level == level and tile.index >= index:
                found.append((tile, _hashes(item)))
        return found

    def put_checkpoint(self, sealed: SealedItem) -> SealedItem:
        """Write a checkpoint; return the one already in its place, or ``sealed``."""
        item = {
            "pk": CHECKPOINT + self.chain, "sk": f"{sealed.size:020d}", "note": sealed.note,
            "retention": sealed.retention, "sealed_at": sealed.sealed_at,
        }  # fmt: skip
        try:
            self._store.put_new(item)
        except KeyTakenError as taken:
            return _sealed(taken.existing)
        return sealed

    def put_prune(self, below: int, note: str) -> None:
        """Write a prune record, unless it exists."""
        try:
            self._store.put_new(
                {"pk": CHECKPOINT + self.chain, "sk": f"{_PRUNE}{below:020d}", "note": note}
            )
        except KeyTakenError:
            return

    def put_gap(self, first: int, note: str) -> str:
        """Write a gap statement; return the note already in its place, or ``note``."""
        try:
            self._store.put_new(
                {"pk": CHECKPOINT + self.chain, "sk": f"{_GAP}{first:020d}", "note": note}
            )
        except KeyTakenError as taken:
            return _text(taken.existing, "note")
        return note

    def _every(self, request: Query) -> Iterator[Item]:
        while True:
            page = self._store.query(request)
            self.spent += page.rcu
            yield from page.items
            if page.last_key is None:
                return
            request = msgspec.structs.replace(request, start_key=page.last_key)

    def _items(self, *, low: str, high: str, forward: bool, limit: int | None) -> Sequence[Item]:
        items: list[Item] = []
        request = self._query(low=low, high=high, forward=forward, limit=limit)
        while True:
            page = self._store.query(request)
            self.spent += page.rcu
            items += page.items
            if page.last_key is None or (limit is not None and len(items) >= limit):
                return items[:limit]
            request = msgspec.structs.replace(request, start_key=page.last_key)

    def _query(self, *, low: str, high: str, forward: bool, limit: int | None) -> Query:
        return Query(
            index="", partition=("pk", CHECKPOINT + self.chain), sort="sk", low=low, high=high,
            forward=forward, limit=limit, consistent=self._consistent,
        )  # fmt: skip


def _tile_key(chain: str, tile: Tile) -> dict[str, str]:
    return {"pk": TILE + chain, "sk": tile.path}


def _sealed(item: Item) -> SealedItem:
    size = str(item.get("sk", ""))
    return SealedItem(
        int(size) if size.isascii() and size.isdigit() else -1,
        _text(item, "note"), _text(item, "retention"), _text(item, "sealed_at"),
    )  # fmt: skip


def _hashes(item: Item) -> bytes:
    value = item.get("hashes")
    return value if isinstance(value, bytes) else b""


def _text(item: Item, name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) else ""
