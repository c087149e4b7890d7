"""``audittui table``: create and describe a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from audittui.cli.formats import format_option, write_objects
from audittui.cli.options import access_of, connection_options, target_of
from audittui.errors import UsageError
from audittui.escape import escaped
from audittui.layout.native import INDEX_NAMES

if TYPE_CHECKING:
    from audittui.store.dynamodb import TableReport


@click.group("table")
def command() -> None:
    """Create or describe a table."""


def _where(ctx: click.Context, given: dict[str, Any]) -> tuple[str, Any, dict[str, Any]]:
    from audittui.connection import TABLE_HINT
    from audittui.layout import load_layout

    target = target_of(ctx, given)
    if target.store:
        raise UsageError(
            "An embedded store needs no table.", "audittui import and append create the store."
        )
    if not target.table:
        raise UsageError("No table is named.", TABLE_HINT)
    place = {
        "region": target.region,
        "endpoint_url": target.endpoint_url,
        "aws_profile": target.aws_profile,
        "access": access_of(ctx),
    }
    return target.table, load_layout(target.layout), place


@command.command("create")
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(INDEX_NAMES),
    help="Omit an index. May be repeated. Every index adds to the cost of a write.",
)
@click.option("--wait", is_flag=True, help="Wait until the table is active.")
@connection_options
@click.pass_context
def create(ctx: click.Context, /, without: tuple[str, ...], wait: bool, **connection: Any) -> None:
    """Create the table: on demand, six indexes, TTL, point-in-time recovery, deletion protection.

    An existing table is not changed; differences from the layout are reported.
    """
    table, layout, place = _where(ctx, connection)
    from audittui.store.dynamodb import create_table

    told = create_table(
        table, layout, **place, without=frozenset(without), wait=wait,
        progress=lambda text: click.echo(escaped(text), err=True),
    )  # fmt: skip
    for sentence in told:
        click.echo(escaped(sentence))


@command.command("describe")
@format_option("text", "json", "jsonl")
@connection_options
@click.pass_context
def describe(ctx: click.Context, /, form: str, **connection: Any) -> None:
    """Describe the table: keys, indexes, sizes, and differences from the layout."""
    table, layout, place = _where(ctx, connection)
    from audittui.store.dynamodb import describe_table

    report = describe_table(table, layout, **place)
    if form != "text":
        write_objects(form, [_object(report, layout.name)])
        return
    lines = [
        ("Table", f"{report.table}, {report.status}"),
        ("Keys", _keys(report)),
        (
            "Items",
            f"{report.item_count:,}, {report.size_bytes / 1e6:,.1f} MB (up to six hours old)",
        ),
        ("Billing", report.billing),
        ("TTL", f"{report.time_to_live} {report.expires_attribute}".strip()),
        ("Recovery", report.point_in_time_recovery),
        ("Protection", report.deletion_protection),
    ]
    for name, value in lines:
        click.echo(escaped(f"{name.ljust(12)}{value}"))
    click.echo(f"Indexes     {len(report.indexes)}")
    for index in report.indexes:
        projection = ", ".join(index.projection)
        click.echo(
            escaped(
                f"  {index.name.ljust(12)}{_keys(index)}; {index.item_count:,} items, "
                f"{index.size_bytes / 1e6:,.1f} MB; {index.status}; holds {projection}"
            )
        )
    for difference in report.differences:
        click.echo(escaped(f"Differs     {difference}"))
    if not report.differences:
        click.echo(f"The table matches the layout {layout.name}.")


def _object(report: TableReport, layout: str) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(report)
    del found["place"]
    for keyed in (found, *found["indexes"]):
        for key in (keyed["partition"], keyed["sort"]):
            # DescribeTable does not report templates.
            (key or {}).pop("template", None)
    return {**found, "layout": layout, "agrees": not report.differences}


def _keys(keyed: Any) -> str:
    sort = f", {keyed.sort.attribute}" if keyed.sort else ""
    return f"{keyed.partition.attribute}{sort}"
