"""What marks keep, and what is written of them."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from audittui.export.evidence.collect import Wanted
from audittui.layout.row import Row
from audittui.tui.marks import Marks


def row(seq: int, chain: str = "c") -> Row:
    return Row(seq, seq, (chain, seq), chain, seq)


def seqs(marks: Marks) -> list[int]:
    return [one.row.seq for one in marks.each()]


def test_marking_twice_takes_the_mark_away_with_its_note() -> None:
    marks = Marks().toggled(row(3)).toggled(row(1)).toggled(row(2)).noted(row(1), "odd")
    assert seqs(marks) == [3, 1, 2]
    marks = marks.toggled(row(1))
    assert seqs(marks) == [3, 2]
    assert row(1) not in marks
    assert [one.note for one in marks.toggled(row(1)).each()] == ["", "", ""]


def test_the_same_number_in_another_chain_is_another_entry() -> None:
    marks = Marks().toggled(row(1, "a"))
    assert row(1, "a") in marks
    assert row(1, "b") not in marks
    assert marks.noted(row(1, "b"), "x") == marks


def test_steps_go_to_the_nearest_mark_and_end() -> None:
    rows = [row(seq) for seq in range(10)]
    marks = Marks().toggled(row(7)).toggled(row(2)).toggled(row(99))
    assert marks.next_of(rows, 0, 1) == 2
    assert marks.next_of(rows, 2, 1) == 7
    assert marks.next_of(rows, 7, 1) is None
    assert marks.next_of(rows, 7, -1) == 2
    assert marks.next_of(rows, 2, -1) is None
    assert Marks().next_of(rows, 0, 1) is None


@given(st.lists(st.tuples(st.text(), st.integers(0, 2**53), st.text()), max_size=8))
def test_what_is_written_is_what_evidence_reads(
    given: list[tuple[str, int, str]],
) -> None:
    wanted: dict[tuple[str, int], str] = {(chain, seq): note for chain, seq, note in given}
    marks = Marks()
    for (chain, seq), note in wanted.items():
        marks = marks.toggled(row(seq, chain)).noted(row(seq, chain), note)
    lines = marks.json_lines().splitlines()
    found = [msgspec.json.decode(line, type=Wanted) for line in lines]
    assert found == [Wanted(chain, seq, note) for (chain, seq), note in wanted.items()]


def test_plain_data_and_back() -> None:
    marks = Marks().toggled(row(3)).noted(row(3), "note \x1b[31m").toggled(row(5))
    assert msgspec.json.decode(msgspec.json.encode(marks), type=Marks) == marks
