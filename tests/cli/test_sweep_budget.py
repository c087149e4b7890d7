"""Sweeps under a budget: they stop where it ends, say so in every format, and always get on."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest

from audittui.cli.main import run
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from tests.integrity.bench import KEY, LAYOUT, Bench

CHAIN = "payments/0"
SWEEP = ("verify", "--chain", CHAIN)


@pytest.fixture
def bench(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Bench:
    bench = Bench(tmp_path, monkeypatch, capfd)
    bench.append(count=450)
    return bench


def onward(err: str) -> int:
    """The seq that a stopped sweep says to go on at."""
    return int(err.split("--since ")[1].split(".", maxsplit=1)[0])


def used(err: str, budget: float) -> float:
    """The read units that a stopped sweep says to have used of its budget."""
    said = re.search(r"the budget ended it \(([0-9.]+) of ([0-9.]+) RCU used\)", err)
    assert said is not None, err
    assert float(said[2]) == budget
    return float(said[1])


def test_a_budget_stops_a_sweep_and_every_go_gets_on(bench: Bench) -> None:
    since, goes, verified = 0, 0, 0
    while True:
        found = run([*SWEEP, "--since", str(since), "--max-rcu", "40"])
        _, err = bench._capfd.readouterr()
        goes += 1
        if "was not fully verified: the budget ended it" not in err:
            assert found == 0
            verified += 450 - since
            break
        assert found == 3
        assert 30 < used(err, 40) <= 40
        verified += onward(err) - since
        assert f"so far {onward(err) - since:,} CHAINED" in err
        since = onward(err)
    assert verified == 450
    assert goes <= 5


@pytest.mark.parametrize("budget", [1, 2, 5, 7.5, 16, 33, 50])
def test_a_budget_is_not_gone_over_but_for_the_first_entries(bench: Bench, budget: float) -> None:
    _, err = bench(*SWEEP, "--max-rcu", budget, code=3)
    # Where the chain ends, its record in the registry, and the first two entries.
    assert used(err, budget) <= max(budget, 3)
    assert onward(err) > 0


def test_large_entries_make_small_pages(bench: Bench) -> None:
    bench.append("big/0", 40, details={"text": "x" * 30_000})
    _, err = bench("verify", "--chain", "big/0", "--max-rcu", "100", code=3)
    assert 80 < used(err, 100) <= 100


def test_what_the_budget_forbids_is_not_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read ahead costs as much as what is shown."""
    query, read = SqliteStore.query, []

    def metered(self: SqliteStore, request: Query) -> Any:
        page = query(self, request)
        if not request.index and request.partition[1] == f"entry#{CHAIN}":
            read.extend(page.items)
        return page

    monkeypatch.setattr(SqliteStore, "query", metered)
    _, err = bench(*SWEEP, "--max-rcu", "20", code=3)
    assert onward(err) < len(read) <= onward(err) + 3
    assert f"so far {onward(err)} CHAINED" in err
    assert 50 < onward(err) < 200


def test_since_last_goes_on_where_the_budget_ended_a_good_sweep(bench: Bench) -> None:
    last = ("--since", "last", "--max-rcu", "1")
    _, err = bench(*SWEEP, *last, code=3)
    first = onward(err)
    _, err = bench(*SWEEP, *last, code=3)
    assert onward(err) > first
    key = LAYOUT.key(CHAIN, first - 1)
    bench.put({**bench.get(key), "body": bench.get(key)["body"].replace("user", "evil")})
    bench(*SWEEP, "--max-rcu", "1000", code=4)


def test_a_budget_that_is_enough_ends_as_if_there_were_none(bench: Bench) -> None:
    bench.trust(KEY)
    bench.seal(up_to=200)
    _, free = bench(*SWEEP)
    _, err = bench(*SWEEP, "--max-rcu", "1000")
    assert "200 proven under a signed checkpoint, 250 chained, not sealed yet" in err
    assert "was not verified" not in err + free
    units = float(free.split()[-2])
    bench(*SWEEP, "--max-rcu", units * 1.5)


def test_a_failure_before_the_end_of_the_budget_is_a_failure(bench: Bench) -> None:
    key = LAYOUT.key(CHAIN, 5)
    bench.put({**bench.get(key), "body": bench.get(key)["body"].replace("user", "evil")})
    out, err = bench(*SWEEP, "--max-rcu", "20", code=4)
    assert f"{CHAIN} 5: MODIFIED" in out
    assert "is NOT as it was written" in err
    assert "was not fully verified" in err
    # What failed is no good end to go on from.
    bench(*SWEEP, "--since", "last", "--max-rcu", "20", code=4)


