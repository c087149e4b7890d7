"""``audittui checkpoint``: show, verify, import and forget signed checkpoints."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from audittui.cli.formats import write_objects
from audittui.cli.options import connect, connection_options, settings_of, trusted_key_option
from audittui.errors import IntegrityError, StoreError, UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.integrity.settings import VerificationSettings
    from audittui.integrity.tlog.checkpoint import Checkpoint
    from audittui.integrity.verifying.found_checkpoint import FoundCheckpoint

Function = TypeVar("Function", bound=Callable[..., Any])
_FILE = click.Path(dir_okay=False, path_type=Path, allow_dash=True)


def _format_option(function: Function) -> Function:
    return click.option(
        "--format", "form", type=click.Choice(["text", "json", "jsonl"]), default="text",
        show_default=True, help="json is one array, jsonl one object per line.",
    )(function)  # fmt: skip


@click.group("checkpoint")
def command() -> None:
    """Show, verify, import and forget signed checkpoints."""


@command.command("show")
@click.argument("chain")
@_format_option
@trusted_key_option
@connection_options
@click.pass_context
def show(ctx: click.Context, /, chain: str, form: str, **given: Any) -> None:
    """Print the newest checkpoint of CHAIN and whether it can be trusted."""
    from audittui.integrity.sealed_log import SealedLog

    opened = connect(ctx, given)
    newest = SealedLog(opened.store, chain).newest()
    if newest is None:
        raise UsageError(
            f"{chain} has no checkpoint in {opened.store.place}.", "audittui seal makes one."
        )
    settings = settings_of(ctx, given)
    found = None if settings is None else _held(opened, chain, settings)
    if form == "text":
        # The note as stored, with control characters escaped.
        sys.stdout.write("".join(f"{escaped(line)}\n" for line in newest.note.splitlines()))
    else:
        wrong = "" if found is None else found.rewritten or found.doubt or _flaw(found)
        shown = {
            "chain": chain, "size": newest.size, "sealed_at": newest.sealed_at,
            "note": newest.note, "failed": bool(wrong), "summary": wrong,
            "believed": None if found is None else not wrong,
        }  # fmt: skip
        write_objects(form, [shown])
    click.echo(
        f"Size {newest.size:,}, sealed {escaped(newest.sealed_at) or 'at an unknown time'}.",
        err=True,
    )
    if found is None:
        click.echo("No key is trusted, so the checkpoint is not verified.", err=True)
        return
    _conclude(found)


@command.command("verify")
@click.argument("file", type=_FILE)
@_format_option
@trusted_key_option
@connection_options
@click.pass_context
def verify(ctx: click.Context, /, file: Path, form: str, **given: Any) -> None:
    """Verify the checkpoint or proof (.tlog-proof) in FILE offline, with the trusted keys.

    For a proof, print the entry that it proves.
    """
    from audittui.integrity.trust import Trust
    from audittui.integrity.verifying.checkpoint_file import is_proof, read_checkpoint, read_proof

    data = read_file(file)
    settings = settings_of(ctx, given)
    trust = settings.trust if settings is not None else Trust(())
    if is_proof(data):
        proven = read_proof(data, trust)
        point = proven.file.checkpoint
        body = proven.body.decode("utf-8", "replace")
        if form == "text":
            sys.stdout.write(escaped(body) + "\n")
        else:
            proof = {**_point(proven.file.chain, point), "seq": proven.seq, "body": body}
            write_objects(form, [proof])
        click.echo(
            f"ANCHORED: entry {proven.seq} of {point.origin} is proven under the signed "
            f"checkpoint of size {point.size:,}.",
            err=True,
        )
        return
    stored = read_checkpoint(data, trust)
    point = stored.checkpoint
    if form != "text":
        write_objects(form, [_point(stored.chain, point)])
    click.echo(f"{point.origin}, size {point.size:,}: signed by a trusted key.", err=True)


@command.command("import")
@click.argument("file", type=_FILE)
@_format_option
@trusted_key_option
@connection_options
@click.pass_context
def import_(ctx: click.Context, /, file: Path, form: str, **given: Any) -> None:
    """Compare the log in the table with the checkpoint in FILE, then pin the checkpoint.

    From then on every checkpoint of that log must extend it. Exit code 4 means that the log in the
    table contradicts it. An existing pin is then kept. If there is none, the imported checkpoint is
    pinned anyway, so the log is not trusted until it agrees with it.
    """
    from audittui.integrity.trust import Trust
    from audittui.integrity.verifying.checkpoint_file import read_checkpoint

    settings = settings_of(ctx, given)
    stored = read_checkpoint(read_file(file), settings.trust if settings is not None else Trust(()))
    assert settings is not None
    opened = connect(ctx, given)
    why = _imported(opened, stored.chain, stored.checkpoint, stored.note, settings)
    if form != "text":
        failed = {"failed": bool(why), "summary": why}
        write_objects(form, [{**_point(stored.chain, stored.checkpoint), **failed}])
    if why:
        raise IntegrityError(f"REWRITTEN: {why}.", "Do not rely on this log.")
    _conclude(_held(opened, stored.chain, settings))


@command.command("forget")
@click.argument("origin")
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why; recorded with the retired checkpoint."
)
@_format_option
def forget(origin: str, reason: str, form: str) -> None:
    """Retire this machine's pin for the log ORIGIN, such as audit.example.com/payments/0.

    Its next checkpoint signed by a trusted key is then accepted, whatever it contains. If ORIGIN
    has no pin, it may also name a chain; the record of its last sweep is retired.
    """
    from audittui.cli.progress_marks import forget_mark, marks_on
    from audittui.config import state_folder
    from audittui.integrity.pins import Pins
    from audittui.integrity.settings import CHECKPOINTS

    if not reason.strip():
        raise UsageError("--reason is empty.", "Say why the pin is retired.")
    pins = Pins(state_folder() / CHECKPOINTS)
    found = [pin for pin in pins.all() if not isinstance(pin, StoreError)]
    chosen = [pin for pin in found if pin.origin == origin]
    marks = [
        mark
        for pin in chosen
        for mark in marks_on(pin.chain)
        if pin.seen_in(mark.table) or not pin.tables
    ] or ([] if chosen else list(marks_on(origin)))
    if not chosen and not marks:
        known = ", ".join(pin.origin for pin in found) or "none"
        raise UsageError(f"{origin} is not pinned.", f"Pinned logs: {known}.")
    objects = []
    for pin in chosen:
        pins.forget(pin, reason)
        objects.append({"forgotten": "pin", **_point(pin.chain, pin.checkpoint)})
        click.echo(escaped(f"Forgotten: {pin.origin}, size {pin.size:,}."), err=True)
    for mark in marks:
        forget_mark(mark)
        objects.append({"forgotten": "mark", "chain": mark.chain, "size": mark.size})
        click.echo(
            escaped(f"Forgotten: {mark.chain} was verified up to entry {mark.size - 1}."), err=True
        )
    if form != "text":
        write_objects(form, objects)


def read_file(file: Path) -> bytes:
    """The bytes of a file; ``-`` is standard input. Raises `UsageError`."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None


