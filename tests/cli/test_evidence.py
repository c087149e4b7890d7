"""Evidence bundles: made from a log, checked without it, and no byte of one can be changed."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.entry import Draft
from audittui.export.evidence.archive import DamagedError, pack, unpack
from audittui.export.evidence.check import check_bundle
from audittui.export.evidence.manifest import DIGEST, MANIFEST, decode_manifest
from audittui.integrity.keys import parse_verifier_key
from audittui.layout import load_layout
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.cli.test_sealing import Bench, bench, key

__all__ = ["bench", "key"]

LAYOUT = load_layout("native")


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
    bench("evidence", "create", "--marks", marks(bench, 7, 41, 300), "-o", path)
    return path


def test_a_bundle_of_marks_is_checked_without_the_log(
    bench: Bench, key: str, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUDITTUI_STORE")
    bench.store.unlink()
    out, err = bench("evidence", "verify", bundle)
    assert out.startswith("SHA-256 ")
    assert "2 of 3 proven under a signed checkpoint" in err
    assert "2 ANCHORED, 1 CHAINED" in err
    monkeypatch.delenv("AUDITTUI_TRUSTED_KEYS")
    _, err = bench("evidence", "verify", bundle, code=3)
    assert "give --trusted-key" in err
    other = bench("key", "generate", "--name", "audit.example.com", "-o", "other")[0].strip()
    out, _ = bench("evidence", "verify", bundle, "--trusted-key", other, code=4)
    assert "no trusted key signed it" in out


def test_what_is_in_a_bundle(bundle: Path) -> None:
    files = unpack(bundle.read_bytes())
    manifest = decode_manifest(files[MANIFEST])
    assert [entry.seq for entry in manifest.entries] == [7, 41, 300]
    assert json.loads(files[manifest.entries[1].file])["seq"] == 41
    assert [bool(entry.proof) for entry in manifest.entries] == [True, True, False]
    assert manifest.checkpoints[0].size == 300
    report = files["report.md"].decode()
    assert "2 ANCHORED" in report
    assert "\x1b" not in report
    assert "\\[look\\] \\<at\\> 7" in report


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
    manifest = decode_manifest(unpack((bench.folder / "some.zip").read_bytes())[MANIFEST])
    assert (len(manifest.entries), manifest.complete) == (3, False)


def test_the_same_log_gives_a_bundle_that_is_whole_to_the_byte(bundle: Path) -> None:
    data = bundle.read_bytes()
    assert pack(unpack(data)) == data


def test_no_byte_can_be_changed(bundle: Path, key: str) -> None:
    data = bundle.read_bytes()
    keys = (parse_verifier_key(key),)
    assert check_bundle(data, keys).faults == ()
    places = [*range(60), *range(len(data) - 200, len(data))]
    places += random.Random(1).sample(range(len(data)), 400)
    for place in places:
        bent = bytearray(data)
        bent[place] ^= 1 << place % 8
        assert check_bundle(bytes(bent), keys).faults, place
    for bent_data in (data[:-1], data + b"\x00", b"", data[1:], data + data):
        assert check_bundle(bent_data, keys).faults


def test_a_file_that_is_changed_and_packed_again_is_found(bundle: Path, key: str) -> None:
    keys = (parse_verifier_key(key),)
    files = unpack(bundle.read_bytes())
    for name in files:
        bent = {**files, name: files[name].replace(b"a", b"b", 1)}
        if bent != files:
            assert check_bundle(pack(bent), keys).faults, name
        left_out = {one: data for one, data in files.items() if one != name}
        assert check_bundle(pack(left_out), keys).faults, name
    assert check_bundle(pack({**files, "more.txt": b"x"}), keys).faults


def test_a_forged_manifest_does_not_prove_another_entry(bundle: Path, key: str) -> None:
    """Whoever writes all hashes anew still cannot make a proof."""
    import hashlib

    files = unpack(bundle.read_bytes())
    manifest = json.loads(files[MANIFEST])
    entry = manifest["entries"][0]
    body = files[entry["file"]].replace(b'"actor":"a"', b'"actor":"c"')
    files[entry["file"]] = body
    entry["hash"] = hashlib.sha256(b"\x00" + body).hexdigest()
    manifest["files"][entry["file"]] = hashlib.sha256(body).hexdigest()
    files[MANIFEST] = json.dumps(manifest).encode()
    digest = hashlib.sha256(files[MANIFEST]).hexdigest()
    files[DIGEST] = f"{digest}  {MANIFEST}\n".encode()
    checked = check_bundle(pack(files), (parse_verifier_key(key),))
    assert checked.faults == ("Entry payments/0 7: its proof is another entry's.",)


def test_a_tampered_entry_is_bundled_as_what_it_is(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    bench.tamper(41)
    bench("evidence", "create", "--marks", marks(bench, 41), "-o", "case.zip", code=4)
    _, err = bench("evidence", "verify", "case.zip")
    assert "1 MODIFIED" in err


def test_what_cannot_be_bundled_is_said(bench: Bench, key: str, bundle: Path) -> None:
    _, err = bench("evidence", "create", "--marks", marks(bench, 999), "-o", "x.zip", code=2)
    assert "There is no entry payments/0 999" in err
    _, err = bench("evidence", "create", "--marks", marks(bench, 1), "-o", bundle, code=2)
    assert "exists already" in err
    (bench.folder / "bad").write_text('{"chain": "a"}\n')
    _, err = bench("evidence", "create", "--marks", "bad", "-o", "x.zip", code=2)
    assert "bad, line 1, is no mark" in err
    (bench.folder / "empty").write_text("\n")
    _, err = bench("evidence", "create", "--marks", "empty", "-o", "x.zip", code=2)
    assert "no entry to bundle" in err
    assert "Say what to bundle" in bench("evidence", "create", "-o", "x.zip", code=2)[1]
    assert not list(bench.folder.glob("x.zip")) + list(bench.folder.glob(".evidence*"))


def test_the_marks_that_the_terminal_exports_are_read(bench: Bench) -> None:
    path = marks(bench, 7, 41)
    ends = {"_export": {"complete": True, "records": 2}}
    path.write_text(path.read_text() + json.dumps(ends) + "\n")
    _, err = bench("evidence", "create", "--marks", path, "-o", "case.zip")
    assert "case.zip: 2 CHAINED" in err


def test_without_a_key_a_bundle_says_that_nothing_is_proven(bench: Bench) -> None:
    _, err = bench("evidence", "create", "--marks", marks(bench, 7), "-o", "case.zip")
    assert "nothing in it is proven" in err
    _, err = bench("evidence", "verify", "case.zip")
    assert "0 of 1 proven" in err


@given(st.dictionaries(st.text("abc/", min_size=1, max_size=8), st.binary(max_size=50)))
@settings(max_examples=60)
def test_a_container_gives_back_its_files(files: dict[str, bytes]) -> None:
    assert unpack(pack(files)) == files


@given(st.binary(max_size=200))
def test_other_bytes_are_no_container(data: bytes) -> None:
    with pytest.raises(DamagedError):
        unpack(data)


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
