"""Bundles of entries that are gone for ever by a signed statement: it is proven like an entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audittui.entry import hash_body
from audittui.export.evidence.archive import unpack
from tests.export.bundles import Forger
from tests.integrity.bench import KEY, LAYOUT, Bench

CHAIN = "payments/0"
ORIGIN = f"{KEY.name}/{CHAIN}"
CASE = "case.zip"


@pytest.fixture
def bench(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Bench:
    bench = Bench(tmp_path, monkeypatch, capfd)
    bench.write("key", KEY.text + "\n").chmod(0o600)
    bench.trust(KEY)
    for chain in (CHAIN, "other/0"):
        bench.append(chain)
        bench.delete(LAYOUT.key(chain, 4), LAYOUT.key(chain, 5))
        bench("seal", "--key", "key", "--accept-gap", chain, "4..5", "--reason", "lost in INC-7")
    return bench


def bundled(bench: Bench, *seqs: int, code: int = 0, chain: str = CHAIN) -> Forger:
    """A bundle of entries, made by the command."""
    lines = [json.dumps({"chain": chain, "seq": seq}) for seq in seqs]
    marks = bench.write("marks.jsonl", "\n".join(lines))
    Path(CASE).unlink(missing_ok=True)
    bench("evidence", "create", "--marks", marks, "-o", CASE, code=code)
    return Forger(Path(CASE).read_bytes())


def verified(bench: Bench, forger: Forger | None = None, code: int = 0) -> dict[str, Any]:
    """What checking the bundle says, changed as ``forger`` did; all digests are as they must be."""
    if forger is not None:
        Path(CASE).write_bytes(forger.packed())
    out, _ = bench("evidence", "verify", CASE, "--format", "json", code=code)
    found: list[dict[str, Any]] = json.loads(out)
    return found[0]


def the(forger: Forger, seq: int) -> dict[str, Any]:
    """The manifest's entry of a seq."""
    return next(one for one in forger.entries if one["seq"] == seq)


def retext(forger: Forger, entry: dict[str, Any], text: bytes) -> None:
    """Put another text into an entry's place."""
    forger.files[entry["file"]] = text
    entry["hash"] = hash_body(text).hex()


def unsealed_gap(bench: Bench) -> Forger:
    """A bundle of two entries beyond the checkpoint, the second of them gone by a statement."""
    bench.append(count=3)
    bench.delete(LAYOUT.key(CHAIN, 13))
    bench("seal", "--key", "key", "--accept-gap", CHAIN, "13..13", "--reason", "lost")
    bench.delete({"pk": f"checkpoint#{CHAIN}", "sk": f"{15:020d}"})
    bench.use_state("another")
    return bundled(bench, 12, 13, code=3)


def test_a_gap_is_proven_like_an_entry(bench: Bench) -> None:
    forger = bundled(bench, 3, 4, 5, 6)
    assert [one["verdict"] for one in forger.entries] == ["ANCHORED", "GAP", "GAP", "ANCHORED"]
    text = f"audittui-gap/v1\n{ORIGIN}\ngap 4 5\nlost in INC-7\nseq 5\n".encode()
    entry = the(forger, 5)
    assert forger.files[entry["file"]] == text
    assert (entry["time"], entry["fault"]) == ("", "")
    bench.path.unlink()
    found = verified(bench)
    assert (found["outcome"], found["proven"], found["faults"]) == ("proven", 4, [])
    assert "GAP" in unpack(Path(CASE).read_bytes())["report.md"].decode()


def test_a_bundle_of_nothing_but_a_gap_is_proven(bench: Bench) -> None:
    bundled(bench, 4)
    _, err = bench("evidence", "verify", CASE)
    assert "1 of 1 proven" in err


def test_without_a_key_a_gap_is_an_entry_that_is_missing(bench: Bench) -> None:
    bench.trust()
    bundled(bench, 4, code=4)
    verified(bench, code=4)


def _no_proof(forger: Forger) -> None:
    forger.unprove(the(forger, 4), "GAP")


def _reason(forger: Forger) -> None:
    entry = the(forger, 4)
    retext(forger, entry, forger.files[entry["file"]].replace(b"lost", b"gone"))


def _reason_unproven(forger: Forger) -> None:
    _reason(forger)
    _no_proof(forger)


def _other_chain(forger: Forger) -> None:
    entry = the(forger, 4)
    text = forger.files[entry["file"]].replace(CHAIN.encode(), b"other/0")
    retext(forger, entry, text)
    _no_proof(forger)


def _other_seq(forger: Forger) -> None:
    retext(forger, the(forger, 4), forger.files[the(forger, 5)["file"]])


