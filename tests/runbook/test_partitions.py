"""The partitions of a window: never more than a run may read."""

from __future__ import annotations

import pytest

from audittui import timestamp
from audittui.errors import UsageError
from audittui.layout import load_layout
from audittui.runbook.partitions import MAX_PARTITIONS, partitions
from audittui.runbook.plan import Facts, Window

NATIVE = load_layout("native")
START = timestamp.parse("2026-01-01T00:00:00Z")
CHAINS = tuple(f"app/{number}" for number in range(500))


def test_as_many_partitions_as_may_be_are_read_and_not_one_more() -> None:
    (index,) = (one for one in NATIVE.indexes if one.answers == "time")
    facts = Facts(CHAINS, None, START)
    days = MAX_PARTITIONS // len(CHAINS)
    most = Window(START, START + days * timestamp.DAY)
    assert len(partitions(index, most, (), NATIVE, facts)) == MAX_PARTITIONS
    more = Window(START, START + days * timestamp.DAY + 1)
    with pytest.raises(UsageError, match="101 days, 50,500 partitions"):
        partitions(index, more, (), NATIVE, facts)
