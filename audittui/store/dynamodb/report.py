"""Describes a table: keys, indexes, sizes and settings, and where it differs from a layout."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from audittui.aws.access import NOBODY, Access
from audittui.aws.place import Place
from audittui.errors import StoreError
from audittui.layout.model import Layout
from audittui.layout.parts import Index, KeyAttribute
from audittui.store.dynamodb.client import DESCRIBE_OPERATIONS, make_client
from audittui.store.dynamodb.errors import answered, told_plainly

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ON, OFF, NOT_OFFERED, NOT_ALLOWED = "on", "off", "not offered here", "not allowed to see"
"""The states of a setting."""


class IndexReport(msgspec.Struct, frozen=True):
    """One secondary index.

    ``projection`` names what it projects besides its keys, sorted; ``("ALL",)`` for everything.
    ``status`` is the service's (``ACTIVE``, ``CREATING`` …). Sizes in bytes, up to six hours old.
    """

    name: str
    partition: KeyAttribute
    sort: KeyAttribute | None
    projection: tuple[str, ...]
    item_count: int
    size_bytes: int
    status: str


class TableReport(msgspec.Struct, frozen=True, kw_only=True):
    """One table. Settings are ``on``, ``off``, ``not offered here`` or ``not allowed to see``.

    ``billing`` is ``on-demand`` or ``provisioned``. ``expires_attribute`` is empty if TTL is off.
    ``differences`` are sentences about where the table differs from the layout.
    """

    place: str
    table: str
    status: str
    partition: KeyAttribute
    sort: KeyAttribute | None
    indexes: tuple[IndexReport, ...]
    item_count: int
    size_bytes: int
    billing: str
    time_to_live: str
    expires_attribute: str
    point_in_time_recovery: str
    deletion_protection: str
    differences: tuple[str, ...] = ()


def describe_table(
    table: str,
    layout: Layout,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    aws_profile: str | None = None,
    access: Access = NOBODY,
) -> TableReport:
    """The service's description of ``table``, compared with ``layout``. Raises `StoreError`."""
    client, place = make_client(
        table,
        region=region,
        endpoint_url=endpoint_url,
        aws_profile=aws_profile,
        operations=DESCRIBE_OPERATIONS,
        access=access,
    )
    report = read_report(client, place)
    return msgspec.structs.replace(report, differences=tuple(differences(report, layout)))


def read_report(client: DynamoDBClient, place: Place) -> TableReport:
    """Ask the service about the table. Raises `StoreError`."""
    with told_plainly(place):
        answer = client.describe_table(TableName=place.table)
    table: Mapping[str, Any] = answered(answer, "Table", place)
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    partition, sort = _keys(table["KeySchema"], types)
    ttl, expires_attribute = _time_to_live(client, place)
    mode = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    return TableReport(
        place=place.label,
        table=place.table,
        status=table.get("TableStatus", "ACTIVE"),
        partition=partition,
        sort=sort,
        indexes=tuple(
            _index_report(index, types)
            for index in sorted(
                table.get("GlobalSecondaryIndexes", ()), key=lambda one: str(one["IndexName"])
            )
        ),
        item_count=table.get("ItemCount", 0),
        size_bytes=table.get("TableSizeBytes", 0),
        billing="on-demand" if mode == "PAY_PER_REQUEST" else "provisioned",
        time_to_live=ttl,
        expires_attribute=expires_attribute,
        point_in_time_recovery=_recovery(client, place),
        deletion_protection=ON if table.get("DeletionProtectionEnabled") else OFF,
    )


def _keys(
    schema: Sequence[Mapping[str, str]], types: Mapping[str, Any]
) -> tuple[KeyAttribute, KeyAttribute | None]:
    names = {one["KeyType"]: one["AttributeName"] for one in schema}
    partition = KeyAttribute(names["HASH"], types.get(names["HASH"], "S"))
    if "RANGE" not in names:
        return partition, None
    return partition, KeyAttribute(names["RANGE"], types.get(names["RANGE"], "S"))


def _index_report(index: Mapping[str, Any], types: Mapping[str, Any]) -> IndexReport:
    partition, sort = _keys(index["KeySchema"], types)
    projection = index.get("Projection", {})
    names = tuple(sorted(projection.get("NonKeyAttributes", ())))
    return IndexReport(
        name=index["IndexName"],
        partition=partition,
        sort=sort,
        projection=("ALL",) if projection.get("ProjectionType") == "ALL" else names,
        item_count=index.get("ItemCount", 0),
        size_bytes=index.get("IndexSizeBytes", 0),
        status=index.get("IndexStatus", "ACTIVE"),
    )


def _unseen(error: StoreError) -> str:
    """The state of a setting that the service did not reveal; other errors are raised again."""
    if error.kind == "permission":
        return NOT_ALLOWED
    if not_offered(error):
        return NOT_OFFERED
    raise error


