"""A sealer that meets faults: it says them, goes on with what is sound, and has a way out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from audittui.cli import seal as seal_command
from audittui.entry import Draft, decode_body, hash_body
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering
from tests.cli.bench import LAYOUT, NAME, CommandLine


class Bench:
    """A store, a key, and the command line."""

    def __init__(self, run: CommandLine) -> None:
        self.store = SqliteStore(str(run.store), LAYOUT, create=True)
        self._run = run

    def append(self, chain: str, count: int, **options: Any) -> None:
        AuditLog(self.store, chain, **options).append_many([Draft(actor="a", action="b")] * count)

    def item(self, chain: str, seq: int) -> dict[str, Any]:
        return dict(self.store.get(LAYOUT.key(chain, seq)).item or {})

    def delete(self, chain: str, *seqs: int) -> None:
        for seq in seqs:
            tampering.delete(self.store, LAYOUT.key(chain, seq))

    def tamper(self, chain: str, seq: int) -> None:
        item = self.item(chain, seq)
        tampering.overwrite(self.store, {**item, "body": item["body"].replace('"a"', '"c"')})

    def __call__(self, *words: Any, code: int = 0) -> tuple[str, str]:
        return self._run(*words, code=code)

    def seal(self, *words: Any, code: int = 0) -> tuple[str, str]:
        return self("seal", "--key", "key", *words, code=code)


@pytest.fixture
def bench(command_line: CommandLine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench(command_line)
    out, _ = bench("key", "generate", "--name", NAME, "-o", "key")
    monkeypatch.setenv("AUDITTUI_TRUSTED_KEYS", out.strip())
    yield bench
    bench.store.close()


def test_one_chains_fault_keeps_no_other_from_being_sealed(bench: Bench) -> None:
    for chain in ("a/0", "b/0", "c/0"):
        bench.append(chain, 5)
    bench.tamper("a/0", 3)
    bench.tamper("c/0", 0)
    out, err = bench.seal(code=4)
    assert f"{NAME}/b/0\n5\n" in out
    assert f"{NAME}/a/0\n2\n" in out
    assert "Error: a/0: 3 is MODIFIED" in err
    assert "Sealed up to size 2; nothing beyond was signed." in err
    assert "Error: c/0: 0 is MODIFIED" in err
    assert "2 sealings, 2 not sealed." in err
    assert "including the registry" in err


def test_a_store_fault_of_one_chain_exits_with_an_error(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chain in ("a/0", "b/0"):
        bench.append(chain, 5)
    read = SqliteStore.query

    def query(self: SqliteStore, request: Query, *more: Any) -> Any:
        if request.partition[1] == "entry#a/0":
            raise RuntimeError("unforeseen")
        return read(self, request, *more)

    monkeypatch.setattr(SqliteStore, "query", query)
    out, err = bench.seal(code=1)
    assert f"{NAME}/b/0\n5\n" in out
    assert "Error: a/0: RuntimeError: unforeseen" in err


def test_every_goes_on_with_the_others_and_the_exit_code_tells(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chain in ("a/0", "b/0"):
        bench.append(chain, 5)
    bench.tamper("a/0", 3)
    looks = 0

    def sleep(_: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise KeyboardInterrupt
        bench.append("b/0", 2)

    monkeypatch.setattr(seal_command.time, "sleep", sleep)
    out, err = bench.seal("--every", "1s", "--format", "jsonl", code=4)
    sealed = [json.loads(line) for line in out.splitlines()]
    assert [one["size"] for one in sealed if one.get("chain") == "b/0"] == [5, 7, 9]
    faults = [one for one in sealed if "error" in one]
    assert [(one["chain"], one["exit_code"]) for one in faults] == [("a/0", 4)]
    assert err.count("3 is MODIFIED") == 1


def test_the_result_as_one_array(bench: Bench) -> None:
    assert json.loads(bench.seal("--format", "json")[0]) == []
    bench.append("a/0", 3)
    bench.append("b/0", 3)
    bench.tamper("b/0", 0)
    out, _ = bench.seal("--format", "json", code=4)
    sealed, fault = json.loads(out)
    assert (sealed["chain"], sealed["size"], sealed["added"]) == ("a/0", 3, 3)
    assert sealed["note"].startswith(f"{NAME}/a/0\n3\n")
    assert fault["chain"] == "b/0"
    assert fault["exit_code"] == 4
    assert "jsonl" in bench.seal("--format", "json", "--every", "5m", code=2)[1]


def test_a_chain_that_is_not_there_is_a_usage_error(bench: Bench) -> None:
    bench.append("a/0", 3)
    assert "There is no chain a/O." in bench.seal("--chain", "a/O", code=2)[1]


def test_a_planted_key_does_not_keep_a_chain_from_being_sealed(bench: Bench) -> None:
    bench.append("a/0", 5)
    tampering.overwrite(bench.store, {**bench.item("a/0", 2), "sk": f"{2:020d}x"})
    out, err = bench.seal(code=4)
    assert f"{NAME}/a/0\n5\n" in out
    assert f"not its entries, under {2:020d}x" in err
    bench.append("a/0", 5)
    tampering.overwrite(bench.store, {**bench.item("a/0", 2), "sk": "9" * 20})
    _, err = bench.seal(code=4)
    assert "MISSING: there is no entry 10, but there is one at 99999999999999999999" in err
    assert "Sealed up to size 9; nothing beyond was signed." in err


def test_a_gap_is_signed_and_the_log_goes_on(bench: Bench) -> None:
    bench.append("a/0", 20)
    bench.seal("--chain", "a/0")
    bench.append("a/0", 10)
    bench.delete("a/0", 24, 25)
    _, err = bench.seal(code=4)
    assert "--accept-gap a/0 24..25 --reason TEXT" in err
    assert "4 MISSING" not in err
    out, err = bench.seal("--accept-gap", "a/0", "24..25", "--reason", "lost in INC-7")
    assert f"{NAME}/a/0\n30\n" in out
    assert "2 of them covered by a signed gap, size 30" in err
    out, err = bench("verify", "--all")
    assert out == ""
    assert "a/0 is as it was written: 28 proven under a signed checkpoint, 2 signed as a gap" in err
    out, _ = bench("verify", "a/0", 25)
    assert out.startswith(
        "a/0 25: GAP. seq 25 is gone; a trusted key signed the reason: lost in INC-7"
    )
    assert "ANCHORED" in bench("verify", "a/0", 26)[0]
    bench.append("a/0", 1)
    assert f"{NAME}/a/0\n31\n" in bench.seal()[0]
    # It is signed once, and said again without harm.
    bench("verify", "--all")


def test_a_gap_without_the_key_is_believed_by_nobody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.append("a/0", 10)
    bench.delete("a/0", 4)
    bench.seal("--accept-gap", "a/0", "4..4", "--reason", "lost")
    monkeypatch.delenv("AUDITTUI_TRUSTED_KEYS")
    assert "a/0 4: MISSING." in bench("verify", "--all", code=4)[0]


def test_a_deleted_entry_is_no_gap_because_it_was_sealed(bench: Bench) -> None:
    bench.append("a/0", 10)
    bench.seal()
    bench.delete("a/0", 4)
    _, err = bench.seal("--accept-gap", "a/0", "4..4", "--reason", "x", code=2)
    assert "a sealed entry cannot become a gap" in err
    bench("verify", "--all", code=4)


@pytest.mark.parametrize(
    ("gap", "told"),
    [
        ("3..4", "Entry 3 of a/0 exists"),
        ("5..5", "Entry 4 of a/0 is also gone"),
        ("4..4", "Entry 5 of a/0 is also gone"),
        ("4..x", "not a valid range"),
        ("5..4", "not a valid range"),
        ("4..9999999", "at most 1,000,000"),
    ],
)
def test_only_what_is_gone_can_be_a_gap(bench: Bench, gap: str, told: str) -> None:
    bench.append("a/0", 10)
    bench.delete("a/0", 4, 5)
    assert told in bench.seal("--accept-gap", "a/0", gap, "--reason", "x", code=2)[1]
    assert "Give both" in bench.seal("--accept-gap", "a/0", "4..5", code=2)[1]
    assert "reason" in bench.seal("--accept-gap", "a/0", "4..5", "--reason", "a\nb", code=2)[1]
    assert bench.store.get({"pk": "checkpoint#a/0", "sk": f"gap#{4:020d}"}).item is None


def test_a_chain_whose_unsealed_end_is_gone_goes_on_from_the_gap(bench: Bench) -> None:
    old = {"retention": 60, "clock": lambda: 10**15}
    bench.append("a/0", 3, **old)
    bench.seal()
    bench.append("a/0", 4, **old)
    bench.delete("a/0", *range(7))
    bench.seal("--accept-gap", "a/0", "3..6", "--reason", "expired before they were sealed")
    append = ("append", "--chain", "a/0", "--actor", "a", "--action", "b", "--retention", "1d")
    assert bench(*append)[0].startswith("a/0 7 ")
    prev_hash = decode_body(bench.item("a/0", 7)["body"].encode()).prev_hash
    text = (
        f"audittui-gap/v1\n{NAME}/a/0\ngap 3 6\nexpired before they were sealed\nseq 6\n"
    ).encode()
    assert prev_hash == hash_body(text).hex()
    # The place before it is a gap: that is what it follows from.
    assert bench(*append)[0].startswith("a/0 8 ")
    bench.seal()
    _, err = bench("verify", "--all")
    assert "2 proven under a signed checkpoint, 3 expired as allowed, 4 signed as a gap" in err


def test_an_entry_after_a_gap_at_the_end_is_built_upon(bench: Bench) -> None:
    bench.append("a/0", 10)
    bench.delete("a/0", 8)
    append = ("append", "--chain", "a/0", "--actor", "a", "--action", "b")
    assert "predecessor is absent" in bench(*append, code=4)[1]
    bench.seal("--accept-gap", "a/0", "8..8", "--reason", "lost")
    assert bench(*append)[0].startswith("a/0 10 ")


def test_a_gap_at_the_end_is_gone_on_after(bench: Bench) -> None:
    bench.append("a/0", 6)
    bench.delete("a/0", 4, 5)
    bench.seal("--accept-gap", "a/0", "4..5", "--reason", "lost")
    append = ("append", "--chain", "a/0", "--actor", "a", "--action", "b")
    assert bench(*append)[0].startswith("a/0 6 ")
    assert bench(*append)[0].startswith("a/0 7 ")
    bench.seal()
    assert "6 proven under a signed checkpoint, 2 signed as a gap" in bench("verify", "--all")[1]


def test_nothing_takes_the_place_of_a_sealed_entry_that_was_deleted(bench: Bench) -> None:
    bench.append("a/0", 6)
    bench.seal()
    bench.delete("a/0", 4, 5)
    append = ("append", "--chain", "a/0", "--actor", "a", "--action", "b")
    _, err = bench(*append, code=4)
    assert "ends at entry 3, but a trusted key signed entries up to 5" in err
    assert not bench.item("a/0", 4)


def test_what_expired_first_at_the_end_is_gone_on_after(bench: Bench) -> None:
    """TTL deletes in any order: the last ones may go before the others."""
    old = {"retention": 60, "clock": lambda: 10**15}
    bench.append("a/0", 6, **old)
    bench.seal()
    bench.delete("a/0", 4, 5)
    append = ("append", "--chain", "a/0", "--actor", "a", "--action", "b", "--retention", "1d")
    assert bench(*append)[0].startswith("a/0 6 ")
    bench.seal()
    bench("verify", "--all")


def test_what_is_appended_and_sealed_while_the_end_is_read_is_no_fault(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audittui import tip

    bench.append("a/0", 2)
    bench.seal()
    last_two, meanwhile = tip._last_two, [True]

    def late(store: Any, chain: str) -> Any:
        found = last_two(store, chain)
        if meanwhile.pop() if meanwhile else False:
            bench.append("a/0", 2)
            bench.seal()
        return found

    monkeypatch.setattr(tip, "_last_two", late)
    out, _ = bench("append", "--chain", "a/0", "--actor", "a", "--action", "b")
    assert out.startswith("a/0 4 ")


def test_a_chain_is_exported_with_its_gaps(bench: Bench) -> None:
    bench.append("a/0", 10)
    bench.delete("a/0", 4)
    bench.seal("--accept-gap", "a/0", "4..4", "--reason", "lost")
    bench("tlog", "export", "log", "--chain", "a/0")
    data = Path("log/tile/entries/000.p/10").read_bytes()
    leaf = f"audittui-gap/v1\n{NAME}/a/0\ngap 4 4\nlost\nseq 4\n".encode()
    assert len(leaf).to_bytes(2, "big") + leaf in data
    hashes = Path("log/tile/0/000.p/10").read_bytes()
    assert hashes[4 * 32 : 5 * 32] == hash_body(leaf)


@pytest.mark.parametrize("size", [300, 0])
def test_a_planted_tile_is_named_and_replaced(bench: Bench, size: int) -> None:
    if size:
        bench.append("a/0", size)
        bench.seal()
    bench.append("a/0", 300)
    path = "tile/0/001" if size else "tile/0/000"
    key = {"pk": "tile#a/0", "sk": path}
    tampering.overwrite(bench.store, {**key, "hashes": bytes(8192)})
    _, err = bench.seal(code=4)
    assert f"{path} of a/0 are not those of the entries" in err
    out, _ = bench("verify", "--all", code=4)
    assert f"The tile {path} was planted or changed." in out
    _, err = bench.seal("--chain", "a/0", "--replace-tile", path)
    assert f"a/0: {path} was rewritten." in err
    assert f"size {size + 300}" in bench.seal()[1]
    _, err = bench("verify", "--all")
    assert f"{size + 300} proven" in err


def test_a_planted_tile_beyond_the_entries_is_named(bench: Bench) -> None:
    bench.append("a/0", 10)
    bench.seal()
    tampering.overwrite(
        bench.store, {"pk": "tile#a/0", "sk": "tile/0/000.p/99", "hashes": bytes(99 * 32)}
    )
    out, _ = bench("verify", "--all", code=4)
    assert "The tile tile/0/000.p/99 was planted or changed." in out
    replace = ("--chain", "a/0", "--replace-tile", "tile/0/000.p/99")
    assert "lies beyond the entries" in bench.seal(*replace, code=2)[1]
    bench.append("a/0", 100)
    assert "was rewritten" in bench.seal(*replace)[1]
    bench.seal()
    bench("verify", "--all")


def test_a_tile_that_a_killed_sealer_left_is_no_fault(bench: Bench) -> None:
    bench.append("a/0", 10)
    bench.seal()
    bench.append("a/0", 10)
    data = b"".join(bench.item("a/0", seq)["hash"] for seq in range(15))
    tampering.overwrite(bench.store, {"pk": "tile#a/0", "sk": "tile/0/000.p/15", "hashes": data})
    bench("verify", "--all")


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"])
def test_a_changed_tile_of_the_signed_tree_is_replaced(bench: Bench, path: str) -> None:
    bench.append("a/0", 300)
    bench.seal()
    key = {"pk": "tile#a/0", "sk": path}
    genuine = dict(bench.store.get(key).item or {})
    tampering.overwrite(bench.store, {**key, "hashes": bytes(len(genuine["hashes"]))})
    bench("verify", "--all", code=4)
    bench.seal("--chain", "a/0", "--replace-tile", path)
    assert bench.store.get(key).item == genuine
    bench("verify", "--all")
    _, err = bench.seal("--chain", "a/0", "--replace-tile", path)
    assert "nothing was written" in err


def test_a_tile_is_not_replaced_by_what_was_not_sealed(bench: Bench) -> None:
    bench.append("a/0", 300)
    bench.seal()
    bench.tamper("a/0", 7)
    key = {"pk": "tile#a/0", "sk": "tile/0/000"}
    tampering.overwrite(bench.store, {**key, "hashes": bytes(8192)})
    _, err = bench.seal("--chain", "a/0", "--replace-tile", "tile/0/000", code=4)
    assert "does not lead to the signed root" in err
    assert (bench.store.get(key).item or {})["hashes"] == bytes(8192)
    bench.delete("a/0", 7)
    _, err = bench.seal("--chain", "a/0", "--replace-tile", "tile/0/000", code=4)
    assert "Entry 7 of a/0 is gone" in err


@pytest.mark.parametrize("path", ["tile/0/1", "tile/entries/000", "x", "tile/0/000.p/9"])
def test_what_is_no_tile_of_the_tree_is_not_replaced(bench: Bench, path: str) -> None:
    bench.append("a/0", 10)
    bench.seal()
    bench.seal("--chain", "a/0", "--replace-tile", path, code=2)
    bench.seal("--replace-tile", "tile/0/000", code=2)


def test_one_entry_that_is_as_the_one_before_is_no_range(bench: Bench) -> None:
    bench.append("a/0", 2)
    bench.seal()
    key = {"pk": "tile#a/0", "sk": "tile/0/000.p/2"}
    tampering.overwrite(bench.store, {**key, "hashes": bytes(64)})
    out, _ = bench("verify", "--chain", "a/0", code=4)
    assert "a/0 1: UNVERIFIABLE, the same\n" in out
