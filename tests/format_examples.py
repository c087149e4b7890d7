"""The examples in docs/formats.md, made by the code that writes the formats.

An example is the fenced block after a line ``<!-- example: NAME -->``. ``python -m
tests.format_examples`` renews them all.
"""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
from boto3.dynamodb.types import TypeSerializer

from audittui import timestamp
from audittui.cli.progress_marks import save_mark
from audittui.connection import Connection, Target
from audittui.entry import Draft
from audittui.export.evidence.archive import unpack
from audittui.export.evidence.collect import Source, Wanted, make_bundle
from audittui.export.result import Extent, write_result
from audittui.export.rows import row_object
from audittui.ingest.rejects import as_object
from audittui.ingest.source import Rejected
from audittui.integrity.gap import Gap
from audittui.integrity.pins import Pin, Pins
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tlog.entry_bundle import encode_bundle
from audittui.integrity.tlog.keys import LogSigner, SignerKey
from audittui.integrity.tlog.note import sign_note
from audittui.integrity.tlog.tile import Tile, bundle_path
from audittui.integrity.trust import Trust
from audittui.integrity.verifying.progress_mark import Mark
from audittui.investigate.tail.cursor import (
    ChainPlace,
    TailCursor,
    decode_tail_cursor,
    encode_tail_cursor,
)
from audittui.layout import load_layout
from audittui.query.cursor import Cursor, decode_cursor, encode_cursor
from audittui.store.identity import TableIdentity
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog

DOCUMENT = Path(__file__).parents[1] / "docs" / "formats.md"
BLOCK = re.compile(r"(<!-- example: ([a-z0-9-]+) -->\n```\w*\n)(.*?)\n?```", re.DOTALL)
LAYOUT = load_layout("native")
CHAIN = "payments/0"
SEALER = SignerKey("audit.example.com", bytes(range(32)))
COLLECTOR = SignerKey("alice@example.com", bytes(range(1, 33)))
ORIGIN = f"{SEALER.name}/{CHAIN}"
NOW = timestamp.parse("2026-11-24T14:00:00Z")
RETENTION = 90 * 86_400
TABLE = TableIdentity(
    "2c9f5d0e-8a41-4c55-9a3c-0d5b4f1c7e10",
    "arn:aws:dynamodb:eu-west-1:123456789012:table/audit-log",
    "audit-log (eu-west-1)",
)
DRAFTS = (
    Draft(
        actor="ann", action="invoice.approve", resource="invoice/7", outcome="success",
        idempotency_key="approve-7",
    ),
    Draft(
        actor="zoë", action="secret.read", resource="secret/signing-key", outcome="denied",
        severity="medium", source_ip="203.0.113.77", request_id="req-2", reason="AccessDenied",
        time="2026-11-24T15:00:00.25+01:00", details={"tries": 3, "rate": 0.5, "note": "a\tb"},
    ),
    Draft(
        actor="ann", action="invoice.pay", resource="invoice/7", outcome="success",
        before={"state": "approved"}, after={"state": "paid"},
    ),
)  # fmt: skip


def told() -> dict[str, str]:
    """The examples that the document shows, by name."""
    found = BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len({name for _, name, _ in found}) == len(found), "an example stands twice"
    return {name: text for _, name, text in found}


def made() -> dict[str, str]:
    """The examples as the code writes them now, by name."""
    store = SqliteStore(":memory:", LAYOUT, create=True)
    ids = iter(f"{number:032x}" for number in range(1, 100))
    log = AuditLog(store, CHAIN, retention=RETENTION, clock=lambda: NOW, ids=lambda: next(ids))
    for draft in DRAFTS:
        log.append(draft)
    sealed_at = NOW + 60 * timestamp.SECOND
    Sealer(store, LAYOUT, CHAIN, SEALER, clock=lambda: sealed_at).seal()
    files = _bundle(store)
    # A quarter later everything may be gone, and the sealer says so.
    Sealer(store, LAYOUT, CHAIN, SEALER, clock=lambda: NOW + 91 * timestamp.DAY).seal()
    gap = Gap(ORIGIN, 120, 131, "expired before it was sealed; INC-7")
    note = sign_note(gap.text, [LogSigner(ORIGIN, SEALER)]).encoded().decode()
    SealedLog(store, CHAIN).put_gap(gap.first, note)

    def item(pk: str, sk: str) -> Mapping[str, Any]:
        found = store.get({"pk": pk, "sk": sk}).item
        assert found is not None, (pk, sk)
        return found

    entries = [item(f"entry#{CHAIN}", f"{seq:020d}") for seq in range(3)]
    checkpoint = item(f"checkpoint#{CHAIN}", f"{3:020d}")
    examples = {
        "body-0": entries[0]["body"],
        "body-1": entries[1]["body"],
        "hash-0": entries[0]["hash"].hex(),
        "item-entry": _wire(entries[1]),
        "item-registry": _wire(item("chains", CHAIN)),
        "item-idempotency": _wire(item("idempotency#payments#approve-7", "-")),
        "item-tile": _wire(item(f"tile#{CHAIN}", "tile/0/000.p/3")),
        "leaves": "\n".join(entry["hash"].hex() for entry in entries),
        "checkpoint": checkpoint["note"].rstrip("\n"),
        "item-checkpoint": _wire(checkpoint),
        "retention": checkpoint["retention"].rstrip("\n"),
        "prune": item(f"checkpoint#{CHAIN}", f"prune#{3:020d}")["note"].rstrip("\n"),
        "gap": item(f"checkpoint#{CHAIN}", f"gap#{120:020d}")["note"].rstrip("\n"),
        "gap-leaf": gap.leaf(121).hex(),
        "verifier-key": SEALER.verifier.text,
        "log-verifier-key": SEALER.verifier.named(ORIGIN).text,
        "signer-key": SEALER.text,
        "tile-paths": "\n".join(
            [
                Tile(0, 0).path, Tile(0, 1, 7).path, Tile(1, 0, 1).path, Tile(0, 1_234_067).path,
                bundle_path(1, 7),
            ]
        ),
        "entry-bundle": encode_bundle([b"{}", b'{"a":1}']).hex(" "),
        "proof": files[f"proofs/1-payments-0/{1:020d}.tlog-proof"].decode().rstrip("\n"),
        "row": json.dumps(row_object(LAYOUT.row(entries[1]))),
        "reject": json.dumps(as_object(Rejected("logs/a.json", "record 7", "no eventTime"))),
        "manifest": files["manifest.json"].decode().rstrip("\n"),
        "manifest-digest": files["manifest.sha256"].decode().rstrip("\n"),
        "manifest-note": files["manifest.note"].decode().rstrip("\n"),
    }  # fmt: skip
    examples |= _cursors()
    examples |= _remembered(checkpoint["note"], entries[2]["hash"].hex())
    return examples


