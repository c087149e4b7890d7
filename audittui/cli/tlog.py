"""``audittui tlog``: export a chain as a C2SP tile log, for independent tools."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.exit_codes import INCOMPLETE
from audittui.cli.options import connect, connection_options, settings_of, trusted_key_option
from audittui.errors import UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.export.tlog import Progress, TlogExport

_SHOWN = 5
"""The maximum number of incomplete bundles to list."""


@click.group("tlog")
def command() -> None:
    """Export a chain as a tile log that independent tools verify."""


@command.command("export")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--chain", required=True, metavar="CHAIN", help="The chain to export.")
@trusted_key_option
@connection_options
@click.pass_context
def export(ctx: click.Context, /, folder: Path, chain: str, **given: Any) -> None:
    """Write CHAIN into FOLDER as checkpoint, tiles and entry bundles (C2SP tlog-tiles).

    The chain is verified first. Exit code 4 means that it is not genuine and nothing was written.
    Expired entries are omitted, in whole bundles of 256. Exit code 3 means that entries that have
    not expired were omitted because others in their bundle have. A folder without a checkpoint is
    incomplete.
    """
    from audittui.export.tlog import export_tlog

    settings = settings_of(ctx, given)
    if settings is None:
        raise UsageError(
            "No key is trusted, so no checkpoint can be exported.",
            "Set trusted_keys in the profile, or give --trusted-key KEY.",
        )
    opened = connect(ctx, given)
    done = export_tlog(
        opened.store, opened.layout, chain, settings, folder, progress=_progress(chain)
    )
    click.echo(_text(done, folder), err=True)
    if done.unwritten:
        ranges = [f"{first} to {last}" for first, last in done.holes]
        more = f" and {len(ranges) - _SHOWN:,} more" if len(ranges) > _SHOWN else ""
        click.echo(
            f"{done.unwritten:,} entries in the table were NOT exported, because other entries of "
            f"their bundles of 256 have expired: seq {', '.join(ranges[:_SHOWN])}{more}.",
            err=True,
        )
        ctx.exit(INCOMPLETE)


def _text(done: TlogExport, folder: Path) -> str:
    left = f", {done.expired:,} expired entries omitted" if done.expired else ""
    if done.kept_out:
        left += f" ({done.kept_out:,} of them are still in the table)"
    return escaped(
        f"{done.origin}, size {done.size:,}: {done.files:,} files in {folder}{left}. "
        f"{done.rcu:g} RCU."
    )


def _progress(chain: str) -> Progress | None:
    if not sys.stderr.isatty():
        return None

    def show(read: int, total: int | None) -> None:
        of = "" if total is None else f" of {total:,}"
        end = "\n" if read == total else "\r"
        sys.stderr.write(f"\rVerifying {escaped(chain)}: {read:,}{of}{end}")
        sys.stderr.flush()

    return show