def not_offered(error: StoreError) -> bool:
    """True when the service (a local one) does not support the operation."""
    return error.kind == "other" and "does not support this operation" in error.message


def _time_to_live(client: DynamoDBClient, place: Place) -> tuple[str, str]:
    try:
        with told_plainly(place):
            answer = client.describe_time_to_live(TableName=place.table)
    except StoreError as error:
        return _unseen(error), ""
    found: Mapping[str, Any] = answer.get("TimeToLiveDescription", {})
    if found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"):
        return ON, found.get("AttributeName", "")
    return OFF, ""


def _recovery(client: DynamoDBClient, place: Place) -> str:
    try:
        with told_plainly(place):
            answer = client.describe_continuous_backups(TableName=place.table)
    except StoreError as error:
        return _unseen(error)
    found: Mapping[str, Any] = answer.get("ContinuousBackupsDescription", {})
    status = found.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    return ON if status == "ENABLED" else OFF


def index_projection(index: Index) -> tuple[str, ...]:
    """What a layout's index projects besides its keys, sorted; ``("ALL",)`` for everything."""
    keys = (index.partition.attribute, index.sort.attribute)
    return tuple(sorted(name for name in index.projection if name not in keys))


def _key_text(key: KeyAttribute | None) -> str:
    return f"{key.attribute} ({key.type})" if key else "none"


def _key_differences(
    what: str,
    found: tuple[KeyAttribute, KeyAttribute | None],
    wanted: tuple[KeyAttribute, KeyAttribute],
) -> list[str]:
    sentences = []
    for role, one, other in zip(("partition key", "sort key"), found, wanted, strict=True):
        if one is None or (one.attribute, one.type) != (other.attribute, other.type):
            sentences.append(
                f"The {role} of {what} is {_key_text(one)}; the layout's is {_key_text(other)}."
            )
    return sentences


def _index_differences(report: TableReport, layout: Layout, without: Collection[str]) -> list[str]:
    sentences = []
    found = {index.name: index for index in report.indexes}
    wanted = {index.name: index for index in layout.indexes if index.name}
    for name, index in wanted.items():
        there = found.get(name)
        if there is None:
            if name not in without:
                sentences.append(f"The index {name} is missing.")
            continue
        if name in without:
            sentences.append(f"The index {name} exists, although it was to be left out.")
        sentences += _key_differences(
            f"the index {name}", (there.partition, there.sort), (index.partition, index.sort)
        )
        if there.status != "ACTIVE":
            sentences.append(f"The index {name} is {there.status.lower()}.")
        sentences += _projection_differences(name, there.projection, index_projection(index))
    sentences += [f"The index {name} is not in the layout." for name in found if name not in wanted]
    return sentences


def _projection_differences(
    name: str, found: tuple[str, ...], wanted: tuple[str, ...]
) -> list[str]:
    if found == wanted:
        return []
    if found == ("ALL",):
        return [f"The index {name} projects every attribute, the layout's fewer (it costs more)."]
    if wanted == ("ALL",):
        return [f"The index {name} does not project every attribute; the layout's does."]
    sentences = []
    missing, extra = set(wanted) - set(found), set(found) - set(wanted)
    if missing:
        sentences.append(f"The index {name} lacks {', '.join(sorted(missing))}.")
    if extra:
        sentences.append(f"The index {name} also projects {', '.join(sorted(extra))}.")
    return sentences


def differences(
    report: TableReport, layout: Layout, without: Collection[str] = frozenset()
) -> list[str]:
    """Sentences about where a table differs from ``layout``; empty if it matches.

    Indexes in ``without`` are expected to be absent. The settings of a table written by others
    (``layout.chained`` is False) are not compared.
    """
    sentences = _key_differences(
        "the table", (report.partition, report.sort), (layout.partition, layout.sort)
    )
    sentences += _index_differences(report, layout, without)
    if not layout.chained:
        return sentences
    if report.billing != "on-demand":
        sentences.append(f"The billing is {report.billing}, not on-demand.")
    if layout.expires_attribute and report.time_to_live != NOT_OFFERED:
        if report.time_to_live != ON:
            sentences.append(f"Time to live: {report.time_to_live}.")
        elif report.expires_attribute != layout.expires_attribute:
            sentences.append(
                f"Time to live is on for {report.expires_attribute}, "
                f"the layout's attribute is {layout.expires_attribute}."
            )
    if report.point_in_time_recovery not in (ON, NOT_OFFERED):
        sentences.append(f"Point-in-time recovery: {report.point_in_time_recovery}.")
    if report.deletion_protection != ON:
        sentences.append(f"Deletion protection: {report.deletion_protection}.")
    return sentences
