"""The detail view by its keys: lines that fold, are searched and copied; versions compared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.color import Color
from rich.text import Text
from textual.events import Key
from textual.pilot import Pilot

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.integrity.verifying.verdict import Verdict, VerdictName
from audittui.layout import load_layout
from audittui.runbook.catalogue import load_catalogue
from audittui.store.asked import AskedStore
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.dialogs.reader import ReaderScreen
from audittui.tui.dialogs.version import VersionScreen
from audittui.tui.model import lifecycle as tracing
from audittui.tui.model.entry import Document, Life
from audittui.tui.model.json_lines import JsonLines
from audittui.tui.model.lifecycle_rows import LifecycleSource
from audittui.tui.text.entry import Item
from audittui.tui.text.outline import Part
from audittui.tui.theme.palette import ACCENT, BAD, GOOD
from audittui.tui.widgets.outline import OutlineView
from tests import tampering
from tests.tui.driving import (
    NOW,
    driven,
    filled,
    open_runbook,
    press,
    resize,
    running,
    screen_text,
    settle,
)

LONG = "x" * 3000
KEY = "details.policy.rules[0].name"


def story() -> list[Draft]:
    """A role's life, its last change with much to look through; oldest first."""
    policy = {"rules": [{"name": "needle", "allow": ["a", "b"]}, {"name": "other"}], "text": LONG}
    events: list[tuple[str, dict[str, Any]]] = [
        ("role.create", {"after": {"size": 1, "owner": "ann"}}),
        ("role.read", {}),
        ("role.update", {"after": {"size": 2, "owner": "ann"}}),
        ("role.update", {"before": {"size": 7}, "after": {"size": 8},
                         "details": {"policy": policy, "mail": "a\n\x1b[31mb"}}),
    ]  # fmt: skip
    return [
        Draft(
            actor="ann", action=action, resource="role/1", outcome="success",
            time=timestamp.text(NOW - (10 - at) * 60 * timestamp.SECOND), **told,
        )
        for at, (action, told) in enumerate(events)
    ]  # fmt: skip


async def opened(app: AuditApp, pilot: Pilot[None], *keys: str) -> OutlineView:
    """The newest entry, or the one that ``keys`` go to, in the detail view."""
    await open_runbook(app, pilot, "time window")
    await press(pilot, "enter", *keys, "enter")
    return app.main.detail.entry


async def at_line(pilot: Pilot[None], view: OutlineView, text: str) -> None:
    """Go to the first line that holds a text."""
    lines = view.text.split("\n")
    view.go(next(at for at, line in enumerate(lines) if text in line))
    await pilot.pause()


def under_cursor(view: OutlineView) -> str:
    return view.text.split("\n")[view.cursor].strip()


def replaced(body: str) -> SqliteStore:
    """The story, the body of its last entry another text."""
    store = filled(story())
    item = store.get(load_layout("native").key("app/0", 3)).item
    assert item is not None
    tampering.overwrite(store, {**item, "body": body})
    return store


@driven
async def test_containers_fold_and_unfold() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        await at_line(pilot, view, '"name": "needle"')
        await press(pilot, "h")
        assert under_cursor(view) == "{"
        await press(pilot, "h")
        assert under_cursor(view) == "{ 2 keys },"
        assert "needle" not in view.text
        await press(pilot, "l")
        assert under_cursor(view) == "{"
        await press(pilot, "left", "left", "left")
        assert under_cursor(view) == '"rules": [ 2 items ],'
        await press(pilot, "enter")
        assert under_cursor(view) == '"rules": ['
        await press(pilot, "enter", "right", "j")
        assert under_cursor(view) == "{ 2 keys },"
        await press(pilot, "right")
        assert "needle" in view.text
        await at_line(pilot, view, "        ],")
        await press(pilot, "enter")
        assert under_cursor(view) == '"allow": ['


@driven
async def test_everything_folds_at_once_and_the_cursor_stays_where_it_can() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        await at_line(pilot, view, '"name": "needle"')
        await press(pilot, "a")
        assert under_cursor(view) == '"details": { 2 keys },'
        assert "lines folded" in view.text
        assert "hash of body" not in view.text
        await press(pilot, "a")
        assert "needle" in view.text
        assert "hash of body" in view.text
        assert under_cursor(view) == '"details": {'


@driven
async def test_parts_are_gone_to_and_stay_folded_in_the_next_entry() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        seen = []
        for key in ("J", "J", "J", "J", "K", "K", "K", "K"):
            await press(pilot, key)
            seen.append(under_cursor(view))
        assert seen[:5] == ["Changed", "Checked", "Body", "Body", "Checked"]
        assert view.cursor == 0
        await press(pilot, "J", "J", "enter")
        assert under_cursor(view).startswith("Checked  ")
        await press(pilot, "O")
        assert app.main.detail.row is not None
        assert app.main.detail.row.seq == 2
        assert "hash of body" not in view.text
        # An entry that tells only the state after it does not say what of it is new.
        assert "Changed" not in view.text
        await press(pilot, "J", "l")
        assert "hash of body" in view.text


