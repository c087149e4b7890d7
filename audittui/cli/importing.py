"""``audittui import``: real logs into a table or a store."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.options import connect, connection_options, signed_tail_of, vouch_of
from audittui.errors import UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.ingest.source import Read


@click.group("import")
def command() -> None:
    """Import real logs. Nothing malformed ends an import; it is counted and named."""


@command.command("cloudtrail")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--chain", default="cloudtrail/0", show_default=True, metavar="STREAM/SHARD")
@connection_options
@click.pass_context
def cloudtrail(
    ctx: click.Context, /, paths: tuple[Path, ...], chain: str, **connection: Any
) -> None:
    """Import CloudTrail files and folders: .json, .json.gz with Records, JSON Lines.

    A second import of the same records adds nothing. With --store, the file is made where there is
    none.
    """
    from audittui.ingest.cloudtrail.read import SUFFIXES, read_cloudtrail
    from audittui.ingest.source import files_in

    files = files_in(paths, SUFFIXES)
    _import(ctx, read_cloudtrail(files), files, chain, connection)


@command.command("jsonl")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--chain", default="main/0", show_default=True, metavar="STREAM/SHARD")
@connection_options
@click.pass_context
def jsonl(ctx: click.Context, /, paths: tuple[Path, ...], chain: str, **connection: Any) -> None:
    """Import JSON Lines with our own fields; - is standard input.

    Fields: actor and action (needed), resource, outcome, time, request_id, severity, source_ip,
    reason, before, after, details, idempotency_key.
    """
    from audittui.ingest.jsonl import SUFFIXES, read_jsonl
    from audittui.ingest.source import files_in

    files = files_in([path for path in paths if str(path) != "-"], SUFFIXES)
    if Path("-") in paths and sys.stdin is None:
        raise UsageError("Standard input is closed.", "Send it the lines, or name a file.")
    standard_input = sys.stdin.buffer if sys.stdin is not None else None
    _import(ctx, read_jsonl(paths, standard_input), files, chain, connection)


def _import(
    ctx: click.Context, reads: Iterable[Read], files: list[Path], chain: str,
    connection: dict[str, Any],
) -> None:  # fmt: skip
    from audittui.ingest.run import KEPT, Summary, ingest
    from audittui.writer import AuditLog

    opened = connect(ctx, connection, create=True)
    if not opened.layout.chained:
        raise UsageError(
            f"The layout {opened.layout.name} is read only.", "Import into a native table or store."
        )
    log = AuditLog(
        opened.store, chain, signed_tail=signed_tail_of(opened, chain),
        vouched=vouch_of(opened, chain),
    )  # fmt: skip
    total = sum(file.stat().st_size for file in files)
    kept = Summary()

    def keep(summary: Summary, _: int) -> None:
        nonlocal kept
        kept = summary

    try:
        if sys.stderr.isatty() and total:
            with click.progressbar(length=total, label="Importing", file=sys.stderr) as bar:

                def show(summary: Summary, done: int) -> None:
                    keep(summary, done)
                    bar.update(done - bar.pos)

                ingest(reads, log, show)
        else:
            ingest(reads, log, keep)
    finally:
        for rejected in kept.rejections:
            click.echo(f"Rejected: {escaped(rejected.text)}", err=True)
        if kept.rejected > KEPT:
            click.echo(f"… and {kept.rejected - KEPT:,} more rejected.", err=True)
        if kept.shortened:
            click.echo(
                f"{kept.shortened:,} too large for an entry: shortened, and what left them listed "
                "in details._omitted and details._shortened.",
                err=True,
            )
        click.echo(
            f"{kept.read:,} read, {kept.added:,} added, {kept.already_there:,} already there, "
            f"{kept.rejected:,} rejected.",
            err=True,
        )
    ctx.exit(1 if kept.rejected else 0)
