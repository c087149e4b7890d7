"""``audittui tail``: follow a runbook's results live on standard output."""

from __future__ import annotations

import math
import shlex
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.notes import note
from audittui.cli.options import connect, connection_options, max_rcu_option
from audittui.cli.runbook_folders import runbook_folders
from audittui.cli.signals import stopping
from audittui.errors import StoreError, UsageError

if TYPE_CHECKING:
    from audittui.investigate.tail import Tail, TailBatch
    from audittui.investigate.tail.pace import Interval
    from audittui.runbook.model import Runbook

FORMATS = ("table", "jsonl", "csv")
_FASTEST = 0.1
_SLOWEST = 3600.0
_WIDTHS = {
    "time": 24, "actor": 16, "action": 20, "resource": 28, "outcome": 8, "request_id": 16,
    "severity": 8, "source_ip": 15, "reason": 14, "chain": 12, "seq": 6,
}  # fmt: skip
"""Column widths, as later rows are unknown when the header is written."""
_WORTH_SAYING = 100.0
"""Catching up is announced first if it costs more read units than this."""
_SAID_EVERY = 60.0
"""Seconds between status lines if standard error is not a terminal."""


@click.command("tail")
@click.argument("runbook")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--since", metavar="TIME", help="Start earlier: -10m, 2026-11-24T14:00:00Z.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N rows.")
@max_rcu_option
@click.option(
    "--interval",
    default="0.5..5",
    show_default=True,
    metavar="FAST..SLOW",
    help="Seconds between polls: while busy, and at most while quiet.",
)
@click.option("--resume", default="", metavar="CURSOR", help="Continue where a tail stopped.")
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, runbook: str, params: tuple[str, ...], since: str | None, form: str,
    limit: int | None, max_rcu: float | None, interval: str, resume: str, **connection: Any,
) -> None:  # fmt: skip
    """Follow the entries that match RUNBOOK as they arrive, until Ctrl-C.

    A tail has no end, so the runbook's window is not used. Rows go to standard output; status, cost
    and finally a cursor to continue from go to standard error. Exit code 3 means that the budget
    ended the tail. Ctrl-C, SIGTERM and SIGHUP end it with exit code 0.
    """
    from audittui.cli.run import parameters
    from audittui.investigate.tail import Tail
    from audittui.runbook.catalogue import load_catalogue

    texts = parameters(params)
    book = load_catalogue(runbook_folders()).find(runbook)
    _refuse_window(book, texts)
    if since and resume:
        raise UsageError(
            "--since and --resume exclude each other.", "A cursor has its own starting point."
        )
    begin = _since(since) if since else None
    pauses = _interval(interval)
    opened = connect(ctx, connection)
    status = _Status()
    budget = opened.target.max_rcu if max_rcu is None else max_rcu
    tail = Tail(
        book, texts, opened, since=begin, cursor=resume, limit=limit, max_rcu=budget,
        interval=pauses, notify=status.say,
    )  # fmt: skip
    words = ["audittui", "tail", runbook, *(w for p in params for w in ("-p", p))]
    words += opened.target.options()
    try:
        with stopping(tail.cancel):
            if since or resume:
                _tell_backlog(tail, budget, status)
            _write(tail, book, form, status)
    except StoreError:
        status.go_on(words, tail.cursor)
        raise
    if tail.stop == "budget":
        status.stopped(tail.meter.rcu, budget, begun=bool(tail.cursor))
    status.go_on(words, tail.cursor)
    if tail.stop == "budget":
        ctx.exit(3)


def _tell_backlog(tail: Tail, budget: float | None, status: _Status) -> None:
    """Print the cost of catching up before it begins, if it is high."""
    from audittui.investigate.tail import LONG

    backlog = tail.backlog()
    if backlog is None:
        return
    entries, rcu = backlog
    left = None if budget is None else budget - tail.meter.rcu
    short = left is not None and rcu > left
    if not short and (entries or 0) <= LONG and rcu <= _WORTH_SAYING:
        return
    least = "at least" if entries is None else "about"
    read = "" if entries is None else f"{entries:,} entries must be read, "
    # Includes the cost of finding the start, so that it is comparable with the final total.
    said = f"To catch up, {read}{least} {math.ceil(rcu + tail.meter.rcu):,} RCU."
    if short:
        said += f" The budget of {budget:g} RCU will end it first."
    elif left is None and rcu > _WORTH_SAYING:
        said += " Ctrl-C ends it; --max-rcu sets a budget."
    status.say(said)


