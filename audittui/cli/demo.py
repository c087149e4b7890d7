"""``audittui demo``: an incident to solve."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from audittui.errors import UsageError


@click.command("demo")
@click.option(
    "--keep",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Keep the store in FILE, for other terminals and commands.",
)
@click.option("--seed-only", is_flag=True, help="With --keep: fill the store without opening it.")
def command(keep: Path | None, seed_only: bool) -> None:
    """Open an invented company's log: four days, about 20,000 entries, and an incident.

    Somebody got in. Find out who it was, what they did, and which record was falsified.
    """
    from audittui import timestamp
    from audittui.demo.open import Demo
    from audittui.demo.seed import DAYS

    if seed_only:
        if keep is None:
            raise UsageError("--seed-only needs --keep FILE.")
        demo = Demo(str(keep), traffic=False)
        connection = demo.connect(demo.target)
        demo.close()
        count = connection.store.describe().item_count
        connection.store.close()
        click.echo(f"{keep} holds the demo: {count:,} items.", err=True)
        if demo.anchor is not None:
            first, last = (
                timestamp.text(demo.anchor + days * timestamp.DAY)[:10] for days in (-DAYS - 1, 1)
            )
            click.echo(f"To query it on another day: -p window={first}..{last}", err=True)
        if connection.target.trusted_keys:
            click.echo(
                f"It is sealed; verify it with --trusted-key {connection.target.trusted_keys[0]}",
                err=True,
            )
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "The demo needs a terminal.", "For scripts: audittui demo --keep FILE --seed-only."
        )
    from audittui.cli.terminal import run_application
    from audittui.config import load_config
    from audittui.tui.app import AuditApp

    config = load_config()
    with tempfile.TemporaryDirectory(prefix="audittui-") as folder:
        if keep is None:
            # The state of a temporary demo is deleted with it.
            os.environ.setdefault("AUDITTUI_STATE", folder)
        demo = Demo(str(keep) if keep is not None else str(Path(folder) / "demo.db"))
        try:
            run_application(
                AuditApp(demo.target, connect=demo.connect, keys=config.keys, theme=config.theme)
            )
        finally:
            demo.close()
    if keep is not None:
        click.echo(f"The store was kept in {keep}; open it with audittui --store {keep}.", err=True)
