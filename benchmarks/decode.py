"""Measures the decoding of responses and the memory of rows, compared with boto3.

``python benchmarks/decode.py [ROWS]``. Needs no table: it generates the responses.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import json
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from boto3.dynamodb.types import TypeDeserializer
from botocore.parsers import create_parser
from botocore.session import get_session

from audittui.layout import Index, Layout, Row, load_layout
from audittui.store.dynamodb.answer import split
from audittui.store.dynamodb.item import WireItem

ROUNDS = 9
PAGE_BYTES = 1_048_576
MEGABYTE = 1_000_000


class Shape(NamedTuple):
    """A kind of page: the table's layout, the index, and its items as DynamoDB sends them."""

    label: str
    layout: Layout
    way: Index
    item: Callable[[int], dict[str, Any]]


def native_columns(seq: int) -> dict[str, Any]:
    """An item of a native index: the list columns, about 450 bytes of JSON."""
    return {
        "pk": {"S": "entry#payments/0"}, "sk": {"S": f"{seq:020d}"},
        "bucket": {"S": "payments/0#2026-11-24"},
        "time": {"S": f"2026-11-24T14:{seq // 60 % 60:02d}:{seq % 60:02d}.{seq % 10**6:06d}Z"},
        "actor": {"S": f"arn:aws:iam::123456789012:user/u{seq % 97}"},
        "action": {"S": f"s3:GetObject{seq % 7}"}, "outcome": {"S": "success"},
        "resource": {"S": f"arn:aws:s3:::bucket-{seq % 311}/key"}, "severity": {"S": "info"},
        "request_id": {"S": f"{seq:08x}-7c1d-4f7b-9d3e-0a5b2c4d6e8f"},
        "source_ip": {"S": f"10.1.{seq % 200}.7"},
        "hash": {"B": base64.b64encode(hashlib.sha256(b"%d" % seq).digest()).decode()},
    }  # fmt: skip


def native_entry(seq: int) -> dict[str, Any]:
    """A complete item of the native table, about 1.4 KB with its body."""
    columns = native_columns(seq)
    body = json.dumps({"seq": seq, "details": {"text": "x" * 620, "parts": list(range(20))}})
    return {**columns, "body": {"S": body}}


def teleport_event(seq: int) -> dict[str, Any]:
    """An item of Teleport's table, whose list columns are in a payload of about 1 KB."""
    fields = {
        "event": "session.command", "user": f"user{seq % 97}", "login": "root", "ei": seq,
        "time": f"2026-11-24T14:00:{seq % 60:02d}.{seq % 1000:03d}Z", "sid": f"sid-{seq % 31}",
        "server_id": "e75992b4-9e27-456f-b1c9-7a32da83c661", "argv": ["x" * 40] * 18,
        "return_code": 0, "program": "echo", "namespace": "default",
    }  # fmt: skip
    return {
        "SessionID": {"S": f"sid-{seq % 31}"}, "EventIndex": {"N": str(seq)},
        "EventType": {"S": "session.command"}, "CreatedAt": {"N": str(1_795_000_000 + seq)},
        "CreatedAtDate": {"S": "2026-11-24"}, "Fields": {"S": json.dumps(fields)},
        "EventNamespace": {"S": "default"}, "Expires": {"N": "1800000000"},
    }  # fmt: skip


NATIVE, TELEPORT = load_layout("native"), load_layout("teleport")
SHAPES = (
    Shape("native index", NATIVE, NATIVE.indexes[0], native_columns),
    Shape("native table", NATIVE, NATIVE.indexes[0], native_entry),
    Shape("teleport", TELEPORT, TELEPORT.indexes[0], teleport_event),
)


def pages(shape: Shape, rows: int) -> Iterator[bytes]:
    """The bodies of responses with ``rows`` items in total, each about the size of a page."""
    a_page = PAGE_BYTES // len(json.dumps(shape.item(0)))
    for start in range(0, rows, a_page):
        items = [shape.item(seq) for seq in range(start, min(start + a_page, rows))]
        consumed = {"TableName": "t", "CapacityUnits": 128.5}
        answer = {
            "Count": len(items), "Items": items, "ScannedCount": len(items),
            "ConsumedCapacity": consumed,
        }  # fmt: skip
        yield json.dumps(answer, separators=(",", ":")).encode()


