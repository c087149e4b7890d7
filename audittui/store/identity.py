"""Which table it is, whatever its name: what this machine remembers of a table is kept by that."""

from __future__ import annotations

import msgspec


class TableIdentity(msgspec.Struct, frozen=True):
    """A table as it can be known again.

    ``id`` is unique to it (DynamoDB's TableId; a random one inside an embedded store). ``place``
    is where it lies (its ARN; a file's whole path). Either is empty where it is not to be had;
    ``label`` names it for people, and alone where nothing else is known.
    """

    id: str = ""
    place: str = ""
    label: str = ""

    def same(self, other: TableIdentity) -> bool:
        """True when this is that table, or lies in its place.

        A table that was deleted and made again under its name is another one in the same place:
        what was remembered of the first is demanded of it.
        """
        if self.id and self.id == other.id:
            return True
        if self.place and other.place:
            return self.place == other.place
        return bool(self.label) and self.label == other.label
