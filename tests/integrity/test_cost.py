"""What sealing and proving cost, metered by DynamoDB Local."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import boto3
import pytest

from audittui.entry import Draft, complete, encode_body, hash_body
from audittui.integrity.pins import Pins
from audittui.integrity.sealed_log import SealedItem, SealedLog
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.statement import Retention
from audittui.integrity.tile_cache import TileCache
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.inclusion import tiles_for
from audittui.integrity.tlog.keys import LogSigner, SignerKey
from audittui.integrity.tlog.note import sign_note
from audittui.integrity.tlog.tile_tree import TileTree
from audittui.integrity.trust import Trust
from audittui.integrity.verifying.single_entry import verify_entry
from audittui.layout import load_layout
from audittui.layout.native import item_of
from audittui.writer import AuditLog
from tests.integrity.conftest import AWS_KEYS, TamperedTable, tampered_table
from tests.store.conftest import ENDPOINT

LAYOUT = load_layout("native")
CHAIN = "payments/0"
KEY = SignerKey("audit.example.com", bytes(range(32)))
ORIGIN = f"audit.example.com/{CHAIN}"
SIZE = 1_000_000

pytestmark = pytest.mark.dynamodb_local


class Meter:
    """Sums what every answer says that it consumed."""

    def __init__(self, client: Any) -> None:
        self.units = 0.0
        self.requests: list[str] = []
        client.meta.events.register("after-call.dynamodb", self._count)

    def _count(self, parsed: Any, model: Any, **_: Any) -> None:
        if model.name == "DescribeTable":
            # It costs nothing.
            return
        consumed = parsed.get("ConsumedCapacity", ())
        for one in consumed if isinstance(consumed, list) else (consumed,):
            self.units += one["CapacityUnits"]
        self.requests.append(model.name)

    def reset(self) -> None:
        self.units, self.requests = 0.0, []


@pytest.fixture
def client() -> Any:
    if not ENDPOINT:
        pytest.skip("AUDITTUI_TEST_ENDPOINT does not name a DynamoDB Local")
    return boto3.client("dynamodb", endpoint_url=ENDPOINT, **AWS_KEYS)


def test_sealing_takes_at_most_a_tenth_of_a_write_unit_an_entry(client: Any) -> None:
    table = tampered_table(client, ENDPOINT)
    drafts = [Draft(actor="a", action="b", details={"text": "x" * 700})] * 1024
    AuditLog(table, CHAIN).append_many(drafts)
    meter = Meter(client)
    writes = 0.0
    for size in range(256, 1025, 256):
        before = len(meter.requests)
        sealer = Sealer(table, LAYOUT, CHAIN, KEY)
        put, units = table.put_new, 0.0

        def counted(item: Any, put: Any = put) -> None:
            nonlocal units
            start = meter.units
            put(item)
            units += meter.units - start

        table.put_new = counted  # type: ignore[method-assign]
        assert sealer.seal(up_to=size).size == size
        table.put_new = put  # type: ignore[method-assign]
        writes += units
        assert "PutItem" in meter.requests[before:]
    assert 0 < writes <= 0.1 * 1024


def million(table: TamperedTable, seq: int) -> None:
    """A sealed log of a million entries, of which only what concerns ``seq`` is written."""
    table.overwrite({"pk": "chains", "sk": CHAIN, "created": "2027-01-15T08:00:00.000000Z"})
    bodies: dict[int, bytes] = {}
    prev_hash = hashlib.sha256(b"before").hexdigest()
    for number in (seq - 1, seq, seq + 1):
        entry = complete(
            Draft(actor="a", action="b", details={"text": "x" * 700}), chain=CHAIN, seq=number,
            prev_hash=prev_hash, recorded_at=1_800_000_000 * 10**6, entry_id=f"{number:032x}",
            expires_at=None,
        )  # fmt: skip
        bodies[number] = encode_body(entry)
        digest = hash_body(bodies[number])
        table.overwrite(item_of(entry, bodies[number], digest))
        prev_hash = digest.hex()
    wanted = set(tiles_for(seq, SIZE))
    tree = TileTree()
    sealed = SealedLog(table, CHAIN)
    for number in range(SIZE):
        body = bodies.get(number)
        leaf = hash_body(body) if body else hashlib.sha256(number.to_bytes(8, "big")).digest()
        for tile, data in tree.append(leaf):
            if tile in wanted:
                sealed.put_tile(tile, data)
    for tile, data in tree.partial_tiles():
        sealed.put_tile(tile, data)
    signer = LogSigner(ORIGIN, KEY)
    notes = [
        sign_note(text, [signer]).encoded().decode()
        for text in (
            Checkpoint(ORIGIN, SIZE, tree.root()).text, Retention(ORIGIN, SIZE, None).text,
        )
    ]  # fmt: skip
    sealed.put_checkpoint(SealedItem(SIZE, notes[0], notes[1], "2026-11-24T14:00:00.000000Z"))


def test_an_entry_of_a_million_is_proven_for_little(client: Any, tmp_path: Path) -> None:
    seq = 777_777
    table = tampered_table(client, ENDPOINT)
    million(table, seq)
    meter = Meter(client)
    settings = VerificationSettings(
        Trust((KEY.verifier,)), Pins(tmp_path / "pins"), TileCache(tmp_path / "tiles")
    )
    verdict = verify_entry(table, LAYOUT, CHAIN, seq, settings=settings)
    assert verdict.verdict == "ANCHORED", verdict
    assert verdict.rcu == meter.units <= 10
    assert len(meter.requests) == 4
    cold = meter.units
    meter.reset()
    verdict = verify_entry(table, LAYOUT, CHAIN, seq, settings=settings)
    assert verdict.verdict == "ANCHORED"
    assert len(meter.requests) == 3
    assert meter.units < cold
