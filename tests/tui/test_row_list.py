"""A list of rows is a list, whatever pages it came in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.layout.row import Row
from audittui.tui.model.row_list import RowList


def row(number: int) -> Row:
    return Row(tick=number, time=number, key=("p", number), chain="c/0", seq=number)


@given(st.lists(st.integers(0, 5), max_size=8), st.data())
def test_it_is_the_list_of_its_pages(sizes: list[int], data: st.DataObject) -> None:
    rows, plain = RowList(), []
    for size in sizes:
        page = [row(len(plain) + at) for at in range(size)]
        rows += page
        plain += page
    assert list(rows) == plain
    assert len(rows) == len(plain)
    assert [rows[at] for at in range(-len(plain), len(plain))] == plain * 2
    first, last = data.draw(st.integers(-50, 50)), data.draw(st.integers(-50, 50))
    assert rows[first:last] == plain[first:last]
    if plain:
        at = data.draw(st.integers(0, len(plain) - 1))
        rows[at] = plain[at] = row(99)
        assert list(rows) == plain
    with pytest.raises(IndexError):
        rows[len(plain)]