@driven
async def test_a_search_opens_what_hides_its_matches() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        await press(pilot, "a", "g", "slash", *"NAME")
        assert "1 of 2 for “NAME”" in screen_text(app)
        await press(pilot, "enter")
        assert under_cursor(view) == '"name": "needle"'
        await press(pilot, "n")
        assert under_cursor(view) == '"name": "other"'
        assert "2 of 2" in screen_text(app)
        await press(pilot, "n")
        assert "1 of 2" in screen_text(app)
        await press(pilot, "N")
        assert "2 of 2" in screen_text(app)
        await press(pilot, "slash", *"zzz")
        assert "“zzz” is not in this entry." in screen_text(app)
        await press(pilot, "escape")
        assert app.main.pane == "detail"
        assert app.focused is view
        await press(pilot, "n")
        assert "There is no search" in screen_text(app)


@driven
async def test_what_is_typed_right_after_the_slash_is_searched_for() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        await pilot.press("slash", *"hash of", "enter", "n")
        await settle(pilot)
        assert under_cursor(view).startswith("hash of body")


@driven
async def test_any_value_is_copied_whole_and_harmless() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        document = app.main.detail.document
        assert document is not None
        previous = json.loads(document.text)["prev_hash"]
        wanted = {
            "actor       ": "ann",
            "time        ": "2026-11-24T14:53:00.000000Z",
            '"name": "needle"': "needle",
            '"text": "xxx': LONG,
            '"seq": 3': "3",
            '"allow": [': '["a","b"]',
            '"mail": ': "a\\n\\x1b[31mb",
            "- size: 7": "7",
            "+ size: 8": "8",
            f"  {previous}": previous,
        }
        for line, value in wanted.items():
            await at_line(pilot, view, line)
            await press(pilot, "c")
            assert app.clipboard == value, line
        await at_line(pilot, view, '"name": "needle"')
        await press(pilot, "c")
        assert f"Copied {KEY}" in screen_text(app)
        await at_line(pilot, view, "Body")
        await press(pilot, "c")
        assert "No value on this line" in screen_text(app)
        await press(pilot, "tab", "k", "c")
        assert app.clipboard.split("\t")[2] == "role.update"
        assert app.clipboard.split("\t")[0] == "2026-11-24T14:52:00.000000Z"


@driven
async def test_a_long_value_is_cut_in_its_line_and_opened_whole() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        await at_line(pilot, view, '"text": "xxx')
        assert "…" in screen_text(app)
        await press(pilot, "enter")
        assert isinstance(app.screen, ReaderScreen)
        assert "details.policy.text" in screen_text(app)
        assert screen_text(app).count("x" * 60) > 10
        await press(pilot, "escape")
        assert app.focused is view


@driven
async def test_versions_are_compared() -> None:
    async with running(filled(story()), size=(120, 40)) as (app, pilot):
        await opened(app, pilot)
        await press(pilot, "d")
        assert isinstance(app.screen, VersionScreen)
        shown = screen_text(app)
        for told in ("- size: 7", "+ size: 8", "Unrecorded changes", "- size: 2", "+ size: 7",
                     "2 entries were read for it", "by ann (app/0, seq 2)"):  # fmt: skip
            assert told in shown
        await at_line(pilot, app.screen.query_one(OutlineView), "+ size: 8")
        await press(pilot, "c")
        assert app.clipboard == "8"
        await press(pilot, "enter")
        assert isinstance(app.screen, ReaderScreen)
        await press(pilot, "escape", "escape", "tab", "k", "d")
        assert "- size: 1" in screen_text(app)
        assert "+ size: 2" in screen_text(app)
        assert "Unrecorded changes" not in screen_text(app)
        await press(pilot, "d", "k", "d")
        top: object = app.screen
        assert top is app.main
        assert "records no state" in screen_text(app)
        await press(pilot, "3", "d")
        assert "Open an entry first" in screen_text(app)


@driven
async def test_what_comes_later_moves_nothing_from_under_the_cursor() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        detail = app.main.detail
        row, document, verdict = detail.row, detail.document, detail.verdict
        assert row is not None
        assert document is not None
        detail.show(row)
        await at_line(pilot, view, "resource    ")
        above = view.cursor - view.scroll_offset.y
        detail.take_verdict(row, verdict)
        await pilot.pause()
        assert under_cursor(view).startswith("resource ")
        assert view.cursor - view.scroll_offset.y == above or view.scroll_offset.y == 0
        detail.take_document(row, document, JsonLines(document.text))
        await at_line(pilot, view, '"name": "needle"')
        detail.take_verdict(row, None)
        detail.take_changes(row, ())
        await pilot.pause()
        assert under_cursor(view) == '"name": "needle"'


