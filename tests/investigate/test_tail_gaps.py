"""The missing seqs that a tail remembers: the widest gaps, and what is left of them."""

from __future__ import annotations

import pytest

from audittui.investigate.tail.cursor import decode_tail_cursor
from audittui.investigate.tail.gaps import KEPT, Gap, with_gap, without
from tests.investigate.tailing import START, Follower, Log, World


def test_the_widest_are_kept() -> None:
    gaps: tuple[Gap, ...] = ()
    for first, last in ((10, 14), (20, 20), (30, 31), (40, 42), (50, 53)):
        gaps = with_gap(gaps, first, last)
    assert len(gaps) == KEPT == 4
    assert gaps == ((10, 14), (50, 53), (40, 42), (30, 31))
    assert with_gap(gaps, 60, 60) == gaps


@pytest.mark.parametrize(
    ("seq", "left"),
    [
        (4, ((5, 9), (20, 22))),
        (5, ((6, 9), (20, 22))),
        (7, ((20, 22), (5, 6), (8, 9))),
        (8, ((5, 7), (20, 22), (9, 9))),
        (9, ((5, 8), (20, 22))),
        (10, ((5, 9), (20, 22))),
        (21, ((5, 9), (20, 20), (22, 22))),
    ],
)
def test_what_is_found_leaves_both_sides_of_its_gap(seq: int, left: tuple[Gap, ...]) -> None:
    assert without([(5, 9), (20, 22)], seq) == left


def test_an_entry_alone_leaves_nothing_of_its_gap() -> None:
    assert without([(5, 5)], 5) == ()


def test_a_tail_looks_again_into_the_widest_gaps_it_passed() -> None:
    """So does one that resumes from the cursor."""
    world, log = World(), Log()
    log.append("app/0", START)
    # Absent: 1 to 5, 7, 9 to 10, 12 to 14 and 16 to 19.
    for skip in (5, 1, 2, 3, 4):
        world.at(1, lambda s=skip: log.append("app/0", world.true_now(), skip=s))
    follower = Follower(log, world).until(12)
    assert follower.numbers == [6, 8, 11, 15, 20] and len(follower.missed) == 5
    places = decode_tail_cursor(follower.tail.cursor).chains
    assert places is not None
    assert places["app/0"].gaps == ((1, 5), (16, 19), (12, 14), (9, 10))

    def fill(seq: int) -> None:
        log.lengths["app/0"] = seq
        log.append("app/0", world.true_now())

    for seq in (3, 7, 10, 12, 19):
        world.at(20, lambda at=seq: fill(at))
    again = Follower(log, world, cursor=follower.tail.cursor).until(60)
    assert sorted(again.numbers) == [3, 10, 12, 19]
    assert sorted(again.missed) == [
        f"Entry {seq} of app/0 was absent and is now there." for seq in (10, 12, 19, 3)
    ]
