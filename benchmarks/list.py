"""The list with a million rows: the time of a key press, and the bytes it sends to the terminal.

Run with ``python -m benchmarks.list``. A key's time is from the event to the last byte, without the
wait for Textual's next frame (at most 1/60 s). "While pages load" means that a thread keeps reading
pages from a store and adding them to the list.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import threading
import time
from collections.abc import Sequence
from typing import Any

from textual import events
from textual.drivers.headless_driver import HeadlessDriver

from audittui import timestamp
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.layout import load_layout
from audittui.layout.row import Row
from audittui.query.execution import Execution
from audittui.store.sqlite import SqliteStore
from audittui.tui.app import AuditApp
from audittui.tui.jobs import Arrived
from audittui.writer import AuditLog

STORED = 5_000
report: list[str] = []
"""The lines to print at the end: Textual captures output while it runs."""
SIZE = (120, 40)


class Counting(HeadlessDriver):
    """A driver that renders fully and counts the bytes that it would send."""

    sent = 0
    writes = 0
    last = 0.0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        Counting.sent += len(data.encode())
        Counting.writes += 1
        Counting.last = time.perf_counter()


def stored() -> SqliteStore:
    """A store in memory with entries from the last hour."""
    store = SqliteStore(":memory:", load_layout("native"), create=True)
    now = timestamp.now()
    AuditLog(store, "app/0").append_many([
        Draft(
            actor=f"user{at % 40}", action=("secret.read", "iam.role.update")[at % 2],
            resource=f"secret/{at % 300}", outcome="denied" if at % 50 == 0 else "success",
            request_id=f"req-{at:08x}", source_ip=f"10.0.{at % 7}.{at % 251}",
            time=timestamp.text(now - (at + 60) * 500_000),
        )
        for at in range(STORED)
    ])  # fmt: skip
    return store


def many(count: int, like: Sequence[Row]) -> list[Row]:
    """``count`` rows based on ``like``, each with its own strings."""
    return [
        Row(
            tick=one.tick, time=one.time, key=one.key, chain=one.chain, seq=at, actor=one.actor,
            action=one.action, resource=f"{one.resource}-{at}", outcome=one.outcome,
            request_id=f"req-{at:08x}", source_ip=one.source_ip,
        )
        for at in range(count)
        for one in (like[at % len(like)],)
    ]  # fmt: skip


async def settle(app: AuditApp, pilot: Any) -> None:
    while any(not worker.is_finished for worker in app.workers):
        await app.workers.wait_for_complete()
        await pilot.pause()


async def timed(app: AuditApp, key: str, tick: float = 0.04) -> tuple[float, int, int]:
    """Press a key: the seconds of work until the last byte, the bytes, and the lines moved."""
    list_ = app.main.results
    sent, before = Counting.sent, list_.cursor
    spent: list[float] = []
    screen = app.screen
    refresh = screen._on_timer_update

    def measured() -> None:
        begun = time.perf_counter()
        refresh()
        spent.append(time.perf_counter() - begun)

    screen._update_timer._callback = measured
    begun = time.perf_counter()
    await app._check_bindings(key)
    worked = time.perf_counter() - begun
    await asyncio.sleep(tick)
    screen._update_timer._callback = refresh
    return worked + sum(spent), Counting.sent - sent, abs(list_.cursor - before)


async def held(app: AuditApp, key: str, times: int, pause: float) -> float:
    """Hold a key down: the average bytes per key press."""
    sent = Counting.sent
    for _ in range(times):
        app.post_message(events.Key(key, None))
        await asyncio.sleep(pause)
    await asyncio.sleep(0.1)
    return (Counting.sent - sent) / times


def summary(name: str, spent: list[tuple[float, int, int]]) -> None:
    seconds = sorted(one[0] for one in spent)
    sent = sorted(one[1] for one in spent)
    report.append(
        f"{name:34} p50 {statistics.median(seconds) * 1e3:6.2f} ms"
        f"  p95 {seconds[int(len(seconds) * 0.95)] * 1e3:6.2f} ms"
        f"  bytes p50 {statistics.median(sent):6,.0f}  max {sent[-1]:7,}"
    )


async def measure(count: int, keys: int) -> None:
    store = stored()
    target = Target(store=":memory:")
    layout = load_layout("native")
    app = AuditApp(target, (), lambda given: Connection(given, store, layout))
    app.driver_class = Counting
    async with app.run_test(headless=False, size=SIZE) as pilot:
        await settle(app, pilot)
        while not app.workspace.catalogue.runbooks or app.workspace.connection is None:
            await pilot.pause(0.01)
        runbook = next(one for one in app.workspace.catalogue.runbooks if one.id == "time-window")
        app.main.features.runner.run(runbook, {"window": "-2h..now"})
        await settle(app, pilot)
        reading = app.main.run
        assert reading is not None
        rows = many(count - len(reading.rows.rows), reading.rows.rows)
        reading.rows.add(rows)
        reading.last = None  # the run itself loads no more pages
        app.main.results.show_growth()
        await pilot.pause(0.2)
        report.append(f"{len(reading.rows):,} rows, {SIZE[0]}x{SIZE[1]}")
        stop = threading.Event()
        taken = 0

        def load() -> None:
            nonlocal taken
            while not stop.is_set():
                for page in Execution(reading.plan, store, page_rows=200).pages():
                    taken += len(page.rows)
                    done = threading.Event()

                    def take(page: Any = page, done: threading.Event = done) -> None:
                        reading.active = True
                        reading.take(page)
                        app.main.features.runner.brought(reading)
                        done.set()

                    app.post_message(Arrived(take))
                    done.wait(1)
                    if stop.is_set():
                        return

        for state in ("idle", "while pages load"):
            loader = threading.Thread(target=load, daemon=True)
            if state != "idle":
                loader.start()
            app.main.results.go(count // 2)
            await asyncio.sleep(0.2)
            quiet = Counting.sent
            await asyncio.sleep(0.5)
            noise = (Counting.sent - quiet) * 2
            room = app.main.results.room
            inside = [await timed(app, "up" if at % 2 else "down") for at in range(keys)]
            summary(f"cursor, inside the window, {state}", inside)
            summary(f"cursor down, {state}", [await timed(app, "j") for _ in range(keys)])
            summary(f"page down, {state}", [await timed(app, "space") for _ in range(keys)])
            rate = await held(app, "j", room * 4, 1 / 30)
            report.append(f"held down at 30 per second, {state}: {rate:,.0f} bytes per key;"
                  f" {noise:,} bytes per second without a key")  # fmt: skip
            if state != "idle":
                stop.set()
                loader.join(5)
                report.append(f"{taken:,} rows arrived meanwhile")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--keys", type=int, default=60)
    given = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(measure(given.rows, given.keys))
    print("\n".join(report))


if __name__ == "__main__":
    main()
