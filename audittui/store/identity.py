"""The identity of a table, whatever its name. This machine remembers tables by it."""

from __future__ import annotations

import msgspec


class TableIdentity(msgspec.Struct, frozen=True):
    """Identifies a table across runs.

    ``id`` is unique to it (DynamoDB's TableId; a random one inside an embedded store). ``place`` is
    its location (its ARN; a file's absolute path). Either is empty if it is not available;
    ``label`` is the display name, and identifies the table if nothing else is known.
    """

    id: str = ""
    place: str = ""
    label: str = ""

    def same(self, other: TableIdentity) -> bool:
        """True when this is that table, or is in its place.

        A table that was deleted and recreated under the same name is a different one in the same
        place: what is remembered of the first applies to it.
        """
        if self.id and self.id == other.id:
            return True
        if self.place and other.place:
            return self.place == other.place
        return bool(self.label) and self.label == other.label
