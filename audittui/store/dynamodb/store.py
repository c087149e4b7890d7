"""`DynamoStore`: the port on a DynamoDB table."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from audittui.aws.access import NOBODY, Access
from audittui.aws.endpoint import is_aws
from audittui.aws.place import Place
from audittui.errors import StoreError
from audittui.layout.model import Layout
from audittui.layout.row import Item
from audittui.store.dynamodb.answer import WireItems
from audittui.store.dynamodb.batch import batch_answers
from audittui.store.dynamodb.client import READ_OPERATIONS, make_client
from audittui.store.dynamodb.consumed import read_units
from audittui.store.dynamodb.errors import answered
from audittui.store.dynamodb.item import WireItem
from audittui.store.dynamodb.request import is_empty_range, query_arguments
from audittui.store.dynamodb.sender import Sender
from audittui.store.dynamodb.wire import decoded_item, encoded_item
from audittui.store.dynamodb.writes import code_of, new_item, refusal_of, written
from audittui.store.identity import TableIdentity
from audittui.store.port import (
    PATIENT,
    Found,
    FoundMany,
    IndexDescription,
    Key,
    KeyTakenError,
    Page,
    Patience,
    Query,
    TableDescription,
    TransactionRefusedError,
    demand_tile,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Answer = TypeVar("Answer", bound=Mapping[str, Any])

MAX_TRANSACTION = 100
"""Items in one TransactWriteItems."""
INDEX_LAG = 10_000_000
"""How far indexes may lag behind writes, in microseconds: the last ten seconds."""


class DynamoStore:
    """The store in one table, reached through ``client``. Use `open_table`.

    ``renew`` makes a new client with this machine's current credentials; it is called when those of
    the old one have expired.
    """

    def __init__(
        self,
        client: DynamoDBClient,
        place: Place,
        layout: Layout,
        renew: Callable[[], DynamoDBClient] | None = None,
    ) -> None:
        self.table = place.table
        self.layout = layout
        self._place = place
        self._sender = Sender(client, place, renew)
        self._identity: TableIdentity | None = None

    @property
    def place(self) -> str:
        """The table and its region, and the endpoint's host if it is not AWS's own."""
        return self._place.label

    @property
    def region(self) -> str | None:
        """The region that requests go to."""
        return self._place.region

    @property
    def charged(self) -> bool:
        """True when requests go to AWS, which charges for them."""
        return is_aws(self._place.endpoint)

    @property
    def tried(self) -> tuple[tuple[str, str], ...]:
        """How the table is reached, as pairs of a name and a value, without secrets."""
        return self._place.tried

    @property
    def index_lag(self) -> int:
        """How far indexes may lag behind writes, in microseconds."""
        return INDEX_LAG

    def identity(self) -> TableIdentity:
        """The table's TableId and ARN, read once; only its name if they are refused."""
        if self._identity is None:
            known = TableIdentity(label=self.place)
            try:
                answer, _ = self._sender.ask(
                    lambda client: client.describe_table(TableName=self.table)
                )
            except StoreError as error:
                if error.kind == "permission":
                    self._identity = known
                return known
            table = answered(answer, "Table", self._place)
            place = str(table.get("TableArn", ""))
            if place and self._place.endpoint and self.place != f"{self.table} ({self.region})":
                # Emulators give all tables of one name the same ARN.
                place = f"{place} {self.place}"
            self._identity = TableIdentity(table.get("TableId", ""), place, self.place)
        return self._identity

    def tell_waits(self, tell: Callable[[str], None]) -> None:
        """Report requests that take longer than two seconds to ``tell``, from a thread."""
        self._sender.slow.tell = tell

    def close(self) -> None:
        """Close the connections."""
        self._sender.client.close()

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        """Read one page. Nothing is sent for an empty range."""
        if is_empty_range(request):
            return Page(items=(), last_key=None, scanned=0, rcu=0.0)
        arguments = query_arguments(request, self.table)
        answer, failed = self._sender.ask(
            lambda client: client.query(**arguments), patience, request.index
        )
        last = answer.get("LastEvaluatedKey")
        units, by_index = read_units(answer, request.index, self._place)
        items = () if request.count else _items(answered(answer, "Items", self._place))
        return Page(
            items=items,
            last_key=decoded_item(last) if last else None,
            scanned=answered(answer, "ScannedCount", self._place),
            rcu=units,
            unmetered=failed + answer["ResponseMetadata"].get("RetryAttempts", 0),
            matched=answer.get("Count", len(items)),
            by_index=by_index,
        )

    def get(self, key: Key, *, consistent: bool = True) -> Found:
        """Read one item by its base key."""
        encoded_key = encoded_item(self._base_key(key))
        answer, _ = self._sender.ask(
            lambda client: client.get_item(
                TableName=self.table,
                Key=encoded_key,
                ConsistentRead=consistent,
                ReturnConsumedCapacity="TOTAL",
            )
        )
        item = answer.get("Item")
        units, _ = read_units(answer, "", self._place)
        return Found(_item(item) if item else None, units)

    def get_many(self, keys: Sequence[Key], *, consistent: bool = True) -> FoundMany:
        """Read items by their base keys, up to 100 in a request."""
        names = tuple(self._base_key(keys[0])) if keys else ()
        wanted = list(dict.fromkeys(tuple(key[name] for name in names) for key in keys))
        found: dict[tuple[Any, ...], Item] = {}
        rcu = 0.0

        def ask(left: list[Mapping[str, Any]]) -> Mapping[str, Any]:
            asked: Any = {self.table: {"Keys": left, "ConsistentRead": consistent}}
            return self._sender.ask(
                lambda client: client.batch_get_item(
                    RequestItems=asked, ReturnConsumedCapacity="TOTAL"
                )
            )[0]

        encoded_keys = [encoded_item(dict(zip(names, key, strict=True))) for key in wanted]
        for answer in batch_answers(ask, self.table, encoded_keys):
            for consumed in answered(answer, "ConsumedCapacity", self._place):
                rcu += float(consumed.get("CapacityUnits", 0.0))
            for raw in answered(answer, "Responses", self._place).get(self.table, ()):
                item = _item(raw)
                found[tuple(item[name] for name in names)] = item
        return FoundMany(tuple(found.get(tuple(key[name] for name in names)) for key in keys), rcu)

    def put_new(self, item: Item) -> None:
        """Write one item whose key is free.

        A concurrent transaction on the same key raises `TransactionRefusedError`, as for any other
        transaction.
        """
        from botocore.exceptions import ClientError

        put = new_item(item, self.table, self.layout.partition.attribute)

        def send(client: DynamoDBClient) -> Mapping[str, Any]:
            try:
                return client.put_item(ReturnConsumedCapacity="TOTAL", **put)
            except ClientError as error:
                code = code_of(error)
                if code == "ConditionalCheckFailedException":
                    raise KeyTakenError(self._existing(error.response, item)) from None
                if code == "TransactionConflictException":
                    raise TransactionRefusedError([None]) from None
                raise

        with written():
            answer, _ = self._sender.ask(send)
            answered(answer, "ConsumedCapacity", self._place)

    def replace_tile(self, item: Item) -> None:
        """Write a tile over the one in its place."""
        demand_tile(item.get(self.layout.partition.attribute))
        put: dict[str, Any] = {"TableName": self.table, "Item": encoded_item(item)}
        with written():
            answer, _ = self._sender.ask(
                lambda client: client.put_item(ReturnConsumedCapacity="TOTAL", **put)
            )
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
        puts: list[Any] = [
            {"Put": new_item(item, self.table, self.layout.partition.attribute)} for item in items
        ]
        # One token for all attempts: retrying a transaction that had landed is not a conflict.
        token = str(uuid.uuid4())

        def send(client: DynamoDBClient) -> Mapping[str, Any]:
            try:
                return client.transact_write_items(
                    TransactItems=puts, ClientRequestToken=token, ReturnConsumedCapacity="TOTAL"
                )
            except ClientError as error:
                code = code_of(error)
                if code == "TransactionCanceledException":
                    raise refusal_of(error, items, self._place, self._existing) from None
                if code in ("TransactionInProgressException", "TransactionConflictException"):
                    raise TransactionRefusedError([None] * len(items)) from None
                raise

        with written():
            answer, _ = self._sender.ask(send)
            answered(answer, "ConsumedCapacity", self._place)

    def describe(self) -> TableDescription:
        """The result of DescribeTable, with only the indexes that can be read."""
        answer, _ = self._sender.ask(lambda client: client.describe_table(TableName=self.table))
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

    def _existing(self, answer: Mapping[str, Any], item: Item) -> Item:
        """The item that took the key: from the error response, else read now."""
        found = answer.get("Item")
        if found:
            return _item(found)
        return self.get(item).item or {}

    def _base_key(self, key: Mapping[str, Any]) -> dict[str, Any]:
        names = (self.layout.partition.attribute, self.layout.sort.attribute)
        return {name: key[name] for name in names}


def _item(item: Mapping[str, Any]) -> Item:
    """An item of a response: as taken out of it, or as botocore parsed it."""
    return item if isinstance(item, WireItem) else decoded_item(item)


def _items(items: Sequence[Mapping[str, Any]]) -> Sequence[Item]:
    return items if isinstance(items, WireItems) else [decoded_item(item) for item in items]


def open_table(
    table: str,
    layout: Layout,
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    aws_profile: str | None = None,
    read_only: bool = False,
    access: Access = NOBODY,
) -> DynamoStore:
    """The store in ``table``. Sends nothing yet.

    A ``read_only`` store refuses everything but reads, before sending. ``access`` says how AWS is
    reached on behalf of a person. Raises `StoreError` without a region, for an unknown profile and
    for an endpoint that is not a URL.
    """

    def connect() -> tuple[DynamoDBClient, Place]:
        return make_client(
            table,
            region=region,
            endpoint_url=endpoint_url,
            aws_profile=aws_profile,
            operations=READ_OPERATIONS if read_only else None,
            attempts=1,
            access=access,
        )

    client, place = connect()
    return DynamoStore(client, place, layout, renew=lambda: connect()[0])
