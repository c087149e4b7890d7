"""``audittui evidence``: bundles of entries with what proves them."""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.ending import clear_line
from audittui.cli.opening import folders
from audittui.cli.options import (
    connect,
    connection_options,
    settings_of,
    trusted_key_option,
)
from audittui.errors import IntegrityError, UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.export.evidence.collect import Source, Wanted
    from audittui.export.evidence.manifest import Manifest

INCOMPLETE = 3
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("evidence")
def command() -> None:
    """Bundle entries with their proofs, and check such bundles offline."""


@command.command("create")
@click.option("--run", "runbook", metavar="RUNBOOK", help="The entries that a runbook finds.")
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N entries.")
@click.option("--marks", metavar="FILE", type=_FILE, help="The entries in a file of marks.")
@click.option("-o", "--output", required=True, metavar="FILE.zip", type=_FILE)
@trusted_key_option
@connection_options
@click.pass_context
def create(
    ctx: click.Context, /, runbook: str | None, params: tuple[str, ...], limit: int | None,
    marks: Path | None, output: Path, **given: Any,
) -> None:  # fmt: skip
    """Write a bundle: entries, proofs, checkpoints, how they were found, a report.

    A file of marks has one JSON object a line with chain, seq and, if you like, note. An existing
    file is never overwritten. Exit code 3 says that the runbook's answer is not complete, 4 that
    an entry is not genuine; the bundle says so too.
    """
    from audittui import timestamp
    from audittui.export.evidence.archive import unpack
    from audittui.export.evidence.collect import make_bundle
    from audittui.export.evidence.manifest import MANIFEST, decode_manifest
    from audittui.whole_file import demand_free, write_new

    if (runbook is None) == (marks is None):
        raise UsageError("Say what to bundle.", "Write --run RUNBOOK -p …, or --marks FILE.")
    demand_free(output)
    settings = settings_of(ctx, given)
    opened = connect(ctx, given)
    if marks is not None:
        wanted, source = _marked(marks)
    else:
        wanted, source = _found(opened, str(runbook), params, limit)
    data = make_bundle(opened, wanted, source, settings, now=timestamp.now(), progress=_progress())
    write_new(output, data)
    manifest = decode_manifest(unpack(data)[MANIFEST])
    _tell(manifest, data, f"{output}")
    if settings is None:
        click.echo("No key is trusted, so nothing in it is proven.", err=True)
    ctx.exit(_code(manifest, source.complete))


@command.command("verify")
@click.argument("file", type=_FILE)
@trusted_key_option
@connection_options
@click.pass_context
def verify(ctx: click.Context, /, file: Path, **given: Any) -> None:
    """Check the bundle in FILE, without any table: every byte, every hash, every proof.

    Exit code 4 says that something was changed; 3 that all is whole, but no key that you trust
    vouches for it.
    """
    from audittui.export.evidence.check import check_bundle

    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
    settings = settings_of(ctx, given)
    checked = check_bundle(data, settings.trust.keys if settings is not None else ())
    for fault in checked.faults:
        click.echo(escaped(fault))
    if checked.faults or checked.manifest is None:
        raise IntegrityError(f"{file} is not as it was made.", "Do not rely on it.")
    _tell(checked.manifest, data, str(file))
    number = len(checked.manifest.entries)
    click.echo(f"{checked.proven:,} of {number:,} proven under a signed checkpoint.", err=True)
    if checked.own_keys and checked.proven:
        click.echo(
            "The keys are those that the bundle names: give --trusted-key KEY with one that you "
            "have from elsewhere.",
            err=True,
        )
        ctx.exit(INCOMPLETE)


def _marked(path: Path) -> tuple[list[Wanted], Source]:
    import msgspec

    from audittui.export.evidence.collect import Source, Wanted

    try:
        text = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    wanted: dict[tuple[str, int], Wanted] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or _is_statement(line):
            continue
        try:
            one = msgspec.json.decode(line, type=Wanted)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{path}, line {number}, is no mark: {error}.", "A mark has chain and seq."
            ) from None
        wanted[one.chain, one.seq] = one
    return list(wanted.values()), Source()


def _is_statement(line: bytes) -> bool:
    """True for the line in which an exported file says what it is."""
    import msgspec

    from audittui.export.result import EXPORT

    try:
        return set(msgspec.json.decode(line)) == {EXPORT}
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
        return False


def _found(
    opened: Connection, name: str, params: tuple[str, ...], limit: int | None
) -> tuple[list[Wanted], Source]:
    """The entries that a runbook finds, and how."""
    from audittui.cli.run import parameters
    from audittui.export.evidence.collect import MOST, Source, Wanted
    from audittui.export.evidence.manifest import Cost, Question
    from audittui.query.execute import Execution
    from audittui.runbook.catalogue import load_catalogue
    from audittui.runbook.describe import command_of
    from audittui.runbook.planner import make_plan

    book = load_catalogue(folders()).find(name)
    plan = make_plan(book, parameters(params), opened.layout, opened.facts())
    execution = Execution(plan, opened.store, limit=min(limit or MOST, MOST))
    wanted: dict[tuple[str, int], Wanted] = {}
    for page in execution.pages():
        for row in page.rows:
            wanted[row.chain, row.seq] = Wanted(row.chain, row.seq)
    if execution.error is not None:
        raise execution.error
    coverage, meter = execution.latest.coverage, execution.latest.meter
    question = Question(
        plan.runbook, plan.title, dict(plan.parameters), command_of(plan, opened.target.options())
    )
    source = Source(
        question=question,
        runbook=book.path.read_text(encoding="utf-8"),
        coverage=coverage.text(),
        complete=coverage.complete,
        cost=Cost(meter.requests, meter.rcu, meter.unmetered),
    )
    click.echo(f"{len(wanted):,} entries: {coverage.text()}.", err=True)
    return list(wanted.values()), source


def _tell(manifest: Manifest, data: bytes, name: str) -> None:
    counts = Counter(entry.verdict for entry in manifest.entries)
    parts = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counts.items()))
    click.echo(f"{name}: {parts}.", err=True)
    click.echo(f"SHA-256 {hashlib.sha256(data).hexdigest()}")


def _code(manifest: Manifest, complete: bool) -> int:
    from audittui.integrity.verdict import FAILURES

    if any(entry.verdict in FAILURES for entry in manifest.entries):
        return 4
    return 0 if complete else INCOMPLETE


def _progress() -> Callable[[int, int], None] | None:
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        clear_line()
        if done < total:
            sys.stderr.write(f"Proving {done:,} of {total:,}")
            sys.stderr.flush()

    return show
