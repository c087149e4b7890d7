"""A row: what a list shows of one entry, read from an item of any layout."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

Value = str | int | float | Decimal | bytes | bool | None | list[Any] | dict[str, Any] | set[Any]
"""An attribute's value in Python's types: S, N, B, BOOL, NULL, L, M, and the sets."""
Item = Mapping[str, Any]
"""An item as a store returns it: attribute name → `Value`.

An item may have a method ``pick(names)`` that returns several values, and whether all of them are
texts. Absent values are then empty texts, unreadable ones None. Row readers use it.
"""

ROW_FIELDS = (
    "time", "actor", "action", "resource", "outcome", "request_id", "severity", "source_ip",
    "reason", "chain", "seq",
)  # fmt: skip
"""The fields that a runbook may show as columns."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One entry in a list. Absent text fields are empty, never None.

    ``time`` is in microseconds. ``tick`` is the index's sort value in microseconds, at the index's
    resolution. ``key`` is the base table's (partition key, sort key).
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
        """The sort key of rows: time, then chain, then seq."""
        return (self.tick, self.time, *self.key)
