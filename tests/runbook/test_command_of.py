"""The command that repeats a query: exact in a shell, harmless on a terminal."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.runbook.describe import _quoted


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@settings(max_examples=30)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8))
def test_bash_reads_what_was_meant(word: str) -> None:
    quoted = _quoted(word)
    assert quoted.isprintable()
    done = subprocess.run(
        ["bash", "-c", f"printf %s {quoted}"], capture_output=True, check=True,
        env={"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.stdout.decode() == word


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("plain-word", "plain-word"), ("two words", "'two words'"), ("é\x1b'", "$'é\\x1b\\''"),
        ("\x80", "$'\\u0080'"), ("\u202e", "$'\\u202e'"), ("\U000e0001", "$'\\U000e0001'"),
    ],
)  # fmt: skip
def test_a_word_is_written_plainly_where_it_can_be(word: str, written: str) -> None:
    assert _quoted(word) == written
