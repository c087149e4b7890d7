"""``audittui tail``: what a runbook asks for, on standard output as it comes in."""

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
"""Widths that suit rows of which only the first are known."""
_WORTH_SAYING = 100.0
"""Read units of catching up that are said before they are spent."""
_SAID_EVERY = 60.0
"""Seconds between two lines of state where standard error is no terminal."""


@click.command("tail")
@click.argument("runbook")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--since", metavar="TIME", help="Begin earlier: -10m, 2026-11-24T14:00:00Z.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N rows.")
@max_rcu_option
@click.option(
    "--interval",
    default="0.5..5",
    show_default=True,
    metavar="FAST..SLOW",
    help="Seconds between polls: while entries come in, and in the end while none do.",
)
@click.option("--resume", default="", metavar="CURSOR", help="Go on where a tail stopped.")
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, runbook: str, params: tuple[str, ...], since: str | None, form: str,
    limit: int | None, max_rcu: float | None, interval: str, resume: str, **connection: Any,
) -> None:  # fmt: skip
    """Show what RUNBOOK asks for as it comes in, until Ctrl-C.

    A tail has no end, so the runbook's window is not used. Rows go to standard output, the state
    and the cost to standard error, and at the end the cursor to go on from. Exit code 3 says that
    the budget ended it; Ctrl-C, SIGTERM and SIGHUP end it as it should be: exit code 0.
    """
    from audittui.cli.run import parameters
    from audittui.investigate.tail import Tail
    from audittui.runbook.catalogue import load_catalogue

    texts = parameters(params)
    book = load_catalogue(runbook_folders()).find(runbook)
    _refuse_window(book, texts)
    if since and resume:
        raise UsageError("--since and --resume exclude each other.", "A cursor knows its place.")
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
    """What catching up takes, where that is much, before anything of it is read."""
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
    read = "" if entries is None else f"{entries:,} entries are to be read, "
    # With what finding the beginning took, so that it can be held against the sum at the end.
    said = f"To catch up, {read}{least} {math.ceil(rcu + tail.meter.rcu):,} RCU."
    if short:
        said += f" The budget of {budget:g} RCU ends it before that."
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
                    f"Note: these are the events that {book.id} counts; "
                    f"audittui run {book.id} makes groups of them."
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
                f"A tail has no end, so it does not take the window {name}.",
                "Give --since -10m to begin earlier.",
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
        raise UsageError(f"--since {text} lies in the future.", "Write such as -10m.")
    return begin


def _interval(text: str) -> Interval:
    from audittui.investigate.tail.pace import Interval

    first, dots, last = text.partition("..")
    try:
        fastest = float(first)
        slowest = float(last) if dots else fastest
    except ValueError:
        raise UsageError(
            f"--interval {text} is not two numbers of seconds.", "Write such as 0.5..5."
        ) from None
    if not _FASTEST <= fastest <= slowest <= _SLOWEST:
        raise UsageError(
            f"--interval {text} does not go from at least {_FASTEST:g} up to at most "
            f"{_SLOWEST:g} seconds.",
            "Write such as 0.5..5.",
        )
    return Interval(fastest, slowest)


class _Status:
    """The state on standard error: one line that is written over, or a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._drawn = False
        self._said = float("-inf")
        self._last: TailBatch | None = None

    def say(self, text: str) -> None:
        """A sentence on a line of its own."""
        from audittui.escape import escaped

        self.clear()
        note(escaped(text))

    def go_on(self, words: list[str], cursor: str) -> None:
        """The command that goes on, where there is a place to go on from."""
        self.clear()
        if cursor:
            words = [*words, "--resume", cursor]
            note(f"Continue with: {' '.join(shlex.quote(word) for word in words)}")

    def stopped(self, used: float, budget: float | None, *, begun: bool) -> None:
        """That the budget ended the tail, and how far it had come."""
        said = f"Stopped by the budget ({used:g} of {budget:g} RCU used)"
        if not begun:
            said += ", before it was found where to begin: nothing was read"
        self.say(f"{said}.")

    def show(self, batch: TailBatch) -> None:
        """The state after a batch."""
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
        """Take the state off the terminal, before other lines."""
        if self._drawn:
            with suppress(OSError):
                sys.stderr.write("\r\x1b[K")
                sys.stderr.flush()
            self._drawn = False

    def total(self) -> None:
        """What the tail gave and cost, at its end."""
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
