"""``audittui import``: import logs into a table or a store."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.exit_codes import INCOMPLETE, OK
from audittui.cli.options import connect, connection_options, signed_tail_of, vouch_of
from audittui.errors import UsageError

if TYPE_CHECKING:
    from audittui.ingest.source import Read

Function = Callable[..., Any]


@click.group("import")
def command() -> None:
    """Import logs. Malformed records are counted and reported; they do not end the import."""


def _import_options(function: Function) -> Function:
    for option in reversed(
        (
            click.option(
                "--rejects", type=click.Path(path_type=Path), metavar="FILE",
                help="List the records that were not imported in a new JSON Lines file.",
            ),
            click.option(
                "--skip", type=click.IntRange(min=0), default=0, metavar="N",
                help="Skip the first N records, which an earlier import handled.",
            ),
            click.option(
                "--keep-conflicts", is_flag=True,
                help="Import records under a new key if theirs belongs to different content.",
            ),
            click.option(
                "--format", "form", type=click.Choice(["text", "json", "jsonl"]), default="text",
                show_default=True, help="How to print the summary.",
            ),
        )
    ):  # fmt: skip
        function = option(function)
    return connection_options(function)


@command.command("cloudtrail")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--chain", default="cloudtrail/0", show_default=True, metavar="STREAM/SHARD")
@_import_options
@click.pass_context
def cloudtrail(ctx: click.Context, /, paths: tuple[Path, ...], chain: str, **given: Any) -> None:
    """Import CloudTrail files and folders: log files (.json, .json.gz), JSON Lines, the output of
    aws cloudtrail lookup-events, EventBridge events.

    Importing the same records again adds nothing. A record whose eventID belongs to an entry with
    different content is reported and not imported; the exit code is then 3. With --store, the file
    is created with the first entry if it does not exist.
    """
    from audittui.ingest.cloudtrail.read import SUFFIXES, read_cloudtrail
    from audittui.ingest.source import files_in

    files = files_in(paths, SUFFIXES)
    _import(ctx, read_cloudtrail(files), files, chain, given)


@command.command("jsonl")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, allow_dash=True))
@click.option("--chain", default="main/0", show_default=True, metavar="STREAM/SHARD")
@click.option(
    "--key-from-content", is_flag=True,
    help="Derive an idempotency_key from the content of lines that have none.",
)  # fmt: skip
@_import_options
@click.pass_context
def jsonl(
    ctx: click.Context, /, paths: tuple[Path, ...], chain: str, key_from_content: bool, **given: Any
) -> None:
    """Import JSON Lines in audittui's own format; - is standard input.

    Fields: actor and action (required), resource, outcome, time, request_id, severity, source_ip,
    reason, before, after, details, idempotency_key.

    A line without an idempotency_key is appended each time it is imported. With --key-from-content,
    importing the same files again adds nothing; equal lines of one import stay separate entries.
    """
    from audittui.ingest.jsonl import SUFFIXES, ContentKeys, read_jsonl
    from audittui.ingest.source import files_in

    files = files_in([path for path in paths if str(path) != "-"], SUFFIXES)
    if Path("-") in paths and sys.stdin is None:
        raise UsageError("Standard input is closed.", "Pipe the lines into it, or name a file.")
    standard_input = sys.stdin.buffer if sys.stdin is not None else None
    keys = ContentKeys() if key_from_content else None
    _import(ctx, read_jsonl(paths, standard_input, keys), files, chain, given)


def _import(
    ctx: click.Context, reads: Iterable[Read], files: list[Path], chain: str, given: dict[str, Any]
) -> None:
    from audittui.cli.import_report import Report
    from audittui.ingest.rejects import RejectsFile
    from audittui.ingest.run import Ingestion
    from audittui.ingest.span import Span
    from audittui.writer import AuditLog

    own = {name: given.pop(name) for name in ("rejects", "skip", "keep_conflicts", "form")}
    opened = connect(ctx, given, create=True)
    if not opened.layout.chained:
        raise UsageError(
            f"The layout {opened.layout.name} is read-only.", "Import into a native table or store."
        )
    log = AuditLog(
        opened.store, chain, signed_tail=signed_tail_of(opened, chain),
        vouched=vouch_of(opened, chain),
    )  # fmt: skip
    rejects = RejectsFile(own["rejects"]) if own["rejects"] else None
    span = Span()
    ingestion = Ingestion(
        log, skip=own["skip"], keep_conflicts=own["keep_conflicts"],
        on_rejected=rejects.add if rejects else None,
    )  # fmt: skip
    report = Report(ingestion, span, chain, own["form"], own["rejects"])
    total = sum(file.stat().st_size for file in files)
    finished = False
    try:
        if sys.stderr.isatty() and total:
            with click.progressbar(length=total, label="Importing", file=sys.stderr) as bar:
                ingestion.run(span.over(reads), lambda _, done: bar.update(done - bar.pos))
        else:
            ingestion.run(span.over(reads), lambda *_: None)
        finished = True
    finally:
        if rejects:
            rejects.close()
        report.write(finished)
    if ingestion.skipped < own["skip"]:
        raise UsageError(
            f"--skip {own['skip']} exceeds the {ingestion.skipped:,} records that there are.",
            "Use the same files and the --skip that the earlier import printed.",
        )
    ctx.exit(INCOMPLETE if report.incomplete else OK)