def _seq_that_is_none(forger: Forger) -> None:
    entry = the(forger, 4)
    retext(forger, entry, forger.files[entry["file"]].replace(b"seq 4", b"seq 04"))


def _beyond_the_gap(forger: Forger) -> None:
    entry = the(forger, 3)
    text = forger.files[the(forger, 4)["file"]].replace(b"seq 4", b"seq 3")
    retext(forger, entry, text)
    forger.unprove(entry, "GAP")


def _body_called_gap(forger: Forger) -> None:
    the(forger, 3)["verdict"] = "GAP"


def _body_called_gap_unproven(forger: Forger) -> None:
    forger.unprove(the(forger, 3), "GAP")


def _nothing(forger: Forger) -> None:
    entry = the(forger, 4)
    del forger.files[entry["file"]]
    entry.update(file="", hash="")
    _no_proof(forger)


def _called_good(forger: Forger) -> None:
    the(forger, 4)["verdict"] = "ANCHORED"


def _called_expired(forger: Forger) -> None:
    the(forger, 4)["verdict"] = "EXPIRED"


def _time(forger: Forger) -> None:
    the(forger, 4)["time"] = "2026-01-01T00:00:00.000000Z"


def _other_proof(forger: Forger) -> None:
    forger.files[the(forger, 4)["proof"]] = forger.files[the(forger, 5)["proof"]]


@pytest.mark.parametrize(
    ("forge", "seq", "told"),
    [
        (_no_proof, 4, "is below the checkpoint of size 12, but has no proof"),
        (_reason, 4, "its proof is for another entry"),
        (_reason_unproven, 4, "but has no proof"),
        (_other_chain, 4, "its statement is for another log"),
        (_other_seq, 4, "verdict is GAP, but its text is a"),
        (_seq_that_is_none, 4, "verdict is GAP, but its text is a"),
        (_beyond_the_gap, 3, "verdict is GAP, but its text is a"),
        (_body_called_gap, 3, "verdict is GAP, but its text is a"),
        (_body_called_gap_unproven, 3, "verdict is GAP, but its text is a"),
        (_nothing, 4, "there is no statement"),
        (_called_good, 4, "cannot be read as an entry"),
        (_called_expired, 4, "verdict is EXPIRED, but it is present"),
        (_time, 4, "its time does not match the manifest"),
        (_other_proof, 4, "its proof is for another entry"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_forged_gap_fails(bench: Bench, forge: Any, seq: int, told: str) -> None:
    forger = bundled(bench, 3, 4, 5, 6)
    forge(forger)
    found = verified(bench, forger, code=4)
    assert any(f"{CHAIN} {seq}: " in one and told in one for one in found["faults"]), found


@pytest.mark.parametrize(
    "name", ["x/payments/0", f"evil.example.com/{CHAIN}", f"{KEY.name}/x/{CHAIN}"]
)
def test_a_statement_of_another_log_is_no_gap_of_this_one(bench: Bench, name: str) -> None:
    """Beyond the checkpoint a statement is somebody's word, but of this very log."""
    forger = unsealed_gap(bench)
    entry = the(forger, 13)
    retext(forger, entry, forger.files[entry["file"]].replace(ORIGIN.encode(), name.encode()))
    found = verified(bench, forger, code=4)
    assert any("its statement is for another log" in one for one in found["faults"]), found


def test_the_other_chains_gap_is_not_this_ones(bench: Bench) -> None:
    other = bundled(bench, 4, chain="other/0")
    forger = bundled(bench, 3, 4)
    entry, foreign = the(forger, 4), the(other, 4)
    retext(forger, entry, other.files[foreign["file"]])
    forger.files[entry["proof"]] = other.files[foreign["proof"]]
    verified(bench, forger, code=4)


def test_a_gap_that_is_not_sealed_yet_is_unproven(bench: Bench) -> None:
    """The statement alone proves nothing, and is said to."""
    forger = unsealed_gap(bench)
    assert [(one["verdict"], one["proof"]) for one in forger.entries] == [
        ("CHAINED", ""), ("GAP", ""),
    ]  # fmt: skip
    assert verified(bench, code=3)["outcome"] == "unproven"


def test_an_entry_that_was_put_into_a_gap_is_not_bundled_as_proven(bench: Bench) -> None:
    item = bench.get(LAYOUT.key(CHAIN, 3))
    body = item["body"].replace('"seq":3', '"seq":4')
    bench.put({**item, **LAYOUT.key(CHAIN, 4), "body": body})
    bundled(bench, 4, code=4)
    verified(bench, code=4)
