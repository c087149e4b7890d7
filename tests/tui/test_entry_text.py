"""What the detail view says of a verdict and of a body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui import timestamp
from audittui.escape import escaped_lines
from audittui.integrity.verdict import Anchor, Verdict, VerdictName
from audittui.tui.entry_text import json_text, verdict_line
from audittui.tui.palette import ACCENT, DIM, GOOD
from tests.tui.driving import NOW

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text("ab\\\"]", max_size=3), inner),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_a_body_is_spread_as_usual(value: Any) -> None:
    usual = json.dumps(value, indent=2, ensure_ascii=False)
    assert json_text(json.dumps(value)).plain == escaped_lines(usual)


@pytest.mark.parametrize("number", ["1.0e5", "1E400", "0.10", "-0.0", "12345678901234567890.5"])
def test_a_number_is_shown_as_it_is_stored(number: str) -> None:
    assert json_text(f'{{"a":[{number}]}}').plain.split()[3] == number


@pytest.mark.parametrize(
    ("word", "style"), [("ANCHORED", GOOD), ("CHAINED", ACCENT), ("EXPIRED", DIM)]
)
def test_only_what_is_anchored_is_green(word: VerdictName, style: str) -> None:
    line = verdict_line(Verdict("c", 1, word, "s"))
    assert str(line.spans[0].style) == f"bold {style}"


def test_a_checkpoint_has_size_age_and_cost() -> None:
    sealed = timestamp.text(NOW - 3 * 60 * timestamp.SECOND)
    anchor = Anchor("o", 1_204_112, sealed)
    shown = verdict_line(Verdict("c", 1, "ANCHORED", "s", rcu=4.5, anchor=anchor)).plain
    assert "Checkpoint of 1,204,112 entries, sealed 3m 0s ago by the sealer's clock." in shown
    assert "4.5 RCU" in shown


def test_a_time_that_is_none_is_shown_harmless() -> None:
    shown = verdict_line(Verdict("c", 1, "ANCHORED", "s", anchor=Anchor("o", 1, "\x1b[31m"))).plain
    assert "\x1b" not in shown
