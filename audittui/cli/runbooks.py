"""``audittui runbooks``: list, show and check runbooks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from audittui.cli.exit_codes import INCOMPLETE, OK
from audittui.cli.formats import format_option, write_objects
from audittui.cli.runbook_folders import runbook_folders
from audittui.errors import UsageError
from audittui.escape import escaped

if TYPE_CHECKING:
    from audittui.runbook.catalogue import BrokenRunbook
    from audittui.runbook.model import Runbook


@click.group("runbooks")
def command() -> None:
    """List, show and check runbooks."""


@command.command("list")
@format_option("text", "json", "jsonl")
@click.pass_context
def list_runbooks(ctx: click.Context, form: str) -> None:
    """List every runbook, and every broken file. Exit code 3 means that a file is broken."""
    from audittui.runbook.catalogue import load_catalogue

    catalogue = load_catalogue(runbook_folders())
    for broken in catalogue.broken:
        click.echo(f"Broken: {escaped(broken.text)}", err=True)
    count = len(catalogue.runbooks)
    click.echo(
        f"{count} {'runbook' if count == 1 else 'runbooks'}, {len(catalogue.broken)} broken.",
        err=True,
    )
    if form != "text":
        write_objects(form, [*map(_object, catalogue.runbooks), *map(_fault, catalogue.broken)])
    else:
        _write_list(catalogue.runbooks)
    ctx.exit(INCOMPLETE if catalogue.broken else OK)


def _write_list(runbooks: Sequence[Runbook]) -> None:
    width = max((len(runbook.id) for runbook in runbooks), default=0)
    for runbook in runbooks:
        tags = ", ".join(runbook.tags)
        click.echo(escaped(f"{runbook.id.ljust(width)}  {runbook.description} [{tags}]"))


def _object(runbook: Runbook) -> dict[str, Any]:
    return {
        "id": runbook.id,
        "name": runbook.name,
        "description": runbook.description,
        "tags": list(runbook.tags),
        "file": str(runbook.path),
        "params": [
            {
                "name": one.name, "type": one.type, "required": one.required,
                "default": one.default_text or None, "help": one.help,
            }
            for one in runbook.params
        ],
        "broken": None,
    }  # fmt: skip


def _fault(broken: BrokenRunbook) -> dict[str, Any]:
    return {
        "id": broken.path.stem,
        "file": str(broken.path),
        "broken": {"line": broken.line or None, "where": broken.where, "reason": broken.message},
    }


@command.command("show")
@click.argument("runbook")
def show(runbook: str) -> None:
    """Show one runbook: its query, its parameters, and how to run it."""
    from audittui.runbook.catalogue import load_catalogue

    book = load_catalogue(runbook_folders()).find(runbook)
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
    """Check runbook files and folders. Exit code 1 means that one is broken."""
    from audittui.runbook.catalogue import BrokenRunbook, check

    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no file {path}.", "Check the path.")
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
