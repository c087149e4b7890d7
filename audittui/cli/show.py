"""``audittui show``: one entry, whole."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from audittui import timestamp
from audittui.cli.ending import INCOMPLETE
from audittui.cli.options import connect, connection_options
from audittui.errors import AuditError, UsageError
from audittui.escape import escaped, escaped_lines
from audittui.layout.row import ROW_FIELDS


@click.command("show")
@click.argument("chain")
@click.argument("seq", type=click.IntRange(min=0))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json is the entry's body: verbatim, but on a terminal harmless.",
)
@connection_options
@click.pass_context
def command(ctx: click.Context, /, chain: str, seq: int, form: str, **connection: Any) -> None:
    """Show the entry SEQ of CHAIN: its fields and its body.

    Exit code 3 says that the registry does not name the chain.
    """
    from audittui.integrity.lag import advice
    from audittui.integrity.reader import ChainReader
    from audittui.investigate.document import fetch_entry

    opened = connect(ctx, connection)
    fetched = fetch_entry(opened.store, opened.layout, chain, seq)
    reader = ChainReader(opened.store, opened.layout, chain, consistent=False)
    registered = not opened.layout.chained or reader.registered()
    rcu = fetched.rcu + reader.take()
    if fetched.item is None:
        if not registered:
            raise UsageError(f"There is no chain {chain}.", "Check its name.")
        region = reader.write_region() if opened.layout.chained else ""
        late = f" It may not be replicated yet. {advice(region)}." if region else ""
        raise AuditError(
            f"There is no entry {seq} in the chain {chain}.{late}",
            "Check both; entries count from 0.",
        )
    if not registered:
        click.echo(
            escaped(
                f"Warning: the registry does not name the chain {chain}: it is not of this log, "
                "and nothing vouches for what is said here."
            ),
            err=True,
        )
    code = 0 if registered else INCOMPLETE
    if form == "json":
        click.echo(harmless(fetched.document) if sys.stdout.isatty() else fetched.document)
        ctx.exit(code)
    row = opened.layout.row(fetched.item)
    for name in ROW_FIELDS:
        value = getattr(row, name)
        text = timestamp.text(value) if name == "time" else escaped(str(value)) or "-"
        click.echo(f"{name.replace('_', ' ').ljust(12)}{text}")
    digest = fetched.item.get("hash")
    if isinstance(digest, bytes):
        click.echo(f"{'hash'.ljust(12)}{digest.hex()}")
    click.echo()
    click.echo(pretty(fetched.document))
    click.echo(f"{rcu:g} RCU.", err=True)
    ctx.exit(code)


def pretty(document: str) -> str:
    """A JSON text over several lines, harmless; as it is where it is not JSON, or ambiguous."""
    from audittui.entry import decode_strict

    try:
        text = json.dumps(decode_strict(document), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return escaped(document)
    return escaped_lines(text)


def harmless(document: str) -> str:
    """A JSON text that says the same, with what would act on a terminal written as an escape."""
    return "".join(
        character if character == "\n" or escaped(character) == character
        # Between the values; inside of a string JSON has them as escapes already.
        else " " if character in "\t\r"
        else json.dumps(character)[1:-1]
        for character in document
    )  # fmt: skip
