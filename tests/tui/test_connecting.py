"""Connecting: a failure that explains itself, another try, another table, and the first row."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.port import PATIENT, Page, Patience, Query, TableDescription
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.dialogs.profiles import ProfilesScreen
from audittui.tui.widgets.bars import TitleBar
from tests.tui.driving import (
    CASE,
    HOSTILE,
    drafts,
    driven,
    filled,
    open_runbook,
    press,
    running,
    screen_text,
    settle,
)

NATIVE = load_layout("native")
TABLE = Target(table="audit-log", region="eu-west-1", origins={"region": "from --region"})
EXPIRED = StoreError(
    "The AWS credentials (from the environment: AWS_ACCESS_KEY_ID) have expired.",
    "Set new ones and restart.",
    kind="credentials",
    tried=(
        ("credentials", "from the environment: AWS_ACCESS_KEY_ID (key …MPLE)"),
        ("AWS profile", "default"),
        ("region", "eu-west-1"),
        ("endpoint", "https://dynamodb.eu-west-1.amazonaws.com"),
    ),
)
CONFIG = """
[profiles.prod]
table = "audit-log"
region = "eu-west-1"
max_rcu = 30
rate = 7
price_per_million_rru = 0.5

[profiles.stage]
table = "stage-log"
region = "eu-north-1"
layout = "teleport"

[profiles.case]
store = "other.db"
trusted_keys = ["k"]

[profiles.empty]
region = "eu-west-1"
"""


@pytest.fixture(autouse=True)
def config(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A configuration with four profiles."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("AUDITTUI_CONFIG", str(path))
    for name in ("AUDITTUI_TABLE", "AUDITTUI_STORE", "AUDITTUI_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return path


class Table:
    """A store that calls ``before`` with every request's name, and notes when it is closed."""

    def __init__(self, actor: str = "", before: Callable[[str], None] = lambda _: None) -> None:
        many = drafts() if not actor else [Draft(actor=actor, action="act") for _ in range(3)]
        self._store: SqliteStore = filled(many)
        self.before = before
        self.closed = False
        self.asked: list[str] = []

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        name = "registry" if request.partition[1] == "chains" else "query"
        self.asked.append(name)
        self.before(name)
        return self._store.query(request, patience)

    def describe(self) -> TableDescription:
        self.asked.append("describe")
        self.before("describe")
        return self._store.describe()

    def close(self) -> None:
        self.closed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def opening(*tables: Any) -> Callable[[Target], Connection]:
    """Opens one after the other; an exception among ``tables`` is raised."""
    left: Iterator[Any] = iter(tables)

    def connect(target: Target) -> Connection:
        one = next(left)
        if isinstance(one, Exception):
            raise one
        return Connection(target, one, NATIVE)

    return connect


def header(app: AuditApp) -> str:
    return app.main.query_one(TitleBar).render().plain


def begin(app: AuditApp) -> None:
    """Run a runbook with its defaults."""
    runbook = app.workspace.runbook("time-window")
    assert runbook is not None
    app.main.features.runner.run(runbook, {one.name: one.default_text for one in runbook.params})


async def run(app: AuditApp, pilot: Pilot[None]) -> None:
    """Run it to its end."""
    begin(app)
    await settle(pilot)


async def pick(pilot: Pilot[None], profile: str) -> None:
    """Choose a profile by its name."""
    await press(pilot, "P")
    screen = pilot.app.screen
    assert isinstance(screen, ProfilesScreen)
    names = [one.name for one in screen.query_one("LineList").source.entries]  # type: ignore[attr-defined]
    await press(pilot, "g", *["j"] * names.index(profile), "enter")


