"""``audittui evidence``: bundles of entries with their proofs."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.exit_codes import clear_line
from audittui.cli.formats import format_option, write_objects
from audittui.cli.options import (
    connect,
    connection_options,
    settings_of,
    trusted_key_option,
)
from audittui.cli.runbook_folders import runbook_folders
from audittui.cli.signer import signer_of
from audittui.errors import IntegrityError, UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.export.evidence.check import Checked
    from audittui.export.evidence.collect import Source, Wanted
    from audittui.integrity.tlog.checkpoint import Checkpoint
    from audittui.integrity.tlog.keys import VerifierKey

_FAULTS = 50
"""The maximum number of faults to print."""
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("evidence")
def command() -> None:
    """Bundle entries with their proofs, and check such bundles offline."""


@command.command("create")
@click.option(
    "--run", "runbook", metavar="RUNBOOK", help="Bundle the entries that a runbook finds."
)
@click.option("-p", "--param", "params", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N entries.")
@click.option("--marks", metavar="FILE", type=_FILE, help="Bundle the entries in a file of marks.")
@click.option("-o", "--output", required=True, metavar="FILE.zip", type=_FILE)
@click.option(
    "--sign", metavar="FILE|kms:ARN", help="Sign as the collector, with a key file or KMS."
)
@click.option("--name", metavar="NAME", help="The collector's name, for a KMS key.")
@trusted_key_option
@connection_options
@click.pass_context
def create(
    ctx: click.Context, /, runbook: str | None, params: tuple[str, ...], limit: int | None,
    marks: Path | None, output: Path, sign: str | None, name: str | None, **given: Any,
) -> None:  # fmt: skip
    """Write a bundle: entries, proofs, checkpoints, how they were found, and a report.

    A file of marks has one JSON object per line, with chain, seq and an optional note. An existing
    file is never overwritten. --sign signs everything that cannot be derived from the entries, with
    a separate key that is not trusted for checkpoints. Exit code 3 means that the runbook's result
    is incomplete or not fully proven, 4 that an entry is not genuine; the bundle records this, and
    verify exits with the same code.
    """
    from audittui import timestamp
    from audittui.export.evidence.check import check_bundle
    from audittui.export.evidence.collect import demand_collector_key, make_bundle
    from audittui.export.evidence.outcome import proof_sentences, word_sentences
    from audittui.whole_file import demand_free, write_new

    if (runbook is None) == (marks is None):
        raise UsageError("Say what to bundle.", "Write --run RUNBOOK -p …, or --marks FILE.")
    if name and not sign:
        raise UsageError("--name needs --sign.")
    demand_free(output)
    settings = settings_of(ctx, given)
    signer = None if sign is None else signer_of(ctx, sign, name, given)
    keys = settings.trust.keys if settings is not None else ()
    if signer is not None:
        demand_collector_key(signer, [key.text for key in keys])
    opened = connect(ctx, given)
    if marks is not None:
        wanted, source = _marked(marks)
    else:
        wanted, source = _found(opened, str(runbook), params, limit)
    data = make_bundle(
        opened, wanted, source, settings, now=timestamp.now(), sign=signer, progress=_progress()
    )
    write_new(output, data)
    checked = check_bundle(data, keys, () if signer is None else (signer.verifier,))
    _tell(checked, f"{output}")
    _tell_wrong(checked)
    _tell_faults(checked)
    if settings is None:
        click.echo("No key is trusted, so nothing in the bundle is proven.", err=True)
    else:
        _say(proof_sentences(checked))
    if signer is None:
        _say(word_sentences(checked))
    else:
        _say([f"Signed by {signer.verifier.text}."])
    ctx.exit(checked.code)


@command.command("verify")
@click.argument("file", type=_FILE)
@click.option(
    "--collector-key",
    "collectors",
    multiple=True,
    metavar="KEY",
    help="Require a signature by this collector's verifier key. May be repeated: any one suffices.",
)
@format_option("text", "json", "jsonl")
@trusted_key_option
@connection_options
@click.pass_context
def verify(
    ctx: click.Context, /, file: Path, collectors: tuple[str, ...], form: str, **given: Any
) -> None:
    """Check the bundle in FILE without a table: every byte, every hash, every proof.

    Its checkpoints are compared with those of the same size that this machine has pinned.
    Exit code 0 means that every entry is proven under a key that you trust; 3 that the bundle is
    intact but not fully proven, or states that its result is incomplete; 4 that something in it is
    not genuine or contradicts its proofs.
    """
    from audittui.export.evidence.check import check_bundle
    from audittui.export.evidence.outcome import (
        outcome_object,
        proof_sentences,
        seen_sentences,
        word_sentences,
    )

    data = _read(file)
    settings = settings_of(ctx, given)
    keys = settings.trust.keys if settings is not None else ()
    checked = check_bundle(data, keys, _collectors(collectors, keys), _pinned)
    if form != "text":
        write_objects(form, [{"file": str(file), **outcome_object(checked)}])
    else:
        _tell_faults(checked)
    if checked.faults or checked.manifest is None:
        raise IntegrityError(f"{file} has been altered.", "Do not rely on it.")
    if form == "text":
        _tell(checked, str(file))
        _tell_wrong(checked)
        _say(proof_sentences(checked))
        _say(seen_sentences(checked))
        _say(word_sentences(checked))
    if checked.wrong:
        found = "an entry is" if len(checked.wrong) == 1 else f"{len(checked.wrong):,} entries are"
        raise IntegrityError(f"{file} is intact, but {found} not genuine.")
    ctx.exit(checked.code)


def _pinned(chain: str) -> list[Checkpoint]:
    """The checkpoints pinned on this machine for a chain. Raises `StoreError`."""
    from audittui.config import state_folder
    from audittui.integrity.pins import Pins
    from audittui.integrity.settings import CHECKPOINTS

    return [pin.checkpoint for pin in Pins(state_folder() / CHECKPOINTS).of_chain(chain)]


def _read(path: Path) -> bytes:
    """The bytes of a bundle; at most one byte more than a bundle may have."""
    from audittui.export.evidence.archive import MAX_BYTES

    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None


def _collectors(
    texts: tuple[str, ...], trusted: tuple[VerifierKey, ...]
) -> tuple[VerifierKey, ...]:
    from audittui.integrity.tlog.keys import parse_verifier_key
    from audittui.integrity.tlog.malformed import MalformedError

    keys = []
    for text in texts:
        try:
            key = parse_verifier_key(text)
        except MalformedError as error:
            raise UsageError(
                f"The collector's key cannot be read: {error}.",
                "audittui key show FILE prints it.",
            ) from None
        if any(key.public_key == one.public_key for one in trusted):
            raise UsageError(
                f"The key {key.name} is trusted for checkpoints; a collector needs another.",
                "Give --collector-key with the collector's key.",
            )
        keys.append(key)
    return tuple(keys)


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
                f"{path}, line {number}, is not a mark: {error}.", "A mark needs chain and seq."
            ) from None
        wanted[one.chain, one.seq] = one
    return list(wanted.values()), Source()


def _is_statement(line: bytes) -> bool:
    """True for the line that describes an exported file."""
    import msgspec

    from audittui.export.result import EXPORT

    try:
        return set(msgspec.json.decode(line)) == {EXPORT}
    except (msgspec.MsgspecError, UnicodeDecodeError, TypeError):
        return False


def _found(
    opened: Connection, name: str, params: tuple[str, ...], limit: int | None
) -> tuple[list[Wanted], Source]:
    """The entries that a runbook finds, and how they were found."""
    from audittui.cli.run import parameters
    from audittui.export.evidence.collect import Source, Wanted
    from audittui.export.evidence.manifest import MOST, Cost, Question
    from audittui.query.execution import Execution
    from audittui.runbook.catalogue import load_catalogue
    from audittui.runbook.describe import command_of
    from audittui.runbook.planner import make_plan

    book = load_catalogue(runbook_folders()).find(name)
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


def _tell(checked: Checked, name: str) -> None:
    from audittui.export.evidence.outcome import verdicts

    assert checked.manifest is not None
    counts = verdicts(checked.manifest)
    parts = ", ".join(f"{count:,} {verdict}" for verdict, count in sorted(counts.items()))
    click.echo(escaped(f"{name}: {parts}."), err=True)
    click.echo(f"SHA-256 {checked.digest}")


def _tell_faults(checked: Checked) -> None:
    """Print what differs from what can be derived."""
    for fault in checked.faults[:_FAULTS]:
        click.echo(escaped(fault))
    if len(checked.faults) > _FAULTS:
        more = len(checked.faults) - _FAULTS
        click.echo(f"And {more:,} more; audittui evidence verify --format json lists them all.")


def _tell_wrong(checked: Checked) -> None:
    """Print the entries that are not genuine."""
    for one in checked.wrong[:_FAULTS]:
        click.echo(escaped(f"{one.chain} {one.seq}: {one.told}"))
    if len(checked.wrong) > _FAULTS:
        click.echo(f"And {len(checked.wrong) - _FAULTS:,} more, listed in the bundle's report.")


def _say(sentences: list[str]) -> None:
    for sentence in sentences:
        click.echo(escaped(sentence), err=True)


def _progress() -> Callable[[int, int], None] | None:
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        clear_line()
        if done < total:
            sys.stderr.write(f"Proving {done:,} of {total:,}")
            sys.stderr.flush()

    return show
