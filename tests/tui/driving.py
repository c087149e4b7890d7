"""A small log in memory, and a way to drive the application over it."""

from __future__ import annotations

import asyncio
import functools
import time
import unicodedata
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.app import App
from textual.events import Key
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.main.screen import MainScreen
from audittui.tui.model.rows import RowSource
from audittui.tui.widgets.bars import StatusBar
from audittui.tui.widgets.lines import LineList
from audittui.writer import AuditLog

PATIENCE = 30.0
"""Seconds until a state that does not come is a failure."""
CASE = Target(store="case.db")
NOW = timestamp.parse("2026-11-24T15:00:00Z")
HOSTILE = {
    "ansi": "\x1b[31mred\x1b[0m",
    "osc52": "\x1b]52;c;ZXZpbA==\x07",
    "bidi": "\u202eevil\u2066",
    "markup": "[bold]x[/] GET [/v1/items] [link=http://x]",
    "nul": "a\x00b",
    "wide": "漢字かな交じり文" * 4,
    "long": "x" * 1500,
}


def drafts() -> list[Draft]:
    """30 entries over an hour: two actors, a life of one bucket, failures and denials."""
    made = []
    for at in range(30):
        outcome = "denied" if at % 10 == 4 else "failure" if at % 10 == 7 else "success"
        made.append(
            Draft(
                actor="alice" if at % 2 else "bob",
                action="bucket.update" if at % 3 else "bucket.read",
                resource=f"bucket/{at % 4}",
                outcome=outcome,
                time=timestamp.text(NOW - (60 - 2 * at) * 60 * timestamp.SECOND),
                request_id=f"req-{at // 3}",
                source_ip=f"10.0.0.{at}",
                reason="AccessDenied" if outcome == "denied" else None,
                before={"size": at} if at % 3 else None,
                after={"size": at + 1} if at % 3 else None,
            )
        )
    return made


def filled(many: Sequence[Draft], page_bytes: int = 1_048_576) -> SqliteStore:
    """A store in memory with these entries on one chain."""
    store = SqliteStore(":memory:", load_layout("native"), create=True, page_bytes=page_bytes)
    ids = iter(range(10**9))
    AuditLog(store, "app/0", clock=lambda: NOW, ids=lambda: f"{next(ids):032x}").append_many(many)
    return store


def connector(store: Any) -> Callable[[Target], Connection]:
    return lambda target: Connection(target, store, load_layout("native"))


def driven(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Runs an async test in a loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **named: Any) -> None:
        asyncio.run(test(*args, **named))  # type: ignore[arg-type]

    return run


async def loop_at_rest(*_: float) -> None:
    """Wait until nothing in the event loop is ready to run: what is left waits for a timer, a
    thread or a key. Nothing here takes time, so a loaded machine does not look busy for ever.
    """
    loop: Any = asyncio.get_running_loop()
    await asyncio.sleep(0)
    while loop._ready:
        await asyncio.sleep(0)


async def quiet(pilot: Pilot[None]) -> None:
    """Wait until all messages have reached their end, and what they changed is drawn."""
    app = pilot.app
    loop: Any = asyncio.get_running_loop()
    drawn = False
    while True:
        await loop_at_rest()
        if app._exception is not None:
            # Nothing comes to rest any more.
            raise app._exception
        if isinstance(app, AuditApp) and app.key_queue.busy:
            # A key is taken once the last one is dealt with, at the latest after a while.
            await asyncio.sleep(0.001)
            drawn = False
        elif drawn:
            return
        else:
            app.screen._on_timer_update()
            drawn = not loop._ready


async def resize(pilot: Pilot[None], width: int, height: int) -> None:
    """Give the terminal another size; Textual passes it on a moment later."""
    await pilot.resize_terminal(width, height)
    while pilot.app._resize_event is not None:
        await asyncio.sleep(0.002)
    await settle(pilot)


def lagging(app: App[None]) -> bool:
    """Whether the status line or a scroll bar is to follow the pages, a moment later."""
    main = getattr(app, "main", None)
    lists = [lines for screen in app.screen_stack for lines in screen.query(LineList)]
    return (main is not None and main.features.status.due) or any(lines._lagging for lines in lists)


async def caught_up(pilot: Pilot[None]) -> None:
    """Wait until the screen shows all pages that have come."""
    while lagging(pilot.app):
        await asyncio.sleep(0.002)
    await quiet(pilot)


async def settle(pilot: Pilot[None]) -> None:
    """Wait until no thread works and everything that came is shown."""
    await quiet(pilot)
    while any(not worker.is_finished for worker in pilot.app.workers):
        await pilot.app.workers.wait_for_complete()
        await quiet(pilot)
    if lagging(pilot.app):
        await caught_up(pilot)


async def until(pilot: Pilot[None], reached: Callable[[], bool]) -> None:
    """Wait until a state is reached; show the screen where it is not."""
    end = time.monotonic() + PATIENCE
    await quiet(pilot)
    while not reached():
        assert time.monotonic() < end, screen_text(pilot.app)
        await asyncio.sleep(0.002)
        await quiet(pilot)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, settled after each."""
    for key in keys:
        send(pilot, key)
        await settle(pilot)


async def type_text(pilot: Pilot[None], text: str) -> None:
    """Type a text at once, as over a slow link."""
    send(pilot, *text)
    await settle(pilot)


def send(pilot: Pilot[None], *keys: str) -> None:
    """Have keys arrive, by their names or characters."""
    for key in keys:
        name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
        shown = REPLACED_KEYS.get(name, name)
        try:
            character: str | None = unicodedata.lookup(_get_unicode_name_from_key(shown))
        except KeyError:
            character = key if len(key) == 1 else None
        pilot.app.post_message(Key(name, character))


@asynccontextmanager
async def running(
    store: Any = None,
    *,
    target: Target = CASE,
    size: tuple[int, int] = (80, 24),
    folders: Sequence[Path] = (),
    connect: Callable[[Target], Connection] | None = None,
) -> AsyncIterator[tuple[AuditApp, Pilot[None]]]:
    """The application, connected and at rest."""
    app = AuditApp(target, folders, connect or connector(store or filled(drafts())))
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield app, pilot


async def open_runbook(app: AuditApp, pilot: Pilot[None], runbook: str) -> None:
    """Choose a runbook in the sidebar by finding it."""
    send(pilot, "1", "slash", *runbook, "enter")
    await settle(pilot)


def screen_text(app: App[None]) -> str:
    """What the screen shows, as plain lines."""
    return "\n".join(
        "".join(segment.text for segment in strip)
        for strip in app.screen._compositor.render_strips()
    )


def main(app: AuditApp) -> MainScreen:
    """The main screen, whatever is on top of it."""
    screen = app.screen_stack[0]
    assert isinstance(screen, MainScreen)
    return screen


def rows_of(app: AuditApp) -> RowSource:
    """The rows that the list shows."""
    source = main(app).results.source
    assert isinstance(source, RowSource)
    return source


def status(app: AuditApp) -> str:
    """What the status line says."""
    return main(app).query_one(StatusBar).text