# A failure


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@driven
async def test_a_failed_connection_says_what_was_tried_and_what_to_do(
    size: tuple[int, int],
) -> None:
    async with running(connect=opening(EXPIRED), target=TABLE, size=size) as (app, _):
        text = screen_text(app)
        assert "no connection to audit-log" in header(app)
        for words in ("have expired", "(key …MPLE)", "AWS profile: default", "Set new ones"):
            assert words in text
        assert "eu-west-1, from --region" in text
        assert "https://dynamodb.eu-west-1.amazonaws.com" in text
        assert "r tries again, P connects elsewhere, q quits." in text


@driven
async def test_the_first_requests_tell_that_a_table_cannot_be_read() -> None:
    table = Table()

    def refuse(_: str) -> None:
        raise EXPIRED

    table.before = refuse
    async with running(connect=opening(table), target=TABLE) as (app, _):
        assert app.workspace.state.kind == "failed" and app.workspace.connection is None
        assert "no connection" in header(app)
        assert "have expired" in screen_text(app)
        assert table.closed


@driven
async def test_another_try_connects_anew_and_runs_what_waited() -> None:
    table = Table()
    async with running(connect=opening(EXPIRED, table), target=TABLE) as (app, pilot):
        await run(app, pilot)
        assert "r reconnects and then runs it" in screen_text(app)
        await press(pilot, "r")
        assert header(app).rstrip().endswith("audit-log (eu-west-1)")
        assert app.main.run is not None and app.main.run.complete
        assert len(app.main.run.rows.rows) == 30


@driven
async def test_credentials_that_expire_later_are_told_and_r_connects_with_fresh_ones() -> None:
    old, fresh = Table(), Table()
    async with running(connect=opening(old, fresh), target=TABLE) as (app, pilot):
        await run(app, pilot)
        assert "audit-log (eu-west-1)" in header(app) and "no connection" not in header(app)

        def refuse(_: str) -> None:
            raise EXPIRED

        old.before = refuse
        await press(pilot, "r")
        assert "no connection" in header(app)
        assert "have expired" in screen_text(app)
        assert "r tries again" in screen_text(app)
        await press(pilot, "r")
        assert "no connection" not in header(app)
        assert app.main.run is not None
        assert app.main.run.complete and len(app.main.run.rows.rows) == 30
        assert "query" in fresh.asked


@driven
async def test_a_run_that_is_answered_again_mends_the_header() -> None:
    table = Table()
    broken = [False]

    def lose(name: str) -> None:
        if broken[0] and name == "query":
            raise StoreError("https://x cannot be reached.", "Check it.", kind="network")

    table.before = lose
    async with running(connect=opening(table), target=TABLE) as (app, pilot):
        broken[0] = True
        await run(app, pilot)
        assert "no connection" in header(app)
        broken[0] = False
        app.main.features.runner.run(app.main.run.runbook, app.main.run.texts)  # type: ignore[union-attr]
        await settle(pilot)
        assert "no connection" not in header(app)
        assert app.workspace.state.kind == "open"


@driven
async def test_what_connecting_waits_for_is_said() -> None:
    table, go_on = Table(), threading.Event()

    class Waiting(Table):
        def query(self, request: Query, patience: Patience = PATIENT) -> Page:
            patience.wait(StoreError("audit-log is throttling.", kind="throttled"), 2, 0.0)
            go_on.wait(20)
            return super().query(request, patience)

    table = Waiting()
    app = AuditApp(TABLE, connect=opening(table))
    async with app.run_test(size=(80, 24)) as pilot:
        while "throttling" not in screen_text(app):
            await pilot.pause(0.01)
        assert "Trying again" in screen_text(app)
        assert "connecting to" in header(app)
        go_on.set()
        await settle(pilot)
        assert app.workspace.state.kind == "open"


# Profiles


