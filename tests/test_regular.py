"""Expressions that a user types cannot block anything, and unsupported ones are reported."""

from __future__ import annotations

import builtins
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui import regular_expression as regular
from audittui.regular_expression import EngineMissingError, ExpressionError, matching, searching


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(y+)+z", "y" * 2000),
        (r"^(\w+[.:/]?)+$", "abcdefghijklmnopqrstuvwxyza!" * 70),
        ("(a|a)*b", "a" * 2000),
        (r"(\w{1,30}){1,30}!", "ab1-" * 500),
        (".*.*.*.*.*=.*", "x" * 2000),
    ],
)
def test_no_pattern_takes_more_than_linear_time(pattern: str, text: str) -> None:
    assert not searching(pattern)(text)
    assert not matching(pattern)(text)


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("(?=a)b", "look-ahead"), ("(?!a)b", "look-ahead"), ("(?<=a)b", "look-behind"),
        ("(?<!a)b", "look-behind"), (r"(a)\1", "a backreference"),
        ("(?P<n>a)(?P=n)", "a backreference"), ("(?>a)", "an atomic group"),
        ("a++", "a possessive repetition"), ("(a)?(?(1)b|c)", "a conditional group"),
        (r"a\Z", r"written \z"), (r"\u00e9", "the character itself"), ("x" * 5000, "longer than"),
        (r"\p{L}{1,1000}", "too large"),
    ],
)  # fmt: skip
def test_what_the_engine_cannot_do_is_refused_by_name(pattern: str, named: str) -> None:
    with pytest.raises(ExpressionError, match=re.escape(named)):
        searching(pattern)


@pytest.mark.parametrize("pattern", ["(", "[", "*", "a{99999999999}", "(?P<x"])
def test_what_is_no_expression_is_refused(pattern: str) -> None:
    with pytest.raises(ExpressionError):
        matching(pattern)


def test_case_letters_and_ends() -> None:
    assert searching("^IAM", ignore_case=True)("iam.role") and not searching("^IAM")("iam.role")
    assert searching("É", ignore_case=True)("né") and searching(r"^\p{L}+$")("José")
    assert matching("a|b")("b") and not matching("a|b")("ab") and not matching("a")("a\n")
    assert not searching("x")("\ud800") and searching("x")("\ud800x")


words = st.text(alphabet="ab.:/ -", max_size=12)


@given(words, words)
def test_plain_texts_are_found_where_they_are(needle: str, text: str) -> None:
    assert searching(re.escape(needle))(text) is (needle in text)
    assert matching(re.escape(needle))(text) is (needle == text)


@given(st.lists(st.sampled_from(["a", "b", "[ab]", ".", "a*", "b+", "(a|b)?", "^", "$"])), words)
def test_it_finds_what_a_backtracking_engine_finds(parts: list[str], text: str) -> None:
    # The same sign twice is a fault, or another sign.
    pattern = "".join(f"(?:{part})" if part not in "^$" else part for part in parts)
    assert searching(pattern)(text) is (re.search(pattern, text) is not None)


def test_where_there_is_no_engine_it_is_said_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def without(name: str, *given: Any, **named: Any) -> Any:
        if name == "re2":
            raise ImportError(name)
        return real(name, *given, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    regular._compiled.cache_clear()
    with pytest.raises(EngineMissingError, match="pip install google-re2"):
        searching("not compiled before")


def test_a_whole_text_is_matched_with_its_case() -> None:
    assert matching("IAM")("IAM") and not matching("IAM")("iam")


def test_a_pattern_of_exactly_the_limit_is_taken() -> None:
    assert searching("x" * 4000)("x" * 4000)
    with pytest.raises(ExpressionError, match="longer than 4,000 characters"):
        searching("x" * 4001)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [("a**", "bad repetition operator: **"), ("+a", "no argument for repetition operator: +")],
)
def test_another_fault_of_a_repetition_is_not_called_possessive(pattern: str, told: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        searching(pattern)
    assert str(refused.value) == told
