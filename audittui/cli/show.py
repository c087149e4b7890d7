"""``audittui show``: show one entry in full."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from audittui import timestamp
from audittui.cli.exit_codes import INCOMPLETE
from audittui.cli.options import connect, connection_options
from audittui.errors import UsageError
from audittui.escape import escaped, escaped_lines
from audittui.layout.row import ROW_FIELDS
from audittui.suggest import suggestion

if TYPE_CHECKING:
    from audittui.connection import Connection
    from audittui.integrity.chain_reader import ChainReader


@click.command("show")
@click.argument("chain")
@click.argument("seq", type=click.IntRange(min=0))
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="jsonl is the entry's body, verbatim (escaped on a terminal); json an array of it.",
)
@connection_options
@click.pass_context
def command(ctx: click.Context, /, chain: str, seq: int, form: str, **connection: Any) -> None:
    """Show the entry SEQ of CHAIN: its fields and its body.

    Exit code 3 means that the chain is not in the registry.
    """
    from audittui.integrity.chain_reader import ChainReader
    from audittui.investigate.document import fetch_entry

    opened = connect(ctx, connection)
    fetched = fetch_entry(opened.store, opened.layout, chain, seq)
    reader = ChainReader(opened.store, opened.layout, chain, consistent=False)
    registered = not opened.layout.chained or reader.registered()
    rcu = fetched.rcu + reader.take()
    if fetched.item is None:
        raise _absent(opened, chain, seq, _late(reader) if opened.layout.chained else "")
    if not registered:
        click.echo(
            escaped(
                f"Warning: the chain {chain} is not in the registry. It is not part of this log, "
                "and nothing vouches for this entry."
            ),
            err=True,
        )
    code = 0 if registered else INCOMPLETE
    if form != "text":
        text = harmless(fetched.document) if sys.stdout.isatty() else fetched.document
        # Line breaks can only occur between JSON values.
        line = " ".join(text.splitlines()) if fetched.entry is None else text
        click.echo(f"[\n{line}\n]" if form == "json" else line)
        click.echo(f"{rcu:g} RCU.", err=True)
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


def _late(reader: ChainReader) -> str:
    """Advice if an entry may not be replicated yet; otherwise empty."""
    from audittui.integrity.verifying.replica_lag import advice

    region = reader.write_region()
    return f" It may not be replicated yet. {advice(region)}." if region else ""


def _absent(opened: Connection, chain: str, seq: int, late: str) -> UsageError:
    """The error for an absent entry, or for an absent chain."""
    if opened.layout.chained:
        chains = opened.chains()
        if chain not in chains:
            advice = suggestion(chain, chains)
            end = "?" if advice.startswith("did") else "."
            hint = f"{advice[0].upper()}{advice[1:]}{end}"
            return UsageError(f"There is no chain {chain}.", hint)
    hint = "Entries are numbered from 0; audittui verify reports whether it ever existed."
    return UsageError(f"There is no entry {seq} in the chain {chain}.{late}", hint)


def pretty(document: str) -> str:
    """A JSON text, indented and escaped; escaped as it is if it is not JSON or ambiguous."""
    from audittui.entry import decode_strict

    try:
        text = json.dumps(decode_strict(document), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return escaped(document)
    return escaped_lines(text)


def harmless(document: str) -> str:
    """An equivalent JSON text, with terminal control characters written as escapes."""
    return "".join(
        character if character == "\n" or escaped(character) == character
        # These occur between values; inside strings JSON escapes them already.
        else " " if character in "\t\r"
        else json.dumps(character)[1:-1]
        for character in document
    )  # fmt: skip
