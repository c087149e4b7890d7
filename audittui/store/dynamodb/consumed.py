"""The consumed capacity that a response reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audittui.aws.place import Place
from audittui.store.dynamodb.errors import answered


def read_units(
    answer: Mapping[str, Any], index: str, place: Place
) -> tuple[float, tuple[tuple[str, float], ...]]:
    """The read units of a response, in total and by index."""
    consumed = answered(answer, "ConsumedCapacity", place)
    units = float(consumed.get("CapacityUnits", 0.0))
    parts = {"": consumed.get("Table", {})}
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        parts.update(consumed.get(kind, {}))
    spent = {name: float(part.get("CapacityUnits", 0.0)) for name, part in parts.items()}
    if not any(spent.values()):
        # Not every emulator breaks them down.
        spent = {index: units}
    return units, tuple((name, part) for name, part in spent.items() if part)
