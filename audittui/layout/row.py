"""A row: what a list shows of one entry, read from an item of any layout."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

Value = str | int | float | Decimal | bytes | bool | None | list[Any] | dict[str, Any] | set[Any]
"""What an attribute holds, in Python's types: S, N, B, BOOL, NULL, L, M, and the sets."""
Item = Mapping[str, Any]
"""An item as a store gives it: attribute name → `Value`.

An item may have a method ``pick(names)`` that gives several values at once, and says whether all of
them are texts. Absent values are empty texts then, unreadable ones None. Readers of rows use it.
"""

ROW_FIELDS = (
    "time", "actor", "action", "resource", "outcome", "request_id", "severity", "source_ip",
    "reason", "chain", "seq",
)  # fmt: skip
"""The fields that a runbook may show as columns."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One entry in a list. Absent text fields are empty, never None.

    ``time`` is in microseconds. ``tick`` is the index's sort value in microseconds, as coarse as
    the index stores it. ``key`` is the base table's (partition key, sort key).
    """

    tick: int
    time: int
    key: tuple[str, str | int]
    chain: str
    seq: int
    actor: str = ""
    action: str = ""
    resource: str = ""
    outcome: str = "unknown"
    request_id: str = ""
    severity: str = "info"
    source_ip: str = ""
    reason: str = ""

    @property
    def order(self) -> tuple[int, int, str, str | int]:
        """What rows are sorted by: time, then chain, then seq."""
        return (self.tick, self.time, *self.key)
