"""Lines of parts and of a tree: each has a place, whatever is folded, in any width."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from audittui.tui.model.json_lines import JsonLines
from audittui.tui.text.entry import Item
from audittui.tui.text.outline import Outline, Part
from tests.tui.json_values import VALUES


def outline(value: object, width: int = 40) -> Outline:
    made = Outline()
    items = [Item(Text(f"item {at} " * at), f"name {at}", str(at)) for at in range(1, 9)]
    parts = [
        Part("head", items[:3]),
        Part("more", items[3:], "More"),
        Part("body", (), "Body", JsonLines(json.dumps(value))),
    ]
    made.lay(parts, width)
    return made


@given(VALUES, st.integers(20, 60), st.lists(st.tuples(st.booleans(), st.integers(0, 200))))
def test_every_line_is_found_again_by_its_place(
    value: object, width: int, folds: list[tuple[bool, int]]
) -> None:
    made = outline(value, width)
    for fold, number in folds:
        at = number % len(made)
        if fold:
            assert 0 <= made.fold(at) < len(made)
        else:
            made.unfold(at)
    assert [made.find(made.place(at)) for at in range(len(made))] == list(range(len(made)))
    for at in range(len(made)):
        made.value(at)
        # Six letters that are spelled \\UXXXXXXXX are a key or a string of 62 characters.
        assert len(made.text(at).plain) <= max(4 * width, width // 2 + 2 * 62 + len(": ,"))


@given(VALUES, st.sampled_from(["item 7", "1", "true", "[", "zz"]))
def test_all_that_is_folded_is_searched_and_opened(value: object, wanted: str) -> None:
    made = outline(value)
    tree = JsonLines(json.dumps(value))
    holding = [at for at in range(len(tree.lines)) if wanted in tree.text(at).casefold()]
    made.fold_all()
    places = made.matches(wanted)
    assert [place.item for place in places if place.part == "body"] == holding
    for place in places:
        line = made.reveal(place)
        assert made.place(line)[:2] == place[:2]
        if place.part == "body":
            assert wanted in made.text(line, whole=True).plain.casefold()


def test_what_is_folded_tells_how_much_it_is() -> None:
    made = outline([1])
    assert made.fold_all()
    shown = [made.text(at).plain for at in range(len(made))]
    assert "More  5 lines folded" in shown
    assert not any("item 8" in text for text in shown)


@given(VALUES)
def test_all_folded_and_unfolded_is_as_before(value: object) -> None:
    made = outline(value)
    before = [made.text(at).plain for at in range(len(made))]
    assert made.fold_all()
    assert len(made) < len(before)
    assert not made.fold_all()
    assert [made.text(at).plain for at in range(len(made))] == before
