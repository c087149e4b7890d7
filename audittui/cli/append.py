"""``audittui append``: one entry from the command line."""

from __future__ import annotations

from typing import Any

import click

from audittui.cli.formats import write_objects
from audittui.cli.options import connect, connection_options, signed_tail_of, vouch_of
from audittui.errors import UsageError


def _json(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    from audittui.entry import decode_strict

    if value is None:
        return None
    try:
        return decode_strict(value)
    except ValueError as error:
        raise UsageError(f"{param.opts[0]} is not JSON: {error}.") from None


def _retention(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    from audittui import timestamp
    from audittui.runbook.timerange import parse_duration

    if value is None:
        return None
    try:
        return parse_duration(value) // timestamp.SECOND
    except ValueError as error:
        raise UsageError(f"--retention: {error}.") from None


@click.command("append")
@click.option("--chain", default="main/0", show_default=True, metavar="STREAM/SHARD")
@click.option("--actor", required=True, help="Who acted.")
@click.option("--action", required=True, help="What was done.")
@click.option("--resource", help="What it was done to.")
@click.option(
    "--outcome",
    default="unknown",
    show_default=True,
    type=click.Choice(["success", "failure", "denied", "unknown"]),
)
@click.option(
    "--severity",
    default="info",
    show_default=True,
    type=click.Choice(["info", "low", "medium", "high", "critical"]),
)
@click.option("--time", metavar="RFC3339", help="When it was done; default now.")
@click.option("--request-id")
@click.option("--source-ip")
@click.option("--reason", help="An error code.")
@click.option("--before", callback=_json, metavar="JSON", help="The resource's state before.")
@click.option("--after", callback=_json, metavar="JSON", help="The resource's state after.")
@click.option("--details", callback=_json, metavar="JSON", help="Anything else.")
@click.option(
    "--idempotency-key", metavar="KEY", help="Write the entry at most once under this key."
)
@click.option(
    "--retention",
    callback=_retention,
    metavar="DURATION",
    help="How long to keep the entry, such as 365d; default for ever.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "jsonl"]),
    default="text",
    show_default=True,
    help="How to print the entry's position.",
)
@connection_options
@click.pass_context
def command(
    ctx: click.Context, /, chain: str, retention: int | None, form: str, **given: Any
) -> None:
    """Append one entry and print its chain, seq and hash.

    With --idempotency-key, repeating the same command adds nothing; the same key with different
    content is an error that names the existing entry. With --store, the file is created if it does
    not exist.
    """
    from audittui.cli.fast_start import CONNECTION
    from audittui.entry import Draft
    from audittui.writer import AuditLog

    connection = {name: given.pop(name) for name in CONNECTION}
    opened = connect(ctx, connection, create=True)
    if not opened.layout.chained:
        raise UsageError(
            f"The layout {opened.layout.name} is read-only.", "Append to a native table or store."
        )
    log = AuditLog(
        opened.store, chain, retention=retention, signed_tail=signed_tail_of(opened, chain),
        vouched=vouch_of(opened, chain),
    )  # fmt: skip
    place = log.append(Draft(**given))
    if not place.added:
        click.echo("An entry with this idempotency key already exists.", err=True)
    if form == "text":
        click.echo(f"{place.chain} {place.seq} {place.hash.hex()}")
        return
    written = {"chain": place.chain, "seq": place.seq}
    write_objects(form, [{**written, "hash": place.hash.hex(), "added": place.added}])