@driven
async def test_checking_again_leaves_the_cursor_on_its_step() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        await at_line(pilot, view, "previous link")
        assert app.main.detail.row is not None
        app.main.detail.take_verdict(app.main.detail.row, None)
        await pilot.pause()
        assert "previous link" not in view.text
        await press(pilot, "v")
        assert under_cursor(view).startswith("previous link")


@driven
async def test_what_is_odd_about_the_resource_is_said_whole() -> None:
    events = ("role.create", "role.delete", "role.update")
    odd = [
        Draft(actor="ann", action=action, resource="role/1", outcome="success",
              time=timestamp.text(NOW - (10 - at) * 60 * timestamp.SECOND))
        for at, action in enumerate(events)
    ]  # fmt: skip
    told = "deleted at 2026-11-24T14:51:00Z but changed later, at 2026-11-24T14:52:00Z"
    async with running(filled(odd)) as (app, pilot):
        view = await opened(app, pilot)
        assert "Anomalies of this resource" in view.text
        assert told in view.text.replace("\n", " ")
        lane = app.main.detail.lane
        assert [lane.source.mark(at) for at in range(3)] == ["", "", "!"]
        assert screen_text(app).count("deleted at") == 2
    async with running(filled(odd[:2])) as (app, pilot):
        view = await opened(app, pilot)
        assert "Anomalies of this resource" not in view.text


@driven
async def test_another_size_leaves_the_cursor_on_its_line() -> None:
    async with running(filled(story()), size=(120, 40)) as (app, pilot):
        view = await opened(app, pilot)
        await at_line(pilot, view, '"name": "other"')
        for size in ((80, 24), (60, 15), (200, 50)):
            await resize(pilot, *size)
            assert under_cursor(view) == '"name": "other"'
            assert '"name": "other"' in screen_text(app)
        await press(pilot, "plus")
        assert view.size.width > 190
        assert under_cursor(view) == '"name": "other"'
        await resize(pilot, 80, 24)
        await press(pilot, "underscore")
        assert view.size.width > 75


@pytest.mark.parametrize("body", ['{"a":1,"a":2}', "{no\x1b[2J json", '{"a":\n[1'])
@driven
async def test_a_body_that_is_no_json_or_hides_something_is_shown_as_it_is(body: str) -> None:
    async with running(replaced(body)) as (app, pilot):
        view = await opened(app, pilot)
        lines = view.text.split("\n")
        first = body.replace("\x1b", "\\x1b").split("\n")
        at = lines.index("Body")
        assert lines[at + 1 :] == first
        await press(pilot, "G", "c")
        assert app.clipboard == first[-1]


@driven
async def test_a_body_nested_a_thousand_deep_is_looked_through() -> None:
    body = '{"a":' * 1500 + '"deep down"' + "}" * 1500
    async with running(replaced(body)) as (app, pilot):
        view = await opened(app, pilot)
        assert isinstance(app.main.detail.document, Document)
        await press(pilot, "a", "slash", *"deep down", "enter")
        assert under_cursor(view).endswith('"a": "deep down"')
        assert "1,500 deep" in screen_text(app)
        await press(pilot, "c", "h", "h", "a", "G", "a", "g")
        assert app.clipboard == "deep down"


@driven
async def test_keys_that_come_in_a_burst_keep_their_order() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        await press(pilot, "a", "g")
        for key in ("slash", *"name", "enter", "n"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await settle(pilot)
        assert under_cursor(view) == '"name": "other"'
        assert app.focused is view
        for key in ("slash", *"zz", "escape", "g"):
            app.post_message(Key(key, key if len(key) == 1 else None))
        await settle(pilot)
        assert view.cursor == 0
        assert app.focused is view


@driven
async def test_a_match_deep_in_a_long_value_is_seen() -> None:
    body = json.dumps({"text": "x" * 5000 + "needle" + "y" * 5000, "z": "end"})
    async with running(replaced(body)) as (app, pilot):
        view = await opened(app, pilot)
        assert "needle" not in screen_text(app)
        await press(pilot, "slash", *"NEEDLE", "enter")
        assert "xxxneedleyyy" in screen_text(app)
        assert under_cursor(view).startswith('"text"')


def busy(count: int) -> list[Draft]:
    """Many changes of one role; oldest first."""
    return [
        Draft(actor="ann", action="role.update", resource="role/1", outcome="success",
              time=timestamp.text(NOW - (count - at) * timestamp.SECOND))
        for at in range(count)
    ]  # fmt: skip


@driven
async def test_where_a_lifecycle_was_not_read_it_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "FIRST", 2)
    monkeypatch.setattr(tracing, "AROUND", 2)
    monkeypatch.setattr(tracing, "STRETCH", 2)
    async with running(filled(busy(11))) as (app, pilot):
        await opened(app, pilot, "j", "j")
        detail, lane = app.main.detail, app.main.detail.lane

        def seqs() -> list[int]:
            assert detail.life is not None
            return [row.seq for row in detail.life.rows]

        assert seqs() == [0, 1, 7, 8, 9]
        assert [lane.source.mark(at) for at in range(5)] == ["", "", "…", "", ""]
        assert "5 loaded, more between and later; L here loads more" in screen_text(app)
        await press(pilot, "tab", "L")
        assert seqs() == [0, 1, 2, 3, 4, 7, 8, 9]
        assert lane.source.mark(5) == "…"
        assert detail.chosen_version == 6
        await press(pilot, "L")
        assert seqs() == list(range(10))
        assert "the first 10; L here loads more" in screen_text(app)
        await press(pilot, "L")
        assert seqs() == list(range(11))
        assert "all 11 entries; its creation is not in the log" in screen_text(app)
        await press(pilot, "L")
        assert "is already loaded" in screen_text(app)


