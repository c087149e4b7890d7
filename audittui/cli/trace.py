"""``audittui trace``: show the lifecycle of a resource and its changes."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from audittui import timestamp
from audittui.cli.formats import ArrayOf, format_option
from audittui.cli.notes import note
from audittui.cli.options import connect, connection_options, max_rcu_option, rate_option
from audittui.cli.runbook_folders import runbook_folders
from audittui.cli.signals import stopping
from audittui.escape import escaped, shortened

if TYPE_CHECKING:
    from audittui.investigate.bodies import BodyReader
    from audittui.investigate.diff import DiffLine
    from audittui.investigate.steps import LifecycleStep
    from audittui.layout.row import Row
    from audittui.query.result import Meter, ResultPage
    from audittui.query.unregistered_rows import Strangers
    from audittui.runbook.plan import Plan

FORMATS = ("text", "json", "jsonl")
_WORTH_SAYING = 100.0
"""Reading entries is announced first if it costs more read units than this."""
_OTHERS = (
    "Note: Entries that name it only as a further resource (details.resources) are not indexed, so "
    "they are not included; --main-only asks for main resources only."
)


@click.command("trace")
@click.argument("resource")
@click.option("--window", default="all", show_default=True, help="When, such as -30d..now.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N entries.")
@format_option("text", "json", "jsonl")
@click.option(
    "--main-only",
    is_flag=True,
    help="Ask only for entries whose main resource it is; these can be complete.",
)
@max_rcu_option
@rate_option
@click.option("--explain", is_flag=True, help="Show the plan; read only the list of chains.")
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, resource: str, window: str, limit: int | None, form: str,
    main_only: bool, max_rcu: float | None, rate: float | None, explain: bool, **connection: Any,
) -> None:  # fmt: skip
    """Show what happened to RESOURCE since its creation, oldest first, with its changes.

    An entry's change is shown if the state right before it is known, from the entry itself or from
    the previous one. Exit code 1 means that entries could not be read. Exit code 3 means that there
    may be more: a limit, the budget or Ctrl-C ended it, or other entries may name RESOURCE as a
    further resource. It also means that entries belong to a chain that is not in the registry; the
    states that those record are not used for other entries.
    """
    from audittui.cli.waits import waits_of
    from audittui.investigate.bodies import BodyReader
    from audittui.investigate.spans import mean_bytes
    from audittui.query.execution import Execution
    from audittui.query.unregistered_rows import Strangers
    from audittui.runbook.catalogue import load_catalogue
    from audittui.runbook.describe import describe_plan
    from audittui.runbook.planner import make_plan
    from audittui.table_facts import Looks

    opened = connect(ctx, connection)
    book = load_catalogue(runbook_folders()).find("resource-lifecycle")
    facts = opened.facts()
    plan = make_plan(book, {"resource": resource, "window": window}, opened.layout, facts)
    if explain:
        click.echo(describe_plan(plan, table=opened.target.table or "TABLE"))
        click.echo(_price_of_bodies(mean_bytes(facts)))
        return
    waits = waits_of(ctx)
    budget = opened.target.max_rcu if max_rcu is None else max_rcu
    pace = opened.target.rate if rate is None else rate
    execution = Execution(
        plan, opened.store, limit=limit, max_rcu=budget, rate=pace, notify=waits.tell
    )
    looks = Looks(opened.store, opened.layout)
    strangers = Strangers(opened.layout, facts.chains, looks.chains)
    cancelled = threading.Event()

    def cancel() -> None:
        cancelled.set()
        execution.cancel()

    with stopping(cancel):
        rows = [row for page in strangers.watch(waits.pages(execution)) for row in page.rows]
        listed = execution.latest
        left = None if budget is None else max(budget - listed.meter.rcu, 0.0)
        reader = BodyReader(
            opened.store, opened.layout, max_rcu=budget, spent=listed.meter.rcu, rate=pace,
            notify=waits.tell, item_bytes=mean_bytes(facts), cancelled=cancelled,
        )  # fmt: skip
        if not cancelled.is_set():
            _tell_price(reader, rows, left)
        unread = _write(reader, rows, form, strangers, waits.clear)
    waits.clear()
    main_only = main_only or not opened.layout.chained
    code = _conclude(
        plan, listed, rows, unread, reader.meter, strangers, looks.rcu, main_only=main_only
    )
    if execution.error is not None and execution.error.hint:
        note(execution.error.hint)
    ctx.exit(code)


def _tell_price(reader: BodyReader, rows: list[Row], left: float | None) -> None:
    """Print the cost of reading the entries, if it is high or exceeds the budget."""
    units = reader.estimate(rows)
    short = left is not None and units > left
    if not short and units <= _WORTH_SAYING:
        return
    said = f"Reading {_entries(len(rows))} takes about {units:,.0f} RCU."
    if short:
        said += f" The budget has {left:g} RCU left."
    note(said)


def _price_of_bodies(item_bytes: float | None) -> str:
    from audittui.investigate.bodies import ITEM_BYTES
    from audittui.investigate.spans import single_units, span_units

    size = item_bytes or ITEM_BYTES
    return (
        f"Then every entry found is read in full: about {span_units(100, size):g} RCU for 100 "
        f"consecutive entries of a chain, {100 * single_units(size):g} RCU for 100 scattered ones."
    )


def _write(
    reader: BodyReader, rows: list[Row], form: str, strangers: Strangers,
    clear: Callable[[], None],
) -> list[str]:  # fmt: skip
    """Write the steps as they are read; return why each was not read (empty: it was)."""
    from audittui.investigate.steps import steps_of

    told: list[str] = []
    array = ArrayOf(form)
    for step in steps_of(reader.read(rows), strangers.why):
        clear()
        if form == "text":
            sys.stdout.write(_text(step, strangers.chain(step.row)))
        else:
            array.write(_object(step, strangers.why(step.row)))
        told.append(step.unread)
    array.end()
    return told


def _conclude(
    plan: Plan, listed: ResultPage, rows: list[Row], unread: list[str], meter: Meter,
    strangers: Strangers, looked_rcu: float, *, main_only: bool,
) -> int:  # fmt: skip
    """Print coverage and cost; return the exit code."""
    from audittui.investigate.oddities import Known, oddities

    coverage = listed.coverage
    everything = plan.window.start is None and plan.window.end is None
    # An entry of an unregistered chain proves neither creation nor deletion.
    own = [row for row in rows if not strangers.why(row)]
    known: Known = "part" if not coverage.complete else "log" if everything else "window"
    for oddity in oddities(own, known):
        note(f"Odd: {escaped(oddity)}.")
    number, counts = len(rows), Counter(unread)
    what = f"{_entries(number)}{' with this main resource' if not main_only else ''}"
    said = f"{what}: {coverage.text()}"
    left_out = [
        f"{counts[why]:,} of {number:,} {words}"
        for why, words in (
            ("fault", "could not be read"), ("budget", "were not read, over budget"),
            ("cancelled", "were not read, cancelled"),
        )
        if counts[why]
    ]  # fmt: skip
    if left_out:
        said = f"{what}, {', '.join(left_out)}, so not all changes are known ({coverage.text()})"
    requests = listed.meter.requests + meter.requests
    cost = f"{listed.meter.rcu + meter.rcu:g} RCU"
    if looked_rcu:
        cost += f" and {looked_rcu:g} to read the registry again"
    lost = listed.meter.unmetered + meter.unmetered
    if lost:
        cost += f" and {lost} of unknown cost"
    note(f"{said}. {requests:,} {'request' if requests == 1 else 'requests'}, {cost}.")
    for text in plan.notes:
        if main_only or not text.startswith("Only an entry's main resource"):
            note(f"Note: {text}")
    if not main_only:
        note(_OTHERS)
    if strangers.seen:
        note(escaped(f"Warning: {strangers.sentence()}"))
    if counts["fault"] or coverage.stop == "error":
        return 1
    return 0 if coverage.complete and not left_out and main_only and not strangers.seen else 3


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"


def _text(step: LifecycleStep, chain: str) -> str:
    row = step.row
    parts = [timestamp.short(row.time), step.change.ljust(8), row.action, "by", row.actor]
    if row.outcome != "success":
        parts.append(f"({row.outcome}{': ' + row.reason if row.reason else ''})")
    parts.append(f"[{chain} {row.seq}]")
    lines = [escaped(" ".join(parts))]
    if step.fault:
        lines.append(f"    {escaped(step.fault)}")
    for line in step.lines or ():
        path = line.path or "everything"
        if line.kind != "added":
            lines.append(f"    - {escaped(path)}: {_value(line.before)}")
        if line.kind != "removed":
            lines.append(f"    + {escaped(path)}: {_value(line.after)}")
    if step.unknown:
        lines.append(f"    Changes unknown: {escaped(step.unknown)}.")
        lines += _state(step.after)
    return "\n".join(lines) + "\n"


def _state(after: Any) -> Iterable[str]:
    """The state that an entry left, if its changes are unknown."""
    if after is None:
        return ()
    named = after.items() if isinstance(after, dict) else [("everything", after)]
    return [f"    = {escaped(str(name))}: {_value(value)}" for name, value in named]


def _value(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return escaped(shortened(text, 500))


def _object(step: LifecycleStep, stranger: str) -> dict[str, Any]:
    from audittui.export.rows import row_object

    return {
        **row_object(step.row, stranger),
        "change": step.change,
        "changes": None if step.lines is None else [_change(line) for line in step.lines],
        "after": step.after,
        "unknown": step.unknown or None,
        "fault": step.fault or None,
    }


def _change(line: DiffLine) -> dict[str, Any]:
    return {"path": line.path, "kind": line.kind, "before": line.before, "after": line.after}
