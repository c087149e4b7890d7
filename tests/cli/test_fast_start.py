"""Opening the terminal without click: the same options, or click is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.cli.fast_start import CONNECTION, terminal_options
from audittui.cli.group import cli

OPTIONS = [f"--{name.replace('_', '-')}" for name in CONNECTION]
WORDS = st.one_of(
    st.sampled_from([*OPTIONS, *(f"{option}=" for option in OPTIONS), "runbooks", "--help", "--"]),
    st.sampled_from(OPTIONS).map(lambda option: f"{option}=a=b"),
    st.text(alphabet="-=ab \u00e9", max_size=4),
)


@given(st.lists(WORDS, max_size=6))
def test_what_is_read_without_click_is_what_click_reads(words: list[str]) -> None:
    read = terminal_options(words)
    if read is not None:
        context = cli.make_context("audittui", list(words))
        assert context.params == read
        assert not context._protected_args and not context.args


def test_the_usual_ways_to_open_the_terminal_need_no_click() -> None:
    nothing = dict.fromkeys(CONNECTION)
    assert terminal_options([]) == nothing
    assert terminal_options(["--store", "log.db"]) == {**nothing, "store": "log.db"}
    assert terminal_options(["--table=log", "--endpoint-url", "http://127.0.0.1:1"]) == {
        **nothing,
        "table": "log",
        "endpoint_url": "http://127.0.0.1:1",
    }


@pytest.mark.parametrize(
    "words",
    [["runbooks"], ["--table"], ["--table", "--store"], ["--nope"], ["-h"], ["--table", "x", "y"]],
)
def test_commands_and_mistakes_are_clicks(words: list[str]) -> None:
    assert terminal_options(words) is None


def test_a_shell_that_asks_for_completions_gets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_AUDITTUI_COMPLETE", "bash_complete")
    assert terminal_options([]) is None
