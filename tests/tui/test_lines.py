"""The list: what it shows is what the source holds, whatever its size."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from audittui.layout.row import Row
from audittui.tui.model.rows import RowSource
from audittui.tui.widgets.lines import LineList
from tests.tui.driving import driven


class Numbers:
    titles: Sequence[str] = ("number", "text")
    times: frozenset[int] = frozenset()

    def __init__(self, count: int) -> None:
        self.count = count
        self.made = 0

    def __len__(self) -> int:
        return self.count

    def cells(self, at: int) -> Sequence[str | int]:
        self.made += 1
        return [str(at), f"line {at}"]

    def tone(self, at: int) -> str:
        return ""

    def mark(self, at: int) -> str:
        return ""


class Host(App[None]):
    def __init__(self, source: Numbers) -> None:
        super().__init__()
        self.source = source

    def compose(self) -> ComposeResult:
        yield LineList(self.source)


def lines_of(app: App[None]) -> list[str]:
    return ["".join(s.text for s in strip) for strip in app.screen._compositor.render_strips()]


@driven
async def test_a_million_lines_cost_no_more_than_those_in_sight() -> None:
    source = Numbers(1_000_000)
    app = Host(source)
    async with app.run_test(size=(60, 20)) as pilot:
        app.query_one(LineList).focus()
        await pilot.pause()
        await pilot.press("G")
        await pilot.pause()
        assert "line 999999" in lines_of(app)[-1]
        assert "number" in lines_of(app)[0]
        await pilot.press("g")
        await pilot.pause()
        assert "line 0" in lines_of(app)[1]
        assert source.made < 1000


@driven
async def test_growing_keeps_the_place() -> None:
    source = Numbers(100)
    app = Host(source)
    async with app.run_test(size=(60, 20)) as pilot:
        lines = app.query_one(LineList)
        lines.focus()
        await pilot.press(*["j"] * 30)
        before = lines_of(app)[1:]
        source.count = 5000
        lines.show_growth()
        await pilot.pause()
        assert lines.cursor == 30
        assert [line[:40] for line in lines_of(app)[1:]] == [line[:40] for line in before]


rows = st.lists(
    st.builds(
        lambda actor, outcome: Row(
            tick=0, time=0, key=("a", 0), chain="a", seq=0, actor=actor, outcome=outcome
        ),
        st.text(max_size=6), st.sampled_from(["success", "denied"]),
    ),
    max_size=40,
)  # fmt: skip


@given(rows, st.text(max_size=3), st.booleans(), st.integers(0, 40))
def test_a_filter_and_its_inverse_part_the_rows(
    many: list[Row], text: str, hiding: bool, cut: int
) -> None:
    source, inverse = RowSource(("actor", "outcome")), RowSource(("actor", "outcome"))
    quoted = f'"{text}"' if text and not set(text) & set('"\\') else ""
    for one, pattern in ((source, quoted), (inverse, "!" + quoted if quoted else "")):
        one.add(many[:cut])
        one.filter(pattern, hiding=hiding)
        one.add(many[cut:])
    if quoted:
        assert source.matches + inverse.matches == len(many)
    for line in range(len(source)):
        assert source.line_of(source.at_of(line)) == line


class Marked(Numbers):
    def mark(self, at: int) -> str:
        return "F*"

    def cells(self, at: int) -> Sequence[str | int]:
        return ["a" * 40, "b" * 40]


@driven
async def test_marks_stand_apart_and_stay_when_columns_are_scrolled() -> None:
    app = Host(Marked(3))
    async with app.run_test(size=(60, 20)) as pilot:
        app.query_one(LineList).focus()
        await pilot.pause()
        assert lines_of(app)[1].startswith("F* aaa")
        await pilot.press("greater_than_sign")
        await pilot.pause()
        assert lines_of(app)[1].startswith("F* aaa") and lines_of(app)[1].rstrip().endswith("bbb")
        assert lines_of(app)[0].startswith("   ")
        await pilot.press("greater_than_sign", "l", "l", "l")
        await pilot.pause()
        assert lines_of(app)[1].startswith("F* ")
        assert lines_of(app)[1].count("b") == 40, "the last column is seen whole"
