"""A deadline for the whole response to a request.

botocore's read timeout covers one chunk of a response: it waits indefinitely for a server that
sends a byte now and then. Here the socket is read by a response that has a deadline. botocore has
no setting for that, so its pools get another connection class.
"""

from __future__ import annotations

import io
import time
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ANSWER_SECONDS = 30.0
"""How long a whole response, such as a page of 1 MB, may take once its request is sent."""


class _BoundedReader(io.RawIOBase):
    """Reads ``raw``, which belongs to the socket ``sock``, until ``deadline`` (monotonic)."""

    def __init__(self, raw: Any, sock: Any, deadline: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the response took too long")
        timeout = self._sock.gettimeout()
        if timeout is not None and timeout <= left:
            read: int | None = self._raw.readinto(buffer)
            return read
        self._sock.settimeout(left)
        try:
            read = self._raw.readinto(buffer)
        finally:
            self._sock.settimeout(timeout)
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(HTTPResponse):
    """A response that must be complete `ANSWER_SECONDS` after its request was sent."""

    def __init__(self, sock: Any, *words: Any, **named: Any) -> None:
        super().__init__(sock, *words, **named)
        raw = self.fp.detach()
        deadline = time.monotonic() + ANSWER_SECONDS
        self.fp = io.BufferedReader(_BoundedReader(raw, sock, deadline))


def bound_answers(client: DynamoDBClient) -> bool:
    """Give up on responses that take longer than `ANSWER_SECONDS`, with a read timeout.

    False if this version of botocore is built differently: then nothing is changed, and only its
    own timeouts apply.
    """
    try:
        pools = _bounded_pools()
        session: Any = client._endpoint.http_session  # type: ignore[attr-defined]
        manager = session._manager
        places = [
            (owner, name, getattr(owner, name))
            # Pools for a proxy are created later, from the session's classes.
            for owner, name in (
                (session, "_pool_classes_by_scheme"), (manager, "pool_classes_by_scheme")
            )
        ]  # fmt: skip
    except (AttributeError, TypeError, ImportError):
        return False
    if any(not isinstance(had, dict) or had.keys() != pools.keys() for *_, had in places):
        return False
    for owner, name, _ in places:
        setattr(owner, name, pools)
    return True


def _bounded_pools() -> dict[str, type]:
    """botocore's pools by scheme, with connections whose responses have a deadline."""
    from botocore import awsrequest

    pools = {}
    for scheme, connection, pool in (
        ("http", awsrequest.AWSHTTPConnection, awsrequest.AWSHTTPConnectionPool),
        ("https", awsrequest.AWSHTTPSConnection, awsrequest.AWSHTTPSConnectionPool),
    ):
        bounded = type("BoundedConnection", (connection,), {"response_class": _BoundedResponse})
        pools[scheme] = type("BoundedPool", (pool,), {"ConnectionCls": bounded})
    return pools