def median(call: Callable[[], object]) -> float:
    """The median CPU time of ``call`` in seconds, which other programs do not affect."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        call()
        times.append(time.process_time() - started)
    return statistics.median(times)


_PARSER = create_parser("json")
_OUTPUT: Any = get_session().get_service_model("dynamodb").operation_model("Query").output_shape
_PLAIN = TypeDeserializer()


def parsed(body: bytes) -> Mapping[str, Any]:
    """A response as botocore parses it."""
    found: Mapping[str, Any] = _PARSER.parse(
        {"status_code": 200, "headers": {}, "body": body}, _OUTPUT
    )
    return found


def stock_items(body: bytes) -> list[dict[str, Any]]:
    """The items of a response, decoded by boto3."""
    return [
        {name: _PLAIN.deserialize(value) for name, value in item.items()}
        for item in parsed(body)["Items"]
    ]


def our_items(body: bytes) -> list[WireItem]:
    """The items of a response as a page holds them; botocore parses the rest."""
    parts = split("Query", body)
    assert parts is not None
    rest, taken = parts
    parsed(rest)
    items: list[WireItem] = taken["Items"]
    return items


def rows_of(shape: Shape, items: list[Any]) -> list[Row]:
    """The rows that a list shows for ``items``."""
    return [shape.layout.row(item, shape.way) for item in items]


def time_table() -> None:
    """Print milliseconds per megabyte and microseconds per item."""
    print(f"{'':14}{'':26}{'ms/MB':>9}{'us/item':>9}{'stock/ours':>12}")
    for shape in SHAPES:
        body = next(pages(shape, 10**6))
        count = len(our_items(body))

        def say(what: str, seconds: float, stock: float, size: int = len(body),
                count: int = count, label: str = shape.label) -> None:  # fmt: skip
            print(
                f"{label:14}{what:26}{seconds * 1e3 / size * MEGABYTE:9.2f}"
                f"{seconds * 1e6 / count:9.2f}{stock / seconds:12.1f}"
            )

        def whole(body: bytes = body, shape: Shape = shape) -> object:
            return rows_of(shape, our_items(body))

        def values(body: bytes = body) -> object:
            return [dict(item) for item in our_items(body)]

        def stock(body: bytes = body) -> object:
            return stock_items(body)

        def stock_rows(body: bytes = body, shape: Shape = shape) -> object:
            return rows_of(shape, stock_items(body))

        parse = median(lambda body=body: parsed(body))  # type: ignore[misc]
        plain, with_rows = median(stock), median(stock_rows)
        say("botocore parser", parse, parse)
        say("botocore + deserializer", plain, plain)
        say("... and rows", with_rows, with_rows)
        say("our items", median(lambda body=body: our_items(body)), parse)  # type: ignore[misc]
        say("... and rows", median(whole), with_rows)
        say("... or all values", median(values), plain)


class Pauses:
    """The longest pause of the garbage collector, in seconds."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._started = 0.0

    def __call__(self, phase: str, _: object) -> None:
        if phase == "start":
            self._started = time.perf_counter()
        else:
            self.longest = max(self.longest, time.perf_counter() - self._started)


def held(make: Callable[[bytes], list[Any]], bodies: Callable[[], Iterator[bytes]]) -> None:
    """Print the memory and pauses of holding everything that ``make`` creates from all pages."""
    tracemalloc.start()
    everything: list[tuple[Any, ...]] = []
    for body in bodies():
        everything.append(tuple(make(body)))
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    count = sum(map(len, everything))
    del everything
    pauses = Pauses()
    gc.collect()
    # Exclude what the program's own modules hold.
    gc.freeze()
    gc.callbacks.append(pauses)
    everything = []
    for body in bodies():
        # The collector does not track tuples of rows, because they cannot form cycles.
        everything.append(tuple(make(body)))
    # The worst case: a full collection while everything is held.
    running = pauses.longest
    gc.collect()
    gc.callbacks.remove(pauses)
    gc.unfreeze()
    print(
        f"{size / count:10.0f}{size / MEGABYTE:10.1f}{running * 1e3:12.1f}"
        f"{pauses.longest * 1e3:12.1f}"
    )


def memory_table(rows: int) -> None:
    """Print the bytes per row held, and the pauses of the garbage collector."""
    print(f"\n{'held':43}{'bytes/row':>10}{'MB':>10}{'pause ms':>12}{'full ms':>12}")
    for shape in SHAPES:
        size = len(json.dumps(shape.item(1)))
        for what, make, count in (
            # boto3 is slow, and its memory per row does not depend on the number of rows.
            ("stock items", stock_items, rows // 5),
            ("rows", lambda body, shape=shape: rows_of(shape, our_items(body)), rows),
        ):
            print(f"{shape.label:14}{what:12}{size:6} B/item {count:9,}", end="")
            held(make, lambda shape=shape, count=count: pages(shape, count))  # type: ignore[misc]


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores\n")
    time_table()
    memory_table(rows)


if __name__ == "__main__":
    main()
