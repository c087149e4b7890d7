"""Hostile text is shown, never interpreted."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.escape import escaped, escaped_lines


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
        ("a\u202eb", "a\\u202eb"),
        ("a\x00b", "a\\x00b"),
        ("line\nline\r\t", "line\\nline\\r\\t"),
        ("\x9b2J", "\\x9b2J"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("[bold]x[/]", "[bold]x[/]"),
        ("日本語 é", "日本語 é"),
        ("\ud800", "\\ud800"),
        ("tag\U000e0041", "tag\\U000e0041"),
    ],
)
def test_examples(hostile: str, shown: str) -> None:
    assert escaped(hostile) == shown


@given(st.text())
def test_nothing_that_acts_or_hides_is_left(text: str) -> None:
    for character in escaped(text):
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert all(character == "\n" or character.isprintable() for character in escaped_lines(text))
