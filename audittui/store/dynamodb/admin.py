"""Creates the table for a layout: keys, indexes, and the settings that protect a log.

Creating is idempotent: an existing table is compared and never changed.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from audittui.aws.access import NOBODY, Access
from audittui.aws.place import Place
from audittui.errors import StoreError, UsageError
from audittui.layout.model import Layout
from audittui.layout.parts import Index, KeyAttribute
from audittui.store.dynamodb.client import make_client
from audittui.store.dynamodb.errors import told_plainly
from audittui.store.dynamodb.report import (
    NOT_OFFERED,
    OFF,
    TableReport,
    differences,
    index_projection,
    not_offered,
    read_report,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SHORT_WAIT, _LONG_WAIT = 60, 900
_POLL_SECONDS = 1.0


def create_table(
    table: str,
    layout: Layout,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    aws_profile: str | None = None,
    without: frozenset[str] = frozenset(),
    wait: bool = False,
    progress: Callable[[str], None] = lambda _: None,
    access: Access = NOBODY,
) -> list[str]:
    """Create ``table`` for ``layout``, and return sentences about what was done.

    The table gets on-demand billing, the layout's indexes except those in ``without``, time to
    live, point-in-time recovery and deletion protection. The last steps need an active table and
    wait for it up to one minute, or fifteen with ``wait``; ``progress`` is called with the state.
    An existing table is compared, and the sentences say what differs and how to fix it. Raises
    `UsageError` for a layout that audittui does not write and for unknown indexes, `StoreError` if
    the service refuses.
    """
    indexes = chosen_indexes(layout, without)
    client, place = make_client(
        table,
        region=region,
        endpoint_url=endpoint_url,
        aws_profile=aws_profile,
        access=access,
    )
    options = ["--region", place.region]
    if endpoint_url:
        options += ["--endpoint-url", endpoint_url]
    if aws_profile:
        options += ["--profile", aws_profile]
    commands = Commands(table, layout, options)
    try:
        return _told(read_report(client, place), layout, without, commands)
    except StoreError as error:
        if error.kind != "missing_table":
            raise
    try:
        with told_plainly(place):
            client.create_table(**table_definition(table, layout, indexes))
    except StoreError as error:
        # Another process may have been faster.
        if error.kind != "throttled":
            raise
        try:
            report = read_report(client, place)
        except StoreError:
            raise error from None
        return _told(report, layout, without, commands)
    names = ", ".join(index.name for index in indexes) or "none"
    told = [f"Created {place.label}: on-demand, deletion protection on, indexes: {names}."]
    seconds = _LONG_WAIT if wait else _SHORT_WAIT
    if not _becomes_active(client, place, seconds, progress):
        return [
            *told,
            f"The table is still being created after {seconds} s. Once it is active, enable time "
            f"to live and point-in-time recovery: {commands.time_to_live}; {commands.recovery}",
        ]
    return [*told, *switch_on(client, place, layout, commands, seconds, progress)]


class Commands:
    """The AWS CLI commands that correct the settings of ``table``."""

    def __init__(self, table: str, layout: Layout, options: Iterable[str] = ()) -> None:
        name = ["--table-name", table]
        self._tail = [*options]
        self.time_to_live = self._line(
            "update-time-to-live", *name, "--time-to-live-specification",
            f"Enabled=true,AttributeName={layout.expires_attribute}",
        )  # fmt: skip
        self.recovery = self._line(
            "update-continuous-backups", *name, "--point-in-time-recovery-specification",
            "PointInTimeRecoveryEnabled=true",
        )  # fmt: skip
        self.protection = self._line("update-table", *name, "--deletion-protection-enabled")

    def _line(self, *words: str) -> str:
        return shlex.join(["aws", "dynamodb", *words, *self._tail])


def chosen_indexes(layout: Layout, without: frozenset[str]) -> list[Index]:
    """The indexes to create. Raises `UsageError`."""
    if not layout.chained:
        raise UsageError(
            f"audittui only reads tables with the layout {layout.name}; it does not create them.",
            "Use --layout native.",
        )
    indexes = [index for index in layout.indexes if index.name]
    unknown = sorted(without - {index.name for index in indexes})
    if unknown:
        raise UsageError(
            f"There is no index {unknown[0]!r} to leave out.",
            f"The indexes are: {', '.join(index.name for index in indexes)}.",
        )
    return [index for index in indexes if index.name not in without]


def table_definition(table: str, layout: Layout, indexes: Iterable[Index]) -> dict[str, Any]:
    """The arguments of CreateTable."""
    attributes: dict[str, str] = {}

    def schema(partition: KeyAttribute, sort: KeyAttribute) -> list[dict[str, str]]:
        attributes.update({partition.attribute: partition.type, sort.attribute: sort.type})
        return [
            {"AttributeName": partition.attribute, "KeyType": "HASH"},
            {"AttributeName": sort.attribute, "KeyType": "RANGE"},
        ]

    def projection(index: Index) -> dict[str, Any]:
        names = index_projection(index)
        if names == ("ALL",):
            return {"ProjectionType": "ALL"}
        if not names:
            return {"ProjectionType": "KEYS_ONLY"}
        return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(names)}

    definition: dict[str, Any] = {
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "DeletionProtectionEnabled": True,
        "KeySchema": schema(layout.partition, layout.sort),
    }
    secondary = [
        {
            "IndexName": index.name,
            "KeySchema": schema(index.partition, index.sort),
            "Projection": projection(index),
        }
        for index in indexes
    ]
    if secondary:
        definition["GlobalSecondaryIndexes"] = secondary
    definition["AttributeDefinitions"] = [
        {"AttributeName": name, "AttributeType": kind} for name, kind in attributes.items()
    ]
    return definition


def switch_on(
    client: DynamoDBClient,
    place: Place,
    layout: Layout,
    commands: Commands,
    seconds: float,
    progress: Callable[[str], None],
) -> list[str]:
    """Enable time to live and point-in-time recovery on an active table; return what was done.

    A refused setting is reported with the command that sets it, because the table exists.
    """
    told: list[str] = []
    if layout.expires_attribute:
        progress("Enabling time to live …")
        told.append(
            _setting(
                f"Time to live: on, for {layout.expires_attribute}.",
                "Time to live",
                commands.time_to_live,
                place,
                seconds,
                lambda: client.update_time_to_live(
                    TableName=place.table,
                    TimeToLiveSpecification={
                        "Enabled": True,
                        "AttributeName": layout.expires_attribute,
                    },
                ),
            )
        )
    progress("Enabling point-in-time recovery …")
    told.append(
        _setting(
            "Point-in-time recovery: on.",
            "Point-in-time recovery",
            commands.recovery,
            place,
            seconds,
            lambda: client.update_continuous_backups(
                TableName=place.table,
                PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            ),
        )
    )
    return told


def _setting(
    done: str, name: str, command: str, place: Place, seconds: float, call: Callable[[], object]
) -> str:
    deadline = time.monotonic() + seconds
    while True:
        try:
            with told_plainly(place):
                call()
            return done
        except StoreError as error:
            if not_offered(error):
                return f"{name}: {NOT_OFFERED}."
            # A table that has just become active still refuses for a few seconds.
            early = error.kind == "throttled" or "ContinuousBackupsUnavailable" in error.message
            if not early or time.monotonic() > deadline:
                return f"{name}: off. {error.message} Enable it with: {command}"
        time.sleep(_POLL_SECONDS)


def _becomes_active(
    client: DynamoDBClient, place: Place, seconds: float, progress: Callable[[str], None]
) -> bool:
    deadline = time.monotonic() + seconds
    progress(f"Waiting until {place.table} is active …")
    while True:
        try:
            with told_plainly(place):
                table = client.describe_table(TableName=place.table)["Table"]
            if table["TableStatus"] == "ACTIVE":
                return True
        except StoreError as error:
            # DescribeTable is eventually consistent: a new table may not be visible yet.
            if error.kind != "missing_table":
                raise
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)


def _told(
    report: TableReport, layout: Layout, without: frozenset[str], commands: Commands
) -> list[str]:
    """The sentences for an existing table: what differs, and how to correct its settings."""
    found = differences(report, layout, without)
    if not found:
        told = [f"{report.place} exists and matches the layout {layout.name}."]
    else:
        told = [f"{report.place} exists; nothing was changed. It differs:", *found]
    if report.point_in_time_recovery == NOT_OFFERED:
        told.append(f"Point-in-time recovery: {NOT_OFFERED}.")
    for state, command in (
        (report.time_to_live, commands.time_to_live),
        (report.point_in_time_recovery, commands.recovery),
        (report.deletion_protection, commands.protection),
    ):
        if state == OFF:
            told.append(f"Enable it with: {command}")
    return told