@driven
async def test_the_profiles_are_listed_with_the_present_one() -> None:
    async with running(connect=opening(Table()), target=TABLE, size=(120, 40)) as (app, pilot):
        await press(pilot, "P")
        text = screen_text(app)
        assert "Profiles  4 in config.toml (all)" in text
        lines = {line.split()[0]: line for line in text.splitlines() if line.split()}
        assert "stage-log" in lines["stage"] and "eu-north-1" in lines["stage"]
        assert "teleport" in lines["stage"]
        assert "other.db" in lines["case"]
        assert "names nothing" in lines["empty"]
        # What was started on came from options and has no profile's budget.
        assert "connected" in lines["(as"] and "audit-log" in lines["(as"]
        assert sum("connected" in line for line in lines.values()) == 1
        await press(pilot, "escape")
        assert app.screen is app.main


@driven
async def test_a_switch_connects_to_the_profile_with_all_that_it_says() -> None:
    first, second = Table("ann"), Table("zoe")
    async with running(connect=opening(first, second), target=TABLE) as (app, pilot):
        await run(app, pilot)
        reading = app.main.run
        assert reading is not None
        await pick(pilot, "prod")
        assert header(app).rstrip().endswith("prod: audit-log (eu-west-1)")
        assert app.workspace.connection is not None
        target = app.workspace.connection.target
        assert (target.table, target.region, target.profile) == ("audit-log", "eu-west-1", "prod")
        assert (target.max_rcu, target.rate, target.own_price) == (30, 7, 0.5)
        assert first.closed and not second.closed
        assert app.main.run is None and len(app.main.results.source) == 0
        assert "ann" not in screen_text(app)
        await run(app, pilot)
        assert app.main.run is not None
        assert {row.actor for row in app.main.run.rows.rows} <= {"zoe"}
        assert app.main.run.max_rcu == 30
        await press(pilot, "P")
        assert "connected" in screen_text(app)
        assert "(as started)" in screen_text(app)


@driven
async def test_the_trusted_keys_and_the_store_of_a_profile_are_used() -> None:
    tables = opening(Table(), Table())
    async with running(connect=tables, target=TABLE) as (app, pilot):
        await pick(pilot, "case")
        assert app.workspace.connection is not None
        assert app.workspace.connection.target.trusted_keys == ("k",)
        assert header(app).rstrip().endswith("case: other.db")


@driven
async def test_a_switch_forgets_the_way_here_the_marks_and_the_open_entry() -> None:
    first, second = Table(), Table("zoe")
    async with running(connect=opening(first, second, first), target=TABLE) as (app, pilot):
        await run(app, pilot)
        await press(pilot, "m", "A", "enter")
        await settle(pilot)
        assert (
            app.main.detail_open
            and app.main.features.trail.places
            and len(app.workspace.marks) == 1
        )
        await pick(pilot, "stage")
        assert (
            not app.main.detail_open
            and not app.main.features.trail.places
            and len(app.workspace.marks) == 0
        )
        assert app.main.detail.row is None and app.main.detail.life is None
        assert "bucket" not in screen_text(app)
        await press(pilot, "3", "backspace")
        assert app.main.run is None
        await pick(pilot, "")
        # Back on the first table its marks are there again.
        assert len(app.workspace.marks) == 1


@driven
async def test_a_switch_stops_what_is_read_and_keeps_its_run_honest() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hang(name: str) -> None:
        if name == "query":
            begun.set()
            go_on.wait(20)

    first, second = Table("ann", hang), Table("zoe")
    async with running(connect=opening(first, second), target=TABLE) as (app, pilot):
        begin(app)
        while not begun.is_set():
            await pilot.pause(0.01)
        await pilot.press("P")
        await pilot.pause()
        await pilot.press("g", "j", "enter")
        while app.workspace.state.kind != "open" or app.workspace.target.profile != "prod":
            await pilot.pause(0.01)
        go_on.set()
        await settle(pilot)
        assert first.closed and not second.closed
        assert app.main.run is None and "ann" not in screen_text(app)
        # The run was of the first table, and did not come to its end.
        (past,) = app.main.features.notebook.state.runs
        assert past.target == "audit-log (eu-west-1)"
        assert past.rows == 0 and "complete" not in past.coverage


