"""Groups of repeated events as data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audittui import timestamp
from audittui.investigate.correlations import Group
from audittui.layout.row import Row

Stranger = Callable[[Row], str]
"""Why a row is not part of this log, in a few words; empty if it is."""
GROUP_FIELDS = ("count", "peak", "first", "last", "sources")
"""The fields of a group besides its key."""


def group_values(group: Group) -> dict[str, Any]:
    """A group as flat values: its key, then `GROUP_FIELDS`."""
    return {
        **dict(group.key),
        "count": group.count,
        "peak": group.peak,
        "first": timestamp.text(group.first),
        "last": timestamp.text(group.last),
        "sources": group.sources,
    }


def group_object(group: Group, stranger: Stranger = lambda _: "") -> dict[str, Any]:
    """A group with the positions of its events; those not part of this log say why."""
    values = group_values(group)
    return {
        "group": dict(group.key),
        **{name: values[name] for name in GROUP_FIELDS},
        "events": [_event(row, stranger(row)) for row in group.rows],
    }


def strangers_in(group: Group, stranger: Stranger) -> int:
    """How many events of a group are not part of this log."""
    return sum(bool(stranger(row)) for row in group.rows)


def _event(row: Row, why: str) -> dict[str, Any]:
    event = {"time": timestamp.text(row.time), "chain": row.chain, "seq": row.seq}
    return {**event, "stranger": why} if why else event
