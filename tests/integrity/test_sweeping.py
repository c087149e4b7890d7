"""A sweep of every chain: no fault in one keeps another from being swept, and each is told."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from audittui.entry import Draft
from audittui.integrity.stored_entry import StoredEntry, read_stored
from audittui.integrity.verifying import sweep
from audittui.store.port import Page, Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.integrity.bench import KEY, LAYOUT, Bench


@pytest.mark.parametrize("trusted", [False, True])
def test_a_malformed_sort_key_hides_no_other_chain(bench: Bench, trusted: bool) -> None:
    bench.append("a/0", 3)
    bench.append("b/0", 3)
    if trusted:
        bench.trust(KEY)
        bench.seal("a/0")
        bench.seal("b/0")
    bench.put({**bench.get(LAYOUT.key("a/0", 1)), "sk": "0x"})
    bench.put({**bench.get(LAYOUT.key("b/0", 1)), "actor": "somebody"})
    out, err = bench("verify", "--all", code=4)
    assert "a/0 (malformed key): MODIFIED." in out
    assert "b/0 1: INDEX MISMATCH." in out
    assert "a/0 is NOT as it was written: 1 MODIFIED of 4." in err
    assert "b/0 is NOT as it was written: 1 INDEX MISMATCH (first 1) of 3." in err
    assert "1 MODIFIED of 4" in bench("verify", "--chain", "a/0", code=4)[1]
    found = bench.lines("verify", "--all", code=4)
    assert [one["verdict"] for one in found if one["failed"]] == ["MODIFIED", "INDEX MISMATCH"]


def test_what_nobody_foresaw_is_a_failure_of_its_chain(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chain in ("a/0", "b/0", "c/0"):
        bench.append(chain, 2)

    def fails(place: StoredEntry, *rest: object) -> None:
        if place.chain == "b/0":
            raise ZeroDivisionError("what nobody foresaw")

    monkeypatch.setattr(sweep, "verify_links", _before(fails, sweep.verify_links))
    out, err = bench("verify", "--all", code=4)
    assert "b/0 0: UNVERIFIABLE." in out
    assert "ZeroDivisionError: what nobody foresaw" in out
    assert [line.split(" ")[0] for line in err.splitlines()[:3]] == ["a/0", "b/0", "c/0"]
    assert "c/0 is consistent: 2 chained" in err
    found = json.loads(bench("verify", "--all", "--format", "json", code=4)[0])
    assert [(one["chain"], one["failed"]) for one in found] == [
        ("a/0", False), ("a/0", False), ("b/0", True), ("c/0", False), ("c/0", False),
    ]  # fmt: skip


def _before(first, then):  # type: ignore[no-untyped-def]
    def both(*given, **named):  # type: ignore[no-untyped-def]
        first(*given)
        return then(*given, **named)

    return both


def test_json_is_one_array_and_jsonl_is_lines(bench: Bench) -> None:
    bench.append("a/0", 2)
    bench.append("b/0", 1)
    whole = json.loads(bench("verify", "--all", "--format", "json")[0])
    assert whole == bench.lines("verify", "--all")
    assert [(one["chain"], one["seq"]) for one in whole] == [("a/0", 0), ("a/0", 1), ("b/0", 0)]
    one = json.loads(bench("verify", "a/0", 1, "--format", "json")[0])
    assert one == bench.lines("verify", "a/0", 1)
    assert [each["seq"] for each in one] == [1]


def test_the_sum_of_a_sweep_holds_the_registry_too(bench: Bench) -> None:
    bench.append("a/0", 2)
    bench.append("b/0", 2)
    _, err = bench("verify", "--all")
    spent = [float(line.split(" RCU")[0].split()[-1]) for line in err.splitlines()]
    assert spent[-1] == sum(spent[:-1]) + 0.5
    assert "0.5 of them for the registry" in err.splitlines()[-1]


def test_items_that_are_no_entries_are_examined(bench: Bench) -> None:
    assert read_stored({"sk": 7}, LAYOUT, "a/0").seq == -1


def test_a_chain_that_ends_early_keeps_no_other_from_being_swept(bench: Bench) -> None:
    bench.append("a/0", 2)
    bench.append("b/0", 9)
    out, err = bench("verify", "--all", "--since", 5, code=2)
    assert "a/0: The chain a/0 ends at 1." in err
    assert "b/0 is consistent" in err
    assert not out


class Lagging:
    """A store that shows an entry only from the second look at it on: it is written meanwhile."""

    def __init__(self, store: SqliteStore, hidden: int) -> None:
        self._store = store
        self._hidden = f"{hidden:020d}"
        self.looks = 0

    def query(self, request: Query, *more: Any) -> Page:
        page = self._store.query(request, *more)
        held = [item for item in page.items if item.get("sk") != self._hidden]
        if request.limit is None and len(held) < len(page.items):
            self.looks += 1
            if self.looks == 1:
                return msgspec.structs.replace(page, items=held)
        return page

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize("steps", [False, True])
@pytest.mark.parametrize("hidden", [0, 4, 10])
def test_an_entry_that_is_written_behind_the_reading_is_not_missing(
    hidden: int, steps: bool
) -> None:
    held = SqliteStore(":memory:", LAYOUT, create=True)
    AuditLog(held, "a/0").append_many([Draft(actor="a", action="b")] * 12)
    store = Lagging(held, hidden)
    found = list(sweep.verify_chain(store, LAYOUT, "a/0", steps=steps))  # type: ignore[arg-type]
    assert [(one.seq, one.verdict) for one in found] == [(seq, "CHAINED") for seq in range(12)]
    assert store.looks == 2
    held.close()
