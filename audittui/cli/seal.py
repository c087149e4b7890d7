"""``audittui seal``: sign checkpoints of appended entries."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.options import connect, connection_options
from audittui.cli.seal_rounds import Report, Sealing
from audittui.cli.signer import signer_of
from audittui.errors import UsageError

if TYPE_CHECKING:
    pass

_EVERY = re.compile(r"([1-9][0-9]{0,8})([smhd]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LOOK = 5.0
"""Seconds between checks for new entries."""


@click.command("seal")
@click.option("--chain", metavar="CHAIN", help="Seal only this chain; default all chains.")
@click.option(
    "--key",
    "key",
    required=True,
    metavar="FILE|kms:ARN",
    help="The signing key: a key file, or KMS.",
)
@click.option("--name", metavar="NAME", help="The log's name, for a KMS key.")
@click.option(
    "--every",
    metavar="N|T",
    help="Keep sealing every N entries, or every T (30s, 5m, 1h), until Ctrl-C.",
)
@click.option(
    "--accept-gap",
    "gap",
    nargs=2,
    metavar="CHAIN FROM..TO",
    help="Sign that these unsealed entries are permanently gone; then seal.",
)
@click.option("--reason", metavar="TEXT", help="Why they are gone; part of the signed statement.")
@click.option(
    "--replace-tile",
    "tile",
    metavar="PATH",
    help="Rewrite a tile of --chain from the entries, if it was forged or altered.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="json is one array, jsonl one object per line.",
)
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, chain: str | None, key: str, name: str | None, every: str | None,
    gap: tuple[str, str] | None, reason: str | None, tile: str | None, form: str,
    **connection: Any,
) -> None:  # fmt: skip
    """Verify the entries appended since the last checkpoint, and sign a new one.

    Each new checkpoint is printed; keep a copy elsewhere. Exit code 4 means that a chain failed
    verification, 1 that a chain could not be sealed. Nothing is signed beyond a fault; other chains
    are sealed regardless.
    """
    count, seconds = _every(every)
    if (gap is None) != (reason is None):
        raise UsageError("--accept-gap and --reason must be given together.", "Give both.")
    if tile is not None and (chain is None or gap is not None or every is not None):
        raise UsageError(
            "--replace-tile needs one chain and no other action.", "Give --chain CHAIN."
        )
    if gap is not None and (every is not None or chain not in (None, gap[0])):
        raise UsageError("--accept-gap names its own chain and excludes --every.")
    if every is not None and form == "json":
        raise UsageError(
            "--every never ends, so its output cannot be one JSON array.", "Use jsonl."
        )
    first, last = _range(gap[1]) if gap is not None else (0, 0)
    signer = signer_of(ctx, key, name, connection)
    opened = connect(ctx, connection, write=True)
    sealing = Sealing(opened, signer, gap[0] if gap is not None else chain)
    report = Report(form)
    if tile is not None:
        from audittui.integrity.tlog.malformed import MalformedError
        from audittui.integrity.tlog.tile import parse_tile_path

        try:
            path = parse_tile_path(tile)
        except MalformedError as error:
            raise UsageError(
                f"{tile} is not a tile: {error}.", "Write a path such as tile/0/000."
            ) from None
        report.tell_tile(chain or "", path.path, replaced=sealing.replace_tile(path))
        report.end()
        return
    if gap is not None:
        assert reason is not None
        sealing.accept_gap(first, last, reason)
    if every is None:
        sealing.once(None, report)
        report.end()
        ctx.exit(report.code)
    pause = _LOOK if count else seconds
    try:
        while True:
            sealing.once(count or None, report)
            time.sleep(pause)
    except KeyboardInterrupt:
        report.end()
        click.echo("Stopped.", err=True)
    ctx.exit(report.code)


def _range(text: str) -> tuple[int, int]:
    """The seqs of ``FROM..TO``, both inclusive."""
    match = re.fullmatch(r"([0-9]{1,18})\.\.([0-9]{1,18})", text, re.ASCII)
    if match is None or int(match[1]) > int(match[2]):
        raise UsageError(
            f"{text} is not a valid range of entries.", "Write FROM..TO, such as 120..131."
        )
    return int(match[1]), int(match[2])


def _every(text: str | None) -> tuple[int, float]:
    """A number of entries, or a number of seconds; the other is 0."""
    if text is None:
        return 0, 0.0
    match = _EVERY.fullmatch(text)
    if match is None:
        raise UsageError(
            f"--every {text} is neither a number of entries nor a duration.",
            "Write, for example, --every 256 or --every 5m.",
        )
    number, unit = int(match[1]), match[2]
    return (0, float(number * _SECONDS[unit])) if unit else (number, 0.0)