@driven
async def test_a_switch_ends_what_is_followed() -> None:
    first, second = Table(), Table("zoe")
    async with running(connect=opening(first, second), target=TABLE) as (app, pilot):
        await run(app, pilot)
        await pilot.press("F")
        await pilot.pause()
        live = app.main.live
        assert live is not None and live.state == "following"
        await pick(pilot, "prod")
        assert live.tail is None
        assert app.main.live is None
        await settle(pilot)
        assert first.closed


@driven
async def test_the_late_answer_of_an_older_attempt_is_dropped() -> None:
    go_on, late, second = threading.Event(), Table("ann"), Table("zoe")
    opened: list[Target] = []

    def connect(target: Target) -> Connection:
        opened.append(target)
        if len(opened) == 1:
            go_on.wait(20)
            return Connection(target, late, NATIVE)
        return Connection(target, second, NATIVE)

    app = AuditApp(TABLE, connect=connect)
    async with app.run_test(size=(80, 24)) as pilot:
        while not opened:
            await pilot.pause(0.01)
        await pilot.press("P")
        await pilot.pause()
        await pilot.press("g", "j", "enter")
        while app.workspace.state.kind != "open":
            await pilot.pause(0.01)
        go_on.set()
        await settle(pilot)
        assert late.closed and not second.closed
        assert (
            app.workspace.connection is not None
            and app.workspace.connection.target.profile == "prod"
        )
        assert "prod:" in header(app)


@driven
async def test_the_late_failure_of_an_older_attempt_is_dropped() -> None:
    go_on, second = threading.Event(), Table("zoe")
    opened: list[Target] = []

    def connect(target: Target) -> Connection:
        opened.append(target)
        if len(opened) == 1:
            go_on.wait(20)
            raise EXPIRED
        return Connection(target, second, NATIVE)

    app = AuditApp(TABLE, connect=connect)
    async with app.run_test(size=(80, 24)) as pilot:
        while not opened:
            await pilot.pause(0.01)
        await pilot.press("P")
        await pilot.pause()
        await pilot.press("g", "j", "enter")
        while app.workspace.state.kind != "open":
            await pilot.pause(0.01)
        go_on.set()
        await settle(pilot)
        assert app.workspace.state.kind == "open" and "have expired" not in screen_text(app)


@driven
async def test_a_plan_of_the_table_that_was_left_is_dropped() -> None:
    go_on = threading.Event()

    def hang(name: str) -> None:
        if name == "describe" and len(first.asked) > 2:
            go_on.wait(20)

    first, second = Table("ann"), Table("zoe")
    async with running(connect=opening(first, second), target=TABLE) as (app, pilot):
        await open_runbook(app, pilot, "time window")
        assert app.workspace.connection is not None
        app.workspace.connection.known.__init__()  # type: ignore[misc]
        first.before = hang
        await press(pilot, "escape")
        await pilot.press("x", "P")
        await pilot.pause()
        await pilot.press("g", "j", "enter")
        while app.workspace.target.profile != "prod" or app.workspace.state.kind != "open":
            await pilot.pause(0.01)
        go_on.set()
        await settle(pilot)
        assert app.screen is app.main


@driven
async def test_a_profile_that_names_nothing_says_so_and_stays() -> None:
    async with running(connect=opening(Table()), target=TABLE) as (app, pilot):
        await pick(pilot, "empty")
        assert isinstance(app.screen, ProfilesScreen)
        assert "The profile empty names neither a table nor a store." in screen_text(app)
        assert app.workspace.target is TABLE


@driven
async def test_what_one_is_connected_to_is_not_connected_again() -> None:
    async with running(connect=opening(Table()), target=TABLE) as (app, pilot):
        await run(app, pilot)
        await press(pilot, "P", "enter")
        assert app.main.run is not None
        assert "Already connected to that." in screen_text(app)


