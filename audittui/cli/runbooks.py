"""``audittui runbooks``: list, show, check."""

from __future__ import annotations

from pathlib import Path

import click

from audittui.cli.opening import folders
from audittui.escape import escaped


@click.group("runbooks")
def command() -> None:
    """List, show and check runbooks."""


@command.command("list")
def list_runbooks() -> None:
    """List every runbook by name, and every file that is none."""
    from audittui.runbook.catalogue import load_catalogue

    catalogue = load_catalogue(folders())
    width = max((len(runbook.id) for runbook in catalogue.runbooks), default=0)
    for runbook in catalogue.runbooks:
        tags = ", ".join(runbook.tags)
        click.echo(escaped(f"{runbook.id.ljust(width)}  {runbook.description} [{tags}]"))
    for broken in catalogue.broken:
        click.echo(f"Broken: {escaped(broken.text)}", err=True)
    click.echo(f"{len(catalogue.runbooks)} runbooks, {len(catalogue.broken)} broken.", err=True)


@command.command("show")
@click.argument("runbook")
def show(runbook: str) -> None:
    """Show one runbook: what it asks, its parameters, and how to run it."""
    from audittui.runbook.catalogue import load_catalogue

    book = load_catalogue(folders()).find(runbook)
    click.echo(escaped(f"{book.name} ({book.id})"))
    click.echo(escaped(book.description))
    click.echo(f"File: {book.path}")
    words = [f"audittui run {book.id}"]
    if book.params:
        click.echo("\nParameters:")
        width = max(len(parameter.name) for parameter in book.params)
        for parameter in book.params:
            default = parameter.default_text
            state = "required" if parameter.required else f"default {default}" if default else ""
            line = f"  {parameter.name.ljust(width)}  {parameter.type}, {state or 'optional'}"
            click.echo(escaped(f"{line}. {parameter.help}"))
            if parameter.required:
                words.append(f"-p {parameter.name}={parameter.placeholder or '…'}")
    click.echo(f"\nRun it: {escaped(' '.join(words))}")


@command.command("check")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.pass_context
def check_paths(ctx: click.Context, paths: tuple[Path, ...]) -> None:
    """Check runbook files and folders. Exit code 1 when one is broken."""

    from audittui.runbook.catalogue import BrokenRunbook, check

    broken = 0
    results = check(paths)
    for result in results:
        if isinstance(result, BrokenRunbook):
            broken += 1
            place = f"{result.path}:{result.line}" if result.line else str(result.path)
            where = f"{result.where}: " if result.where else ""
            click.echo(escaped(f"{place}: {where}{result.message}"))
        else:
            click.echo(f"{escaped(str(result.path))}: good")
    click.echo(f"{len(results) - broken} good, {broken} broken.", err=True)
    ctx.exit(1 if broken else 0)
