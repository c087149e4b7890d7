"""``audittui verify``: one entry, a chain, or all chains."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.options import connect, connection_options
from audittui.errors import UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.integrity.verdict import Verdict
    from audittui.integrity.sweep import Progress

INTEGRITY = 4


@click.command("verify")
@click.argument("chain", required=False)
@click.argument("seq", required=False, type=click.IntRange(min=0))
@click.option("--chain", "whole", metavar="CHAIN", help="Every entry of one chain.")
@click.option("--all", "everything", is_flag=True, help="Every entry of every chain.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json is one object an entry.",
)
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, chain: str | None, seq: int | None, whole: str | None,
    everything: bool, form: str, **connection: Any,
) -> None:  # fmt: skip
    """Check the entry SEQ of CHAIN, a whole chain, or all of them.

    Of a chain, only entries that are not as they should be are listed; json lists every entry.
    Exit code 4 says that an entry is not genuine or missing, 1 that some could not be verified.
    """
    from audittui.integrity.sweep import verify_chain
    from audittui.integrity.verify import verify_entry

    one = chain is not None and seq is not None
    if one + (whole is not None) + everything != 1 or (chain is not None and seq is None):
        raise UsageError("Say what to verify.", "Write CHAIN SEQ, or --chain CHAIN, or --all.")
    opened = connect(ctx, connection)
    counts: Counter[str] = Counter()
    rcu = 0.0
    if one:
        assert chain is not None and seq is not None
        verdict = verify_entry(opened.store, opened.layout, chain, seq)
        sys.stdout.write(_json(verdict) if form == "json" else _steps(verdict))
        counts[verdict.verdict] += 1
        rcu = verdict.rcu
    else:
        if not everything:
            chains: tuple[str, ...] = (str(whole),)
        elif opened.layout.chained:
            chains = opened.chains()
        else:
            raise UsageError(
                f"The layout {opened.layout.name} keeps no hash chain: nothing can be verified."
            )
        for name in chains:
            with _progress(f"Verifying {escaped(name)}") as progress:
                for verdict in verify_chain(
                    opened.store, opened.layout, name, progress=progress, steps=form == "json"
                ):
                    counts[verdict.verdict] += 1
                    rcu += verdict.rcu
                    if form == "json":
                        sys.stdout.write(_json(verdict))
                    elif verdict.failed or verdict.verdict == "UNVERIFIABLE":
                        sys.stdout.write(_steps(verdict))
    sys.stdout.flush()
    _conclude(ctx, counts, rcu, one)


def _conclude(ctx: click.Context, counts: Counter[str], rcu: float, one: bool) -> None:
    from audittui.integrity.verdict import FAILURES

    if not one:
        total = f"{counts.total():,} {'entry' if counts.total() == 1 else 'entries'}"
        parts = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
        click.echo(f"{total}: {parts or 'none there'}.", err=True)
    click.echo(f"No signed checkpoint is checked. {rcu:g} RCU.", err=True)
    if any(name in FAILURES for name in counts):
        ctx.exit(INTEGRITY)
    if counts["UNVERIFIABLE"]:
        ctx.exit(1)


def _steps(verdict: Verdict) -> str:
    place = f"{verdict.chain} {verdict.seq}"
    summary = verdict.summary.removeprefix(verdict.verdict).lstrip(": ")
    lines = [f"{place}: {verdict.verdict}. {summary}"]
    for step in verdict.steps:
        lines.append(f"  {step.result.ljust(12)}{step.name}{': ' + step.note if step.note else ''}")
        if step.result == "fails":
            lines.append(f"{' ' * 14}expected {step.expected}")
            lines.append(f"{' ' * 14}found    {step.found}")
    return "\n".join(map(escaped, lines)) + "\n"


def _json(verdict: Verdict) -> str:
    from audittui.export.rows import json_line

    return json_line(
        {
            "chain": verdict.chain,
            "seq": verdict.seq,
            "verdict": verdict.verdict,
            "summary": verdict.summary,
            "steps": [
                {
                    "name": step.name, "result": step.result, "expected": step.expected,
                    "found": step.found, "note": step.note,
                }
                for step in verdict.steps
            ],
        }
    ) + "\n"  # fmt: skip


@contextmanager
def _progress(label: str) -> Iterator[Progress | None]:
    """A progress bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def show(read: int, total: int | None) -> None:
            bar.length = max(total or 0, read, 1)
            bar.update(read - bar.pos)

        yield show
