"""Item sizes and read units as DynamoDB counts them.

Source: DynamoDB developer guide, "DynamoDB item sizes and formats" and "read consumption".
"""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from audittui.layout.row import Item

PAGE_BYTES = 1_048_576
"""A Query stops after this many bytes of items."""
READ_UNIT_BYTES = 4096


def _number_size(value: int | float | Decimal) -> int:
    # Significant digits: neither zeros at the ends nor an exponent count.
    digits = len("".join(map(str, Decimal(str(value)).as_tuple().digits)).strip("0")) or 1
    return min((digits + 1) // 2 + 1 + (1 if value < 0 else 0), 21)


def value_size(value: Any) -> int:
    """The size of one attribute value, in bytes."""
    if isinstance(value, str):
        return len(value.encode("utf-8"))
    if isinstance(value, bytes):
        return len(value)
    if value is None or isinstance(value, bool):
        return 1
    if isinstance(value, int | float | Decimal):
        return _number_size(value)
    if isinstance(value, dict):
        return 3 + sum(len(k.encode("utf-8")) + value_size(v) + 1 for k, v in value.items())
    if isinstance(value, set | frozenset):
        return sum(map(value_size, value))
    return 3 + sum(value_size(inner) + 1 for inner in value)


def attribute_sizes(item: Item) -> dict[str, int]:
    """The size of each attribute, name and value, in bytes."""
    return {name: len(name.encode("utf-8")) + value_size(value) for name, value in item.items()}


def item_size(item: Item) -> int:
    """The size of an item, in bytes."""
    return sum(attribute_sizes(item).values())


def read_units(size: int, *, consistent: bool) -> float:
    """The read request units of one request that read ``size`` bytes; at least one step."""
    units = max(math.ceil(size / READ_UNIT_BYTES), 1)
    return float(units) if consistent else units * 0.5
