"""Measures how fast a chain is verified once its entries are read, compared with SHA-256 alone.

``python benchmarks/sweep.py [ENTRIES]``. Needs no table: the chains are written to an embedded
store and sealed, and their pages are held in memory, so that reading is free. Times are CPU seconds
of all threads of the process, so rates are per core. Every round runs all variants.
"""

from __future__ import annotations

import gc
import hashlib
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec

from audittui.entry import Draft
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tlog.keys import SignerKey
from audittui.integrity.trust import Trust
from audittui.integrity.verifying.sweep import verify_chain
from audittui.layout import load_layout
from audittui.layout.row import Item
from audittui.store.dynamodb.item import WireItem
from audittui.store.dynamodb.wire import encoded_item
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

NATIVE = load_layout("native")
SMALL, MEDIUM = "small/0", "medium/0"
KEY = SignerKey("audit.example.com", bytes(range(32)))
TRUSTED = VerificationSettings(Trust((KEY.verifier,)))
ROUNDS = 7
BATCH = 5_000


def small(number: int) -> Draft:
    """A body of about 400 bytes: only the list columns."""
    return Draft(
        actor=f"user-{number % 50}", action="secret.read", outcome="success", source_ip="10.30.0.8",
        resource=f"secret/payments/{number % 100}",
    )  # fmt: skip


def medium(number: int) -> Draft:
    """A body of about 1 KB: an AWS API call with its parameters and caller."""
    return Draft(
        actor=f"arn:aws:sts::123456789012:assumed-role/deploy/session-{number % 50}",
        action="s3:PutObject", outcome="denied" if number % 20 == 0 else "success",
        resource=f"arn:aws:s3:::reports-{number % 7}/2026/{number % 1000}.json",
        request_id=f"{number:032x}", source_ip="203.0.113.9", time="2026-11-24T14:00:00.000000Z",
        details={
            "eventVersion": "1.09", "awsRegion": "eu-west-1", "readOnly": False,
            "managementEvent": False, "recipientAccountId": "123456789012",
            "userAgent": "[aws-sdk-go/1.44.5 (go1.21.3; linux; amd64) S3Manager]",
            "userIdentity": {
                "type": "AssumedRole", "principalId": f"AROAEXAMPLEID:session-{number % 50}",
                "accountId": "123456789012",
            },
            "requestParameters": {
                "bucketName": f"reports-{number % 7}", "key": f"2026/{number % 1000}.json",
                "x-amz-server-side-encryption": "aws:kms",
            },
            "responseElements": {"x-amz-version-id": f"{number:024x}", "sizes": [number, 512]},
        },
    )  # fmt: skip


class Held:
    """A store whose pages of entries are held in memory, as items or as DynamoDB's bytes."""

    def __init__(self, store: SqliteStore, *, wire: bool) -> None:
        self._store = store
        self._wire = wire
        self._pages: dict[str, Page] = {}
        self._bytes: dict[str, list[msgspec.Raw]] = {}

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        """A page; from bytes, its items are not decoded yet."""
        key = repr(request)
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = self._store.query(request, patience)
            if self._wire:
                self._bytes[key] = [_answered(item) for item in page.items]
        if not self._wire:
            return page
        return msgspec.structs.replace(page, items=list(map(WireItem, self._bytes[key])))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def _answered(item: Item) -> msgspec.Raw:
    """An item as it appears in a DynamoDB response."""
    return msgspec.Raw(msgspec.json.encode(encoded_item(item)))


def chains(entries: int) -> SqliteStore:
    """A store with two sealed chains of ``entries`` entries each."""
    store = SqliteStore(":memory:", NATIVE, create=True)
    for chain, draft in ((SMALL, small), (MEDIUM, medium)):
        log = AuditLog(store, chain)
        for first in range(0, entries, BATCH):
            log.append_many(list(map(draft, range(first, min(first + BATCH, entries)))))
        Sealer(store, NATIVE, chain, KEY).seal()
    return store


def bodies_of(store: SqliteStore, chain: str) -> list[bytes]:
    request = Query(index="", partition=("pk", f"entry#{chain}"), sort="sk")
    bodies: list[bytes] = []
    while True:
        page = store.query(request)
        bodies += [item["body"].encode() for item in page.items]
        if page.last_key is None:
            return bodies
        request = msgspec.structs.replace(request, start_key=page.last_key)


def sweep(store: Held, chain: str, settings: VerificationSettings | None, entries: int) -> None:
    wanted = "CHAINED" if settings is None else "ANCHORED"
    verdicts = verify_chain(store, NATIVE, chain, settings=settings)
    good = sum(one.verdict == wanted for one in verdicts)
    if good != entries:
        raise SystemExit(f"{entries - good} entries of {chain} are not {wanted}")


def hashed(bodies: list[bytes]) -> None:
    for body in bodies:
        hashlib.sha256(b"\x00" + body).digest()


def seconds(call: Callable[[], None]) -> float:
    """The CPU time of ``call`` in this process, in seconds."""
    started = time.process_time()
    call()
    return time.process_time() - started


def measure(store: SqliteStore, chain: str, entries: int) -> None:
    bodies = bodies_of(store, chain)
    items, answers = Held(store, wire=False), Held(store, wire=True)
    ways: dict[str, Callable[[], None]] = {
        "SHA-256 alone": lambda: hashed(bodies),
        "links and copies": lambda: sweep(items, chain, None, entries),
        "and a trusted checkpoint": lambda: sweep(items, chain, TRUSTED, entries),
        "the same, from DynamoDB's bytes": lambda: sweep(answers, chain, TRUSTED, entries),
    }
    for call in ways.values():
        call()
    # Exclude what the measurement itself holds from garbage collection.
    gc.collect()
    gc.freeze()
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, call in ways.items():
            times[name].append(seconds(call))
    gc.unfreeze()
    size = sum(map(len, bodies)) // len(bodies)
    stock = statistics.median(times["SHA-256 alone"])
    print(f"\n{len(bodies):,} bodies of {size:,} bytes, median of {ROUNDS} rounds\n")
    print("| what is verified | entries/s per core | best | ratio to SHA-256 |\n|---|---|---|---|")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(
            f"| {name} | {entries / median:,.0f} | {entries / min(taken):,.0f} "
            f"| {median / stock:.2f} |"
        )


def main() -> None:
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores")
    store = chains(entries)
    for chain in (SMALL, MEDIUM):
        measure(store, chain, entries)


if __name__ == "__main__":
    main()
