"""The names seen in this session, for suggestions close to an unknown name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from audittui.layout.row import Row

_FIELDS = ("actor", "resource", "action", "source_ip")
_MOST = 5000
"""How many names of a field are kept: the latest ones."""


class NamesSeen:
    """Names in the rows read, by field. One thread adds at a time."""

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
        """The current names."""
        return {field: list(names) for field, names in self._names.items()}
