"""Takes the items out of a response before the AWS client parses it.

botocore walks the service's model for every value of a response, which takes most of a page's time.
Its event ``before-parse`` lets a handler see the body first: the items are passed separately as
`WireItem`, and botocore parses the small remainder, so signing, errors and everything else remain
its own. A body that the handler does not understand is left to botocore entirely.

The same event detects damage. botocore compares the checksum only when it would retry by itself,
and takes a truncated body for a complete one. Source: botocore/endpoint.py, botocore/httpsession.py
(``enforce_content_length=False``), botocore/retries/special.py.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from audittui.errors import StoreError
from audittui.store.dynamodb.item import WireItem

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

Members = dict[str, msgspec.Raw]

_MEMBERS = msgspec.json.Decoder(Members)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_ITEMS_BY_TABLE = msgspec.json.Decoder(dict[str, list[msgspec.Raw]])
_OK = 200


class WireItems(list[WireItem]):
    """Items taken out of a response."""


def _list_of_items(members: Members) -> dict[str, Any]:
    if "Items" not in members:
        return {}
    items = WireItems(map(WireItem, _ITEMS.decode(members["Items"])))
    members["Items"] = msgspec.Raw(b"[]")
    return {"Items": items}


def _one_item(members: Members) -> dict[str, Any]:
    if not bytes(members.get("Item", b"")).startswith(b"{"):
        return {}
    return {"Item": WireItem(members.pop("Item"))}


def _items_by_table(members: Members) -> dict[str, Any]:
    if "Responses" not in members:
        return {}
    tables = _ITEMS_BY_TABLE.decode(members["Responses"])
    members["Responses"] = msgspec.Raw(b"{}")
    return {"Responses": {name: WireItems(map(WireItem, items)) for name, items in tables.items()}}


_TAKERS: dict[str, Callable[[Members], dict[str, Any]]] = {
    "Query": _list_of_items,
    "Scan": _list_of_items,
    "GetItem": _one_item,
    "BatchGetItem": _items_by_table,
}
"""By operation: takes the items out of a response's members, and returns what botocore is to
add."""


def split(operation: str, body: bytes) -> tuple[bytes, dict[str, Any]] | None:
    """The remainder of a response to ``operation``, and the members taken out of it.

    None if the body does not look like such a response.
    """
    try:
        members = _MEMBERS.decode(body)
        taken = _TAKERS[operation](members)
        rest = b",".join(
            msgspec.json.encode(name) + b":" + bytes(value) for name, value in members.items()
        )
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError, RecursionError):
        return None
    return b"{" + rest + b"}", taken


def damage(headers: Mapping[str, str], body: bytes) -> str:
    """What is wrong with the body according to the headers; empty if it is what was sent.

    DynamoDB sends the CRC32 of every body in ``x-amz-crc32``.
    """
    length, checksum = (str(headers.get(name, "")) for name in ("content-length", "x-amz-crc32"))
    if length.isdecimal() and len(body) < int(length):
        return "cut off"
    if checksum.isdecimal() and zlib.crc32(body) != int(checksum):
        return "damaged in transit"
    return ""


def _before_parse(
    operation_model: Any,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any] | None = None,
    **_: Any,
) -> None:
    body = response_dict["body"]
    found = damage(response_dict["headers"], body)
    if found:
        raise StoreError(
            f"A response from DynamoDB arrived {found}.",
            "Try again; if it persists, check the network and any proxies.",
            kind="network",
            brief=f"response {found}",
        )
    name = operation_model.name
    if customized_response_dict is None or name not in _TAKERS:
        return
    if response_dict["status_code"] == _OK and (parts := split(name, body)) is not None:
        response_dict["body"], taken = parts
        customized_response_dict.update(taken)


def watch_answers(client: DynamoDBClient) -> None:
    """Make ``client`` refuse damaged responses and return items as `WireItem`. Idempotent."""
    # One handler for both, because botocore calls those of an operation before those of the
    # service, and the checksum covers the whole body.
    client.meta.events.register(
        "before-parse.dynamodb", _before_parse, unique_id="audittui-before-parse"
    )