def test_a_demanded_checkpoint_that_is_contradicted_fails_under_any_budget(bench: Bench) -> None:
    bench.trust(KEY)
    file = bench.write("seen.txt", bench.seal())
    bench.destroy(CHAIN)
    bench.append(count=460, details={"x": 1})
    bench.seal()
    bench.use_state("another")
    _, err = bench(*SWEEP, "--checkpoint", file, "--max-rcu", "1", code=4)
    assert f"{CHAIN} fails --checkpoint:" in err


def test_chains_after_the_budget_are_named_in_every_format(bench: Bench) -> None:
    bench.append("z/0", 3)
    words = ("verify", "--all", "--max-rcu", "1")
    _, err = bench(*words, code=3)
    assert f"{CHAIN} was not fully verified" in err
    assert "z/0 was not verified: the budget ended it" in err
    stopped = [one for one in bench.lines(*words, code=3) if "stopped" in one]
    assert [(one["chain"], one["stopped"], one["failed"]) for one in stopped] == [
        (CHAIN, onward(err), False), ("z/0", 0, False),
    ]  # fmt: skip
    out, _ = bench(*words, "--format", "json", code=3)
    assert "stopped" in json.loads(out)[-1]


def test_a_profiles_budget_is_of_tables_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUDITTUI_STORE")
    bench.write("config.toml", f'[profiles.p]\nstore = "{bench.path}"\nmax_rcu = 1\n')
    bench(*SWEEP, "--profile", "p")
    bench(*SWEEP, "--profile", "p", "--max-rcu", "1", code=3)


def test_a_rate_is_waited_for(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    monkeypatch.setattr(time, "monotonic", lambda: 7.0)
    _, err = bench(*SWEEP, "--rate", "2")
    units = float(err.split()[-2])
    # Nothing but the last request, which no further one waits for, need not be slept for.
    assert max(slept) == pytest.approx(units / 2, abs=1)
    assert slept == sorted(slept)
    slept.clear()
    bench(*SWEEP)
    assert slept == []


@pytest.mark.parametrize(
    "words",
    [
        (CHAIN, 1, "--max-rcu", "5"),
        (CHAIN, 1, "--rate", "5"),
        (CHAIN, 1, "--explain"),
        ("--chain", CHAIN, "--max-rcu", "0"),
        ("--chain", CHAIN, "--rate", "0"),
        ("--chain", "none/0", "--explain"),
    ],
)
def test_what_makes_no_sense_is_usage(bench: Bench, words: tuple[Any, ...]) -> None:
    bench("verify", *words, code=2)


def test_explain_estimates_and_verifies_nothing(bench: Bench) -> None:
    key = LAYOUT.key(CHAIN, 5)
    bench.put({**bench.get(key), "body": "{}"})
    bench.append("z/0", 3)
    out, err = bench(*SWEEP, "--explain")
    assert out.startswith(f"{CHAIN}: 450 entries, about ")
    assert "Nothing was verified." in err
    out, _ = bench(*SWEEP, "--since", 400, "--explain")
    assert out.startswith(f"{CHAIN} from 400: 50 entries, about ")
    out, _ = bench("verify", "--all", "--explain")
    assert "All 2 chains: about " in out
    found = bench.lines("verify", "--all", "--explain")
    assert [(one["chain"], one["since"], one["entries"]) for one in found] == [
        (CHAIN, 0, 450), ("z/0", 0, 3),
    ]  # fmt: skip
    assert json.loads(bench("verify", "--all", "--explain", "--format", "json")[0]) == found


def test_an_estimate_is_near_what_a_sweep_takes(bench: Bench) -> None:
    (said,) = bench.lines(*SWEEP, "--explain")
    _, err = bench(*SWEEP)
    taken = float(err.split()[-2])
    assert taken / 3 < said["rcu"] < taken * 3


def test_what_stands_beside_the_entries_does_not_count(bench: Bench) -> None:
    """Records of idempotency keys are small and many; no sweep reads them."""
    lines = "".join(
        json.dumps({"actor": "a", "action": "b", "idempotency_key": f"k{n}", "details": "x" * 3000})
        + "\n"
        for n in range(60)
    )
    bench("import", "jsonl", bench.write("rows.jsonl", lines), "--chain", "big/0")
    (said,) = bench.lines("verify", "--chain", "big/0", "--explain")
    _, err = bench("verify", "--chain", "big/0")
    taken = float(err.split()[-2])
    assert taken / 1.3 < said["rcu"] < taken * 1.3
