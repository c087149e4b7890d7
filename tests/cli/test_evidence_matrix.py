"""Each way of tampering, by the commands that a person types: bundled, checked, and told alike."""

from __future__ import annotations

import json

import pytest

from audittui.cli.main import run
from audittui.store.sqlite import SqliteStore
from tests.cli.bench import Bench
from tests.integrity.tamperings import (
    CHAIN,
    KEY,
    LAYOUT,
    LENGTH,
    TAMPERINGS,
    Table,
    Tampering,
    make_log,
)


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda one: one.name)
def test_a_bundle_of_a_tampered_log_says_what_verify_says(
    tampering: Tampering, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.folder / "tampered.db"
    monkeypatch.setenv("AUDITTUI_STORE", str(path))
    monkeypatch.setenv("AUDITTUI_TRUSTED_KEYS", tampering.key.verifier.text)
    store = SqliteStore(str(path), LAYOUT, create=True)
    make_log(store)
    bench("verify", CHAIN, 0, code=0 if tampering.key == KEY else 4)
    tampering.do(Table(store))
    store.close()

    seqs, worst = [], 0
    for seq in range(LENGTH):
        code = run(["verify", CHAIN, str(seq)])
        proven = bench.capfd.readouterr().out.startswith(f"{CHAIN} {seq}: ANCHORED.")
        if code == 2:
            continue  # never sealed and gone: nobody can tell that it was there
        seqs.append(seq)
        worst = max(worst, code or (0 if proven else 3))
    marks = bench.folder / "marks.jsonl"
    marks.write_text("".join(f'{{"chain":"{CHAIN}","seq":{seq}}}\n' for seq in seqs))
    bench("evidence", "create", "--marks", marks, "-o", "case.zip", code=worst)
    path.unlink()
    out, _ = bench("evidence", "verify", "case.zip", "--format", "json", code=worst)
    # What this machine has seen before speaks against a fork; nothing else is wrong with a bundle.
    faults = json.loads(out)[0]["faults"]
    assert all("this machine has seen another" in fault for fault in faults), faults
