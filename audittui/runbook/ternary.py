"""Three-valued evaluation of conditions on an entry of which only some fields are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from audittui.runbook.plan import RowFilter


def truth(conditions: Iterable[RowFilter], known: Mapping[str, str]) -> bool | None:
    """Whether all ``conditions`` hold for an entry with the fields ``known``; None when that
    depends on the others."""
    found: bool | None = True
    for condition in conditions:
        if condition.field not in known:
            found = None
        elif (known[condition.field] in condition.values) != (condition.operator == "in"):
            return False
    return found