@driven
async def test_a_broken_configuration_is_told_in_the_picker(config: Path) -> None:
    async with running(connect=opening(Table()), target=TABLE) as (app, pilot):
        config.write_text("[profiles.prod]\ntabel = 'x'\n", encoding="utf-8")
        await press(pilot, "P")
        text = " ".join(screen_text(app).split())
        assert "config.toml cannot be used" in text
        assert "profiles.prod.tabel: there is no such key; did you mean table" in text
        assert "audit-log" in text


@driven
async def test_no_profiles_teach_how_to_write_one(config: Path) -> None:
    config.unlink()
    async with running(target=Target(), size=(120, 40)) as (app, pilot):
        assert "P shows how to write a profile" in screen_text(app)
        await press(pilot, "P")
        text = screen_text(app)
        assert "[profiles.prod]" in text and 'table = "audit-log"' in text
        assert "There is nothing to connect to." in text
        config.write_text('[profiles.new]\nstore = "x.db"\n', encoding="utf-8")
        await press(pilot, "escape", "P")
        assert "x.db" in screen_text(app)


@driven
async def test_without_a_target_a_profile_is_offered_and_connects() -> None:
    async with running(connect=opening(Table()), target=Target()) as (app, pilot):
        assert "P shows the profiles of config.toml (4)" in screen_text(app)
        await press(pilot, "r")
        assert "P shows the profiles." in screen_text(app)
        await pick(pilot, "prod")
        assert app.workspace.state.kind == "open"
        await run(app, pilot)
        assert app.main.run is not None and app.main.run.complete


@driven
async def test_the_surroundings_do_not_change_what_a_profile_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUDITTUI_TABLE", "elsewhere")
    monkeypatch.setenv("AUDITTUI_REGION", "us-east-1")
    async with running(connect=opening(Table(), Table()), target=CASE) as (app, pilot):
        await pick(pilot, "prod")
        assert (app.workspace.target.table, app.workspace.target.region) == (
            "audit-log",
            "eu-west-1",
        )


@driven
async def test_hostile_names_are_shown_harmless(config: Path) -> None:
    # What JSON makes of a text is a text of TOML too.
    texts_of = {name: json.dumps(value) for name, value in HOSTILE.items()}
    config.write_text(
        "".join(
            f"[profiles.{text}]\ntable = {text}\nregion = {text}\n" for text in texts_of.values()
        )
    )
    hostile = StoreError(HOSTILE["ansi"], HOSTILE["bidi"], tried=(("region", HOSTILE["osc52"]),))
    async with running(connect=opening(hostile), target=TABLE, size=(120, 40)) as (app, pilot):
        texts = [screen_text(app)]
        await press(pilot, "P")
        texts.append(screen_text(app))
        for text in texts:
            assert not set(text) & set("\x1b\x00\x07\u202e\u2066")
        assert "[bold]x" in texts[1]


# The first row


@driven
async def test_the_first_row_is_one_round_trip_after_connecting() -> None:
    both = threading.Barrier(2)

    def together(name: str) -> None:
        if name != "query":
            both.wait(20)

    table = Table(before=together)
    async with running(connect=opening(table), target=TABLE) as (app, pilot):
        assert sorted(table.asked) == ["describe", "registry"]
        await run(app, pilot)
        reading = app.main.run
        assert reading is not None and reading.complete
        assert set(table.asked[2:]) == {"query"}
        # What was asked in advance is counted where it was used.
        assert reading.requests == len(table.asked)
        assert reading.plan.spent_requests == 2 and reading.plan.spent_rcu == 0.5
        table.before = lambda _: None
        before = len(table.asked)
        await press(pilot, "r")
        assert app.main.run is not None and app.main.run is not reading
        # The description is known; the chains are asked for again.
        assert table.asked[before:].count("registry") == 1
        assert "describe" not in table.asked[before:]
        assert app.main.run.requests == len(table.asked) - before