def as_shown(cursor: msgspec.Struct) -> str:
    """The parts of a cursor as the document shows them: MessagePack's values, in JSON."""
    return json.dumps(json.loads(msgspec.json.encode(cursor)), ensure_ascii=False)


def _cursors() -> dict[str, str]:
    tick = timestamp.parse("2026-11-24T13:59:00Z")
    key = {
        "pk": f"entry#{CHAIN}", "sk": f"{41:020d}",
        "bucket": f"{CHAIN}#2026-11-24", "time": "2026-11-24T13:58:59.500000Z",
    }  # fmt: skip
    cursor = Cursor(
        version=2, plan="6ad3f3b1d9f0c5e2", last=[tick, tick, f"entry#{CHAIN}", f"{42:020d}"],
        now=NOW, index="by-time", chains=(CHAIN,), shards={f"{CHAIN}#2026-11-24": key},
        unread=f"{CHAIN}#2026-11-23", edge=NOW - timestamp.DAY, reached=tick,
    )  # fmt: skip
    tail = TailCursor("tail-1", "0f6a1c2b3d4e5f60", None, chains={CHAIN: ChainPlace(2, 2)})
    texts = encode_cursor(cursor), encode_tail_cursor(tail)
    return {
        "cursor-parts": as_shown(decode_cursor(texts[0])), "cursor": texts[0],
        "tail-cursor-parts": as_shown(decode_tail_cursor(texts[1])), "tail-cursor": texts[1],
    }  # fmt: skip


def _remembered(note: str, head: str) -> dict[str, str]:
    """What lies in the state folder, and an export that says what it is."""
    before = os.environ.get("AUDITTUI_STATE")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["AUDITTUI_STATE"] = name
        try:
            Pins(folder / "checkpoints").grow(Pin(CHAIN, ORIGIN, note, (TABLE,)))
            save_mark(Mark(TABLE, CHAIN, 3, head, NOW // timestamp.SECOND + RETENTION))
        finally:
            if before is None:
                del os.environ["AUDITTUI_STATE"]
            else:
                os.environ["AUDITTUI_STATE"] = before
        (pin,) = folder.glob("checkpoints/*.pin")
        (mark,) = folder.glob("verified/*.mark")
        extent = Extent(
            title="Denied actions",
            command="audittui run denied-actions",
            complete=True,
            covers="complete from 13:00:00 to 14:00:00",
        )
        exported = folder / "denied.jsonl"
        write_result(exported, "jsonl", (), [], extent)
        return {
            "pin": pin.read_text().rstrip("\n"),
            "mark": mark.read_text().rstrip("\n"),
            "file-names": f"checkpoints/{pin.name}\nverified/{mark.name}",
            "export-end": exported.read_text().rstrip("\n"),
        }


def _bundle(store: SqliteStore) -> dict[str, bytes]:
    """The members of an evidence bundle of the second entry."""
    settings = VerificationSettings(Trust((SEALER.verifier,)))
    data = make_bundle(
        Connection(Target(), store, LAYOUT), [Wanted(CHAIN, 1, "who is this?")], Source(),
        settings, now=NOW + 120 * timestamp.SECOND, sign=COLLECTOR,
    )  # fmt: skip
    return unpack(data)


def _wire(item: Mapping[str, Any]) -> str:
    """An item as DynamoDB's API has it in JSON, an attribute a line."""
    tagged = {}
    for name in sorted(item, key=lambda name: (name not in ("pk", "sk"), name)):
        value = TypeSerializer().serialize(item[name])
        if isinstance(item[name], bytes):
            value = {"B": base64.b64encode(item[name]).decode()}
        tagged[name] = value
    lines = [f"  {json.dumps(n)}: {json.dumps(v, ensure_ascii=False)}" for n, v in tagged.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def renewed(text: str, examples: Mapping[str, str]) -> str:
    """The document with these examples in it."""

    def put(block: re.Match[str]) -> str:
        return f"{block[1]}{examples.get(block[2], block[3])}\n```"

    return BLOCK.sub(put, text)


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(encoding="utf-8"), made()), encoding="utf-8")
