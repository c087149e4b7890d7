"""Several items in one request (BatchGetItem): up to 100 keys; unprocessed ones are requested
again.

Source: DynamoDB API reference, "BatchGetItem": a response holds at most 16 MB and may leave keys
unprocessed, which callers retry with exponential backoff.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from audittui.errors import StoreError
from audittui.store.dynamodb.retry import ATTEMPTS, delay
from audittui.store.port import PATIENT

MAX_KEYS = 100
"""Keys in one BatchGetItem."""

Ask = Callable[[list[Mapping[str, Any]]], Mapping[str, Any]]
"""Sends one BatchGetItem for encoded keys and returns the response."""


def batch_answers(ask: Ask, table: str, keys: Sequence[Mapping[str, Any]]) -> Iterator[Any]:
    """The responses that together hold the items of ``keys``. Raises `StoreError`.

    A response that leaves keys out must make progress; otherwise it is retried like throttling.
    """
    for start in range(0, len(keys), MAX_KEYS):
        left = list(keys[start : start + MAX_KEYS])
        stalled = 1
        while left:
            answer = ask(left)
            yield answer
            unprocessed = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
            stalled = stalled + 1 if len(unprocessed) == len(left) else 1
            left = list(unprocessed)
            if left:
                error = StoreError(
                    f"The table {table} is throttled.", "Try again in a moment.", kind="throttled"
                )
                if stalled > ATTEMPTS:
                    raise error
                PATIENT.wait(error, stalled + 1, delay(error, stalled + 1))
