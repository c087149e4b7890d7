"""``audittui run``: a runbook answered on standard output."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.notes import note as _note
from audittui.cli.opening import folders
from audittui.cli.options import connect, connection_options
from audittui.cli.signals import stopping
from audittui.errors import UsageError

if TYPE_CHECKING:
    from audittui.query.execute import Execution
    from audittui.query.result import ResultPage
    from audittui.runbook.plan import Plan

FORMATS = ("table", "json", "jsonl", "csv", "markdown")


@click.command("run")
@click.argument("runbook")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N rows.")
@click.option(
    "--max-rcu",
    type=click.FloatRange(min=0.5),
    metavar="X",
    help="Stop when X read units are used up (a profile's max_rcu).",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Use at most N read units per second (a profile's rate).",
)
@click.option("--count", is_flag=True, help="Count the entries instead of listing them.")
@click.option("--resume", default="", metavar="CURSOR", help="Go on where a run stopped.")
@click.option("--explain", is_flag=True, help="Show the plan; read nothing but the chains.")
@click.option("--stats", metavar="FILE|-", help="Write what the run cost as one JSON object.")
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, runbook: str, params: tuple[str, ...], form: str, limit: int | None,
    max_rcu: float | None, rate: float | None, count: bool, resume: str, explain: bool,
    stats: str | None, **connection: Any,
) -> None:  # fmt: skip
    """Answer RUNBOOK. Rows go to standard output, everything else to standard error.

    Exit code 3 says that the window is not covered: a limit or the budget ended the run, and the
    cursor to go on from is on standard error; or the window ends in the future.
    """
    import msgspec

    from audittui.cli.waits import Waits
    from audittui.query.cursor import decode_cursor
    from audittui.query.execute import Execution
    from audittui.runbook.catalogue import load_catalogue
    from audittui.runbook.describe import describe_plan
    from audittui.runbook.planner import make_plan

    if count and limit:
        raise UsageError("--count and --limit exclude each other.", "Give one of them.")
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
    target = opened.target
    waits = Waits()
    budget = target.max_rcu if max_rcu is None else max_rcu
    # Where something ends the run early, what is read far ahead is paid in vain.
    drain = limit is None and plan.estimate.fits(budget)
    execution = Execution(
        plan, opened.store, limit=limit, max_rcu=budget, cursor=resume, notify=waits.tell,
        rate=target.rate if rate is None else rate, drain=drain,
        count=count,
    )  # fmt: skip
    started = time.monotonic()
    with stopping(execution.cancel):
        pages = waits.pages(execution)
        last = _write_count(pages, form) if count else _write(plan, pages, form)
    waits.clear()
    if stats:
        _write_stats(stats, plan, last, time.monotonic() - started, count=count)
    _conclude(ctx, plan, execution, last, target.options(), count=count, resumed=bool(resume))


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


def _write_count(pages: Iterable[ResultPage], form: str) -> ResultPage:
    """Write the number of entries; the last page."""
    from audittui.export.rows import json_line

    for last in pages:
        page = last
    number = page.meter.matched
    texts = {"csv": f"count\n{number}", "table": f"{number}", "markdown": f"{number}"}
    sys.stdout.write(texts.get(form, json_line({"count": number})) + "\n")
    sys.stdout.flush()
    return page


def _write(plan: Plan, pages: Iterable[ResultPage], form: str) -> ResultPage:
    """Write the result as it comes; its last page."""
    from audittui.cli.columns import Columns
    from audittui.export.markdown import table_head, table_line
    from audittui.export.rows import csv_line, csv_row, json_line, row_object, row_texts
    from audittui.layout.row import ROW_FIELDS

    if plan.correlation is not None:
        from audittui.cli.groups import write_groups

        return write_groups(plan, pages, form)
    columns = Columns(plan.columns)
    if form == "csv":
        sys.stdout.write(csv_line(list(ROW_FIELDS)))
    elif form == "markdown":
        sys.stdout.write(table_head(plan.columns))
    first = True
    for page in pages:
        if form == "table" and page.rows:
            columns.write_rows(page.rows)
        for row in page.rows if form != "table" else ():
            if form == "jsonl":
                sys.stdout.write(json_line(row_object(row)) + "\n")
            elif form == "csv":
                sys.stdout.write(csv_row(row))
            elif form == "markdown":
                sys.stdout.write(table_line(row_texts(row, plan.columns)))
            else:
                sys.stdout.write(("[\n" if first else ",\n") + json_line(row_object(row)))
            first = False
        sys.stdout.flush()
    if form == "json":
        sys.stdout.write("[]\n" if first else "\n]\n")
    sys.stdout.flush()
    return page


def _conclude(
    ctx: click.Context, plan: Plan, execution: Execution, last: ResultPage, options: list[str], *,
    count: bool, resumed: bool,
) -> None:  # fmt: skip
    from audittui.runbook.describe import command_of

    meter, coverage = last.meter, last.coverage
    number, word, words = (
        (meter.matched, "entry counted", "entries counted")
        if count
        else (meter.returned, "row", "rows")
    )
    requests = "request" if meter.requests == 1 else "requests"
    cost = f"{meter.requests:,} {requests}, {meter.rcu:g} RCU"
    if plan.estimate.price.billed:
        cost += f", {plan.estimate.price.text(meter.rcu)}"
    if meter.unmetered:
        cost += f" and {meter.unmetered} of unknown cost"
    _note(f"{number:,} {word if number == 1 else words}: {coverage.text()}. {cost}.")
    if count:
        _note("Note: Counting saves the wire, not RCU: it reads what listing reads.")
        if resumed:
            _note("Note: What was counted before the cursor is not in this number: add it.")
    for note in plan.notes:
        _note(f"Note: {note}")
    if execution.error is not None and execution.error.hint:
        _note(execution.error.hint)
    if coverage.complete:
        return
    if last.cursor:
        _note(f"Cursor: {last.cursor}")
        again = command_of(plan, options) + (" --count" if count else "")
        _note(f"Go on with: {again} --resume {last.cursor}")
    ctx.exit(1 if coverage.stop == "error" else 3)


def _write_stats(place: str, plan: Plan, last: ResultPage, elapsed: float, *, count: bool) -> None:
    from audittui.export.rows import json_line
    from audittui.runbook.estimate import estimate_object

    meter, coverage = last.meter, last.coverage
    dollars = plan.estimate.price.dollars(meter.rcu)
    stats = {
        "requests": meter.requests, "pages": meter.pages, "scanned": meter.scanned,
        "returned": meter.returned, "rcu": meter.rcu, "elapsed_s": round(elapsed, 6),
        "coverage": coverage.text(), "complete": coverage.complete,
        "unmetered": meter.unmetered, "cursor": last.cursor,
        "rcu_by_index": {name or "base table": units for name, units in meter.by_index},
        "rcu_planning": plan.spent_rcu, "estimate": estimate_object(plan.estimate),
        "cost_usd": None if dollars is None else round(dollars, 12),
    }  # fmt: skip
    if count:
        stats["matched"] = meter.matched
    text = json_line(stats)
    if place == "-":
        sys.stdout.write(text + "\n")
        return
    Path(place).write_text(text + "\n", encoding="utf-8")


def _aws_options(target: Any) -> list[str]:
    words: list[str] = []
    for option, value in (
        ("--region", target.region), ("--endpoint-url", target.endpoint_url),
        ("--profile", target.aws_profile),
    ):  # fmt: skip
        if value:
            words += [option, value]
    return words
