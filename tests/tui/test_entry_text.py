"""What the detail view says of a verdict, of fields, and in a given width."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from audittui import timestamp
from audittui.integrity.verifying.verdict import Anchor, Step, Verdict, VerdictName
from audittui.layout.row import Row
from audittui.tui.text.entry import field_items, step_items, verdict_items
from audittui.tui.text.wrapping import wrapped
from audittui.tui.theme.palette import ACCENT, DIM, GOOD
from tests.tui.driving import NOW

HASH = "5c" * 32


def said(verdict: Verdict) -> str:
    return "\n".join(item.text.plain for item in verdict_items(verdict))


@given(st.text(" ab漢é-", max_size=120), st.integers(4, 40), st.integers(0, 8))
@example("aaaaaa  a", 4, 2)
@example("     漢漢漢漢", 4, 0)
def test_a_text_is_broken_without_losing_a_letter(text: str, width: int, hang: int) -> None:
    lines = wrapped(Text(text), width, hang)
    indent = min(hang, width // 2)
    shown = [line.plain if at == 0 else line.plain[indent:] for at, line in enumerate(lines)]
    assert "".join(shown) == text
    assert all(cell_len(line.plain.rstrip()) <= width for line in lines)


def test_hashes_are_whole_and_can_be_taken() -> None:
    steps = (Step("body hash", "holds", HASH), Step("link", "fails", HASH, "ab" * 32, "cut here"))
    items = step_items(Verdict("c", 1, "BROKEN LINK", "s", steps))
    assert [item.value for item in items] == [HASH, HASH, HASH, HASH, "ab" * 32]
    assert HASH in items[1].text.plain
    assert (items[-1].name, items[-1].text.plain) == ("link, found", f"  found     {'ab' * 32}")


def test_a_field_is_taken_raw_and_shown_harmless() -> None:
    row = Row(0, NOW, ("p", 1), "app/0", 1, actor="a\x1b[31m")
    time, actor, *_, chain = field_items(row)
    assert (actor.name, actor.value) == ("actor", "a\x1b[31m")
    assert actor.text.plain == "actor       a\\x1b[31m"
    assert time.value == "2026-11-24T15:00:00.000000Z"
    assert chain.value == "app/0, seq 1"


@pytest.mark.parametrize(
    ("word", "style"), [("ANCHORED", GOOD), ("CHAINED", ACCENT), ("EXPIRED", DIM)]
)
def test_only_what_is_anchored_is_green(word: VerdictName, style: str) -> None:
    line = verdict_items(Verdict("c", 1, word, "s"))[0].text
    assert str(line.spans[0].style) == f"bold {style}"


def test_a_checkpoint_has_size_age_and_cost() -> None:
    sealed = timestamp.text(NOW - 3 * 60 * timestamp.SECOND)
    anchor = Anchor("o", 1_204_112, sealed)
    shown = said(Verdict("c", 1, "ANCHORED", "s", rcu=4.5, anchor=anchor))
    assert "Checkpoint of 1,204,112 entries, sealed 3m 0s ago by the sealer's clock." in shown
    assert "4.5 RCU" in shown


def test_a_time_that_is_none_is_shown_harmless() -> None:
    shown = said(Verdict("c", 1, "ANCHORED", "s", anchor=Anchor("o", 1, "\x1b[31m")))
    assert "\x1b" not in shown


def test_what_is_indented_begins_in_its_first_line() -> None:
    first, second = wrapped(Text(f"  {HASH}"), 40, 2)
    assert first.plain == f"  {HASH[:38]}"
    assert second.plain == f"  {HASH[38:]}"
