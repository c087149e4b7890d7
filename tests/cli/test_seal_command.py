"""Sealing and proving from the command line, as an auditor does it."""

from __future__ import annotations

import json

import pytest

from audittui.store.sqlite import SqliteStore
from tests import tampering
from tests.cli.bench import LAYOUT, NAME, Bench


def test_a_key_is_private_and_never_overwritten(bench: Bench, key: str) -> None:
    path = bench.folder / "key"
    assert path.stat().st_mode & 0o077 == 0
    assert bench("key", "show", "key")[0].strip() == key
    _, err = bench("key", "generate", "--name", NAME, "-o", "key", code=2)
    assert "already exists" in err
    assert bench("key", "show", "key")[0].strip() == key
    _, err = bench("key", "generate", "--name", "a b", "-o", "other", code=2)
    assert "is not a valid key name" in err


def test_what_is_no_key_is_said_without_showing_it(bench: Bench, key: str) -> None:
    # PRIVATE+KEY+name+hash+base64, which may hold a + itself.
    secret = (bench.folder / "key").read_text()
    (bench.folder / "bent").write_text(secret.replace("+", "-", 1))
    _, err = bench("seal", "--key", "bent", code=2)
    assert "malformed signer key" in err
    assert secret.split("+", 4)[-1].strip() not in err
    assert "cannot be read" in bench("seal", "--key", "none", code=2)[1]


def test_a_sealed_log_is_proven(bench: Bench, key: str) -> None:
    out, err = bench("seal", "--key", "key")
    assert out.startswith(f"{NAME}/payments/0\n300\n")
    assert "300 new entries, size 300" in err
    assert bench("seal", "--key", "key")[0] == ""
    bench.append(2)
    out, err = bench("verify", "--all")
    assert out == ""
    assert "300 proven under a signed checkpoint, 2 chained, not sealed yet" in err
    lines = [
        json.loads(line)
        for line in bench("verify", "--all", "--format", "jsonl")[0].split("\n")[:-1]
    ]
    assert [line["verdict"] for line in lines] == ["ANCHORED"] * 300 + ["CHAINED"] * 2
    assert lines[0]["checkpoint"]["size"] == 300
    out, err = bench("verify", "payments/0", 7)
    assert out.startswith("payments/0 7: ANCHORED.")
    assert "Checkpoint of size 300" in err


def test_a_changed_entry_is_named_in_one_line(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    bench.tamper(41)
    out, err = bench("verify", "--all", code=4)
    assert "payments/0 41: MODIFIED." in out
    assert "NOT as it was written: 1 MODIFIED (first 41)" in err
    bench.append(1)
    bench.tamper(300)
    _, err = bench("seal", "--key", "key", code=4)
    assert "300 is MODIFIED" in err
    assert "Nothing was signed." in err


def test_a_proof_is_checked_offline(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench("seal", "--key", "key")
    bench("verify", "payments/0", 7, "--proof", "seven.tlog-proof")
    monkeypatch.delenv("AUDITTUI_STORE")
    bench.store.unlink()
    out, err = bench("checkpoint", "verify", "seven.tlog-proof")
    assert json.loads(out)["seq"] == 7
    assert "ANCHORED" in err
    data = (bench.folder / "seven.tlog-proof").read_text()
    (bench.folder / "bent").write_text(data.replace("index 7", "index 8"))
    assert "is not entry 8" in bench("checkpoint", "verify", "bent", code=4)[1]
    monkeypatch.delenv("AUDITTUI_TRUSTED_KEYS")
    assert "No key is trusted" in bench("checkpoint", "verify", "seven.tlog-proof", code=2)[1]
    other = bench("key", "generate", "--name", NAME, "-o", "other")[0].strip()
    _, err = bench("checkpoint", "verify", "seven.tlog-proof", "--trusted-key", other, code=4)
    assert "no trusted key signed it" in err


def test_a_state_folder_that_cannot_be_written_makes_nothing_less_true(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench("seal", "--key", "key")
    (bench.folder / "file").write_text("")
    monkeypatch.setenv("AUDITTUI_STATE", str(bench.folder / "file"))
    out, _ = bench("verify", "payments/0", 7)
    assert "ANCHORED" in out
    assert "saving the pin: The checkpoint cannot be pinned" in out


def test_an_unproven_entry_has_no_proof(bench: Bench, key: str) -> None:
    _, err = bench("verify", "payments/0", 7, "--proof", "p", code=2)
    assert "no proof to write" in err
    assert not (bench.folder / "p").exists()
    bench("seal", "--key", "key")
    (bench.folder / "p").write_text("mine")
    assert "already exists" in bench("verify", "payments/0", 7, "--proof", "p", code=2)[1]


def test_an_imported_checkpoint_is_demanded_from_then_on(bench: Bench, key: str) -> None:
    out, _ = bench("seal", "--key", "key")
    (bench.folder / "anchor").write_text(out)
    for pin in (bench.folder / "state" / "checkpoints").iterdir():
        pin.unlink()
    _, err = bench("checkpoint", "import", "anchor")
    assert "Pinned" in err
    store = SqliteStore(str(bench.store), LAYOUT)
    tampering.delete(store, {"pk": "checkpoint#payments/0", "sk": f"{300:020d}"})
    store.close()
    _, err = bench("checkpoint", "import", "anchor", code=4)
    assert "REWRITTEN" in err
    out, err = bench("verify", "--all", code=4)
    assert "payments/0 0: REWRITTEN." in out
    assert "payments/0 1 to 299: REWRITTEN, the same" in out
    assert "300 REWRITTEN (first 0)" in err


def test_a_checkpoint_is_shown_and_said_whether_it_is_believed(
    bench: Bench, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "has no checkpoint" in bench("checkpoint", "show", "payments/0", code=2)[1]
    sealed, _ = bench("seal", "--key", "key")
    out, err = bench("checkpoint", "show", "payments/0")
    assert out == sealed
    assert "signed by a trusted key" in err
    monkeypatch.delenv("AUDITTUI_TRUSTED_KEYS")
    assert "not verified" in bench("checkpoint", "show", "payments/0")[1]
    other = bench("key", "generate", "--name", "other", "-o", "other")[0].strip()
    _, err = bench("checkpoint", "show", "payments/0", "--trusted-key", other, code=4)
    assert "not trusted" in err


def test_since_last_verifies_only_what_is_new(bench: Bench, key: str) -> None:
    bench("seal", "--key", "key")
    bench("verify", "--all")
    bench.append(3)
    out, _ = bench("verify", "--chain", "payments/0", "--since", "last", "--format", "jsonl")
    assert [json.loads(line)["seq"] for line in out.splitlines()] == [300, 301, 302]
    assert "nothing to verify" in bench("verify", "--all", "--since", "last")[1]
    out, _ = bench("verify", "--all", "--since", 301, "--format", "jsonl")
    assert [json.loads(line)["seq"] for line in out.splitlines()] == [301, 302]
    assert "ends at 302" in bench("verify", "--all", "--since", 400, code=2)[1]
    assert "--since x is not a seq" in bench("verify", "--all", "--since", "x", code=2)[1]


@pytest.mark.parametrize("every", ["", "0", "5x", "-1", "1.5m"])
def test_every_is_a_number_or_a_time(bench: Bench, key: str, every: str) -> None:
    assert "--every" in bench("seal", "--key", "key", "--every", every, code=2)[1]
