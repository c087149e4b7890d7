"""``audittui trace``: the lifecycle of a resource, with what changed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from audittui import timestamp
from audittui.cli.formats import ArrayOf, format_option
from audittui.cli.opening import folders
from audittui.cli.options import connect, connection_options
from audittui.escape import escaped, shortened

if TYPE_CHECKING:
    from audittui.investigate.diff import DiffLine
    from audittui.investigate.lifecycle import LifecycleStep


@click.command("trace")
@click.argument("resource")
@click.option("--window", default="all", show_default=True, help="When, such as -30d..now.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N entries.")
@format_option("text", "json", "jsonl")
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, resource: str, window: str, limit: int | None, form: str,
    **connection: Any,
) -> None:  # fmt: skip
    """Show what happened to RESOURCE from its creation on, oldest first, with what changed."""
    from audittui.investigate.lifecycle import trace
    from audittui.investigate.oddities import Known, oddities
    from audittui.query.execute import Execution
    from audittui.runbook.catalogue import load_catalogue
    from audittui.runbook.planner import make_plan

    opened = connect(ctx, connection)
    book = load_catalogue(folders()).find("resource-lifecycle")
    texts = {"resource": resource, "window": window}
    plan = make_plan(book, texts, opened.layout, opened.facts())
    execution = Execution(plan, opened.store, limit=limit)
    rows = [row for page in execution.pages() for row in page.rows]
    last = execution.latest
    rcu = last.meter.rcu
    array = ArrayOf(form)
    for step in trace(opened.store, opened.layout, rows):
        rcu += step.rcu
        if form == "text":
            sys.stdout.write(_text(step))
        else:
            array.write(_object(step))
    array.end()
    everything = plan.window.start is None and plan.window.end is None
    known: Known = "part" if not last.coverage.complete else "log" if everything else "window"
    for oddity in oddities(rows, known):
        click.echo(f"Odd: {escaped(oddity)}.", err=True)
    count = f"{len(rows):,} {'entry' if len(rows) == 1 else 'entries'}"
    click.echo(f"{count}: {last.coverage.text()}. {rcu:g} RCU.", err=True)
    for note in plan.notes:
        click.echo(f"Note: {note}", err=True)
    if not last.coverage.complete:
        ctx.exit(1 if last.coverage.stop == "error" else 3)


def _text(step: LifecycleStep) -> str:
    row = step.row
    parts = [timestamp.short(row.time), step.change.ljust(8), row.action, "by", row.actor]
    if row.outcome != "success":
        parts.append(f"({row.outcome}{': ' + row.reason if row.reason else ''})")
    parts.append(f"[{row.chain} {row.seq}]")
    lines = [escaped(" ".join(parts))]
    if step.fault:
        lines.append(f"    {escaped(step.fault)}")
    for line in step.lines:
        path = line.path or "everything"
        if line.kind != "added":
            lines.append(f"    - {escaped(path)}: {_value(line, 'before')}")
        if line.kind != "removed":
            lines.append(f"    + {escaped(path)}: {_value(line, 'after')}")
    return "\n".join(lines) + "\n"


def _value(line: DiffLine, side: str) -> str:
    text = json.dumps(getattr(line, side), ensure_ascii=False, default=str)
    return escaped(shortened(text, 500))


def _object(step: LifecycleStep) -> dict[str, Any]:
    from audittui.export.rows import row_object

    changes = [
        {"path": line.path, "kind": line.kind, "before": line.before, "after": line.after}
        for line in step.lines
    ]
    return {**row_object(step.row), "change": step.change, "changes": changes}
