"""Many entries proven at once: the verdicts of one by one, for less."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.entry import Draft
from audittui.errors import UsageError
from audittui.integrity.pins import Pins
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tile_cache import TileCache
from audittui.integrity.tlog.keys import SignerKey
from audittui.integrity.trust import Trust
from audittui.integrity.verifying.prover import Prover, ranges_of
from audittui.integrity.verifying.single_entry import verify_entry
from audittui.layout import load_layout
from audittui.store.port import Found, Key
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering
from tests.integrity.counting import Counting

LAYOUT = load_layout("native")
CHAIN = "payments/0"
KEY = SignerKey("audit.example.com", bytes(range(32)))
SPREAD = list(range(7, 600, 31))


def log(entries: int = 620, sealed: int = 600) -> SqliteStore:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    drafts = [Draft(actor="a", action="b", details={"text": "x" * 700})] * entries
    if entries:
        AuditLog(store, CHAIN).append_many(drafts)
    if sealed:
        Sealer(store, LAYOUT, CHAIN, KEY).seal(up_to=sealed)
    return store


def settings(folder: Path) -> VerificationSettings:
    return VerificationSettings(
        Trust((KEY.verifier,)), Pins(folder / "pins"), TileCache(folder / "tiles")
    )


def proven(
    store: Any, seqs: list[int], trusted: VerificationSettings | None
) -> tuple[list[str], Prover]:
    prover = Prover(store, LAYOUT, CHAIN, trusted)
    prover.fetch(seqs)
    return [prover.prove(seq)[1].verdict for seq in seqs], prover


@given(st.lists(st.integers(0, 60)))
def test_ranges_hold_every_entry_and_its_neighbours_once(seqs: list[int]) -> None:
    ranges = ranges_of(seqs)
    read = [seq for first, last in ranges for seq in range(first, last + 1)]
    assert read == sorted(set(read))
    wanted = {at for seq in seqs for at in (seq - 1, seq, seq + 1) if at >= 0}
    assert wanted <= set(read)
    for (_, last), (first, _) in pairwise(ranges):
        assert first - last > 2
    assert len(set(read) - wanted) < max(len(ranges), 1) + len(seqs)


def test_what_it_took_is_what_the_store_charged(tmp_path: Path) -> None:
    held = log()
    for trusted in (None, settings(tmp_path), settings(tmp_path)):
        store = Counting(held)
        names, prover = proven(store, SPREAD, trusted)
        assert set(names) == {"CHAINED" if trusted is None else "ANCHORED"}
        assert (prover.rcu, prover.requests) == (store.rcu, store.requests)


def test_entries_all_over_a_chain_take_half_a_unit_each_and_tiles_once(tmp_path: Path) -> None:
    store = log()
    plain = proven(store, SPREAD, None)[1]
    registry = 0.5
    assert plain.rcu <= 0.5 * len(SPREAD) + registry
    first, again = (proven(store, SPREAD, settings(tmp_path))[1] for _ in range(2))
    assert first.rcu > again.rcu
    assert again.rcu <= plain.rcu + 1
    assert proven(store, list(range(100, 120)), None)[1].rcu <= 4


def overwritten(seq: int, change: Callable[[dict[str, Any]], None]) -> Callable[[Any], None]:
    def tamper(store: SqliteStore) -> None:
        item = dict(store.get(LAYOUT.key(CHAIN, seq)).item or {})
        change(item)
        tampering.overwrite(store, item)

    return tamper


TAMPERINGS: dict[str, Callable[[SqliteStore], None]] = {
    "body": overwritten(38, lambda item: item.update(body=item["body"].replace("x", "y", 1))),
    "hash": overwritten(38, lambda item: item.update(hash=bytes(32))),
    "copy": overwritten(38, lambda item: item.update(actor="z")),
    "neighbour": overwritten(39, lambda item: item.update(body=item["body"] + " ")),
    "gone before": lambda store: tampering.delete(store, LAYOUT.key(CHAIN, 37)),
    "gone after": lambda store: tampering.delete(store, LAYOUT.key(CHAIN, 39)),
    "not sealed": overwritten(610, lambda item: item.update(body="[]")),
    "tile": lambda store: tampering.overwrite(
        store, {"pk": f"tile#{CHAIN}", "sk": "tile/0/000", "hashes": bytes(32 * 256)}
    ),
    "no tile": lambda store: tampering.delete(store, {"pk": f"tile#{CHAIN}", "sk": "tile/0/000"}),
}


@pytest.mark.parametrize("what", TAMPERINGS)
@pytest.mark.parametrize("trusted", [False, True])
def test_verdicts_are_those_of_one_by_one(what: str, trusted: bool, tmp_path: Path) -> None:
    store = log()
    TAMPERINGS[what](store)
    by = settings(tmp_path / "many") if trusted else None
    seqs = [38, 100, 300, 610, 619]
    names, _ = proven(store, seqs, by)
    by = settings(tmp_path / "single") if trusted else None
    single = [verify_entry(store, LAYOUT, CHAIN, seq, settings=by).verdict for seq in seqs]
    assert names == single


@pytest.mark.parametrize("trusted", [False, True])
def test_every_step_is_told_of_what_is_as_it_should_be(trusted: bool, tmp_path: Path) -> None:
    store = log(12, 10)
    prover = Prover(store, LAYOUT, CHAIN, settings(tmp_path / "many") if trusted else None)
    prover.fetch([5])
    by = settings(tmp_path / "single") if trusted else None
    single = verify_entry(store, LAYOUT, CHAIN, 5, settings=by)
    assert prover.prove(5)[1].steps == single.steps
    assert len(single.steps) > 5


def test_what_a_replica_does_not_know_yet_is_not_called_missing(tmp_path: Path) -> None:
    store = Counting(log(), stale=log(30, 0))
    names, _ = proven(store, SPREAD, settings(tmp_path))
    assert set(names) == {"ANCHORED"}
    with pytest.raises(UsageError, match="There is no entry payments/0 620"):
        proven(store, [620], None)


def test_what_only_a_replica_shows_is_not_called_wrong(tmp_path: Path) -> None:
    stale = log()
    for tamper in TAMPERINGS.values():
        tamper(stale)
    names, _ = proven(Counting(log(), stale), [38, 100, 300, 610], settings(tmp_path))
    assert names == ["ANCHORED"] * 3 + ["CHAINED"]


def test_a_replica_that_lags_makes_no_checkpoint_inconsistent(tmp_path: Path) -> None:
    store = log(sealed=300)
    by = VerificationSettings(Trust((KEY.verifier,)), Pins(tmp_path))
    assert proven(store, [5], by)[1].found.known_size == 300
    Sealer(store, LAYOUT, CHAIN, KEY).seal(up_to=600)
    names, prover = proven(Counting(store, stale=log(30, 0)), [5, 299, 599], by)
    assert (set(names), prover.found.rewritten, prover.found.pinned) == ({"ANCHORED"}, "", 300)


@pytest.mark.parametrize("which", ["tile/0/000", "tile/*/*"])
def test_a_broken_tile_in_the_cache_is_replaced(which: str, tmp_path: Path) -> None:
    store = log()
    proven(store, SPREAD, settings(tmp_path))
    broken = [path for path in tmp_path.glob(f"tiles/*/{which}") if path.is_file()]
    assert broken
    for path in broken:
        path.write_bytes(bytes(path.stat().st_size))
    names, _ = proven(store, SPREAD, settings(tmp_path))
    assert set(names) == {"ANCHORED"}
    assert not any(path.read_bytes().startswith(bytes(32)) for path in broken)


def test_a_tile_that_proved_nothing_stays_out_of_the_cache(tmp_path: Path) -> None:
    store = log()
    TAMPERINGS["tile"](store)
    assert proven(store, [300, 38], settings(tmp_path))[0] == ["ANCHORED", "UNVERIFIABLE"]
    assert not list(tmp_path.glob("tiles/*/tile/0/000"))


@pytest.mark.parametrize("registered", [True, False])
def test_the_registry_is_asked_once_a_chain_however_many_rows_fail(registered: bool) -> None:
    store = log(30, 0)
    for seq in (5, 10, 15):
        item = dict(store.get(LAYOUT.key(CHAIN, seq)).item or {})
        tampering.overwrite(store, {**item, "body": item["body"].replace('"a"', '"c"')})
    if not registered:
        tampering.delete(store, {"pk": "chains", "sk": CHAIN})
    asked = Registry(store)
    prover = Prover(asked, LAYOUT, CHAIN, None)  # type: ignore[arg-type]
    prover.fetch([5, 10, 15])
    for seq in (5, 10, 15):
        assert prover.prove(seq)[1].verdict == "MODIFIED"
        alone = verify_entry(asked, LAYOUT, CHAIN, seq, registrations=prover.registrations)  # type: ignore[arg-type]
        assert alone.verdict == "MODIFIED"
        assert ("The registry does not list the chain" in alone.summary) != registered
    # What is wrong is only said after a strongly consistent read; one of each kind is enough.
    assert sorted(asked.reads) == [False, True]


def test_a_replica_that_lacks_the_chain_is_not_remembered() -> None:
    store = log(30, 0)
    late = log(30, 0)
    tampering.delete(late, {"pk": "chains", "sk": CHAIN})
    prover = Prover(Counting(store, stale=late), LAYOUT, CHAIN, None)  # type: ignore[arg-type]
    prover.fetch([5])
    assert prover.prove(5)[1].verdict == "CHAINED"


class Registry(Counting):
    """A store that notes how the registry's record of a chain is read: strongly consistent?"""

    def __init__(self, store: SqliteStore) -> None:
        super().__init__(store)
        self.reads: list[bool] = []

    def get(self, key: Key, *, consistent: bool = True) -> Found:
        if key["pk"] == "chains":
            self.reads.append(consistent)
        return super().get(key, consistent=consistent)