def _imported(
    opened: Any, chain: str, point: Checkpoint, note: str, settings: VerificationSettings
) -> str:
    """Pin ``point`` if it agrees with the pins and the table; otherwise return why it does not."""
    from audittui.integrity.pins import Pin
    from audittui.integrity.sealed_log import SealedLog
    from audittui.integrity.tile_reader import TileReader
    from audittui.integrity.verifying.found_checkpoint import contradiction, find_checkpoint

    assert settings.pins is not None
    sealed = SealedLog(opened.store, chain, consistent=True)
    pinned = settings.pinned(sealed)
    found = find_checkpoint(sealed, settings.trust).checkpoint
    read = TileReader(sealed, point.origin, None)
    for pin in pinned:
        seen = pin.checkpoint
        if seen.size == point.size and seen.root != point.root:
            return f"Another checkpoint of size {point.size:,} was seen here; the pin stays"
    why = contradiction(point, found, read, "is imported")
    for pin in pinned:
        why = why or contradiction(pin.checkpoint, found, read)
    if why and pinned:
        return f"{why}; the pin stays"
    largest = max((pin.size for pin in pinned if pin.origin == point.origin), default=-1)
    if largest > point.size:
        click.echo(f"A checkpoint of size {largest:,} is already pinned; it stays.", err=True)
        return why
    settings.pins.grow(Pin(chain, point.origin, note, (sealed.table,)))
    click.echo(f"Pinned: {escaped(point.origin)}, size {point.size:,}.", err=True)
    return why


def _held(opened: Any, chain: str, settings: VerificationSettings) -> FoundCheckpoint:
    from audittui.integrity.sealed_log import SealedLog
    from audittui.integrity.tile_reader import TileReader
    from audittui.integrity.verifying.found_checkpoint import find_checkpoint, hold_against_pins

    sealed = SealedLog(opened.store, chain, consistent=True)
    pinned = settings.pinned(sealed)
    found = find_checkpoint(sealed, settings.trust)
    read = TileReader(sealed, settings.origin(chain, found.checkpoint), None)
    return hold_against_pins(found, settings, sealed, read, pinned)


def _conclude(found: FoundCheckpoint) -> None:
    wrong = found.rewritten or found.doubt or _flaw(found)
    if wrong:
        name = "REWRITTEN: " if found.rewritten else ""
        raise IntegrityError(f"{name}{wrong}.", "Do not rely on this log.")
    if found.checkpoint is None:
        click.echo("The table has no checkpoint of this chain yet.", err=True)
        return
    point = found.checkpoint
    click.echo(
        f"The newest checkpoint of {point.origin} has size {point.size:,}, is signed by a trusted "
        "key, and extends what was seen here.",
        err=True,
    )


def _flaw(found: FoundCheckpoint) -> str:
    return next((step.note for step in found.flaws if step.result == "fails"), "")


def _point(chain: str, point: Checkpoint) -> dict[str, Any]:
    return {"chain": chain, "origin": point.origin, "size": point.size, "root": point.root.hex()}
