"""Evidence bundles: made from a log, checked without it, each command ending with what it found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audittui.entry import Draft
from audittui.export.evidence.archive import pack, unpack
from audittui.export.evidence.manifest import decode_manifest
from audittui.export.evidence.names import MANIFEST, SIGNATURE
from audittui.integrity.tlog.keys import SignerKey, parse_signer_key
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering
from tests.cli.bench import LAYOUT, Bench


def marks(bench: Bench, *seqs: int) -> Path:
    path = bench.folder / "marks.jsonl"
    lines = [
        json.dumps({"chain": "payments/0", "seq": seq, "note": f"[look] <at> {seq}\x1b[31m"})
        for seq in seqs
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def bundle(bench: Bench, key: str) -> Path:
    bench("seal", "--key", "key")
    bench.append(2)
    path = bench.folder / "case.zip"
    bench("evidence", "create", "--marks", marks(bench, 7, 41, 300), "-o", path, code=3)
    return path


@pytest.fixture
def collector(bench: Bench, key: str) -> str:
    """A collector's key in the file ``alice``; its public half."""
    return bench("key", "generate", "--name", "alice@example.com", "-o", "alice")[0].strip()


def test_a_bundle_of_marks_is_checked_without_the_log(
    bench: Bench, key: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUDITTUI_STORE")
    bench.store.unlink()
    out, err = bench("evidence", "verify", bundle, code=3)
    assert out.startswith("SHA-256 ")
    assert "2 of 3 proven under a signed checkpoint" in err
    assert "1 not proven" in err
    assert "2 ANCHORED, 1 CHAINED" in err
    assert "Not signed." in err and "the collector's word only" in err
    monkeypatch.delenv("AUDITTUI_TRUSTED_KEYS")
    _, err = bench("evidence", "verify", bundle, code=3)
    assert "give --trusted-key" in err
    other = bench("key", "generate", "--name", "audit.example.com", "-o", "other")[0].strip()
    out, _ = bench("evidence", "verify", bundle, "--trusted-key", other, code=4)
    assert "no trusted key signed it" in out


def test_all_of_it_proven_is_exit_0(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    _, err = bench("evidence", "create", "--marks", marks(bench, 7, 41), "-o", "case.zip")
    assert "2 of 2 proven" in err
    _, err = bench("evidence", "verify", "case.zip")
    assert "2 of 2 proven" in err
    assert "not proven:" not in err


def test_what_is_in_a_bundle(bundle: Path) -> None:
    files = unpack(bundle.read_bytes())
    manifest = decode_manifest(files[MANIFEST])
    assert [entry.seq for entry in manifest.entries] == [7, 41, 300]
    assert json.loads(files[manifest.entries[1].file])["seq"] == 41
    assert [bool(entry.proof) for entry in manifest.entries] == [True, True, False]
    assert manifest.checkpoints[0].size == 300
    assert bundle.stat().st_mode & 0o077 == 0
    report = files["report.md"].decode()
    assert "2 ANCHORED" in report
    assert "\x1b" not in report
    assert "\\[look\\] \\<at\\> 7" in report
    assert "Nobody signed that." in report


def test_the_outcome_is_an_array_of_one_object_or_a_line(
    bench: Bench, key: str, bundle: Path
) -> None:
    out, _ = bench("evidence", "verify", bundle, "--format", "json", code=3)
    lines, _ = bench("evidence", "verify", bundle, "--format", "jsonl", code=3)
    found: dict[str, Any] = json.loads(lines)
    assert json.loads(out) == [found]
    digest = found.pop("sha256")
    assert len(digest) == 64
    assert found == {
        "file": str(bundle), "outcome": "partly proven", "entries": 3, "proven": 2,
        "self_proven": 0, "unproven": 1, "verdicts": {"ANCHORED": 2, "CHAINED": 1},
        "complete": True, "collector": None, "collector_trusted": False,
        "checkpoints": [
            {
                "chain": "payments/0", "origin": "audit.example.com/payments/0", "size": 300,
                "seen": "same",
            }
        ],
        "faults": [], "wrong": [],
    }  # fmt: skip
    files = unpack(bundle.read_bytes())
    (bench.folder / "bent.zip").write_bytes(pack({**files, "report.md": b""}))
    out, err = bench("evidence", "verify", "bent.zip", "--format", "json", code=4)
    [found] = json.loads(out)
    assert (found["outcome"], len(found["faults"])) == ("failed", 2)
    assert "has been altered" in err
    (bench.folder / "bent.zip").write_bytes(b"no bundle")
    out, _ = bench("evidence", "verify", "bent.zip", "--format", "json", code=4)
    assert json.loads(out)[0]["outcome"] == "failed"
    assert "cannot be read" in bench("evidence", "verify", "none.zip", code=2)[1]


def test_a_signed_bundle_tells_whose_word_it_is(bench: Bench, key: str, collector: str) -> None:
    bench("seal", "--key", "key")
    marked = ("evidence", "create", "--marks", marks(bench, 7))
    _, err = bench(*marked, "-o", "case.zip", "--sign", "alice")
    assert f"Signed by {collector}" in err
    assert SIGNATURE in unpack((bench.folder / "case.zip").read_bytes())
    _, err = bench("evidence", "verify", "case.zip")
    assert f"Signed by {collector}: give --collector-key" in err
    _, err = bench("evidence", "verify", "case.zip", "--collector-key", collector)
    assert "a collector's key that you trust" in err
    assert "word only" not in err
    other = bench("key", "generate", "--name", "alice@example.com", "-o", "bob")[0].strip()
    out, _ = bench("evidence", "verify", "case.zip", "--collector-key", other, code=4)
    assert "not one of the given collector's keys" in out
    both = ("--collector-key", other, "--collector-key", collector)
    bench("evidence", "verify", "case.zip", *both)
    bench(*marked, "-o", "unsigned.zip")
    out, _ = bench("evidence", "verify", "unsigned.zip", "--collector-key", collector, code=4)
    assert "The bundle is not signed" in out


def test_a_key_of_kms_signs_under_a_name(
    bench: Bench, key: str, collector: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []

    def opened(arn: str, name: str, **_: object) -> SignerKey:
        asked.append((arn, name))
        return SignerKey(name, bytes(32))

    monkeypatch.setattr("audittui.integrity.sealing.kms.open_kms_signer", opened)
    bench("seal", "--key", "key")
    arn = "arn:aws:kms:eu-west-1:1:key/1"
    signed = ("--sign", f"kms:{arn}", "--name", "carol@example.com")
    bench("evidence", "create", "--marks", marks(bench, 7), "-o", "case.zip", *signed)
    assert asked == [(arn, "carol@example.com")]
    carol = SignerKey("carol@example.com", bytes(32)).verifier.text
    bench("evidence", "verify", "case.zip", "--collector-key", carol)


def test_what_seals_signs_no_evidence(bench: Bench, key: str, collector: str) -> None:
    marked = ("evidence", "create", "--marks", marks(bench, 7), "-o", "case.zip")
    _, err = bench(*marked, "--sign", "key", code=2)
    assert "trusted for checkpoints" in err
    secret = (bench.folder / "key").read_text()
    renamed = SignerKey("bob", parse_signer_key(secret.strip()).seed)
    (bench.folder / "renamed").write_text(renamed.text + "\n")
    (bench.folder / "renamed").chmod(0o600)
    _, err = bench(*marked, "--sign", "renamed", code=2)
    assert "trusted for checkpoints" in err
    # Trusted by the profile, though another key is given for this command.
    _, err = bench(*marked, "--sign", "key", "--trusted-key", collector, code=2)
    assert "trusted for checkpoints" in err
    assert not (bench.folder / "case.zip").exists()
    _, err = bench(*marked, "--sign", "kms:arn:aws:kms:eu-west-1:1:key/1", code=2)
    assert "--name" in err
    assert "--sign" in bench(*marked, "--name", "alice", code=2)[1]
    bench(*marked, code=3)
    _, err = bench("evidence", "verify", "case.zip", "--collector-key", key, code=2)
    assert "trusted for checkpoints" in err
    _, err = bench("evidence", "verify", "case.zip", "--collector-key", "x", code=2)
    assert "cannot be read" in err


def test_a_bundle_of_a_run_says_how_it_was_found(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    bench("evidence", "create", "--run", "actor-activity", "-p", "actor=a", "-o", "run.zip")
    files = unpack((bench.folder / "run.zip").read_bytes())
    manifest = decode_manifest(files[MANIFEST])
    assert len(manifest.entries) == 300
    assert {entry.verdict for entry in manifest.entries} == {"ANCHORED"}
    assert manifest.question is not None
    assert manifest.question.parameters["actor"] == "a"
    assert manifest.question.command.startswith("audittui run actor-activity")
    assert manifest.complete
    assert manifest.cost.rcu > 0
    assert b"name: Actor activity" in files["runbook.yaml"]
    assert "Coverage: complete" in files["report.md"].decode()
    limited = ("--run", "actor-activity", "-p", "actor=a", "--limit", 3)
    bench("evidence", "create", *limited, "-o", "some.zip", code=3)
    _, err = bench("evidence", "verify", "some.zip", code=3)
    assert "3 of 3 proven" in err
    assert "states that its result is incomplete" in err
    manifest = decode_manifest(unpack((bench.folder / "some.zip").read_bytes())[MANIFEST])
    assert (len(manifest.entries), manifest.complete) == (3, False)


def test_what_is_not_genuine_is_bundled_as_what_it_is(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    bench.tamper(41)
    store = SqliteStore(str(bench.store), LAYOUT)
    tampering.delete(store, LAYOUT.key("payments/0", 100))
    store.close()
    out, err = bench(
        "evidence", "create", "--marks", marks(bench, 7, 41, 100), "-o", "case.zip", code=4
    )
    assert "payments/0 41: MODIFIED. The body does not hash" in out
    assert "payments/0 100: MISSING: seq 100" in out
    assert "1 ANCHORED, 1 MISSING, 1 MODIFIED" in err
    told, err = bench("evidence", "verify", "case.zip", code=4)
    assert told == out
    assert "is intact, but 2 entries are not genuine" in err
    out, _ = bench("evidence", "verify", "case.zip", "--format", "json", code=4)
    [found] = json.loads(out)
    assert (found["outcome"], found["proven"], found["faults"]) == ("failed", 1, [])
    assert [one["verdict"] for one in found["wrong"]] == ["MODIFIED", "MISSING"]
    report = unpack((bench.folder / "case.zip").read_bytes())["report.md"].decode()
    assert "## What is wrong" in report


def test_missing_entries_ask_the_registry_once(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = (50, 100, 150, 200)
    store = SqliteStore(str(bench.store), LAYOUT)
    for seq in gone:
        tampering.delete(store, LAYOUT.key("payments/0", seq))
    store.close()
    get, asked = SqliteStore.get, []

    def noted(self: SqliteStore, key: Any, *, consistent: bool = True) -> Any:
        if key["pk"] == "chains":
            asked.append(key["sk"])
        return get(self, key, consistent=consistent)

    monkeypatch.setattr(SqliteStore, "get", noted)
    out, _ = bench("evidence", "create", "--marks", marks(bench, *gone), "-o", "gone.zip", code=4)
    assert out.count(": MISSING: ") == len(gone)
    assert asked == ["payments/0"]


def test_what_cannot_be_bundled_is_said(bench: Bench, key: str, bundle: Path) -> None:
    _, err = bench("evidence", "create", "--marks", marks(bench, 999), "-o", "x.zip", code=2)
    assert "There is no entry payments/0 999" in err
    _, err = bench("evidence", "create", "--marks", marks(bench, 1), "-o", bundle, code=2)
    assert "already exists" in err
    for seq in (-5, 10**21):
        _, err = bench("evidence", "create", "--marks", marks(bench, seq), "-o", "x.zip", code=2)
        assert f"There is no entry payments/0 {seq}" in err
    (bench.folder / "bad").write_text('{"chain": "a"}\n')
    _, err = bench("evidence", "create", "--marks", "bad", "-o", "x.zip", code=2)
    assert "bad, line 1, is not a mark" in err
    (bench.folder / "empty").write_text("\n")
    _, err = bench("evidence", "create", "--marks", "empty", "-o", "x.zip", code=2)
    assert "no entries to bundle" in err
    assert "Say what to bundle" in bench("evidence", "create", "-o", "x.zip", code=2)[1]
    assert not list(bench.folder.glob("x.zip")) + list(bench.folder.glob(".evidence*"))


def test_the_marks_that_the_terminal_exports_are_read(bench: Bench) -> None:
    path = marks(bench, 7, 41)
    ends = {"_export": {"complete": True, "records": 2}}
    path.write_text(path.read_text() + json.dumps(ends) + "\n")
    _, err = bench("evidence", "create", "--marks", path, "-o", "case.zip", code=3)
    assert "case.zip: 2 CHAINED" in err


def test_without_a_key_a_bundle_says_that_nothing_is_proven(bench: Bench) -> None:
    _, err = bench("evidence", "create", "--marks", marks(bench, 7), "-o", "case.zip", code=3)
    assert "nothing in the bundle is proven" in err
    _, err = bench("evidence", "verify", "case.zip", code=3)
    assert "0 of 1 proven" in err


def test_entries_of_several_chains_are_proven_each_under_its_own(bench: Bench, key: str) -> None:
    store = SqliteStore(str(bench.store), LAYOUT)
    AuditLog(store, "other/1").append_many([Draft(actor="z", action="b")] * 3)
    store.close()
    bench("seal", "--key", "key")
    path = bench.folder / "two.jsonl"
    path.write_text('{"chain":"payments/0","seq":1}\n{"chain":"other/1","seq":2}\n')
    bench("evidence", "create", "--marks", path, "-o", "two.zip")
    manifest = decode_manifest(unpack((bench.folder / "two.zip").read_bytes())[MANIFEST])
    assert [one.origin for one in manifest.checkpoints] == [
        "audit.example.com/other/1", "audit.example.com/payments/0",
    ]  # fmt: skip
    assert "2 of 2 proven" in bench("evidence", "verify", "two.zip")[1]


def test_a_bundle_is_held_against_what_this_machine_has_seen(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench("seal", "--key", "key")
    bench("evidence", "create", "--marks", marks(bench, 7), "-o", "case.zip")
    note = unpack(Path("case.zip").read_bytes())["checkpoints/1-payments-0.note"].decode()
    bench("evidence", "verify", "case.zip")
    # The log grew: nothing in the bundle tells whether it is the same one, and a command does.
    bench.append(2)
    bench("seal", "--key", "key")
    bench("verify", "--chain", "payments/0")
    _, err = bench("evidence", "verify", "case.zip")
    assert "audittui verify --chain payments/0 --checkpoint FILE" in err
    (bench.folder / "note").write_text(note)
    bench("verify", "--chain", "payments/0", "--checkpoint", "note")
    # Its key signed another log of that size, which is what this machine has seen.
    monkeypatch.setenv("AUDITTUI_STATE", str(bench.folder / "another"))
    bench.store.unlink()
    bench.append(300)
    bench("seal", "--key", "key")
    bench("verify", "--chain", "payments/0")
    out, err = bench("evidence", "verify", "case.zip", code=4)
    assert "this machine has seen another of size 300" in out
    out, _ = bench("evidence", "verify", "case.zip", "--format", "json", code=4)
    assert json.loads(out)[0]["checkpoints"][0]["seen"] == "another"
    # Who has seen nothing has nothing to compare.
    monkeypatch.setenv("AUDITTUI_STATE", str(bench.folder / "third"))
    out, _ = bench("evidence", "verify", "case.zip", "--format", "json")
    assert json.loads(out)[0]["checkpoints"][0]["seen"] is None


def test_a_pin_that_cannot_be_read_is_told(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    bench("evidence", "create", "--marks", marks(bench, 7), "-o", "case.zip")
    (pin,) = (bench.folder / "state" / "checkpoints").glob("*.pin")
    pin.write_bytes(b"")
    assert "it is empty" in bench("evidence", "verify", "case.zip", code=1)[1]
