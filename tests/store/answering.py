"""An AWS client whose answers are made up: nothing is sent, everything else is botocore's own."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from botocore.awsrequest import AWSResponse

from audittui.store.dynamodb.client import make_client
from audittui.store.dynamodb.wire import encoded_item

CONSUMED = {"TableName": "audit-log", "CapacityUnits": 0.5}


class Answer(NamedTuple):
    """One answer of HTTP."""

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = {}


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body


def client_answering(answer: Callable[[Any], Answer | Exception], **options: Any) -> Any:
    """A client that asks ``answer`` what came back for each request; exceptions are raised."""

    def before_send(request: Any, **_: Any) -> AWSResponse:
        found = answer(request)
        if isinstance(found, Exception):
            raise found
        return AWSResponse(request.url, found.status, found.headers, _Raw(found.body))

    settings = {"region": "eu-west-1", "endpoint_url": None, "aws_profile": None, "attempts": 1}
    client, _ = make_client("audit-log", **{**settings, **options})
    client.meta.events.register_first("before-send.dynamodb", before_send)
    return client


def checked(body: bytes, status: int = 200) -> Answer:
    """An answer with the headers that DynamoDB sends."""
    return Answer(
        body, status, {"Content-Length": str(len(body)), "x-amz-crc32": str(zlib.crc32(body))}
    )


def refused(code: str, status: int = 400) -> Answer:
    """The answer that says ``code``."""
    name = f"com.amazonaws.dynamodb.v20120810#{code}"
    return checked(json.dumps({"__type": name, "message": "in its own words"}).encode(), status)


def _on_the_wire(value: Any) -> str:
    assert isinstance(value, bytes)
    return base64.b64encode(value).decode()


def wire(answer: Any, **style: Any) -> bytes:
    """The JSON of an answer in botocore's form; bytes become base64."""
    return json.dumps(answer, default=_on_the_wire, **style).encode()


def page(items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The answer to a Query with plain items."""
    found = [encoded_item(item) for item in items]
    return {
        "Items": found, "Count": len(found), "ScannedCount": len(found),
        "ConsumedCapacity": CONSUMED, **more,
    }  # fmt: skip
