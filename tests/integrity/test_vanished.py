"""A chain that this machine has seen, and that is gone or shorter now: one entry of it is asked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integrity.bench import KEY, LAYOUT, Bench

CHAIN = "payments/0"


@pytest.fixture
def bench(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Bench:
    bench = Bench(tmp_path, monkeypatch, capfd)
    bench.append()
    bench.append("other/0", 1)
    bench.trust(KEY)
    return bench


@pytest.mark.parametrize("seq", [0, 5, 11, 12, 400])
@pytest.mark.parametrize("trusted", [True, False])
def test_an_entry_of_a_chain_that_was_pinned_and_is_gone_is_a_failure(
    bench: Bench, seq: int, trusted: bool
) -> None:
    bench.seal()
    bench("verify", "--chain", CHAIN)
    bench.destroy(CHAIN)
    if not trusted:
        bench.trust()
    out, _ = bench("verify", CHAIN, seq, code=4)
    assert out.startswith(f"{CHAIN} {seq}: ")
    (said,) = bench.lines("verify", CHAIN, seq, code=4)
    assert (said["seq"], said["failed"]) == (seq, True)


@pytest.mark.parametrize("seq", [0, 11, 400])
def test_an_entry_of_a_chain_that_was_verified_and_is_gone_is_a_failure(
    bench: Bench, seq: int
) -> None:
    bench("verify", "--chain", CHAIN, code=3)
    bench.destroy(CHAIN)
    out, _ = bench("verify", CHAIN, seq, code=4)
    assert f"{CHAIN} {seq}: TRUNCATED" in out


def test_an_entry_that_was_verified_and_is_beyond_the_end_now_is_a_failure(bench: Bench) -> None:
    bench("verify", "--chain", CHAIN, code=3)
    bench.delete(LAYOUT.key(CHAIN, 11), LAYOUT.key(CHAIN, 10))
    out, _ = bench("verify", CHAIN, 10, code=4)
    assert "ends at 9, but was verified here up to entry 11" in out
    bench("verify", CHAIN, 12, code=2)


def test_what_nobody_has_seen_stays_a_usage_error(bench: Bench) -> None:
    bench("verify", CHAIN, 12, code=2)
    bench("verify", "none/0", 0, code=2)
    bench.seal()
    bench("verify", "--chain", CHAIN)
    bench("verify", CHAIN, 12, code=2)
    bench.destroy(CHAIN)
    bench.use_state("another")
    bench("verify", CHAIN, 0, code=2)
