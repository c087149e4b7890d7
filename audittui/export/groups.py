"""Groups of repeated events as data."""

from __future__ import annotations

from typing import Any

from audittui import timestamp
from audittui.investigate.correlations import Group

GROUP_FIELDS = ("count", "peak", "first", "last", "sources")
"""What is said of a group beside its key."""


def group_values(group: Group) -> dict[str, Any]:
    """A group as flat values: those of its key, then `GROUP_FIELDS`."""
    return {
        **dict(group.key),
        "count": group.count,
        "peak": group.peak,
        "first": timestamp.text(group.first),
        "last": timestamp.text(group.last),
        "sources": group.sources,
    }


def group_object(group: Group) -> dict[str, Any]:
    """A group with where its events are."""
    values = group_values(group)
    return {
        "group": dict(group.key),
        **{name: values[name] for name in GROUP_FIELDS},
        "events": [
            {"time": timestamp.text(row.time), "chain": row.chain, "seq": row.seq}
            for row in group.rows
        ],
    }
