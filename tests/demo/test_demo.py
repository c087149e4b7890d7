"""The demo: deterministic, an incident in it, one entry tampered with, traffic arriving."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from audittui import timestamp
from audittui.demo.live import LiveTraffic
from audittui.demo.open import Demo
from audittui.demo.seed import drafts, seed
from audittui.integrity.verifying.sweep import verify_chain
from audittui.investigate.correlations import Correlator
from audittui.layout import load_layout
from audittui.query.execution import Execution
from audittui.runbook.catalogue import load_catalogue
from audittui.runbook.planner import make_plan
from audittui.store.sqlite import SqliteStore

ANCHOR = timestamp.parse("2026-11-24T15:00:00Z")
NATIVE = load_layout("native")


@pytest.fixture(scope="module")
def store() -> SqliteStore:
    made = SqliteStore(":memory:", NATIVE, create=True)
    seed(made, ANCHOR)
    return made


def test_the_same_anchor_gives_the_same_entries() -> None:
    assert drafts(ANCHOR, 3000) == drafts(ANCHOR, 3000)
    shifted = drafts(ANCHOR + timestamp.DAY, 3000)
    assert [one.action for _, one in shifted] == [one.action for _, one in drafts(ANCHOR, 3000)]


def test_about_twenty_thousand_entries_on_two_chains_over_days() -> None:
    made = drafts(ANCHOR)
    assert 20_000 <= len(made) < 20_010
    assert {chain for chain, _ in made} == {"identity/0", "platform/0"}
    assert len({one.time[:10] for _, one in made if one.time}) >= 4


def test_exactly_one_entry_was_tampered_with(store: SqliteStore) -> None:
    bad = [
        verdict
        for chain in ("identity/0", "platform/0")
        for verdict in verify_chain(store, NATIVE, chain)
        if verdict.failed
    ]
    assert [verdict.verdict for verdict in bad] == ["MODIFIED"]
    found = store.get(NATIVE.key(bad[0].chain, bad[0].seq)).item
    assert found is not None and found["actor"] == "svc-rotator"


def test_the_spraying_stands_out_alone(store: SqliteStore) -> None:
    import msgspec

    from audittui.connection import Connection, Target

    facts = Connection(Target(store=":memory:"), store, NATIVE).facts()
    facts = msgspec.structs.replace(facts, now=ANCHOR)
    plan = make_plan(load_catalogue().find("repeated-failures"), {}, NATIVE, facts)
    assert plan.correlation is not None
    correlator = Correlator(plan.correlation)
    for page in Execution(plan, store).pages():
        correlator.add(page.rows)
    (group,) = correlator.groups()
    assert dict(group.key) == {"actor": "j.okafor", "action": "auth.login"}


def test_live_traffic_arrives_and_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audittui.demo.live.PAUSE", (0.0, 0.01))
    demo = Demo(str(tmp_path / "demo.db"), traffic=False)
    monkeypatch.setattr("audittui.demo.seed.ENTRIES", 100)
    made = SqliteStore(demo.target.store or "", NATIVE, create=True)
    seed(made, ANCHOR, 200)
    before = made.describe().item_count
    traffic = LiveTraffic(made)
    traffic.start()
    deadline = time.monotonic() + 10
    while made.describe().item_count == before and time.monotonic() < deadline:
        time.sleep(0.01)
    traffic.stop()
    after = made.describe().item_count
    assert after > before
    assert made.describe().item_count == after