@driven
async def test_the_lane_of_another_entry_of_the_same_resource_holds_that_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tracing, "FIRST", 2)
    monkeypatch.setattr(tracing, "AROUND", 2)
    async with running(filled(busy(30))) as (app, pilot):
        await opened(app, pilot)
        await press(pilot, "escape", *"jjjjjjjjjj", "enter")
        source = app.main.detail.lane.source
        assert isinstance(source, LifecycleSource)
        assert source.rows[source.present].seq == 19


def traced(store: Any, seq: int, **target: Any) -> Life:
    """The lifecycle around one entry of ``app/0``."""
    connection = Connection(Target(store="case.db", **target), store, load_layout("native"))
    row = connection.layout.row(store.get(connection.layout.key("app/0", seq)).item or {})
    runbook = load_catalogue(()).find("resource-lifecycle")
    return tracing.trace_resource(connection, runbook, row)


def test_a_lane_reads_no_more_than_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "FIRST", 2000)
    store = filled(busy(400))
    assert traced(store, 399).rcu > 2
    life = traced(store, 399, max_rcu=2.0)
    assert life.rcu <= 2.0
    assert "stopped by the budget (2 of 2 RCU used)" in life.told


def test_a_busy_resource_costs_little() -> None:
    life = traced(filled(busy(2000)), 1000)
    seqs = [row.seq for row in life.rows]
    assert seqs == [*range(50), *range(976, 1025)]
    assert life.unread == 50
    assert life.more
    assert life.rcu <= 5


def test_a_small_resource_takes_one_query() -> None:
    asked = AskedStore(filled(story()))
    assert traced(asked, 3).known == "log"
    assert [one.requests for one in asked.asked() if one.index == "by-resource"] == [1]


@driven
async def test_a_title_that_is_too_long_says_so() -> None:
    long = [
        Draft(actor="ann", action=action, resource="role/1", outcome="success",
              time=timestamp.text(NOW - (10 - at) * 60 * timestamp.SECOND))
        for at, action in enumerate(("role.update", "role.delete", "role.update"))
    ]  # fmt: skip
    async with running(filled(long)) as (app, pilot):
        await opened(app, pilot)
        title = next(one for one in screen_text(app).split("\n") if "Lifecycle" in one)
        assert "Lifecycle all 3 entries; deleted at" in title
        assert title.rstrip().endswith("…")


@pytest.mark.parametrize("word", ["ANCHORED", "CHAINED", "MODIFIED"])
@driven
async def test_the_cursor_on_a_verdict_has_the_verdict_s_colour(word: VerdictName) -> None:
    colours = {"ANCHORED": GOOD, "CHAINED": ACCENT, "MODIFIED": BAD}
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        row = app.main.detail.row
        assert row is not None
        app.main.detail.take_verdict(row, Verdict("app/0", 3, word, "said"))
        assert view.cursor == 0
        assert view.has_focus
        (segment,) = [one for one in view.render_line(0) if word in one.text]
        assert segment.style is not None
        assert segment.style.bgcolor == Color.parse(colours[word])
        await press(pilot, "G", "k")
        body = next(one for one in view.render_line(view.cursor - view.scroll_offset.y))
        assert body.style is not None
        assert body.style.bgcolor == Color.parse(ACCENT)


@driven
async def test_a_line_broken_at_a_word_is_not_cut() -> None:
    async with running(filled(story())) as (app, pilot):
        view = await opened(app, pilot)
        width = view.size.width - 1
        told = "x" * (width - 5) + " four more"
        view.show([Part("one", [Item(Text(told))])])
        await pilot.pause()
        assert view.outline.text(0).plain.endswith("four ")
        assert "four" in screen_text(app)
        assert "…" not in "".join(one.text for one in view.render_line(0))
