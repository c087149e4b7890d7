"""Measures start-up, verification and lists, compared with the usual tools in the same run.

``make bench`` runs it, and `drain.py` if AUDITTUI_TEST_ENDPOINT names a DynamoDB Local.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from audittui import timestamp
from audittui.demo.seed import seed
from audittui.integrity.verifying.sweep import verify_chain
from audittui.layout import load_layout
from audittui.layout.row import Row
from audittui.store.port import Store
from audittui.store.sqlite import SqliteStore

NATIVE = load_layout("native")
ROUNDS = 5


def median(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The median time of ``call``, in seconds."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def say(what: str, ours: float, stock: float, unit: str = "ms") -> None:
    factor = 1000 if unit == "ms" else 1
    print(
        f"{what:44} {ours * factor:10.1f} {unit}   stock {stock * factor:10.1f} {unit}"
        f"   ratio {ours / stock:6.2f}"
    )


def start_up() -> None:
    def run(*words: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True)

    hello = "import textual.app"
    say("audittui --version / import textual.app",
        median(run("-m", "audittui", "--version")), median(run("-c", hello)))  # fmt: skip


def verification(store: Store) -> None:
    chain = "platform/0"
    bodies = []
    start = None
    from audittui.store.port import Query

    while True:
        page = store.query(
            Query(index="", partition=("pk", f"entry#{chain}"), sort="sk", start_key=start)
        )
        bodies += [item["body"].encode() for item in page.items]
        start = page.last_key
        if start is None:
            break

    def hashes() -> None:
        for body in bodies:
            hashlib.sha256(b"\x00" + body).digest()

    def sweep() -> None:
        for _ in verify_chain(store, NATIVE, chain):
            pass

    ours, stock = median(sweep, 3), median(hashes, 3)
    say(f"verify {len(bodies):,} entries / SHA-256 alone", ours, stock)
    print(f"{'':44} {len(bodies) / ours:10,.0f} entries/s, reading included")


def lists() -> None:
    from textual.app import App, ComposeResult
    from textual.widgets import DataTable

    from audittui.tui.model.rows import RowSource
    from audittui.tui.widgets.lines import LineList

    columns = ("time", "actor", "action", "resource", "outcome")
    rows = [
        Row(tick=at, time=at, key=("p", at), chain="a/0", seq=at, actor=f"user-{at % 97}",
            action="door.open", resource=f"door/{at % 31}", outcome="success")
        for at in range(101_000)
    ]  # fmt: skip

    class Bench(App[None]):
        def compose(self) -> ComposeResult:
            self.source = RowSource(columns)
            self.lines = LineList(self.source)
            self.table: DataTable[str] = DataTable()
            yield self.lines
            yield self.table

    async def run() -> tuple[float, float]:
        app = Bench()
        async with app.run_test(size=(120, 40)) as pilot:
            app.table.add_columns(*columns)
            cells = [[str(getattr(row, column)) for column in columns] for row in rows]
            app.source.add(rows[:100_000])
            app.lines.show_growth()
            app.table.add_rows(cells[:20_000])
            await pilot.pause()
            started = time.perf_counter()
            app.source.add(rows[100_000:])
            app.lines.show_growth()
            await pilot.pause()
            ours = time.perf_counter() - started
            started = time.perf_counter()
            app.table.add_rows(cells[100_000:])
            await pilot.pause()
            return ours, time.perf_counter() - started

    ours, stock = asyncio.run(run())
    say("1,000 rows onto 100,000 / DataTable's 20,000", ours, stock)


def main() -> None:
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    start_up()
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(str(Path(folder) / "b.db"), NATIVE, create=True, durable=False)
        started = time.perf_counter()
        seed(store, timestamp.now())
        print(f"{'fill the demo, 20,000 entries':44} {time.perf_counter() - started:10.2f} s")
        verification(store)
        lists()


if __name__ == "__main__":
    main()
