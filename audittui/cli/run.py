"""``audittui run``: a runbook answered on standard output."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.options import connect, connection_options, folders
from audittui.errors import UsageError

if TYPE_CHECKING:
    from audittui.query.execute import Execution
    from audittui.query.result import ResultPage
    from audittui.runbook.plan import Plan

FORMATS = ("table", "json", "jsonl", "csv")


@click.command("run")
@click.argument("runbook")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N rows.")
@click.option(
    "--max-rcu",
    type=click.FloatRange(min=0.5),
    metavar="X",
    help="Stop when X read units are used up.",
)
@click.option("--resume", default="", metavar="CURSOR", help="Go on where a run stopped.")
@click.option("--explain", is_flag=True, help="Show the plan; read nothing but the chains.")
@click.option("--stats", metavar="FILE|-", help="Write what the run cost as one JSON object.")
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, runbook: str, params: tuple[str, ...], form: str, limit: int | None,
    max_rcu: float | None, resume: str, explain: bool, stats: str | None, **connection: Any,
) -> None:  # fmt: skip
    """Answer RUNBOOK. Rows go to standard output, everything else to standard error.

    Exit code 3 says that a limit or the budget ended the run: the coverage and the cursor to go on
    from are on standard error.
    """
    import msgspec

    from audittui.query.cursor import decode_cursor
    from audittui.query.execute import Execution
    from audittui.runbook.catalogue import load_catalogue
    from audittui.runbook.describe import describe_plan
    from audittui.runbook.planner import make_plan

    texts = parameters(params)
    book = load_catalogue(folders()).find(runbook)
    opened = connect(ctx, connection)
    facts = opened.facts()
    if resume:
        # "now" stays what it was, so that the window is the same one.
        facts = msgspec.structs.replace(facts, now=decode_cursor(resume).now)
    plan = make_plan(book, texts, opened.layout, facts)
    if explain:
        table = opened.target.table or "TABLE"
        click.echo(describe_plan(plan, table=table, options=_aws_options(opened.target)))
        return
    execution = Execution(
        plan, opened.store, limit=limit, max_rcu=max_rcu, cursor=resume, notify=_note
    )
    started = time.monotonic()
    with _interrupt_cancels(execution):
        last = _write(plan, execution, form)
    if stats:
        _write_stats(stats, last, time.monotonic() - started)
    _conclude(ctx, plan, execution, last, opened.target.options())


def parameters(params: tuple[str, ...]) -> dict[str, str]:
    """The texts of ``-p NAME=VALUE`` options. Raises `UsageError`."""
    texts: dict[str, str] = {}
    for given in params:
        name, equals, value = given.partition("=")
        if not equals or not name:
            raise UsageError(f"-p {given} is not a parameter.", "Write -p NAME=VALUE.")
        if name in texts:
            raise UsageError(f"The parameter {name} is given twice.")
        texts[name] = value
    return texts


def _write(plan: Plan, execution: Execution, form: str) -> ResultPage:
    """Write the result as it comes; its last page."""
    from audittui.cli.columns import Columns
    from audittui.export.rows import csv_line, csv_row, json_line, row_object
    from audittui.layout.row import ROW_FIELDS

    if plan.correlation is not None:
        from audittui.cli.groups import write_groups

        return write_groups(plan, execution, form)
    columns = Columns(plan.columns)
    if form == "csv":
        sys.stdout.write(csv_line(list(ROW_FIELDS)))
    first = True
    for page in execution.pages():
        if form == "table" and page.rows:
            columns.write_rows(page.rows)
        for row in page.rows if form != "table" else ():
            if form == "jsonl":
                sys.stdout.write(json_line(row_object(row)) + "\n")
            elif form == "csv":
                sys.stdout.write(csv_row(row))
            else:
                sys.stdout.write(("[\n" if first else ",\n") + json_line(row_object(row)))
            first = False
        sys.stdout.flush()
    if form == "json":
        sys.stdout.write("[]\n" if first else "\n]\n")
    sys.stdout.flush()
    return page


def _conclude(
    ctx: click.Context, plan: Plan, execution: Execution, last: ResultPage, options: list[str]
) -> None:
    from audittui.runbook.describe import command_of

    meter, coverage = last.meter, last.coverage
    rows = f"{meter.returned:,} {'row' if meter.returned == 1 else 'rows'}"
    requests = "request" if meter.requests == 1 else "requests"
    cost = f"{meter.requests:,} {requests}, {meter.rcu:g} RCU"
    if meter.unmetered:
        cost += f" and {meter.unmetered} of unknown cost"
    _note(f"{rows}: {coverage.text()}. {cost}.")
    for note in plan.notes:
        _note(f"Note: {note}")
    if execution.error is not None and execution.error.hint:
        _note(execution.error.hint)
    if coverage.complete:
        return
    _note(f"Cursor: {last.cursor}")
    _note(f"Go on with: {command_of(plan, options)} --resume {last.cursor}")
    ctx.exit(1 if coverage.stop == "error" else 3)


def _write_stats(place: str, last: ResultPage, elapsed: float) -> None:
    from audittui.export.rows import json_line

    meter, coverage = last.meter, last.coverage
    text = json_line(
        {
            "requests": meter.requests, "pages": meter.pages, "scanned": meter.scanned,
            "returned": meter.returned, "rcu": meter.rcu, "elapsed_s": round(elapsed, 6),
            "coverage": coverage.text(), "complete": coverage.complete,
            "unmetered": meter.unmetered, "cursor": last.cursor,
        }
    )  # fmt: skip
    if place == "-":
        sys.stdout.write(text + "\n")
        return
    Path(place).write_text(text + "\n", encoding="utf-8")


@contextmanager
def _interrupt_cancels(execution: Execution) -> Iterator[None]:
    """Ctrl-C ends the run and keeps what was read; a second one ends the program."""

    def cancel(*_: object) -> None:
        execution.cancel()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, cancel)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _note(text: str) -> None:
    click.echo(text, err=True)


def _aws_options(target: Any) -> list[str]:
    words: list[str] = []
    for option, value in (
        ("--region", target.region), ("--endpoint-url", target.endpoint_url),
        ("--profile", target.aws_profile),
    ):  # fmt: skip
        if value:
            words += [option, value]
    return words
