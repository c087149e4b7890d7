"""What a sweep costs, and what it says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from audittui.entry import Draft
from audittui.integrity.pins import Pins
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tlog.keys import SignerKey
from audittui.integrity.trust import Trust
from audittui.integrity.verifying.sweep import verify_chain
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.integrity.counting import Counting

LAYOUT = load_layout("native")
CHAIN = "payments/0"
KEY = SignerKey("audit.example.com", bytes(range(32)))


@pytest.mark.parametrize("since", [0, 5, 299])
@pytest.mark.parametrize("sealed", [0, 256, 550])
def test_every_read_unit_of_a_sweep_is_in_one_of_its_verdicts(
    sealed: int, since: int, tmp_path: Path
) -> None:
    held = SqliteStore(":memory:", LAYOUT, create=True, page_bytes=20_000)
    AuditLog(held, CHAIN).append_many([Draft(actor="a", action="b")] * 600)
    if sealed:
        Sealer(held, LAYOUT, CHAIN, KEY).seal(up_to=sealed)
    store = Counting(held)
    by = VerificationSettings(Trust((KEY.verifier,)), Pins(tmp_path))
    verdicts = list(verify_chain(store, LAYOUT, CHAIN, settings=by, since=since))
    assert [one.seq for one in verdicts] == list(range(since, 600))
    assert {one.verdict for one in verdicts[: max(sealed - since, 0)]} <= {"ANCHORED"}
    assert {one.verdict for one in verdicts[max(sealed - since, 0) :]} == {"CHAINED"}
    assert sum(one.rcu for one in verdicts) == store.rcu
