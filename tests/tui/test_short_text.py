"""Counts with their nouns, and text cut to a width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from audittui.escape import ELLIPSIS, escaped
from audittui.tui.model.counts import counted
from audittui.tui.text.cut import cut, cut_styled

_SHOWN = st.text(max_size=30).map(escaped)


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "row", "0 rows"),
        (1, "row", "1 row"),
        (2, "row", "2 rows"),
        (1, "entry", "1 entry"),
        (1234, "entry", "1,234 entries"),
        (2, "key", "2 keys"),
    ],
)
def test_one_is_singular_and_everything_else_plural(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said


@given(_SHOWN, st.integers(-2, 20))
def test_a_text_is_cut_to_its_width_and_says_so(text: str, width: int) -> None:
    shown = cut(text, width)
    if cell_len(text) <= width:
        assert shown == text
    elif width <= 0:
        assert shown == ""
    else:
        assert cell_len(shown) <= width
        assert shown.endswith(ELLIPSIS)
        assert text.startswith(shown[:-1])


def test_a_wide_letter_that_fits_only_by_half_is_left_out() -> None:
    assert cut("漢字漢字", 4) == "漢…"
    assert cut("漢字漢字", 5) == "漢字…"


def test_no_space_stands_before_the_ellipsis() -> None:
    assert cut("alice deletes", 7) == "alice…"


@given(_SHOWN, st.integers(-2, 20))
def test_a_styled_text_is_cut_like_a_plain_one(text: str, width: int) -> None:
    assert cut_styled(Text(text), width).plain == cut(text, width)


def test_a_cut_keeps_the_styles_of_what_is_left_and_the_text_that_was_cut() -> None:
    text = Text.assemble(("failed", "bold"), " because the key is unknown")
    shown = cut_styled(text, 10)
    assert shown.plain == "failed be…"
    assert [(span.start, span.end, span.style) for span in shown.spans] == [(0, 6, "bold")]
    assert text.plain == "failed because the key is unknown"
