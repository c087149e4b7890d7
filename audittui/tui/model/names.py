"""The names that were met in this session, for what is close to a name that nothing has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from audittui.layout.row import Row

_FIELDS = ("actor", "resource", "action", "source_ip")
_MOST = 5000
"""Names of one field that are kept: the last ones met."""


class NamesSeen:
    """Names by field, of the rows that were read. One thread adds at a time."""

    def __init__(self) -> None:
        self._names: dict[str, dict[str, None]] = {field: {} for field in _FIELDS}

    def add(self, rows: Iterable[Row]) -> None:
        """Remember the names in ``rows``."""
        for row in rows:
            for field, names in self._names.items():
                name = getattr(row, field)
                if name and name not in names:
                    names[name] = None
                    if len(names) > _MOST:
                        del names[next(iter(names))]

    @property
    def by_field(self) -> Mapping[str, Iterable[str]]:
        """The names, as they are now."""
        return {field: list(names) for field, names in self._names.items()}
