"""A chain as a tile log: verified before anything is written, and nothing live left out unsaid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audittui.entry import Draft
from audittui.export import tlog
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.tlog.keys import parse_signer_key
from audittui.integrity.verifying.links import unverifiable
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering
from tests.cli.bench import LAYOUT, Bench
from tests.integrity.tile_logs import decode_bundle

CHAIN = "old/0"
LONG_AGO = 1_700_000_000 * 10**6
DAY, CENTURY = 86_400, 100 * 366 * 86_400
EXPORT = ("tlog", "export", "log", "--chain")


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def opened(bench: Bench) -> SqliteStore:
    return SqliteStore(str(bench.store), LAYOUT)


def delete(bench: Bench, *seqs: int) -> None:
    store = opened(bench)
    for seq in seqs:
        tampering.delete(store, LAYOUT.key(CHAIN, seq))
    store.close()


def make_expiring(bench: Bench, expired: int) -> None:
    """A chain of 600 entries: so many have expired, and the sealer has said so."""
    store = opened(bench)
    signer = parse_signer_key((bench.folder / "key").read_text().strip())
    for count, retention in ((expired, DAY), (600 - expired, CENTURY)):
        log = AuditLog(store, CHAIN, clock=lambda: LONG_AGO, retention=retention)
        log.append_many([Draft(actor="a", action="b")] * count)
        Sealer(store, LAYOUT, CHAIN, signer).seal()
    Sealer(store, LAYOUT, CHAIN, signer).seal()
    store.close()


def test_a_chain_is_exported_for_its_owner_alone(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    _, err = bench(*EXPORT, "payments/0")
    assert "size 300" in err
    (bench.folder / "empty").mkdir()
    bench("tlog", "export", "empty", "--chain", "payments/0")
    assert written(bench.folder / "empty") == written(bench.folder / "log")
    folder = bench.folder / "log"
    assert written(folder) == {
        "checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000",
        "tile/entries/001.p/44",
    }  # fmt: skip
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*") if path.is_file())
    assert "is not empty" in bench(*EXPORT, "payments/0", code=2)[1]


def test_both_readings_of_a_chain_are_metered(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    once = _rcu(bench("verify", "--chain", "payments/0")[1])
    assert 1.8 * once < _rcu(bench(*EXPORT, "payments/0")[1]) < 2.5 * once


def _rcu(told: str) -> float:
    return float(told.strip().removesuffix(" RCU.").rsplit(" ", 1)[1])


def test_what_cannot_be_exported_is_said(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no checkpoint that a trusted key signed" in bench(*EXPORT, "payments/0", code=2)[1]
    assert "There is no chain" in bench(*EXPORT, "payments/9", code=2)[1]
    monkeypatch.delenv("AUDITTUI_TRUSTED_KEYS")
    assert "No key is trusted" in bench(*EXPORT, "payments/0", code=2)[1]
    assert not (bench.folder / "log").exists()


def test_a_chain_that_is_not_genuine_is_not_exported(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    bench.append(3)
    bench.tamper(301)
    _, err = bench(*EXPORT, "payments/0", code=4)
    assert "Entry 301 of payments/0 is MODIFIED" in err
    assert "Nothing was written" in err
    assert not (bench.folder / "log").exists()


def test_a_log_that_was_set_back_is_not_exported(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    bench.append(3)
    bench("seal", "--key", "key")
    bench("verify", "payments/0", 7)
    store = opened(bench)
    tampering.delete(store, {"pk": "checkpoint#payments/0", "sk": f"{303:020d}"})
    store.close()
    _, err = bench(*EXPORT, "payments/0", code=4)
    assert "REWRITTEN" in err
    assert not (bench.folder / "log").exists()


def test_a_log_of_another_key_is_not_exported(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    other = bench("key", "generate", "--name", "audit.example.com", "-o", "other")[0].strip()
    _, err = bench(*EXPORT, "payments/0", "--trusted-key", other, code=4)
    assert "REWRITTEN" in err and "Nothing was written" in err


def test_bundles_below_the_prune_point_are_left_out_and_counted(bench: Bench, key: str) -> None:
    make_expiring(bench, 300)
    delete(bench, *range(0, 250, 2))
    _, err = bench(*EXPORT, CHAIN)
    assert "256 expired entries omitted (131 of them are still in the table)" in err
    assert "NOT" not in err
    assert {name for name in written(bench.folder / "log") if "entries" in name} == {
        "tile/entries/001", "tile/entries/002.p/88",
    }  # fmt: skip
    bundle = decode_bundle((bench.folder / "log/tile/entries/001").read_bytes())
    assert len(bundle) == 256


def test_a_bundle_that_ends_at_the_prune_point_lies_below_it(bench: Bench, key: str) -> None:
    make_expiring(bench, 256)
    delete(bench, 255)
    _, err = bench(*EXPORT, CHAIN)
    assert "256 expired entries omitted (255 of them are still in the table)" in err


def test_expired_entries_that_are_still_there_are_exported(bench: Bench, key: str) -> None:
    make_expiring(bench, 300)
    _, err = bench(*EXPORT, CHAIN)
    assert "left out" not in err
    assert "tile/entries/000" in written(bench.folder / "log")


def test_live_entries_beside_expired_ones_are_never_left_out_unsaid(bench: Bench, key: str) -> None:
    make_expiring(bench, 300)
    delete(bench, 260, 299)
    _, err = bench(*EXPORT, CHAIN, code=3)
    assert "2 expired entries omitted" in err
    assert "254 entries in the table were NOT exported" in err
    assert "seq 256 to 511." in err
    assert written(bench.folder / "log") >= {"checkpoint", "tile/0/001", "tile/entries/000"}
    assert "tile/entries/001" not in written(bench.folder / "log")


def test_an_expired_entry_hides_no_deleted_younger_one(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_expiring(bench, 300)
    delete(bench, 260, 300)
    _, err = bench(*EXPORT, CHAIN, code=4)
    assert "Entry 300 of old/0 is MISSING" in err
    _changed_after_the_sweep(monkeypatch)
    _, err = bench(*EXPORT, CHAIN, code=4)
    assert "Entry 300 of old/0 is not in the table" in err
    assert "checkpoint" not in written(bench.folder / "log")


def test_what_changes_after_the_sweep_is_found(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench("seal", "--key", "key")
    bench.tamper(7)
    _changed_after_the_sweep(monkeypatch)
    _, err = bench(*EXPORT, "payments/0", code=4)
    assert "Entry 7 of payments/0 is not the one that was sealed" in err
    assert "checkpoint" not in written(bench.folder / "log")


def test_a_fork_after_the_sweep_is_found(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench("seal", "--key", "key")
    bench.append(1)
    bench("seal", "--key", "key")
    store = opened(bench)
    tampering.delete(store, {"pk": "checkpoint#payments/0", "sk": f"{301:020d}"})
    store.close()
    _changed_after_the_sweep(monkeypatch)
    _, err = bench(*EXPORT, "payments/0", code=4)
    assert "A checkpoint of size 301 was seen here" in err


def test_a_doubtful_checkpoint_after_the_sweep_is_found(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench("seal", "--key", "key")
    store = opened(bench)
    tampering.overwrite(store, {"pk": "checkpoint#payments/0", "sk": f"{999:020d}", "note": "junk"})
    store.close()
    _changed_after_the_sweep(monkeypatch)
    _, err = bench(*EXPORT, "payments/0", code=4)
    assert "The checkpoint of size 999 is not trusted" in err
    assert not (bench.folder / "log").exists()


def test_what_could_not_be_verified_is_not_exported(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench("seal", "--key", "key")

    def denied(*_: Any, **__: Any) -> Any:
        return iter([unverifiable("payments/0", 7, "UNVERIFIABLE: access is denied.")])

    monkeypatch.setattr(tlog, "verify_chain", denied)
    _, err = bench(*EXPORT, "payments/0", code=1)
    assert "payments/0 could not be verified: access is denied. Nothing was written." in err
    assert not (bench.folder / "log").exists()


def _changed_after_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the sweep had found nothing, and the table was changed right after it."""

    def nothing(*_: Any) -> float:
        return 0.0

    monkeypatch.setattr(tlog, "_demand_genuine", nothing)