def _write(tail: Tail, book: Runbook, form: str, status: _Status) -> None:
    from audittui.cli.columns import Columns
    from audittui.export.rows import csv_line, csv_row, json_line, row_object
    from audittui.layout.row import ROW_FIELDS

    columns = Columns(book.columns, _WIDTHS)
    begun = False
    for batch in tail.batches():
        if not begun:
            begun = True
            if form == "csv":
                sys.stdout.write(csv_line(list(ROW_FIELDS)))
            for note in tail.notes:
                status.say(f"Note: {note}")
            if book.correlation is not None:
                status.say(
                    f"Note: These are the events that {book.id} counts; "
                    f"audittui run {book.id} groups them."
                )
        if batch.rows:
            status.clear()
            if form == "table":
                columns.write_rows(batch.rows)
        for row in batch.rows if form != "table" else ():
            if form == "jsonl":
                sys.stdout.write(json_line(row_object(row)) + "\n")
            else:
                sys.stdout.write(csv_row(row))
        sys.stdout.flush()
        for sentence in batch.missed:
            status.say(f"Warning: {sentence}")
        status.show(batch)
    status.total()


def _refuse_window(book: Runbook, texts: dict[str, str]) -> None:
    from audittui.runbook.live_conditions import window_parameters

    for name in texts:
        if name in window_parameters(book):
            raise UsageError(
                f"A tail has no end, so it does not accept the window {name}.",
                "Give --since -10m to start earlier.",
            )


def _since(text: str) -> int:
    from audittui import timestamp
    from audittui.runbook.timerange import parse_duration, parse_time

    now = timestamp.now()
    try:
        begin = now - parse_duration(text) if text[:1].isdigit() and "-" not in text else None
    except ValueError:
        begin = None
    if begin is None:
        try:
            begin = parse_time(text, now)
        except ValueError as error:
            raise UsageError(f"--since {error}.") from None
    if begin > now:
        raise UsageError(f"--since {text} is in the future.", "Write, for example, -10m.")
    return begin


def _interval(text: str) -> Interval:
    from audittui.investigate.tail.pace import Interval

    first, dots, last = text.partition("..")
    try:
        fastest = float(first)
        slowest = float(last) if dots else fastest
    except ValueError:
        raise UsageError(
            f"--interval {text} is not two numbers of seconds.", "Write, for example, 0.5..5."
        ) from None
    if not _FASTEST <= fastest <= slowest <= _SLOWEST:
        raise UsageError(
            f"--interval {text} is not an ascending range within {_FASTEST:g} to {_SLOWEST:g} "
            "seconds.",
            "Write, for example, 0.5..5.",
        )
    return Interval(fastest, slowest)


class _Status:
    """The status on standard error: one line, rewritten in place, or occasional lines."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._drawn = False
        self._said = float("-inf")
        self._last: TailBatch | None = None

    def say(self, text: str) -> None:
        """Print a sentence on its own line."""
        from audittui.escape import escaped

        self.clear()
        note(escaped(text))

    def go_on(self, words: list[str], cursor: str) -> None:
        """Print the command that continues the tail, if there is a cursor."""
        self.clear()
        if cursor:
            words = [*words, "--resume", cursor]
            note(f"Continue with: {' '.join(shlex.quote(word) for word in words)}")

    def stopped(self, used: float, budget: float | None, *, begun: bool) -> None:
        """Print that the budget ended the tail, and how far it got."""
        said = f"Stopped by the budget ({used:g} of {budget:g} RCU used)"
        if not begun:
            said += " before the starting point was found; nothing was read"
        self.say(f"{said}.")

    def show(self, batch: TailBatch) -> None:
        """Show the status after a batch."""
        self._last = batch
        if self._terminal:
            import shutil

            width = max(shutil.get_terminal_size().columns - 1, 20)
            with suppress(OSError):
                sys.stderr.write(f"\r\x1b[K{_state(batch)[:width]}")
                sys.stderr.flush()
            self._drawn = True
        elif time.monotonic() - self._said >= _SAID_EVERY and not batch.more:
            self._said = time.monotonic()
            note(_state(batch))

    def clear(self) -> None:
        """Clear the status line, before other lines are printed."""
        if self._drawn:
            with suppress(OSError):
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
            self._drawn = False

    def total(self) -> None:
        """Print the final row count and cost."""
        self.clear()
        if self._last is None:
            return
        meter = self._last.meter
        rows = "row" if meter.returned == 1 else "rows"
        requests = "request" if meter.requests == 1 else "requests"
        cost = f"{meter.requests:,} {requests}, {meter.rcu:g} RCU"
        if meter.unmetered:
            cost += f" and {meter.unmetered} of unknown cost"
        note(f"{meter.returned:,} {rows}. {cost}.")


def _state(batch: TailBatch) -> str:
    meter = batch.meter
    rows = "row" if meter.returned == 1 else "rows"
    doing = "catching up" if batch.more else "following"
    floor = f"{batch.floor_rcu_per_hour:,.0f} RCU/hour while quiet"
    if batch.rcu_per_hour is not None:
        floor = f"now {batch.rcu_per_hour:,.0f} RCU/hour, {floor}"
    return f"{doing}: {meter.returned:,} {rows}, {meter.rcu:,.6g} RCU; {floor}. Ctrl-C ends."
