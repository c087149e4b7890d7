"""``audittui tlog``: a chain as a C2SP tile log, for tools that we did not write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audittui.cli.options import connect, connection_options, settings_of, trusted_key_option
from audittui.errors import UsageError


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
    """Write CHAIN into FOLDER as checkpoint, tiles and entry bundles (C2SP tlog-tiles)."""
    from audittui.export.tlog import export_tlog

    settings = settings_of(ctx, given)
    if settings is None:
        raise UsageError(
            "No key is trusted, so no checkpoint can be exported.",
            "Put trusted_keys into the profile, or give --trusted-key KEY.",
        )
    opened = connect(ctx, given)
    done = export_tlog(opened.store, opened.layout, chain, settings.trust, folder)
    left = f", {done.expired:,} expired entries left out" if done.expired else ""
    click.echo(
        f"{done.origin}, size {done.size:,}: {done.files:,} files in {folder}{left}.", err=True
    )
