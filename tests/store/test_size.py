"""Read units as DynamoDB counts them."""

from __future__ import annotations

import pytest

from audittui.store.size import read_units


@pytest.mark.parametrize(
    ("size", "steps"),
    [(0, 1), (1, 1), (4095, 1), (4096, 1), (4097, 2), (8192, 2), (8193, 3), (1_048_576, 256)],
)
def test_each_4_kib_begun_is_a_unit_and_half_of_one_where_a_read_may_be_late(
    size: int, steps: int
) -> None:
    assert read_units(size, consistent=True) == steps
    assert read_units(size, consistent=False) == steps / 2
