"""Finding: patterns, matches that are not loaded yet, the histogram, the window zoomed."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input

from audittui import timestamp
from audittui.entry import Draft
from audittui.layout.row import Row
from audittui.tui.dialogs.histogram import HistogramScreen
from audittui.tui.model.filter import PatternError, compiled
from audittui.tui.model.histogram import Histogram
from audittui.tui.model.outcomes import OUTCOMES
from audittui.tui.model.rows import RowSource
from audittui.tui.widgets.bars import StatusBar
from audittui.tui.widgets.lines import LineList
from tests.tui.driving import (
    NOW,
    drafts,
    driven,
    filled,
    open_runbook,
    press,
    resize,
    running,
    screen_text,
    settle,
    type_text,
    until,
)


def row(at: int, **named: object) -> Row:
    fields: dict[str, object] = {"tick": at, "time": at, "key": ("a", at), "chain": "a", "seq": at}
    return Row(**{**fields, **named})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("alice", True), ("ALICE", True), ("!alice", False), ("bob", False), ("!bob", True),
        ("actor:alice", True), ("actor:bucket", False), ("actor:!alice", False),
        ("!actor:bob", True), ("actor:alice outcome:denied", True),
        ("actor:alice outcome:fa", False),
        ("resource:my bucket outcome:!success", True), ("~^al.ce$", True), ("!~^al.ce$", False),
        ("action:~^s3[.]", True), ("action:~^iam", False), ("request_id:r-1", True),
        ("r-1", False), ("2026-11-24 15", True), ("time:15:00", True), ("no:such field", False),
        ("a:b actor:alice", False),
        # Every term counts, whichever comes first.
        ("outcome:denied alice", True), ("alice outcome:denied", True),
        ("outcome:denied carol", False), ("carol outcome:denied", False),
        ("!outcome:success s3", True), ("!outcome:success iam", False),
        ("!outcome:denied s3", False), ("~^s3[.] !outcome:success", True),
        ("~^iam !outcome:success", False), ("!~^iam !actor:bob s3", True),
        ("!actor:!alice", True), ("!actor:!bob", False), ("actor:~^al outcome:!~^suc", True),
        ('resource:"my bucket"', True), ('resource:"my  bucket"', False), ('"my bucket"', True),
        ('"bucket my"', False), ("bucket my", True), ('!"my bucket"', False),
        ('~"^my b"', True), ("~^my b", True), ('resource:!~"^my b"', False), ('~"^my x"', False),
        ('time:"2026-11-24 15"', True), ('time:"2026-11-24 16"', False),
        # What is typed up to now, with nothing to look for yet.
        ("actor:", True), ("!", True), ("!actor:", True), ("alice ", True),
        ("alice outcome:", True), ("  ", True), ('""', True), ("~", True),
        # A text with a colon is a text.
        ("15:00", True), ("s3://x", False), ("actor://x", False), ("arn:aws:iam", False),
        ('"actor:alice"', False),
    ],
)  # fmt: skip
def test_patterns(pattern: str, fits: bool) -> None:
    one = row(
        NOW, actor="alice", action="s3.put", resource="my bucket", outcome="denied",
        request_id="r-1",
    )  # fmt: skip
    columns = ("time", "actor", "action", "resource", "outcome")
    assert compiled(pattern, columns)(one) is fits


plain = st.text('ab1:. "\\\u212a', min_size=1, max_size=3)
terms = st.builds(
    lambda before, field, after, expression, text: (
        before + field + after + ("~" + quoted(re.escape(text)) if expression else quoted(text))
    ),
    st.sampled_from(["", "!"]),
    st.sampled_from(["", "actor:", "resource:", "TIME:"]),
    st.sampled_from(["", "!"]),
    st.booleans(),
    plain.filter(lambda text: not text.endswith("\\")),
)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


@given(st.lists(terms, min_size=1, max_size=4), st.lists(st.tuples(plain, plain), max_size=8))
def test_terms_together_show_what_each_of_them_shows(
    many: list[str], values: list[tuple[str, str]]
) -> None:
    columns = ("time", "actor")
    each = [compiled(term, columns) for term in many]
    together = compiled(" ".join(many), columns)
    for at, (actor, resource) in enumerate(values):
        one = row(NOW + at, actor=actor, resource=resource)
        assert together(one) is all(fits(one) for fits in each)


@given(plain.filter(lambda text: not text.endswith("\\")), st.lists(plain, max_size=8))
def test_a_text_in_quotes_is_that_text(text: str, values: list[str]) -> None:
    fits, inverse = (compiled(sign + quoted(text), ("actor",)) for sign in ("", "!"))
    for value in values:
        one = row(NOW, actor=value)
        assert fits(one) is (text.casefold() in value.casefold())
        assert inverse(one) is not fits(one)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ('"a', "A quote is still open"), ('actor:"Jane D', "A quote is still open"),
        ('x ~"', "A quote is still open"),
        ('"a"b', "followed by a space"), ("actr:alice", "There is no field actr"),
        ("x !Outcom:y", "There is no field Outcom"), ("ip:10.0", "fields are time, actor"),
        ("~(a b)", "Quote one with spaces"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_what_to_do(pattern: str, told: str) -> None:
    with pytest.raises(PatternError, match=told):
        compiled(pattern, ("actor",))


@pytest.mark.parametrize("pattern", ["~(", "actor:~[", "!~*", "~a{99999999999999999999}"])
def test_what_is_no_regular_expression_is_told(pattern: str) -> None:
    with pytest.raises(PatternError, match="Not a valid regular expression"):
        compiled(pattern, ("actor",))


@pytest.mark.timeout(20)
@driven
async def test_no_expression_hangs_the_screen_and_what_it_cannot_say_is_named() -> None:
    store = filled([*drafts(), *(Draft(actor="y" * 800, action="wait") for _ in range(40))])
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "slash")
        await type_text(pilot, "~(y+)+z")
        assert app.main.row_source is not None and app.main.row_source.matches == 0
        await press(pilot, "ctrl+u")
        await type_text(pilot, "~(?=bob)")
        assert "look-ahead" in screen_text(app)


def test_many_rows_are_searched_bit_by_bit_and_none_is_left_out() -> None:
    source = RowSource(("actor",))
    source.add([row(at, actor="x" if at % 7 else "y") for at in range(20_000)])
    source.filter("y")
    assert source.searching and source.searched < 20_000
    source.add([row(20_000, actor="y")])
    steps = 0
    while source.searching:
        source.search(seconds=0.0)
        steps += 1
    assert steps > 1
    assert source.matches == len([at for at in range(20_001) if at == 20_000 or not at % 7])
    assert [source.row(line).seq for line in range(3)] == [0, 7, 14]
    assert source.next_match(7, 1) == 14 and source.next_match(7, -1) == 0
    assert source.next_match(20_000, 1) is None


rows = st.lists(
    st.tuples(st.integers(0, 4 * 10**15), st.sampled_from([*OUTCOMES, "other"])), max_size=60
)


@given(rows, st.integers(16, 50), st.integers(0, 60))
def test_bars_hold_every_row_once(many: list[tuple[int, str]], most: int, cut: int) -> None:
    all_rows = [row(time, outcome=outcome) for time, outcome in many]
    histogram = Histogram()
    histogram.take(all_rows[:cut])
    assert histogram.take(all_rows)
    bars = histogram.bars(most)
    assert len(bars) <= most
    assert sum(bar.total for bar in bars) == len(all_rows)
    for bar, after in pairwise(bars):
        assert bar.end == after.start
    for bar in bars:
        inside = [one for one in all_rows if bar.start <= one.time < bar.end]
        assert bar.total == len(inside)
        assert bar.counts[2] == sum(one.outcome == "denied" for one in inside)
        text = bar.text(max(one.total for one in bars), 40)
        assert len(text) <= 40 and bool(text) == bool(inside)
        assert ("D" in text) == bool(bar.counts[2])


def test_slots_are_put_together_before_there_are_too_many() -> None:
    histogram = Histogram()
    histogram.take([row(at * 7 * timestamp.SECOND) for at in range(10_000)])
    assert len(histogram._slots) <= 4096
    assert sum(bar.total for bar in histogram.bars(20)) == 10_000


@driven
async def test_a_faulty_expression_is_told_inline_and_the_filter_stays() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "slash")
        await pilot.press(*"denied")
        await settle(pilot)
        await press(pilot, *["backspace"] * 6)
        await pilot.press(*"~(")
        await settle(pilot)
        assert "Not a valid regular expression" in app.main.query_one(StatusBar).text
        await pilot.press("backspace", *"denied$")
        await settle(pilot)
        assert len(app.main.results.source) == 3
        await press(pilot, "escape", "escape")
        assert len(app.main.results.source) == 30


@driven
async def test_the_next_match_is_loaded_on_demand() -> None:
    store = filled([one for _ in range(30) for one in drafts()])
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "slash")
        await pilot.press(*"10.0.0.15")
        await settle(pilot)
        await press(pilot, "enter")
        loaded = len(app.main.run.rows.rows)  # type: ignore[union-attr]
        assert loaded < 900 and not len(app.main.results.source)
        assert "n n loads" in screen_text(app)
        await press(pilot, "n")
        assert "n again loads" in app.main.query_one(StatusBar).text
        assert len(app.main.run.rows.rows) == loaded  # type: ignore[union-attr]
        await press(pilot, "n")
        found = app.main.listed_row
        assert found is not None and found.source_ip == "10.0.0.15"
        assert loaded < len(app.main.run.rows.rows) < 900  # type: ignore[union-attr]


@driven
async def test_the_histogram_zooms_and_the_window_is_narrowed_and_widened() -> None:
    async with running(size=(100, 30)) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "i")
        assert isinstance(app.screen, HistogramScreen)
        await until(pilot, lambda: "30 loaded rows" in screen_text(app))
        text = screen_text(app)
        assert "=" in text and "D" in text
        lines = app.screen.query_one(LineList)
        await press(pilot, "g", "j")
        wanted = lines.source.bars[1].total  # type: ignore[attr-defined]
        await press(pilot, "enter")
        assert app.screen is app.main
        assert len(app.main.results.source) == wanted
        assert " › " in screen_text(app).splitlines()[0]
        await press(pilot, "escape")
        assert len(app.main.results.source) == 30
        await press(pilot, *["j"] * 10, "z")
        row = app.main.run
        assert row is not None
        window = row.plan.window
        assert window.end - window.start == 15 * 60 * timestamp.SECOND  # type: ignore[operator]
        narrowed = len(app.main.results.source)
        assert 0 < narrowed < 30
        await press(pilot, "Z")
        assert len(app.main.results.source) > narrowed
        await press(pilot, "i", "i")
        assert app.screen is app.main


@driven
async def test_a_long_filter_does_not_push_the_coverage_away() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "slash")
        await type_text(pilot, "!actor:nobody !action:nothing !resource:none !outcome:so")
        first, second = screen_text(app).splitlines()[-3:-1]
        assert "30 rows, all" in first and "30 match '!actor:" in first and "… (shown)" in first
        assert second.startswith(" complete from ")
        await resize(pilot, 120, 24)
        assert "!resource:none" in screen_text(app).splitlines()[-3]


@driven
async def test_what_takes_several_lines_is_indented() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter")
        app.main.say("words and " * 12)
        await settle(pilot)
        lines = screen_text(app).splitlines()[-4:-1]
        assert all(line.startswith(" ") and line[1] != " " for line in lines)


@driven
async def test_a_time_that_is_none_is_told_and_stays_to_be_mended() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "t")
        await type_text(pilot, "noonish")
        await press(pilot, "enter")
        field = app.main.query_one("#ask", Input)
        assert field.has_focus and field.display and field.value == "noonish"
        assert "noonish" in app.main.query_one(StatusBar).text
        await press(pilot, *["backspace"] * 7)
        await type_text(pilot, "14:30")
        await press(pilot, "enter")
        assert not field.display
        row = app.main.listed_row
        assert row is not None and timestamp.text(row.time)[11:16] == "14:30"


@driven
async def test_the_histogram_says_what_is_not_read() -> None:
    store = filled([one for _ in range(30) for one in drafts()])
    async with running(store) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "i")
        await until(pilot, lambda: "loaded rows" in screen_text(app))
        assert "per bar, older rows not loaded" in screen_text(app)


@driven
async def test_columns_are_chosen_of_what_was_run() -> None:
    async with running() as (app, pilot):
        await press(pilot, "C")
        assert app.screen is app.main
        assert "Run a runbook first" in app.main.query_one(StatusBar).text


@driven
async def test_the_filter_is_shown_as_it_was_typed() -> None:
    async with running() as (app, pilot):
        await open_runbook(app, pilot, "time window")
        await press(pilot, "enter", "slash")
        await type_text(pilot, r"~ali\w+")
        await press(pilot, "enter")
        assert r"15 match '~ali\w+' (shown)" in app.main.query_one(StatusBar).text
