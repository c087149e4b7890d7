"""``audittui checkpoint``: signed checkpoints, shown, verified, and brought from elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.options import connect, connection_options, settings_of, trusted_key_option
from audittui.errors import IntegrityError, UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.integrity.anchor import Anchored, AnchorSettings

_FILE = click.Path(dir_okay=False, path_type=Path, allow_dash=True)


@click.group("checkpoint")
def command() -> None:
    """Show, verify and import signed checkpoints."""


@command.command("show")
@click.argument("chain")
@trusted_key_option
@connection_options
@click.pass_context
def show(ctx: click.Context, /, chain: str, **given: Any) -> None:
    """Print the newest checkpoint of CHAIN, and say whether it is to be believed."""
    from audittui.integrity.sealed import SealedLog

    opened = connect(ctx, given)
    newest = SealedLog(opened.store, chain).newest()
    if newest is None:
        raise UsageError(
            f"{chain} has no checkpoint in {opened.store.place}.", "audittui seal makes one."
        )
    # The note's own bytes, but harmless on a terminal.
    sys.stdout.write("".join(f"{escaped(line)}\n" for line in newest.note.splitlines()))
    click.echo(
        f"Size {newest.size:,}, sealed {escaped(newest.sealed_at) or 'at no time'}.", err=True
    )
    settings = settings_of(ctx, given)
    if settings is None:
        click.echo("No key is trusted, so it is not verified.", err=True)
        return
    _conclude(_held(opened, chain, settings))


@command.command("verify")
@click.argument("file", type=_FILE)
@trusted_key_option
@connection_options
@click.pass_context
def verify(ctx: click.Context, /, file: Path, **given: Any) -> None:
    """Verify the checkpoint or the proof (.tlog-proof) in FILE, offline, by the trusted keys.

    For a proof, the entry that it proves is printed.
    """
    from audittui.integrity.checkpoint_file import is_proof, read_anchor, read_proof
    from audittui.integrity.trust import Trust

    data = _read(file)
    settings = settings_of(ctx, given)
    trust = settings.trust if settings is not None else Trust(())
    if is_proof(data):
        proven = read_proof(data, trust)
        point = proven.anchor.checkpoint
        sys.stdout.write(escaped(proven.body.decode("utf-8", "replace")) + "\n")
        click.echo(
            f"ANCHORED: it is entry {proven.seq} of {point.origin}, proven under the signed "
            f"checkpoint of size {point.size:,}.",
            err=True,
        )
        return
    point = read_anchor(data, trust).checkpoint
    click.echo(f"{point.origin}, size {point.size:,}: signed by a trusted key.", err=True)


@command.command("import")
@click.argument("file", type=_FILE)
@trusted_key_option
@connection_options
@click.pass_context
def import_(ctx: click.Context, /, file: Path, **given: Any) -> None:
    """Pin the checkpoint in FILE, and hold the log in the table against it.

    From then on every checkpoint of that log must extend it. Exit code 4 says that the log in the
    table does not.
    """
    from audittui.integrity.checkpoint_file import read_anchor
    from audittui.integrity.trust import Trust

    settings = settings_of(ctx, given)
    anchor = read_anchor(_read(file), settings.trust if settings is not None else Trust(()))
    assert settings is not None
    assert settings.pins is not None
    origin = anchor.checkpoint.origin
    known = settings.pins.load(origin)
    pinned = settings.trust.checkpoint(known, anchor.chain) if known else None
    size = anchor.checkpoint.size
    if pinned is not None and pinned.size == size and pinned.root != anchor.checkpoint.root:
        raise IntegrityError(
            f"Another checkpoint of {origin} of size {size:,} was seen here before.",
            "One of the two logs is a forgery; nothing was pinned.",
        )
    opened = connect(ctx, given)
    if pinned is not None and pinned.size > size:
        click.echo(f"One of size {pinned.size:,} is pinned already; it stays.", err=True)
        _demand_part(opened, anchor, settings)
    else:
        settings.pins.save(origin, anchor.note)
        click.echo(f"Pinned: {origin}, size {size:,}.", err=True)
    _conclude(_held(opened, anchor.chain, settings))


def _held(opened: Any, chain: str, settings: AnchorSettings) -> Anchored:
    from audittui.integrity.anchor import TileReader, find_anchor, hold_against_pin
    from audittui.integrity.sealed import SealedLog

    sealed = SealedLog(opened.store, chain, consistent=True)
    found = find_anchor(sealed, settings.trust)
    origin = settings.origin(chain, found.checkpoint)
    return hold_against_pin(found, settings, chain, TileReader(sealed, origin, None))


def _demand_part(opened: Any, anchor: Any, settings: AnchorSettings) -> None:
    """Hold a smaller checkpoint than the pinned one against the log."""
    from audittui.integrity.anchor import TileReader, find_anchor, inconsistency
    from audittui.integrity.sealed import SealedLog

    sealed = SealedLog(opened.store, anchor.chain, consistent=True)
    found = find_anchor(sealed, settings.trust).checkpoint
    if found is None or found.size < anchor.checkpoint.size:
        return
    why = inconsistency(anchor.checkpoint, found, TileReader(sealed, found.origin, None))
    if why:
        raise IntegrityError(
            f"REWRITTEN: {why}.", "The log does not hold the checkpoint in the file."
        )


def _conclude(found: Anchored) -> None:
    wrong = found.rewritten or found.doubt
    if wrong:
        name = "REWRITTEN: " if found.rewritten else ""
        raise IntegrityError(f"{name}{wrong}.", "Do not rely on this log.")
    if found.checkpoint is None:
        click.echo("The table has no checkpoint of this chain yet.", err=True)
        return
    point = found.checkpoint
    click.echo(
        f"The newest checkpoint of {point.origin} is of size {point.size:,}, signed by a trusted "
        "key, and extends what was seen here.",
        err=True,
    )


def _read(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from None
