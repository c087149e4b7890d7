"""`DynamoStore`: the port on a DynamoDB table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from audittui.errors import StoreError
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.store.dynamodb.client import make_client
from audittui.store.dynamodb.errors import Place, answered, service_error, told_plainly
from audittui.store.dynamodb.request import is_empty_range, query_arguments
from audittui.store.dynamodb.wire import decoded_item, encoded_item
from audittui.store.port import (
    PATIENT,
    Found,
    IndexDescription,
    Key,
    KeyTakenError,
    Page,
    Patience,
    Query,
    TableDescription,
    TransactionRefusedError,
)

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_dynamodb import DynamoDBClient

MAX_TRANSACTION = 100
"""Items in one TransactWriteItems."""
INDEX_LAG = 10_000_000
"""How far indexes may lag behind writes, in microseconds (DESIGN §5: the last ten seconds)."""
_IN_DOUBT = "The write may have landed all the same: look before you repeat it."
_REASONS = {
    "ThrottlingError": "ThrottlingException",
    "ProvisionedThroughputExceeded": "ProvisionedThroughputExceededException",
    "ItemCollectionSizeLimitExceeded": "ItemCollectionSizeLimitExceededException",
}
"""Cancellation reasons whose names differ from those of the exceptions that say the same."""


class DynamoStore:
    """The store in one table, reached through ``client``. Use `open_table`."""

    def __init__(self, client: DynamoDBClient, place: Place, layout: Layout) -> None:
        self.table = place.table
        self.layout = layout
        self._client = client
        self._place = place

    @property
    def place(self) -> str:
        """The table and its region, and the endpoint's host where it is not AWS's own."""
        return self._place.label

    @property
    def region(self) -> str | None:
        """The region that requests go to."""
        return self._place.region

    @property
    def index_lag(self) -> int:
        """Indexes are eventually consistent, in microseconds."""
        return INDEX_LAG

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        """Read one page. Nothing is sent for a range that holds nothing."""
        if is_empty_range(request):
            return Page(items=(), last_key=None, scanned=0, rcu=0.0)
        with told_plainly(self._place):
            answer = self._client.query(**query_arguments(request, self.table))
        last = answer.get("LastEvaluatedKey")
        return Page(
            items=[decoded_item(item) for item in answered(answer, "Items", self._place)],
            last_key=decoded_item(last) if last else None,
            scanned=answered(answer, "ScannedCount", self._place),
            rcu=self._units(answer),
            unmetered=answer["ResponseMetadata"].get("RetryAttempts", 0),
        )

    def get(self, key: Key, *, consistent: bool = True) -> Found:
        """Read one item by its base key."""
        with told_plainly(self._place):
            answer = self._client.get_item(
                TableName=self.table,
                Key=encoded_item(self._base_key(key)),
                ConsistentRead=consistent,
                ReturnConsumedCapacity="TOTAL",
            )
        item = answer.get("Item")
        return Found(decoded_item(item) if item else None, self._units(answer))

    def put_new(self, item: Item) -> None:
        """Write one item whose key is free.

        A transaction at work on the same key refuses it like any other transaction: with
        `TransactionRefusedError`.
        """
        from botocore.exceptions import ClientError

        with _written(), told_plainly(self._place):
            try:
                answer = self._client.put_item(ReturnConsumedCapacity="TOTAL", **self._put(item))
            except ClientError as error:
                code = _code(error)
                if code == "ConditionalCheckFailedException":
                    raise KeyTakenError(self._existing(error.response, item)) from None
                if code == "TransactionConflictException":
                    raise TransactionRefusedError([None]) from None
                raise
            answered(answer, "ConsumedCapacity", self._place)

    def put_new_many(self, items: Sequence[Item]) -> None:
        """Write all of ``items`` or none, in one transaction."""
        from botocore.exceptions import ClientError

        if len(items) > MAX_TRANSACTION:
            raise StoreError(
                f"A transaction takes at most {MAX_TRANSACTION} items.", kind="invalid"
            )
        if not items:
            return
        if len({tuple(self._base_key(item).values()) for item in items}) != len(items):
            raise StoreError("A transaction puts one item twice.", kind="invalid")
        with _written(), told_plainly(self._place):
            try:
                answer = self._client.transact_write_items(
                    TransactItems=[{"Put": self._put(item)} for item in items],
                    ReturnConsumedCapacity="TOTAL",
                )
            except ClientError as error:
                code = _code(error)
                if code == "TransactionCanceledException":
                    raise self._refused(error, items) from None
                if code in ("TransactionInProgressException", "TransactionConflictException"):
                    raise TransactionRefusedError([None] * len(items)) from None
                raise
            answered(answer, "ConsumedCapacity", self._place)

    def describe(self) -> TableDescription:
        """What DescribeTable says; only indexes that can be read are listed."""
        with told_plainly(self._place):
            answer = self._client.describe_table(TableName=self.table)
        table = answered(answer, "Table", self._place)
        return TableDescription(
            place=self.place,
            item_count=table.get("ItemCount", 0),
            size_bytes=table.get("TableSizeBytes", 0),
            indexes=tuple(
                IndexDescription(
                    index["IndexName"], index.get("ItemCount", 0), index.get("IndexSizeBytes", 0)
                )
                for index in table.get("GlobalSecondaryIndexes", ())
                if index.get("IndexStatus", "ACTIVE") == "ACTIVE"
            ),
            region=self.region,
        )

    def _units(self, answer: Mapping[str, Any]) -> float:
        consumed = answered(answer, "ConsumedCapacity", self._place)
        return float(consumed.get("CapacityUnits", 0.0))

    def _base_key(self, key: Mapping[str, Any]) -> dict[str, Any]:
        names = (self.layout.partition.attribute, self.layout.sort.attribute)
        return {name: key[name] for name in names}

    def _put(self, item: Item) -> Any:
        """A put on the condition that the key is free, alone or inside a transaction."""
        return {
            "TableName": self.table,
            "Item": encoded_item(item),
            "ConditionExpression": "attribute_not_exists(#0)",
            "ExpressionAttributeNames": {"#0": self.layout.partition.attribute},
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }

    def _existing(self, answer: Mapping[str, Any], item: Item) -> Item:
        """The item that took the key: from the refusal, else read now."""
        found = answer.get("Item")
        if found:
            return decoded_item(found)
        return self.get(item).item or {}

    def _refused(self, error: ClientError, items: Sequence[Item]) -> Exception:
        reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons", ())
        codes = [str(reason.get("Code", "None")) for reason in reasons]
        if "ConditionalCheckFailed" in codes:
            return TransactionRefusedError(
                [
                    self._existing(reason, item) if code == "ConditionalCheckFailed" else None
                    for code, reason, item in zip(codes, reasons, items, strict=True)
                ]
            )
        for code, reason in zip(codes, reasons, strict=True):
            if code not in ("None", "TransactionConflict"):
                detail = str(reason.get("Message", ""))
                name = _REASONS.get(code, code)
                return service_error(name, detail, "TransactWriteItems", self._place)
        return TransactionRefusedError([None] * len(items))


@contextmanager
def _written() -> Iterator[None]:
    """Say of a write that got no answer that nobody knows whether it landed."""
    try:
        yield
    except StoreError as error:
        if error.kind != "network":
            raise
        hint = f"{error.hint} {_IN_DOUBT}".strip()
        raise StoreError(error.message, hint, kind=error.kind) from error


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def open_table(
    table: str,
    layout: Layout,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    aws_profile: str | None = None,
    read_only: bool = False,
) -> DynamoStore:
    """The store in ``table``. Sends nothing yet.

    A ``read_only`` store refuses everything but reads before it is sent. Raises `StoreError`
    without a region, for an unknown profile and for an endpoint that is not a URL.
    """
    client, place = make_client(
        table,
        region=region,
        endpoint_url=endpoint_url,
        aws_profile=aws_profile,
        read_only=read_only,
    )
    return DynamoStore(client, place, layout)
