"""What a bundle comes to: what is proven in it, what is not, what is its collector's word."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from audittui.export.evidence import check
from audittui.export.evidence.archive import pack, unpack
from audittui.export.evidence.check import check_bundle
from audittui.export.evidence.names import REPORT, SIGNATURE, Names
from audittui.export.evidence.signature import sign_manifest
from audittui.integrity.sealing.sealer import Sealer
from tests import tampering
from tests.export.bundles import (
    COLLECTOR,
    HONEST,
    KEYS,
    LAYOUT,
    MIXED,
    PROVEN,
    SEALER,
    SIGNED,
    SOURCE,
    THIEF,
    Forger,
    Wanted,
    bundle,
    checked,
    new_log,
    redigested,
    sealed_early,
)

DATA = Path(__file__).parent / "data"


def test_honest_bundles_are_what_they_are() -> None:
    assert (checked(HONEST).outcome, checked(HONEST).code) == ("proven", 0)
    assert not checked(HONEST).vouched
    assert (checked(SIGNED, signed=True).code, checked(SIGNED, signed=True).vouched) == (0, True)
    assert (checked(SIGNED).code, checked(SIGNED).vouched) == (0, False)
    mixed = checked(MIXED)
    assert (mixed.outcome, mixed.code, mixed.proven, mixed.faults) == ("partly proven", 3, 5, ())
    some = checked(bundle(source=msgspec.structs.replace(SOURCE, complete=False)))
    assert (some.outcome, some.code, some.faults) == ("proven", 3, ())
    alone = check_bundle(HONEST, ())
    assert (alone.outcome, alone.code, alone.own_keys) == ("unproven", 3, True)
    without = check_bundle(bundle(key=None), KEYS)
    assert (without.outcome, without.code, without.faults) == ("unproven", 3, ())
    assert check_bundle(HONEST, (THIEF.verifier,)).code == 4


def test_a_bundle_that_was_made_once_is_whole_for_ever() -> None:
    """Where this fails, the report, a name or a spelling was changed: that is another format, and
    takes another name of it, else every bundle that was ever made is called forged."""
    found = checked((DATA / "evidence.zip").read_bytes(), signed=True)
    assert (found.faults, found.code, found.vouched) == ((), 0, True)
    found = checked((DATA / "evidence_tampered.zip").read_bytes())
    assert (found.faults, found.code, found.proven, len(found.wrong)) == ((), 4, 3, 2)


def test_a_forger_who_changes_nothing_makes_the_same_bundle() -> None:
    for data in (HONEST, SIGNED, MIXED):
        assert Forger(data).packed() == data


def test_forged_entries_without_a_checkpoint_are_unproven() -> None:
    forger = Forger(HONEST)
    for entry in forger.entries:
        forger.rewrite(entry, b"user-", b"USER-")
        forger.unprove(entry)
    for point in forger.manifest["checkpoints"]:
        del forger.files[point["file"]]
    forger.manifest["checkpoints"] = []
    assert "it does not follow from 2" in checked(forger.packed()).faults[0]
    del forger.files[forger.entries.pop(2)["file"]]
    found = checked(forger.packed())
    assert (found.outcome, found.code, found.faults) == ("unproven", 3, ())


def test_who_hides_the_newer_checkpoint_has_a_bundle_that_is_not_proven() -> None:
    """All that is signed is genuine: an old checkpoint, and the forged entry lies above it."""
    forger = Forger(bundle([Wanted("payments/0", 7), Wanted("payments/0", 3)]))
    old = Forger(bundle([Wanted("payments/0", 7), Wanted("payments/0", 3)], store=sealed_early()))
    forger.rewrite(forger.entries[0], b"user-7", b"user-8")
    forger.unprove(forger.entries[0])
    for name in (
        "checkpoints/1-payments-0.note",
        "proofs/1-payments-0/00000000000000000003.tlog-proof",
    ):
        forger.files[name] = old.files[name]
    forger.manifest["checkpoints"] = old.manifest["checkpoints"]
    found = checked(forger.packed())
    assert (found.outcome, found.code, found.proven, found.faults) == ("partly proven", 3, 1, ())


def test_a_bundle_lists_no_more_than_a_bundle_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "MOST", len(PROVEN))
    assert checked(HONEST).code == 0
    assert checked(MIXED).faults == ("The manifest lists more entries than a bundle may have.",)


def test_an_entry_is_of_one_chain() -> None:
    forger = Forger(bundle([Wanted("payments/0", 11), Wanted("a/b__c", 11)], key=None))
    one, two = forger.entries
    forger.files[two["file"]] = forger.files[one["file"]]
    two.update(hash=one["hash"], time=one["time"])
    assert checked(forger.packed()).faults == (
        "Entry a/b__c 11: its verdict is CHAINED, but its text names another chain or seq.",
    )


def test_a_log_of_a_thief_is_never_proven_without_a_key() -> None:
    store = new_log(("payments/0",))
    tampering.delete(store, {"pk": "checkpoint#payments/0", "sk": f"{10:020d}"})
    Sealer(store, LAYOUT, "payments/0", THIEF).seal()
    data = bundle(PROVEN[:3], store=store, key=THIEF)
    found = check_bundle(data, ())
    assert (found.outcome, found.code, found.proven, found.own_keys) == ("unproven", 3, 3, True)
    assert checked(data).code == 4


def test_a_report_that_says_something_else_is_found() -> None:
    files = unpack(HONEST)
    for text in (b"# All is well\n", files[REPORT] + b"\n", b"", b"\xff"):
        found = checked(redigested({**files, REPORT: text}))
        assert found.faults == ("The report does not match the manifest and the entries.",)


def test_a_chain_that_does_not_hold_together_is_no_chain() -> None:
    """Two entries that are not sealed yet, one of them forged: the other contradicts it."""
    forger = Forger(MIXED)
    forger.rewrite(forger.entries[-2], b"user-", b"USER-")
    found = checked(forger.packed())
    assert found.code == 4
    assert found.faults == (
        "Entry payments/0 11: it does not follow from 10, but both have good verdicts.",
    )


def test_a_first_entry_has_no_predecessor() -> None:
    forger = Forger(bundle([Wanted("payments/0", 0)], key=None))
    assert checked(forger.packed()).faults == ()
    forger.rewrite(forger.entries[0], b"0" * 64, b"1" * 64)
    assert "names a predecessor" in checked(forger.packed()).faults[0]


def test_a_text_that_says_two_things_says_none() -> None:
    forger = Forger(bundle([Wanted("payments/0", 11)], key=None))
    forger.rewrite(forger.entries[0], b'"actor":', b'"actor":"root","actor":')
    assert "its time does not match the manifest" in checked(forger.packed()).faults[0]
    forger.entries[0]["time"] = ""
    assert "cannot be read as an entry" in checked(forger.packed()).faults[0]


def test_nothing_is_said_of_what_is_not_there() -> None:
    store = new_log()
    tampering.delete(store, LAYOUT.key("payments/0", 7))
    data = bundle(store=store)
    assert checked(data).faults == ()
    other = Forger(data).entries[1]
    for name in ("hash", "time", "proof", "file"):
        forger = Forger(data)
        forger.entries[0][name] = other[name]
        told = "describes its content" if name != "file" else "but it is present"
        assert any(told in fault for fault in checked(forger.packed()).faults), name


def test_a_place_that_no_chain_has_is_none() -> None:
    for seq in (-1, 10**20):
        forger = Forger(bundle([Wanted("payments/0", 0)], key=None))
        entry = forger.entries[0]
        forger.rewrite(entry, b'"seq":0', b'"seq":%d' % seq)
        text = forger.files.pop(entry["file"])
        entry.update(seq=seq, file=Names(["payments/0"]).entry("payments/0", seq))
        forger.files[entry["file"]] = text
        assert "its chain or seq is invalid" in checked(forger.packed()).faults[0]


def test_what_the_collector_found_wrong_never_gets_better() -> None:
    store = new_log()
    item = dict(store.get(LAYOUT.key("payments/0", 7)).item or {})
    tampering.overwrite(store, {**item, "body": item["body"].replace("user-7", "user-8")})
    tampering.delete(store, LAYOUT.key("payments/0", 3))
    data = bundle(store=store)
    found = checked(data)
    assert (found.code, found.faults, found.proven) == (4, (), 3)
    assert [(one.seq, one.verdict) for one in found.wrong] == [(7, "MODIFIED"), (3, "MISSING")]
    for verdict in ("CHAINED", "ANCHORED", "UNANCHORED", "UNVERIFIABLE", "EXPIRED"):
        forger = Forger(data)
        forger.entries[0].update(verdict=verdict, fault="")
        del forger.entries[1]
        assert checked(forger.packed()).code == 4, verdict
    forger = Forger(data)
    forger.entries[1].update(verdict="EXPIRED", fault="")
    del forger.files[forger.entries.pop(0)["file"]]
    assert (checked(forger.packed()).outcome, checked(forger.packed()).code) == ("partly proven", 3)


def test_a_collector_signs_what_cannot_be_derived() -> None:
    for key, value in (
        ("coverage", "complete for ever"), ("place", "elsewhere"), ("complete", False),
        ("created", "2020-01-01T00:00:00.000000Z"), ("tool", "x"),
    ):  # fmt: skip
        forger = Forger(SIGNED)
        forger.manifest[key] = value
        assert "for another manifest" in checked(forger.packed()).faults[0]
        found = checked(forger.packed(sign=THIEF), signed=True)
        assert "which is not one of the given collector's keys" in found.faults[0]
        del forger.files[SIGNATURE]
        assert checked(forger.packed()).code == 4
        forger.manifest["collector"] = ""
        assert "The bundle is not signed" in checked(forger.packed(), signed=True).faults[0]


def test_a_key_that_seals_is_no_collectors_key() -> None:
    found = checked(Forger(HONEST).packed(sign=SEALER))
    assert found.faults == (
        "It is signed by a key that is trusted for checkpoints, not by a collector's key.",
    )


def test_a_signature_is_one_and_over_this_manifest() -> None:
    files = unpack(SIGNED)
    note = files[SIGNATURE]
    twice = note + note.rpartition(b"\n\n")[2]
    other = sign_manifest(b"another", COLLECTOR)
    checkpoint = files["checkpoints/1-a-b-c.note"]
    for forged in (twice, other, checkpoint, b"", b"\xff", note + b"\n"):
        assert checked(pack({**files, SIGNATURE: forged}), signed=True).code == 4


def test_the_last_place_of_a_chain_is_one() -> None:
    forger = Forger(bundle([Wanted("payments/0", 0)], key=None))
    entry, last = forger.entries[0], 10**20 - 1
    forger.rewrite(entry, b'"seq":0', b'"seq":%d' % last)
    text = forger.files.pop(entry["file"])
    entry.update(seq=last, file=Names(["payments/0"]).entry("payments/0", last))
    forger.files[entry["file"]] = text
    assert not any("no such place" in fault for fault in checked(forger.packed()).faults)
