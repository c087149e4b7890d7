"""``audittui tlog``: a chain as a C2SP tile log, for tools that we did not write."""

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
"""How many incomplete bundles are listed."""


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

    The chain is verified first; exit code 4 says that it is not genuine, and nothing was written.
    Entries that have expired are left out, a bundle of 256 at a time. Exit code 3 says that entries
    are left out that have not expired, because others of their bundle have. A folder without a
    checkpoint is not complete.
    """
    from audittui.export.tlog import export_tlog

    settings = settings_of(ctx, given)
    if settings is None:
        raise UsageError(
            "No key is trusted, so no checkpoint can be exported.",
            "Put trusted_keys into the profile, or give --trusted-key KEY.",
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
            f"{done.unwritten:,} entries that are in the table are NOT in it, because a bundle "
            f"holds 256 and others of theirs have expired: seq {', '.join(ranges[:_SHOWN])}{more}.",
            err=True,
        )
        ctx.exit(INCOMPLETE)


def _text(done: TlogExport, folder: Path) -> str:
    left = f", {done.expired:,} expired entries left out" if done.expired else ""
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
