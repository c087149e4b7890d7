"""A chain's tree as it grows by entries that are checked first.

An entry joins the tree once the next one is known to follow from it, or if it is the last one. The
entry right before a fault may be as wrong as the fault itself, and is not signed.
"""

from __future__ import annotations

from collections.abc import Callable

from audittui.integrity.gap import Gaps
from audittui.integrity.stored_entry import StoredEntry
from audittui.integrity.tlog.tile import Tile
from audittui.integrity.tlog.tile_tree import TileTree
from audittui.integrity.verifying.links import verify_links

MAX_STRAYS = 100
"""The most stray items whose keys are kept."""


class GrowthError(Exception):
    """The next entry is not valid. The message says why.

    ``gone`` holds the first and the last absent seq, if that is the reason.
    """

    def __init__(self, why: str, gone: tuple[int, int] | None = None) -> None:
        super().__init__(why)
        self.gone = gone


class Growth:
    """Extends ``tree``, whose last leaf is ``last`` (hex), by entries given in order.

    ``until`` is when the last entry expires (Unix seconds; None for never). ``free`` is True if the
    last leaf is a gap, so nothing can follow from it. Full tiles are passed to ``put``. ``strays``
    are the keys of items that have no place in the chain; ``gaps`` counts the leaves that became
    gaps.
    """

    def __init__(
        self, tree: TileTree, last: str, until: int | None, gaps: Gaps,
        put: Callable[[Tile, bytes], None], up_to: int | None,
    ) -> None:  # fmt: skip
        self.tree = tree
        self.until = until
        self.gaps = 0
        self.strays: list[str] = []
        self._last = last
        self._last_until = until
        self._known = gaps
        before = gaps.covering(tree.size - 1) if tree.size else None
        self._free = before is not None and before.leaf(tree.size - 1).hex() == last
        self._waiting = ""
        self._put = put
        self._up_to = up_to

    @property
    def next(self) -> int:
        """The next seq."""
        return self.tree.size + bool(self._waiting)

    def pass_gaps(self) -> None:
        """Append the signed gaps that begin at the next seq."""
        while (gap := self._known.covering(self.next)) is not None:
            self._confirm()
            end = gap.last if self._up_to is None else min(gap.last, self._up_to - 1)
            if self.next > end:
                return
            for seq in range(self.next, end + 1):
                self._last = gap.leaf(seq).hex()
                self._append(self._last)
                self.gaps += 1
            self._free = True

    def take(self, place: StoredEntry) -> None:
        """Check the next entry. Raises `GrowthError`; entries taken before stay."""
        self.pass_gaps()
        seq = self.next
        if place.seq < seq:
            # Its key is not a seq, or lies in a signed gap: it takes no entry's place.
            if len(self.strays) < MAX_STRAYS:
                self.strays.append(place.key)
            return
        if place.seq > seq:
            why = f"MISSING: there is no entry {seq}, but there is one at {place.seq}"
            raise GrowthError(why, (seq, place.seq - 1))
        entry = place.entry
        if entry is None or not place.sound:
            verdict = verify_links(place, None, None, steps=True)
            raise GrowthError(f"{seq} is {verdict.verdict}. {verdict.summary.rstrip('.')}")
        if not self._free and entry.prev_hash != self._last:
            raise GrowthError(f"{seq} is a BROKEN LINK: it does not follow from its predecessor")
        until = self._last_until
        if entry.expires_at is not None and (until is None or entry.expires_at < until):
            raise GrowthError(f"{seq} expires before its predecessor")
        self._confirm()
        self._waiting = self._last = place.digest
        self._last_until = entry.expires_at
        self._free = False

    def finish(self) -> None:
        """Append the last entry, and the gaps after it."""
        self.pass_gaps()
        self._confirm()

    def _confirm(self) -> None:
        if self._waiting:
            self._append(self._waiting)
            self._waiting = ""
            self.until = self._last_until

    def _append(self, leaf: str) -> None:
        for tile, data in self.tree.append(bytes.fromhex(leaf)):
            self._put(tile, data)
