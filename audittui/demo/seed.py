"""Fills an embedded store with the demo's days, and tampers with one entry."""

from __future__ import annotations

import random

import msgspec

from audittui import timestamp
from audittui.demo.seal import seal_demo
from audittui.demo.story import SCAPEGOAT, SECRET, VICTIM, history, incident
from audittui.demo.tampering import overwrite
from audittui.demo.traffic import IDENTITY, PLATFORM, ordinary
from audittui.entry import Draft, decode_body, encode_body
from audittui.layout.native import copies_of
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

ENTRIES = 20_000
DAYS = 4
SEED = 20_261_124


_AT_ONCE = 100
"""Number of entries recorded at the same time."""


def drafts(anchor: int, entries: int = ENTRIES) -> list[tuple[str, Draft]]:
    """The demo's entries in time order, each with its chain. ``anchor`` (microseconds) is where
    they end; the same anchor gives the same entries."""
    rng = random.Random(SEED)
    start = anchor - DAYS * timestamp.DAY
    made = history(start - 3600 * timestamp.SECOND, rng) + incident(
        anchor - 9 * 3600 * timestamp.SECOND, rng
    )
    while len(made) < entries:
        made += ordinary(rng, start + int(rng.random() * DAYS * timestamp.DAY))
    made.sort(key=lambda one: one[1].time or "")
    return made


def seed(store: SqliteStore, anchor: int, entries: int = ENTRIES) -> None:
    """Append the demo's entries to ``store``, seal them, and tamper with one."""
    rng = random.Random(SEED)
    parts: dict[str, list[Draft]] = {IDENTITY: [], PLATFORM: []}
    for chain, draft in drafts(anchor, entries):
        parts[chain].append(draft)
    for chain, part in parts.items():
        now = [anchor]
        log = AuditLog(
            store, chain, clock=lambda now=now: now[0],  # type: ignore[misc]
            ids=lambda: f"{rng.getrandbits(128):032x}",
        )  # fmt: skip
        for start in range(0, len(part), _AT_ONCE):
            some = part[start : start + _AT_ONCE]
            # Recorded when it happened, as if the log had been written all along.
            now[0] = max(timestamp.parse(one.time) for one in some if one.time)
            log.append_many(some)
    seal_demo(store, store.layout, tuple(parts), anchor)
    _tamper(store)


def _tamper(store: SqliteStore) -> None:
    """Put another's name on the secret's last reading by the victim, and keep the old hash."""
    page = store.query(
        Query(index="by-actor", partition=("actor", VICTIM), sort="time", forward=False)
    )
    for listed in page.items:
        if (listed.get("action"), listed.get("resource")) != ("secret.read", SECRET):
            continue
        if listed.get("outcome") != "success":
            continue
        item = store.get({"pk": listed["pk"], "sk": listed["sk"]}).item
        assert item is not None
        entry = decode_body(item["body"].encode("utf-8"))
        forged = msgspec.structs.replace(entry, actor=SCAPEGOAT, source_ip="10.30.0.8")
        overwrite(
            store,
            {
                "pk": item["pk"], "sk": item["sk"], "hash": item["hash"],
                "body": encode_body(forged).decode("utf-8"), **copies_of(forged),
            }
        )  # fmt: skip
        return
