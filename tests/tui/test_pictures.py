"""Pictures of every screen and state, at both sizes that must work."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.model.memory import Memory
from audittui.tui.model.session import Session, Step
from tests import tampering
from tests.tui.driving import CASE, NOW, caught_up, connector, drafts, filled, press, send, settle

SIZES = [(80, 24), (120, 40)]
Steps = Callable[[Pilot[None]], Awaitable[None]]
released = threading.Event()


class Stuck(SqliteStore):
    """A store that does not answer until the test is over."""

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if request.index:
            released.wait(20)
        return super().query(request, patience)


class Halting(SqliteStore):
    """A store that answers two pages of an index, and no other until the test is over."""

    answered = 0

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if request.index:
            self.answered += 1
            if self.answered > 2:
                released.wait(20)
        return super().query(request, patience)


class Refusing(SqliteStore):
    """A store whose indexes may not be read."""

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if request.index:
            raise StoreError(
                "You may not read the index by-time.",
                "Ask for dynamodb:Query on its indexes.",
            )
        return super().query(request, patience)


def as_kind(store: SqliteStore, kind: type[SqliteStore]) -> SqliteStore:
    store.__class__ = kind
    return store


def tampered() -> SqliteStore:
    store = filled(drafts())
    key = {"pk": "entry#app/0", "sk": f"{29:020d}"}
    item = dict(store.get(key).item or {})
    item["body"] = item["body"].replace("alice", "carol")
    tampering.overwrite(store, item)
    return store


def spraying() -> SqliteStore:
    return filled(
        [
            Draft(
                actor=f"user{at % 2}", action="auth.login", resource="user/x", outcome="failure",
                source_ip=f"203.0.113.{at % 5}",
                time=timestamp.text(NOW - (3600 - 5 * at) * timestamp.SECOND),
            )
            for at in range(30)
        ]
    )  # fmt: skip


def refuse(target: Target) -> Connection:
    raise StoreError("No AWS credentials were found.", "Run aws sso login, or give --aws-profile.")


async def find(pilot: Pilot[None], name: str) -> None:
    await start(pilot)
    send(pilot, "slash", *name.replace(" ", "-"), "enter")
    await settle(pilot)


async def start(pilot: Pilot[None]) -> None:
    """Wait until the application has begun, then until it rests."""
    app = pilot.app
    assert isinstance(app, AuditApp)
    while not app.workspace.catalogue.runbooks:
        await pilot.pause(0.01)
    await settle(pilot)


def after(name: str, *keys: str, wait: bool = True) -> Steps:
    async def steps(pilot: Pilot[None]) -> None:
        await find(pilot, name)
        for key in keys:
            await pilot.press(key)
            if wait:
                await settle(pilot)
        await pilot.pause()

    return steps


def page_of(count: int) -> SqliteStore:
    return filled([one for _ in range(count) for one in drafts()])


def held_to(max_rcu: float, store: SqliteStore) -> Callable[[Target], Connection]:
    """Connects to ``store`` with a budget."""
    target = Target(store=CASE.store, max_rcu=max_rcu)
    return lambda _: Connection(target, store, load_layout("native"))


STATES: dict[str, tuple[Callable[[], Any], Steps]] = {
    "start": (lambda: connector(filled(drafts())), start),
    "form-fault": (lambda: connector(filled(drafts())), after("actor activity", "enter")),
    "results": (lambda: connector(filled(drafts())), after("time window", "enter", "j", "j")),
    "incomplete": (lambda: connector(as_kind(page_of(30), Halting)), after("time window", "enter")),
    "empty": (lambda: connector(filled([])), after("time window", "enter")),
    "loading": (
        lambda: connector(as_kind(filled(drafts()), Stuck)),
        after("time window", "enter", wait=False),
    ),
    "error": (
        lambda: connector(as_kind(filled(drafts()), Refusing)), after("time window", "enter"),
    ),
    "no-connection": (lambda: refuse, start),
    "filter": (
        lambda: connector(filled(drafts())), after("time window", "enter", "slash", *"denied"),
    ),
    "detail": (lambda: connector(filled(drafts())), after("time window", "enter", "j", "enter")),
    "detail-modified": (lambda: connector(tampered()), after("time window", "enter", "enter")),
    "detail-body": (
        lambda: connector(filled(drafts())),
        after("time window", "enter", "j", "enter", "plus", "G"),
    ),
    "groups": (lambda: connector(spraying()), after("repeated failures", "enter")),
    "group-events": (lambda: connector(spraying()), after("repeated failures", "enter", "enter")),
    "pivot": (lambda: connector(filled(drafts())), after("time window", "enter", "R")),
    "load-all": (lambda: connector(page_of(30)), after("time window", "enter", "L")),
    "export": (lambda: connector(page_of(30)), after("time window", "enter", "s")),
    "thresholds": (lambda: connector(spraying()), after("repeated failures", "enter", "T")),
    "budget": (lambda: held_to(8, page_of(30)), after("time window", "enter", "L", "enter")),
    "histogram": (lambda: connector(filled(drafts())), after("time window", "enter", "i")),
    "columns": (lambda: connector(filled(drafts())), after("time window", "enter", "C", "j", "x")),
    "wrapped": (lambda: connector(filled(drafts())), after("time window", "enter", "w", "D", "D")),
    "checked": (lambda: connector(tampered()), after("time window", "enter", "V")),
    "filter-fault": (
        lambda: connector(filled(drafts())), after("time window", "enter", "slash", *"~["),
    ),
    "marks": (
        lambda: connector(filled(drafts())),
        after("time window", "enter", "m", "j", "j", "m", "M", "a", *"why?", "enter"),
    ),
    "no-marks": (lambda: connector(filled(drafts())), after("time window", "enter", "M")),
    "evidence": (lambda: connector(filled(drafts())), after("time window", "enter", "m", "M", "e")),
    "detail-search": (
        lambda: connector(filled(drafts())),
        after("time window", "enter", "enter", "slash", *"size", "enter"),
    ),
    "version": (
        lambda: connector(filled(drafts())), after("time window", "enter", "enter", "tab", "d"),
    ),
    "keep-entry": (
        lambda: connector(filled(drafts())), after("time window", "enter", "enter", "s"),
    ),
    "plan": (lambda: connector(filled(drafts())), after("time window", "enter", "x")),
    "help": (lambda: connector(filled(drafts())), after("time window", "enter", "question_mark")),
}  # fmt: skip


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("state", STATES)
def test_picture(snap_compare: Any, state: str, size: tuple[int, int]) -> None:
    connect, steps = STATES[state]
    released.clear()

    async def run_before(pilot: Pilot[None]) -> None:
        await steps(pilot)
        while state == "loading" and (app.main.run is None or not app.main.run.active):
            await pilot.pause(0.01)
        if state in ("loading", "incomplete"):
            await caught_up(pilot)

    app = AuditApp(CASE, connect=connect())
    try:
        assert snap_compare(app, terminal_size=size, run_before=run_before)
    finally:
        # The picture is of a run that waits until it is taken.
        released.set()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_picture_without_a_target(snap_compare: Any, size: tuple[int, int]) -> None:
    assert snap_compare(AuditApp(Target()), terminal_size=size, run_before=start)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_picture_of_a_broken_runbook(
    snap_compare: Any, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("team")
    folder.mkdir()
    (folder / "mine.yaml").write_text("name: Mine\nquery: {by: nothing}\n")

    async def steps(pilot: Pilot[None]) -> None:
        await find(pilot, "mine")

    app = AuditApp(CASE, [folder], connector(filled(drafts())))
    assert snap_compare(app, terminal_size=size, run_before=steps)


def test_picture_too_small(snap_compare: Any) -> None:
    app = AuditApp(CASE, connect=connector(filled(drafts())))
    assert snap_compare(app, terminal_size=(50, 12), run_before=settle)


def test_picture_without_colour(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    connect, steps = STATES["results"]
    app = AuditApp(CASE, connect=connect())
    assert snap_compare(app, terminal_size=(80, 24), run_before=steps)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_picture_of_the_profiles(
    snap_compare: Any, size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        '[profiles.staging]\ntable = "audit-staging"\nregion = "eu-west-1"\n'
        '[profiles.prod]\ntable = "audit"\nregion = "eu-central-1"\nmax_rcu = 500\n'
        '[profiles.case]\nstore = "case.db"\n'
    )
    monkeypatch.setenv("AUDITTUI_CONFIG", str(config))

    async def steps(pilot: Pilot[None]) -> None:
        await start(pilot)
        await press(pilot, "P")

    app = AuditApp(CASE, connect=connector(filled(drafts())))
    assert snap_compare(app, terminal_size=size, run_before=steps)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_picture_of_an_investigation_to_go_on_with(
    snap_compare: Any, size: tuple[int, int], tmp_path: Path
) -> None:
    place = Step("Actor activity: alice", "actor-activity", {"actor": "alice"}, line=4, rows=15)
    left = Session("1", "--store case.db", "elsewhere", 1, NOW - 720 * timestamp.SECOND, (place,))
    memory = Memory(tmp_path)
    memory.change(lambda state: state.with_session(left))
    app = AuditApp(CASE, connect=connector(filled(drafts())), memory=memory)
    assert snap_compare(app, terminal_size=size, run_before=start)
