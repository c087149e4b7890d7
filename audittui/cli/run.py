"""``audittui run``: run a runbook and write its result to standard output."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from audittui.cli.exit_codes import INCOMPLETE
from audittui.cli.formats import ArrayOf, write_objects
from audittui.cli.notes import note as _note
from audittui.cli.options import connect, connection_options, max_rcu_option, rate_option
from audittui.cli.runbook_folders import runbook_folders
from audittui.cli.signals import stopping
from audittui.errors import UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.query.execution import Execution
    from audittui.query.result import ResultPage
    from audittui.query.surroundings import Surroundings
    from audittui.query.unregistered_rows import Strangers
    from audittui.runbook.plan import Plan

FORMATS = ("table", "json", "jsonl", "csv", "markdown")


@click.command("run")
@click.argument("runbook")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N rows.")
@max_rcu_option
@rate_option
@click.option("--count", is_flag=True, help="Count the entries instead of listing them.")
@click.option("--resume", default="", metavar="CURSOR", help="Continue where a run stopped.")
@click.option("--explain", is_flag=True, help="Show the plan; read only the list of chains.")
@click.option("--stats", metavar="FILE|-", help="Write the cost of the run as one JSON object.")
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, runbook: str, params: tuple[str, ...], form: str, limit: int | None,
    max_rcu: float | None, rate: float | None, count: bool, resume: str, explain: bool,
    stats: str | None, **connection: Any,
) -> None:  # fmt: skip
    """Run RUNBOOK. Rows go to standard output, everything else to standard error.

    Exit code 3 means that the result is incomplete: a limit or the budget ended the run, and a
    cursor to continue from is printed on standard error; or the window ends in the future; or rows
    belong to a chain that is not in the registry.
    """
    from audittui.cli.waits import waits_of
    from audittui.query.cursor import decode_cursor, facts_to_go_on
    from audittui.query.execution import Execution
    from audittui.query.index_probe import probed_plan
    from audittui.query.surroundings import is_empty, look_around
    from audittui.query.unregistered_rows import Strangers
    from audittui.runbook.catalogue import load_catalogue
    from audittui.runbook.describe import describe_plan
    from audittui.runbook.planner import make_plan
    from audittui.table_facts import Looks

    if stats == "-" and form == "json":
        raise UsageError(
            "--stats - would put a second JSON document after the array.",
            "Give --stats FILE, or --format jsonl.",
        )
    if count and limit:
        raise UsageError("--count and --limit exclude each other.", "Give one of them.")
    texts = parameters(params)
    book = load_catalogue(runbook_folders()).find(runbook)
    opened = connect(ctx, connection)
    target = opened.target
    budget = target.max_rcu if max_rcu is None else max_rcu
    facts = opened.facts()
    if resume:
        cursor = decode_cursor(resume)
        facts = facts_to_go_on(facts, cursor)
        plan = make_plan(book, texts, opened.layout, facts, through=cursor.index)
    elif explain:
        plan = make_plan(book, texts, opened.layout, facts)
    else:
        plan = probed_plan(book, texts, opened.layout, facts, opened.store, budget=budget)
    if explain:
        table = opened.target.table or "TABLE"
        click.echo(describe_plan(plan, table=table, options=_aws_options(opened.target)))
        return
    waits = waits_of(ctx)
    # If the run may end early, pages read far ahead would be paid for in vain.
    drain = limit is None and plan.estimate.fits(budget)
    execution = Execution(
        plan, opened.store, limit=limit, max_rcu=budget, cursor=resume, notify=waits.tell,
        rate=target.rate if rate is None else rate, drain=drain,
        count=count,
    )  # fmt: skip
    looks = Looks(opened.store, opened.layout)
    strangers = Strangers(opened.layout, facts.chains, looks.chains)
    started = time.monotonic()
    with stopping(execution.cancel):
        pages = strangers.watch(waits.pages(execution))
        last = _write_count(pages, form) if count else _write(plan, pages, form, strangers)
    if count:
        strangers.count(execution.tally)
    around = None
    if is_empty(last, resumed=bool(resume)) and not count:
        left = None if budget is None else budget - last.meter.rcu
        around = look_around(plan, opened.store, left=left)
    waits.clear()
    if stats:
        _write_stats(stats, plan, last, time.monotonic() - started, count=count, around=around)
    _conclude(
        ctx, plan, execution, last, target.options(), strangers, looks.rcu,
        count=count, resumed=bool(resume), around=around,
    )  # fmt: skip


def parameters(params: tuple[str, ...]) -> dict[str, str]:
    """The values of ``-p NAME=VALUE`` options by name. Raises `UsageError`."""
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
    """Write the number of entries; return the last page."""
    for last in pages:
        page = last
    number = page.meter.matched
    if form in ("json", "jsonl"):
        write_objects(form, [{"count": number}])
    else:
        sys.stdout.write(f"count\n{number}\n" if form == "csv" else f"{number}\n")
        sys.stdout.flush()
    return page


def _write(
    plan: Plan, pages: Iterable[ResultPage], form: str, strangers: Strangers
) -> ResultPage:  # fmt: skip
    """Write the result as it arrives; return its last page."""
    from audittui.export.rows import csv_line, csv_row, row_object
    from audittui.layout.row import ROW_FIELDS

    if plan.correlation is not None:
        from audittui.cli.groups import write_groups

        return write_groups(plan, pages, form, strangers)
    if form in ("table", "markdown"):
        return _write_table(plan, pages, form, strangers)
    if form == "csv":
        sys.stdout.write(csv_line(list(ROW_FIELDS)))
    array = ArrayOf(form)
    for page in pages:
        for row in page.rows:
            why = strangers.why(row)
            if form == "csv":
                named = msgspec.structs.replace(row, chain=strangers.chain(row)) if why else row
                sys.stdout.write(csv_row(named))
            else:
                array.write(row_object(row, why))
        sys.stdout.flush()
    array.end()
    return page


def _write_table(
    plan: Plan, pages: Iterable[ResultPage], form: str, strangers: Strangers
) -> ResultPage:
    """Write rows under a header. Once they are from more than one chain, show the chain."""
    from audittui.cli.columns import Columns, cell
    from audittui.export.markdown import table_head, table_line
    from audittui.export.rows import row_texts

    names = plan.columns
    columns = Columns(names)
    headed = False
    for page in pages:
        if page.rows and strangers.several and "chain" not in names:
            names = (*names, "chain")
            if headed:
                sys.stdout.write("\n")
            columns, headed = Columns(names), False
        if form == "markdown":
            if not headed:
                sys.stdout.write(table_head(names))
                headed = True
            for row in page.rows:
                named = msgspec.structs.replace(row, chain=strangers.chain(row))
                sys.stdout.write(table_line(row_texts(named, names)))
        elif page.rows:
            headed = True
            columns.write(
                [
                    [escaped(strangers.chain(row)) if name == "chain" else cell(row, name)
                     for name in names]
                    for row in page.rows
                ]
            )  # fmt: skip
        sys.stdout.flush()
    return page


def _conclude(
    ctx: click.Context, plan: Plan, execution: Execution, last: ResultPage, options: list[str],
    strangers: Strangers, looked_rcu: float, *, count: bool, resumed: bool,
    around: Surroundings | None = None,
) -> None:  # fmt: skip
    from audittui.query.surroundings import sentences
    from audittui.runbook.describe import command_of

    meter, coverage = last.meter, last.coverage
    number, word, words = (
        (meter.matched, "entry counted", "entries counted")
        if count
        else (meter.returned, "row", "rows")
    )
    requests = "request" if meter.requests == 1 else "requests"
    cost = f"{meter.requests:,} {requests}, {meter.rcu:g} RCU"
    if looked_rcu:
        cost += f" and {looked_rcu:g} to read the registry again"
    if plan.estimate.price.billed:
        cost += f", {plan.estimate.price.text(meter.rcu)}"
    if meter.unmetered:
        cost += f" and {meter.unmetered} of unknown cost"
    _note(f"{number:,} {word if number == 1 else words}: {coverage.text()}. {cost}.")
    if count:
        _note("Note: Counting transfers less data but uses the same RCU as listing.")
        if resumed:
            _note("Note: The count excludes entries before the cursor; add the earlier count.")
    for note in (*(sentences(plan, around) if around is not None else ()), *plan.notes):
        _note(f"Note: {note}")
    if strangers.seen:
        _note(escaped(f"Warning: {strangers.sentence()}"))
    if execution.error is not None and execution.error.hint:
        _note(execution.error.hint)
    if coverage.complete:
        ctx.exit(INCOMPLETE if strangers.seen else 0)
    if coverage.tied is not None:
        same = " with the same cursor" if resumed else ""
        _note(f"Run it again{same} and --max-rcu {2 * coverage.tied.units:g} or more.")
    if last.cursor:
        _note(f"Cursor: {last.cursor}")
        again = command_of(plan, options) + (" --count" if count else "")
        _note(f"Continue with: {again} --resume {last.cursor}")
    failed = coverage.stop == "error"
    ctx.exit((execution.error.exit_code if execution.error else 1) if failed else 3)


def _write_stats(
    place: str, plan: Plan, last: ResultPage, elapsed: float, *, count: bool,
    around: Surroundings | None = None,
) -> None:  # fmt: skip
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
    if around is not None:
        stats["rcu_around"] = around.rcu
    if count:
        stats["matched"] = meter.matched
    text = json_line(stats)
    if place == "-":
        sys.stdout.write(text + "\n")
        return
    try:
        Path(place).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        from audittui.whole_file import cannot_write

        raise cannot_write(Path(place), error) from None


def _aws_options(target: Any) -> list[str]:
    words: list[str] = []
    for option, value in (
        ("--region", target.region), ("--endpoint-url", target.endpoint_url),
        ("--profile", target.aws_profile),
    ):  # fmt: skip
        if value:
            words += [option, value]
    return words
