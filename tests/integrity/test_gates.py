"""What cron and compliance demand of a log: each demand one line and exit code 4."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audittui import timestamp
from audittui.integrity.verifying import gate
from audittui.integrity.verifying.verdict import Verdict
from tests.integrity.bench import KEY, LAYOUT, SECOND, Bench

CHAIN = "payments/0"


@pytest.fixture
def sealed(bench: Bench) -> Bench:
    """Twelve entries, of which ten are sealed; the key is trusted."""
    bench.append()
    bench.seal(up_to=10)
    bench.trust(KEY)
    return bench


def refused(bench: Bench, *words: Any, option: str = "") -> str:
    """The one line that a demand ends with, in text and in JSON; and exit code 4."""
    _, err = bench("verify", *words, code=4)
    (line,) = [line for line in err.splitlines() if " fails --" in line]
    if option:
        assert f" fails {option}: " in line
    found = [one for one in bench.lines("verify", *words, code=4) if "gate" in one]
    assert [f"{one['chain']} fails {one['gate']}: {one['summary']}." for one in found] == [line]
    assert all(one["failed"] for one in found)
    return line


def test_a_machine_that_knows_nothing_can_say_that_nothing_is_proven(bench: Bench) -> None:
    bench.append()
    bench.trust(KEY)
    assert "no signed checkpoint proves it" in bench("verify", "--all", code=3)[1]
    bench("verify", CHAIN, 3, code=3)
    line = refused(bench, "--all", "--require-anchored", option="--require-anchored")
    assert "it has no checkpoint signed by a trusted key" in line
    refused(bench, CHAIN, 3, "--require-anchored")
    bench.seal(key=SECOND)
    refused(bench, "--all", "--require-anchored")


def test_everything_below_the_checkpoint_must_be_proven(sealed: Bench) -> None:
    sealed("verify", "--all", "--require-anchored")
    sealed("verify", CHAIN, 9, "--require-anchored")
    assert "entry 11 is CHAINED, not proven" in refused(sealed, CHAIN, 11, "--require-anchored")
    sealed.delete({"pk": f"tile#{CHAIN}", "sk": "tile/0/000.p/10"})
    line = refused(sealed, "--all", "--require-anchored")
    assert "entry 0 is UNVERIFIABLE" in line or "could not be verified" in line


def test_a_checkpoint_in_doubt_anchors_nothing(sealed: Bench) -> None:
    sealed.put({"pk": f"checkpoint#{CHAIN}", "sk": f"{20:020d}", "note": "junk\n"})
    assert "cannot be trusted" in refused(sealed, "--all", "--require-anchored")


def test_what_is_wrong_beyond_the_checkpoint_fails_too(sealed: Bench) -> None:
    item = sealed.get(LAYOUT.key(CHAIN, 11))
    sealed.put({**item, "body": item["body"].replace("user", "nobody")})
    _, err = sealed("verify", "--all", "--require-anchored", code=4)
    assert "1 MODIFIED (first 11)" in err


def test_only_so_many_entries_may_be_unsealed(sealed: Bench) -> None:
    sealed("verify", "--all", "--max-unsealed", 2)
    line = refused(sealed, "--all", "--max-unsealed", 1, option="--max-unsealed")
    assert "2 entries are not sealed; at most 1 may be" in line
    refused(sealed, "--chain", CHAIN, "--max-unsealed", 0)
    refused(sealed, "--chain", CHAIN, "--since", 11, "--max-unsealed", 1)
    sealed("verify", "--all", "--since", "last")
    refused(sealed, "--all", "--since", "last", "--max-unsealed", 1)
    sealed.seal()
    sealed("verify", "--all", "--max-unsealed", 0)


def test_only_so_old_may_an_unsealed_entry_be(
    sealed: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed("verify", "--all", "--max-unsealed", "1h")
    later = timestamp.now() + 7200 * timestamp.SECOND
    monkeypatch.setattr(timestamp, "now", lambda: later)
    line = refused(sealed, "--all", "--max-unsealed", "1h")
    assert "is not sealed" in line
    refused(sealed, "--all", "--since", 12, "--max-unsealed", "1h")
    sealed("verify", "--all", "--max-unsealed", "3h")


@pytest.mark.parametrize("text", ["", "-1", "x", "1.5h", "5w", "01"])
def test_max_unsealed_is_a_number_or_a_time(sealed: Bench, text: str) -> None:
    assert "--max-unsealed" in sealed("verify", "--all", "--max-unsealed", text, code=2)[1]


def test_the_log_must_extend_a_checkpoint_in_a_file(sealed: Bench) -> None:
    earlier = sealed.get({"pk": f"checkpoint#{CHAIN}", "sk": f"{10:020d}"})["note"]
    file = sealed.write("anchor", earlier)
    sealed.seal()
    for machine in ("one", "two"):
        sealed.use_state(machine)
        sealed("verify", "--all", "--checkpoint", file)
        sealed("verify", "--chain", CHAIN, "--checkpoint", file, "--since", 5)
    sealed.destroy(CHAIN)
    sealed.append(reason="rewritten")
    sealed.seal()
    # A machine that has seen nothing, and only has the file.
    sealed.use_state("three")
    sealed("verify", "--all")
    line = refused(sealed, "--all", "--checkpoint", file, option="--checkpoint")
    assert "the log is not the one that is required at size 10" in line
    sealed.destroy(CHAIN)
    sealed.use_state("four")
    out, err = sealed("verify", "--all", "--checkpoint", file, code=4)
    assert (
        f"{CHAIN} 0: TRUNCATED. the chain is not in the table, but --checkpoint requires it" in out
    )
    assert f"{CHAIN} is NOT as it was written" in err


def test_a_checkpoint_in_a_file_is_of_a_chain_that_is_verified(sealed: Bench) -> None:
    file = sealed.write(
        "anchor", sealed.get({"pk": f"checkpoint#{CHAIN}", "sk": f"{10:020d}"})["note"]
    )
    sealed.append("a/0")
    assert (
        f"belongs to {CHAIN}, not to a/0"
        in sealed("verify", "--chain", "a/0", "--checkpoint", file, code=2)[1]
    )
    sealed.trust(SECOND)
    assert "cannot be trusted" in sealed("verify", "--all", "--checkpoint", file, code=4)[1]
    assert "cannot be read" in sealed("verify", "--all", "--checkpoint", "none", code=2)[1]


def test_chains_that_are_expected_must_be_there(sealed: Bench) -> None:
    sealed("verify", "--all", "--expect", CHAIN)
    out, err = sealed(
        "verify", "--all", "--expect", CHAIN, "--expect", "a/0", "--expect", "b/0", code=4
    )
    assert [line.split(" ")[0] for line in err.splitlines() if "NOT as it was" in line] == [
        "a/0",
        "b/0",
    ]
    assert "a/0 0: TRUNCATED. the chain is not in the table, but --expect names it." in out
    found = json.loads(sealed("verify", "--all", "--expect", "a/0", "--format", "json", code=4)[0])
    assert [one["chain"] for one in found if one["failed"]] == ["a/0"]


def test_all_gates_hold_at_once_for_a_log_that_is_sealed(sealed: Bench) -> None:
    note = sealed.seal()
    file = sealed.write("anchor", note)
    words = (
        "--require-anchored", "--max-unsealed", "0", "--checkpoint", file, "--expect", CHAIN,
    )  # fmt: skip
    sealed("verify", "--all", *words)
    sealed("verify", "--all", "--since", "last", *words)
    sealed.append(count=1)
    assert "--max-unsealed" in refused(sealed, "--all", "--since", "last", *words)


def test_a_gate_goes_on_from_what_was_proven_not_from_what_was_read(bench: Bench) -> None:
    bench.append()
    bench("verify", "--all")
    bench.trust(KEY)
    bench.seal()
    assert len(bench.lines("verify", "--all", "--since", "last")) == 0
    words = ("verify", "--all", "--since", "last", "--require-anchored")
    assert [one["verdict"] for one in bench.lines(*words)] == ["ANCHORED"] * 12
    assert len(bench.lines(*words)) == 0
    # What was proven under one key is not proven under another.
    bench.trust(SECOND)
    assert len([one for one in bench.lines(*words, code=4) if "seq" in one]) == 12


@pytest.mark.parametrize(
    "words",
    [
        ("--all", "--require-anchored", "--since", "5"), (CHAIN, "1", "--max-unsealed", "5"),
        (CHAIN, "1", "--checkpoint", "f"), ("--all", "--allow-gaps"),
        ("--chain", CHAIN, "--expect", CHAIN),
    ],
)  # fmt: skip
def test_demands_that_cannot_be_judged_are_usage(sealed: Bench, words: tuple[str, ...]) -> None:
    sealed("verify", *words, code=2)


@pytest.mark.parametrize("option", [("--require-anchored",), ("--max-unsealed", "5")])
def test_a_demand_needs_a_key(bench: Bench, option: tuple[str, ...]) -> None:
    bench.append()
    assert "No key is trusted" in bench("verify", "--all", *option, code=2)[1]


def test_a_signed_gap_is_proven_only_where_gaps_are_allowed() -> None:
    gap: Any = "GAP"
    verdict = Verdict("a/0", 3, gap, "a gap")
    strict, lax = gate.Gates(anchored=True), gate.Gates(anchored=True, gaps=True)
    refusal = gate.single_refusal(verdict, strict)
    assert refusal is not None
    assert refusal.text == "a/0 fails --require-anchored: entry 3 is GAP, not proven."
    assert gate.single_refusal(verdict, lax) is None
    assert gate.single_refusal(Verdict("a/0", 3, "CHAINED", ""), lax) is not None
