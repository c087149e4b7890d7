"""Writes on the condition that a key is free, and how their errors are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from audittui.aws.place import Place
from audittui.errors import StoreError
from audittui.layout.row import Item
from audittui.store.dynamodb.errors import service_error
from audittui.store.dynamodb.wire import encoded_item
from audittui.store.port import TransactionRefusedError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_IN_DOUBT = "The write may have landed all the same: check before you repeat it."
_REASONS = {
    "ThrottlingError": "ThrottlingException",
    "ProvisionedThroughputExceeded": "ProvisionedThroughputExceededException",
    "ItemCollectionSizeLimitExceeded": "ItemCollectionSizeLimitExceededException",
}
"""Cancellation reasons whose names differ from those of the matching exceptions."""


def new_item(item: Item, table: str, key: str) -> Any:
    """The put of an item into ``table`` on the condition that its key is free, alone or inside a
    transaction. ``key`` is the attribute of the partition key."""
    return {
        "TableName": table,
        "Item": encoded_item(item),
        "ConditionExpression": "attribute_not_exists(#0)",
        "ExpressionAttributeNames": {"#0": key},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }


def refusal_of(
    error: ClientError,
    items: Sequence[Item],
    place: Place,
    existing: Callable[[Mapping[str, Any], Item], Item],
) -> Exception:
    """The error for a cancelled transaction: a taken key, a conflict, or another error.

    ``existing`` returns the item that took the key of another, from the cancellation reason.
    """
    reasons: Sequence[Mapping[str, Any]] = error.response.get("CancellationReasons", ())
    codes = [str(reason.get("Code", "None")) for reason in reasons]
    if "ConditionalCheckFailed" in codes:
        return TransactionRefusedError(
            [
                existing(reason, item) if code == "ConditionalCheckFailed" else None
                for code, reason, item in zip(codes, reasons, items, strict=True)
            ]
        )
    for code, reason in zip(codes, reasons, strict=True):
        if code not in ("None", "TransactionConflict"):
            detail = str(reason.get("Message", ""))
            name = _REASONS.get(code, code)
            return service_error(name, detail, "TransactWriteItems", place)
    return TransactionRefusedError([None] * len(items))


def code_of(error: ClientError) -> str:
    """The code in the service's response; empty if there is none."""
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def written() -> Iterator[None]:
    """Add to the error of a write without a response that it may have landed."""
    try:
        yield
    except StoreError as error:
        if error.kind != "network":
            raise
        hint = f"{error.hint} {_IN_DOUBT}".strip()
        raise StoreError(error.message, hint, kind=error.kind, brief=error.brief) from error
