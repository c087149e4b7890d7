"""The registry's records of chains during one run, so that it is read once and not for every
entry."""

from __future__ import annotations

from audittui.layout.row import Item


class Registrations:
    """The registry's records of chains read so far.

    A record from an eventually consistent read answers only eventually consistent questions. Only a
    strongly consistent read shows that there is no record.
    """

    def __init__(self) -> None:
        self._strict: dict[str, Item | None] = {}
        self._eventual: dict[str, Item] = {}

    def knows(self, chain: str, *, consistent: bool) -> bool:
        """True when the registry need not be read for ``chain``."""
        return chain in self._strict or (not consistent and chain in self._eventual)

    def record(self, chain: str) -> Item | None:
        """The chain's record; None if there is none or nothing is known."""
        return self._strict[chain] if chain in self._strict else self._eventual.get(chain)

    def keep(self, chain: str, record: Item | None, *, consistent: bool) -> None:
        """Remember the result of a read."""
        if consistent:
            self._strict[chain] = record
        elif record is not None:
            self._eventual[chain] = record
