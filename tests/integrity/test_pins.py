"""What a machine has seen of a log is demanded of it from then on, and only grows."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.entry import Draft
from audittui.errors import StoreError
from audittui.integrity.pins import Pin, Pins
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.sealing.sealer import Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tlog.checkpoint import Checkpoint
from audittui.integrity.tlog.keys import LogSigner, SignerKey, new_signer_key
from audittui.integrity.tlog.note import sign_note
from audittui.integrity.trust import Trust, origin_of
from audittui.integrity.verifying.sweep import verify_chain
from audittui.store.identity import TableIdentity
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests.integrity.bench import KEY, LAYOUT, SECOND, Bench

CHAIN = "payments/0"
ORIGIN = f"audit.example.com/{CHAIN}"
TABLE = TableIdentity("id", "/log.db", "log.db")


def note(size: int, root: int = 0, key: SignerKey = KEY, chain: str = CHAIN) -> str:
    origin = origin_of(key.name, chain)
    text = Checkpoint(origin, size, bytes([root] * 32)).text
    return sign_note(text, [LogSigner(origin, key)]).encoded().decode()


def pin(size: int, root: int = 0) -> Pin:
    return Pin(CHAIN, ORIGIN, note(size, root), (TABLE,))


def rewritten(bench: Bench, key: SignerKey, count: int = 12) -> None:
    """Replace the log by another one, sealed with ``key``."""
    bench.destroy(CHAIN)
    bench.append(count=count, reason="rewritten")
    bench.seal(key=key)


def test_a_log_rewritten_under_a_second_trusted_key_is_rewritten(bench: Bench) -> None:
    bench.append()
    bench.seal()
    bench.trust(KEY, SECOND)
    bench("verify", "--all")
    rewritten(bench, SECOND)
    out, err = bench("verify", "--all", code=4)
    assert "REWRITTEN" in out and "12 REWRITTEN" in err
    assert "REWRITTEN" in bench("verify", CHAIN, 3, code=4)[0]
    # And so where the first key has been retired from the configuration since.
    bench.trust(SECOND)
    assert "12 REWRITTEN" in bench("verify", "--all", code=4)[1]


def test_a_key_of_another_name_may_go_on_with_the_same_log(bench: Bench) -> None:
    bench.append()
    bench.seal()
    bench.trust(KEY, SECOND)
    bench("verify", "--all")
    bench.append(count=3)
    store = bench.open()
    Sealer(store, LAYOUT, CHAIN, SECOND, trusted=(KEY.verifier,)).seal()
    store.close()
    assert "15 proven" in bench("verify", "--all")[1]
    bench.trust(SECOND)
    assert "15 proven" in bench("verify", "--all")[1]


def test_a_chain_that_was_pinned_must_exist(bench: Bench) -> None:
    for chain in ("a/0", CHAIN):
        bench.append(chain)
        bench.seal(chain)
    bench.trust(KEY)
    bench("verify", "--all")
    bench.destroy(CHAIN)
    out, err = bench("verify", "--all", code=4)
    assert f"{CHAIN} 0: TRUNCATED." in out
    assert f"{CHAIN} is NOT as it was written" in err and "a/0 is as it was written" in err
    assert any(
        one["chain"] == CHAIN and one["failed"] for one in bench.lines("verify", "--all", code=4)
    )
    assert "TRUNCATED" in bench("verify", "--chain", CHAIN, code=4)[0]
    bench.destroy("a/0")
    _, err = bench("verify", "--all", code=4)
    assert err.count("is NOT as it was written") == 2


@pytest.mark.parametrize("since", ["0", "last"])
def test_a_chain_that_was_verified_must_exist(bench: Bench, since: str) -> None:
    for chain in ("a/0", CHAIN):
        bench.append(chain)
    bench("verify", "--all")
    bench.destroy(CHAIN)
    out, err = bench("verify", "--all", "--since", since, code=4)
    assert "TRUNCATED" in out and f"{CHAIN} is NOT as it was written" in err
    assert "verified here up to entry 11" in out
    bench("verify", "--chain", CHAIN, "--since", since, code=4)
    assert "There is no chain b/0" in bench("verify", "--chain", "b/0", code=2)[1]


def test_a_chain_without_a_record_in_the_registry_is_found_by_its_pin(bench: Bench) -> None:
    bench.append("a/0")
    bench.append()
    bench("verify", "--all")
    bench.delete({"pk": "chains", "sk": CHAIN})
    out, _ = bench("verify", "--all", code=4)
    assert f"{CHAIN} 0: INDEX MISMATCH." in out


def test_pins_of_another_table_name_no_chain_of_this_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.append()
    bench.seal()
    bench.trust(KEY)
    bench("verify", "--all")
    monkeypatch.setenv("AUDITTUI_STORE", str(bench.folder / "other.db"))
    bench.path = bench.folder / "other.db"
    bench.append("a/0")
    bench.seal("a/0")
    _, err = bench("verify", "--all")
    assert "it has pinned 1 chains of other tables" in err
    # A log of the same name is the same log, wherever it lies: a copy that was restored must
    # extend what was seen.
    bench.append(CHAIN, reason="other")
    bench.seal()
    assert "REWRITTEN" in bench("verify", "--all", code=4)[0]
    assert f"There is no chain {CHAIN}" in _gone(bench)


def _gone(bench: Bench) -> str:
    bench.destroy(CHAIN)
    for path in bench.state.rglob("*.pin"):
        path.unlink()
    return bench("verify", "--chain", CHAIN, code=2)[1]


def test_a_store_that_was_replaced_by_another_is_held_against_what_was_seen(bench: Bench) -> None:
    bench.append()
    bench.append("a/0")
    bench("verify", "--all")
    for path in bench.folder.glob("log.db*"):
        path.unlink()
    bench.append("a/0", 20)
    out, _ = bench("verify", "--all", "--since", "last", code=4)
    assert "a/0 11: REWRITTEN." in out
    assert f"{CHAIN} 0: TRUNCATED." in out


def test_two_stores_of_one_name_have_marks_of_their_own(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.append(count=12)
    bench("verify", "--all")
    (bench.folder / "more").mkdir()
    bench.path = bench.folder / "more" / "log.db"
    monkeypatch.setenv("AUDITTUI_STORE", str(bench.path))
    bench.append(count=14)
    assert len(bench.lines("verify", "--chain", CHAIN, "--since", "last")) == 14
    assert len(bench.lines("verify", "--chain", CHAIN, "--since", "last")) == 0
    monkeypatch.setenv("AUDITTUI_STORE", str(bench.folder / "log.db"))
    assert len(bench.lines("verify", "--chain", CHAIN, "--since", "last")) == 0


def test_a_log_that_changed_below_the_mark_is_told(bench: Bench) -> None:
    bench.append()
    bench("verify", "--all")
    bench.destroy(CHAIN)
    bench.append(count=20, reason="rewritten")
    out, _ = bench("verify", "--all", "--since", "last", code=4)
    assert f"{CHAIN} 11: REWRITTEN. entry 11 is not the one last verified here" in out
    bench.destroy(CHAIN)
    bench.append(count=5)
    out, _ = bench("verify", "--all", "--since", "last", code=4)
    assert "TRUNCATED. the chain ends at 4, but was verified here up to entry 11" in out


def test_a_sweep_from_the_middle_leaves_no_mark_for_what_it_did_not_read(bench: Bench) -> None:
    bench.append()
    bench("verify", "--all", "--since", 5)
    assert len(bench.lines("verify", "--all", "--since", "last")) == 12
    bench.append(count=2)
    bench("verify", "--all", "--since", 12)
    assert len(bench.lines("verify", "--all", "--since", "last")) == 0


def test_importing_a_fork_leaves_the_pin(bench: Bench) -> None:
    bench.append()
    bench.seal()
    bench.trust(KEY)
    bench("verify", "--all")
    before = {path: path.read_bytes() for path in bench.state.rglob("*.pin")}
    fork = bench.write("fork", note(20, 7))
    _, err = bench("checkpoint", "import", fork, code=4)
    assert "REWRITTEN" in err and "the pin stays" in err
    assert before == {path: path.read_bytes() for path in bench.state.rglob("*.pin")}
    bench("verify", "--all")
    for size in (12, 5):
        bench("checkpoint", "import", bench.write("fork", note(size, 7)), code=4)
        assert before == {path: path.read_bytes() for path in bench.state.rglob("*.pin")}
    # A fork that lies in the table as well: it is the imported one, and not what was seen.
    rewritten(bench, KEY, 20)
    fork.write_text(bench.get({"pk": f"checkpoint#{CHAIN}", "sk": f"{20:020d}"})["note"])
    assert "REWRITTEN" in bench("checkpoint", "import", fork, code=4)[1]
    assert before == {path: path.read_bytes() for path in bench.state.rglob("*.pin")}


def test_importing_what_fits_grows_the_pin(bench: Bench) -> None:
    bench.append()
    first, later = bench.seal(up_to=5), bench.seal()
    bench.trust(KEY)
    bench("checkpoint", "import", bench.write("first", first))
    found = json.loads(
        bench("checkpoint", "import", bench.write("l", later), "--format", "json")[0]
    )
    assert [(one["size"], one["failed"]) for one in found] == [(12, False)]
    assert "A checkpoint of size 12 is already pinned" in bench("checkpoint", "import", "first")[1]
    assert [one.size for one in pins_of(bench)] == [12]


def pins_of(bench: Bench) -> list[Pin]:
    return [one for one in Pins(bench.state / "checkpoints").all() if isinstance(one, Pin)]


def test_a_machine_that_knows_nothing_remembers_an_import_that_the_table_contradicts(
    bench: Bench,
) -> None:
    bench.append()
    bench.seal()
    bench.trust(KEY)
    _, err = bench("checkpoint", "import", bench.write("other", note(12, 7)), code=4)
    assert "Pinned" in err and "REWRITTEN" in err
    bench("verify", "--all", code=4)


def test_a_pin_is_forgotten_with_its_reason(bench: Bench) -> None:
    bench.append()
    bench.seal()
    bench.trust(KEY)
    bench("verify", "--all")
    bench.destroy(CHAIN)
    assert "--reason" in bench("checkpoint", "forget", ORIGIN, code=2)[1]
    assert "is empty" in bench("checkpoint", "forget", ORIGIN, "--reason", " ", code=2)[1]
    _, err = bench("checkpoint", "forget", "audit.example.com/x/0", "--reason", "r", code=2)
    assert f"Pinned logs: {ORIGIN}." in err
    _, err = bench("checkpoint", "forget", ORIGIN, "--reason", "moved to another table")
    assert f"Forgotten: {ORIGIN}, size 12." in err
    bench("verify", "--all")
    (kept,) = (bench.state / "checkpoints" / "forgotten.jsonl").read_text().splitlines()
    assert json.loads(kept)["reason"] == "moved to another table"
    assert json.loads(kept)["origin"] == ORIGIN and "\n12\n" in json.loads(kept)["note"]


def test_a_mark_without_a_pin_is_forgotten_by_its_chain(bench: Bench) -> None:
    bench.append("a/0")
    bench.append()
    bench("verify", "--all")
    bench.destroy(CHAIN)
    bench("verify", "--all", code=4)
    bench("checkpoint", "forget", CHAIN, "--reason", "a test")
    bench("verify", "--all")


@pytest.mark.parametrize(
    ("bytes_", "why"),
    [(b"", "it is empty"), (b"\xff\xfe", "it is not a pin"), (b"{}", "it is not a pin")],
)
def test_a_pin_that_cannot_be_read_is_an_error(bench: Bench, bytes_: bytes, why: str) -> None:
    bench.append()
    bench.append("a/0")
    bench.seal()
    bench.seal("a/0")
    bench.trust(KEY)
    bench("verify", "--all")
    path = Pins(bench.state / "checkpoints").path(ORIGIN, CHAIN)
    path.write_bytes(bytes_)
    _, err = bench("verify", "--all", code=1)
    assert f"cannot be read: {why}" in err and "checkpoint import FILE" in err
    assert "a/0 is as it was written" in err
    assert f"{CHAIN} could not be verified" in err
    out, _ = bench("verify", CHAIN, 1, code=1)
    assert "UNVERIFIABLE" in out and why in out
    bench.destroy(CHAIN)
    assert why in bench("verify", "--all", code=4)[1]


def test_pins_are_for_their_owner_and_kept_by_log(tmp_path: Path) -> None:
    pins = Pins(tmp_path / "pins")
    pins.grow(pin(3))
    assert pins.load(ORIGIN, CHAIN) == pin(3)
    assert pins.load(ORIGIN, "other/0") is None
    assert pins.path(ORIGIN, CHAIN).stat().st_mode & 0o077 == 0
    assert pins.folder.stat().st_mode & 0o077 == 0


def test_a_pin_under_the_name_of_another_is_refused(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    pins.grow(pin(3))
    pins.path("x/payments/0", CHAIN).write_bytes(pins.path(ORIGIN, CHAIN).read_bytes())
    with pytest.raises(StoreError, match="belongs to another log"):
        pins.of_chain(CHAIN)


def test_a_pin_is_swapped_only_for_the_one_that_was_compared(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    assert pins.swap(None, pin(3)) is None
    assert pins.swap(None, pin(4)) == pin(3)
    assert pins.swap(pin(3, 9), pin(4)) == pin(3)
    assert pins.swap(pin(3), pin(2)) == pin(3)
    assert pins.swap(pin(3), pin(4)) is None
    assert pins.load(ORIGIN, CHAIN) == pin(4)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=12))
def test_pins_only_grow(tmp_path_factory: pytest.TempPathFactory, sizes: list[int]) -> None:
    pins = Pins(tmp_path_factory.mktemp("pins"))
    for at in range(len(sizes)):
        pins.grow(pin(sizes[at]))
        found = pins.load(ORIGIN, CHAIN)
        assert found is not None and found.size == max(sizes[: at + 1])


def test_many_at_once_leave_the_largest(tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    threads = [
        threading.Thread(target=lambda size=size: pins.grow(pin(size))) for size in range(1, 25)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = pins.load(ORIGIN, CHAIN)
    assert found is not None and found.size == 24


class Overtaken:
    """A store that lets something happen just before it is asked for checkpoints."""

    def __init__(self, store: SqliteStore, happen: Any) -> None:
        self._store = store
        self._happen = [happen]

    def query(self, request: Any, *more: Any) -> Any:
        page = self._store.query(request, *more)
        if request.partition[1].startswith("checkpoint#") and self._happen:
            self._happen.pop()()
        return page

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_another_process_that_seals_and_pins_meanwhile_raises_no_alarm(tmp_path: Path) -> None:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    log = AuditLog(store, CHAIN)
    log.append_many([Draft(actor="a", action="b")] * 12)
    pins = Pins(tmp_path)
    Sealer(store, LAYOUT, CHAIN, KEY, pins=pins).seal(up_to=10)

    def overtake() -> None:
        Sealer(store, LAYOUT, CHAIN, KEY, pins=pins).seal()

    settings = VerificationSettings(Trust((KEY.verifier,)), pins)
    swept = list(verify_chain(Overtaken(store, overtake), LAYOUT, CHAIN, settings=settings))  # type: ignore[arg-type]
    assert [one.verdict for one in swept] == ["ANCHORED"] * 10 + ["CHAINED"] * 2
    assert not any(one.failed for one in swept)
    assert [one.size for one in pins.of_chain(CHAIN)] == [12]
    log.append_many([Draft(actor="a", action="b")] * 3)
    # A sealer, too, is overtaken between its look at the table and its look at the pin.
    late = Sealer(Overtaken(store, overtake), LAYOUT, CHAIN, KEY, pins=pins)  # type: ignore[arg-type]
    assert late.seal().size == 15
    assert [one.size for one in pins.of_chain(CHAIN)] == [15]
    store.close()


def test_a_reader_in_doubt_pins_nothing(bench: Bench) -> None:
    bench.append()
    good = bench.seal()
    bench.trust(KEY)
    junk = new_signer_key("audit.example.com")
    bench.put({"pk": f"checkpoint#{CHAIN}", "sk": f"{20:020d}", "note": note(20, 1, junk)})
    bench("verify", "--all", code=4)
    bench("verify", CHAIN, 3, code=4)
    assert not pins_of(bench)
    assert good


def test_a_genuine_checkpoint_under_many_junk_ones_is_found(bench: Bench) -> None:
    bench.append()
    bench.seal()
    bench.trust(KEY)
    for size in range(20, 160):
        bench.put({"pk": f"checkpoint#{CHAIN}", "sk": f"{size:020d}", "note": "junk\n"})
    bench.put({"pk": f"checkpoint#{CHAIN}", "sk": f"{15:020d}x", "note": "junk\n"})
    found = bench.lines("verify", "--all", code=4)
    assert {one["verdict"] for one in found} == {"ANCHORED"}
    assert all(one["failed"] for one in found)
    assert "doubtful" in bench("verify", "--all", code=4)[1]


def test_an_old_checkpoint_under_a_larger_size_is_not_believed(bench: Bench) -> None:
    bench.append()
    old = bench.seal(up_to=5)
    bench.trust(KEY)
    bench.put({"pk": f"checkpoint#{CHAIN}", "sk": f"{9:020d}", "note": old})
    out, _ = bench("verify", CHAIN, 3, code=4)
    assert "it is stored under a size other than its own, 5" in out


def _older(size: int, **changes: Any) -> Any:
    def do(bench: Bench) -> None:
        key = {"pk": f"checkpoint#{CHAIN}", "sk": f"{size:020d}"}
        item = bench.get(key)
        bench.put({name: value for name, value in {**item, **changes}.items() if value is not None})

    return do


def _swap_notes(bench: Bench) -> None:
    five, eight = (
        bench.get({"pk": f"checkpoint#{CHAIN}", "sk": f"{size:020d}"}) for size in (5, 8)
    )
    bench.put({**five, "note": eight["note"]})


@pytest.mark.parametrize(
    ("do", "said"),
    [
        (_older(5, note=note(5, 3)), "is not part of the newest one"),
        (_swap_notes, "The checkpoint of size 5 claims size 8"),
        (_older(5, retention="junk"), "The retention of the checkpoint of size 5"),
        (_older(12, retention=None), "The retention of the checkpoint of size 12"),
        (_older(5, sealed_at="soon"), "The checkpoint of size 5 does not say when it was sealed"),
        (_older(12, sealed_at=None), "The checkpoint of size 12 does not say when it was sealed"),
    ],
    ids=["root", "size", "retention", "newest retention", "sealed_at", "newest sealed_at"],
)
def test_what_lies_beside_the_newest_checkpoint_is_looked_at_too(
    bench: Bench, do: Any, said: str
) -> None:
    bench.append()
    for size in (5, 8, 12):
        bench.seal(up_to=size)
    bench.trust(KEY)
    bench("verify", "--all")
    do(bench)
    out, err = bench("verify", "--all", code=4)
    assert said in out
    assert "is doubtful" in err


def test_a_key_that_was_retired_leaves_checkpoints_that_are_no_failure(bench: Bench) -> None:
    bench.append()
    bench.seal(up_to=5)
    store = bench.open()
    Sealer(store, LAYOUT, CHAIN, SECOND, trusted=(KEY.verifier,)).seal()
    store.close()
    bench.trust(SECOND)
    bench("verify", "--all")
    assert [one.size for one in pins_of(bench)] == [12]


def test_which_pins_a_chain_is_held_against(tmp_path: Path) -> None:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    pins = Pins(tmp_path)
    sealed = SealedLog(store, CHAIN)
    here, there = sealed.table, TableIdentity("x", "/x", "x")
    for key, table in ((KEY, there), (SECOND, there), (new_signer_key("third"), here)):
        pins.grow(Pin(CHAIN, origin_of(key.name, CHAIN), note(3, 0, key), (table,)))
    pins.grow(Pin("o/0", origin_of(KEY.name, "o/0"), note(3, 0, KEY, "o/0"), (here,)))
    held = VerificationSettings(Trust((KEY.verifier,)), pins).pinned(sealed)
    assert {one.origin.partition("/")[0] for one in held} == {"audit.example.com", "third"}
    store.close()


def test_which_tables_are_the_same() -> None:
    one = TableIdentity("id", "/a", "a")
    assert one.same(TableIdentity("id", "/b", "b"))
    assert one.same(TableIdentity("other", "/a", "a"))
    assert one.same(TableIdentity("", "", "a"))
    assert not one.same(TableIdentity("other", "/b", "a"))
    assert not TableIdentity().same(TableIdentity())


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.append()
    bench.seal()
    bench.trust(KEY)
    bench("verify", "--all")
    listed = os.listdir

    def refuse(folder: Any) -> list[str]:
        if str(folder).endswith("checkpoints"):
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    _, err = bench("verify", "--all", code=1)
    assert "checkpoints cannot be read: Permission denied" in err


def test_a_mark_that_cannot_be_read_is_told(bench: Bench) -> None:
    bench.append()
    bench("verify", "--all")
    (mark,) = (bench.state / "verified").iterdir()
    mark.write_bytes(b"")
    _, err = bench("verify", "--all", code=1)
    assert f"The record of the last sweep cannot be read from {mark}: it is not a mark." in err


def test_a_sweep_without_a_key_takes_nothing_from_what_was_proven_with_one(bench: Bench) -> None:
    bench.append()
    bench.seal()
    bench.trust(KEY)
    words = ("verify", "--all", "--since", "last", "--require-anchored")
    assert len(bench.lines(*words)) == 12
    bench.append(count=2)
    bench.trust()
    assert len(bench.lines("verify", "--all", "--since", "last")) == 2
    bench.trust(KEY)
    assert [one["seq"] for one in bench.lines(*words)] == [12, 13]


def test_a_registry_that_is_gone_hides_no_chain_that_was_seen(bench: Bench) -> None:
    bench.append("a/0")
    bench.append()
    bench("verify", "--all")
    bench.delete(*({"pk": "chains", "sk": chain} for chain in ("a/0", CHAIN)))
    _, err = bench("verify", "--all", code=4)
    assert err.count("is NOT as it was written: 12 INDEX MISMATCH (first 0)") == 2
    bench.use_state("fresh")
    assert "The log has no chains yet" in bench("verify", "--all")[1]
    bench("verify", "--all", "--expect", CHAIN, code=4)


def test_a_check_that_learns_nothing_leaves_the_pin_alone(tmp_path: Path) -> None:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    AuditLog(store, CHAIN).append_many([Draft(actor="a", action="b")] * 3)
    Sealer(store, LAYOUT, CHAIN, KEY).seal()
    settings = VerificationSettings(Trust((KEY.verifier,)), Pins(tmp_path))
    files = []
    for _ in range(2):
        assert {one.verdict for one in verify_chain(store, LAYOUT, CHAIN, settings=settings)} == {
            "ANCHORED"
        }
        (path,) = tmp_path.glob("*-*")
        files.append((path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()))
    assert files[0] == files[1]
    store.close()


def test_another_log_that_is_pinned_meanwhile_is_told(tmp_path: Path) -> None:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    AuditLog(store, CHAIN).append_many([Draft(actor="a", action="b")] * 3)
    Sealer(store, LAYOUT, CHAIN, KEY).seal()
    pins = Pins(tmp_path)
    settings = VerificationSettings(Trust((KEY.verifier,)), pins)
    overtaken = Overtaken(store, lambda: pins.grow(pin(3, root=7)))
    swept = list(verify_chain(overtaken, LAYOUT, CHAIN, settings=settings))  # type: ignore[arg-type]
    assert {one.verdict for one in swept} == {"REWRITTEN"}
    assert [one.note for one in pins.of_chain(CHAIN)] == [note(3, root=7)]
    store.close()
