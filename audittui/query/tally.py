"""What a counting run has counted: how many entries, and in which chains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from audittui.layout.model import Layout
from audittui.layout.row import Item

_DIGITS = 20
_REMEMBERED = 4096
"""Partition keys whose chains are remembered."""


class Tally:
    """Counts of matched items. ``chains`` counts entries by chain; ``keys`` counts items whose keys
    are not those of an entry. For a layout without chains only ``matched`` is known."""

    def __init__(self, matched: int = 0) -> None:
        self.matched = matched
        self.chains: Counter[str] = Counter()
        self.keys: Counter[str] = Counter()

    def add(self, other: Tally) -> None:
        """Add the counts of ``other``."""
        self.matched += other.matched
        self.chains.update(other.chains)
        self.keys.update(other.keys)


class Teller:
    """Tells from the base table's keys which chain an item belongs to."""

    def __init__(self, layout: Layout) -> None:
        self.attributes = (layout.partition.attribute, layout.sort.attribute)
        """The attributes that it needs of an item."""
        self._layout = layout
        self._chains: dict[str, str | None] = {}

    def tally(self, items: Iterable[Item]) -> Tally:
        """The tally of ``items``."""
        partition, sort = self.attributes
        found = Tally()
        for item in items:
            found.matched += 1
            key, place = item.get(partition), item.get(sort)
            chain = self.chain(key)
            if chain is not None and self.is_place(place):
                found.chains[chain] += 1
            else:
                found.keys[f"{key} {place}"] += 1
        return found

    def chain(self, partition: Any) -> str | None:
        """The chain of a partition key; None if it belongs to no chain."""
        if not isinstance(partition, str):
            return None
        known = self._chains
        if partition not in known:
            if len(known) >= _REMEMBERED:
                known.clear()
            found = self._layout.partition_template.read(partition)
            known[partition] = None if found is None else found["chain"]
        return known[partition]

    def is_place(self, sort: Any) -> bool:
        """True when a sort key is that of an entry."""
        if self._layout.sort.type == "S":
            return (
                isinstance(sort, str) and len(sort) == _DIGITS and sort.isascii() and sort.isdigit()
            )
        try:
            return bool(int(sort) == sort and sort >= 0)
        except (TypeError, ValueError, ArithmeticError):
            return False
