"""Sealing: what is signed, what is refused, and that it may be killed or run twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.entry import Draft, decode_body, encode_body, hash_body
from audittui.errors import IntegrityError, StoreError
from audittui.integrity.pins import Pins
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.sealing.sealer import Seal, Sealer
from audittui.integrity.settings import VerificationSettings
from audittui.integrity.tlog.keys import LogSigner, new_signer_key
from audittui.integrity.tlog.merkle import root_of
from audittui.integrity.tlog.note import sign_note
from audittui.integrity.tlog.tile import tiles_of_size
from audittui.integrity.tlog.tile_tree import TileTree
from audittui.integrity.trust import Trust, UntrustedError
from audittui.integrity.verifying.signed_tail import signed_tail
from audittui.integrity.verifying.single_entry import verify_entry
from audittui.integrity.verifying.sweep import verify_chain
from audittui.layout import load_layout
from audittui.layout.native import item_of
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from audittui.tip import Tip
from audittui.writer import AuditLog
from tests import tampering

LAYOUT = load_layout("native")
CHAIN = "payments/0"
KEY = new_signer_key("audit.example.com")
TRUST = Trust((KEY.verifier,))
DAY = 86_400


@pytest.fixture
def store() -> Iterator[SqliteStore]:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    yield store
    store.close()


def append(store: SqliteStore, count: int, **options: Any) -> None:
    AuditLog(store, CHAIN, **options).append_many([Draft(actor="a", action="b")] * count)


def sealer(store: Any, **options: Any) -> Sealer:
    return Sealer(store, LAYOUT, CHAIN, KEY, **options)


def leaves(store: SqliteStore) -> list[bytes]:
    page = store.query(Query(index="", partition=("pk", f"entry#{CHAIN}"), sort="sk"))
    assert page.last_key is None
    return [bytes(item["hash"]) for item in page.items]


def overwrite(store: SqliteStore, seq: int, **fields: Any) -> None:
    """Change an entry so that it agrees with itself."""
    item = store.get(LAYOUT.key(CHAIN, seq)).item
    assert item is not None
    entry = msgspec.structs.replace(decode_body(item["body"].encode()), **fields)
    body = encode_body(entry)
    tampering.overwrite(store, item_of(entry, body, hash_body(body)))


@given(st.lists(st.integers(1, 700), min_size=1, max_size=4))
@settings(max_examples=25)
def test_a_tree_of_tiles_has_every_tile_and_the_right_root(steps: list[int]) -> None:
    tree, tiles, all_leaves = TileTree(), {}, []
    for step in steps:
        for _ in range(step):
            leaf = hash_body(str(len(all_leaves)).encode())
            all_leaves.append(leaf)
            tiles.update(tree.append(leaf))
        tiles.update(tree.partial_tiles())
        assert tree.root() == root_of(all_leaves)
        assert set(tiles_of_size(tree.size)) <= set(tiles)
        tree = TileTree.load(tree.size, tiles.__getitem__)
        assert tree.root() == root_of(all_leaves)
        assert tree.last_leaf(tiles.__getitem__) == all_leaves[-1]


def test_a_seal_signs_the_root_of_all_entries(store: SqliteStore) -> None:
    append(store, 300)
    seal = sealer(store).seal()
    assert (seal.size, seal.added, seal.below) == (300, 300, 0)
    checkpoint = TRUST.checkpoint(seal.note, CHAIN)
    assert checkpoint.origin == "audit.example.com/payments/0"
    assert (checkpoint.size, checkpoint.root) == (300, root_of(leaves(store)))
    newest = SealedLog(store, CHAIN).newest()
    assert newest is not None
    assert newest.note == seal.note
    for tile in tiles_of_size(300):
        assert SealedLog(store, CHAIN).tile(tile) is not None


@pytest.mark.parametrize("sizes", [[1], [255, 256, 257], [256, 512], [100, 300, 301, 900]])
def test_a_log_that_is_sealed_in_steps_comes_to_the_same(
    store: SqliteStore, sizes: list[int]
) -> None:
    append(store, sizes[-1])
    for size in sizes:
        seal = sealer(store).seal(up_to=size)
        assert TRUST.checkpoint(seal.note, CHAIN).root == root_of(leaves(store)[:size])
    again = sealer(store).seal()
    assert (again.size, again.added, again.tiles, again.note) == (sizes[-1], 0, 0, seal.note)


def test_an_empty_chain_is_not_sealed(store: SqliteStore) -> None:
    assert sealer(store).seal() == Seal(CHAIN, 0, 0, "", rcu=sealer(store).seal().rcu)


@pytest.mark.parametrize("up_to", [4, 7])
def test_sealing_up_to_what_is_sealed_reads_no_entry(store: SqliteStore, up_to: int) -> None:
    append(store, 9)
    first = sealer(store).seal(up_to=7)
    asked: list[Any] = []

    class Watched:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def query(self, request: Query, *more: Any) -> Any:
            asked.append(request.partition[1])
            return store.query(request, *more)

    again = sealer(Watched()).seal(up_to=up_to)
    assert (again.size, again.added, again.note) == (7, 0, first.note)
    assert asked and f"entry#{CHAIN}" not in asked


def refused(store: SqliteStore, match: str, sealed: int | None = None, **options: Any) -> None:
    """A sealing that meets a fault; ``sealed`` is how far it gets before it (None: nowhere)."""
    newest = SealedLog(store, CHAIN).newest()
    with pytest.raises(IntegrityError, match=match) as caught:
        sealer(store, **options).seal()
    if sealed is None:
        assert "Nothing was signed." in str(caught.value)
        assert SealedLog(store, CHAIN).newest() == newest
    else:
        assert f"Sealed up to size {sealed}; nothing beyond was signed." in str(caught.value)
        assert SealedLog(store, CHAIN).newest().size == sealed  # type: ignore[union-attr]


def test_nothing_is_signed_over_a_fault_nor_right_before_it(store: SqliteStore) -> None:
    append(store, 10)
    sealer(store).seal(up_to=5)
    all_leaves = leaves(store)
    original = store.get(LAYOUT.key(CHAIN, 7)).item
    assert original is not None
    # Which of 6 and 7 was changed when 7 does not follow, nobody can tell.
    overwrite(store, 7, actor="mallory", prev_hash="1" * 64)
    refused(store, "7 is a BROKEN LINK", sealed=6)
    overwrite(store, 7, actor="mallory", prev_hash=all_leaves[6].hex())
    refused(store, "8 is a BROKEN LINK", sealed=7)
    tampering.overwrite(store, {**original, "body": original["body"].replace('"a"', '"c"')})
    refused(store, "7 is MODIFIED")
    tampering.delete(store, LAYOUT.key(CHAIN, 7))
    refused(store, "MISSING: there is no entry 7")
    tampering.overwrite(store, original)
    seal = sealer(store).seal()
    assert seal.size == 10
    assert TRUST.checkpoint(seal.note, CHAIN).root == root_of(all_leaves)


def test_an_entry_written_behind_the_reading_is_sealed(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(store, 4)
    read = store.query

    def query(request: Query) -> Any:
        page = read(request)
        if request.index == "" and request.low == f"{0:020d}" and len(page.items) == 4:
            monkeypatch.undo()
            return msgspec.structs.replace(page, items=[*page.items[:2], *page.items[3:]])
        return page

    monkeypatch.setattr(store, "query", query)
    assert sealer(store).seal().size == 4


def test_the_first_new_entry_must_follow_from_the_last_sealed_one(store: SqliteStore) -> None:
    append(store, 512)
    sealer(store).seal()
    append(store, 1)
    overwrite(store, 512, prev_hash="1" * 64)
    refused(store, "512 is a BROKEN LINK")


def test_tiles_that_were_changed_are_not_built_on(store: SqliteStore) -> None:
    append(store, 300)
    sealer(store).seal()
    append(store, 1)
    for tile in tiles_of_size(300):
        key = {"pk": f"tile#{CHAIN}", "sk": tile.path}
        item = store.get(key).item
        assert item is not None
        tampering.overwrite(store, {**item, "hashes": b"\x00" * 32 + item["hashes"][32:]})
        if tile.full:
            assert sealer(store).seal(up_to=300).size == 300
        else:
            refused(store, "do not lead to the root")
        tampering.delete(store, key)
        if not tile.full:
            refused(store, "is absent")
        tampering.overwrite(store, item)


def test_a_full_tile_in_the_way_is_refused(store: SqliteStore) -> None:
    append(store, 256)
    tampering.overwrite(store, {"pk": f"tile#{CHAIN}", "sk": "tile/0/000", "hashes": bytes(8192)})
    with pytest.raises(IntegrityError, match="are not those of the entries"):
        sealer(store).seal()


def test_another_key_is_not_believed_unless_trusted(store: SqliteStore) -> None:
    append(store, 3)
    sealer(store).seal()
    append(store, 3)
    new = new_signer_key("audit.example.com")
    with pytest.raises(IntegrityError, match="no trusted key signed it"):
        Sealer(store, LAYOUT, CHAIN, new).seal()
    assert Sealer(store, LAYOUT, CHAIN, new, trusted=(KEY.verifier,)).seal().size == 6


def test_a_checkpoint_of_another_chain_is_not_believed(store: SqliteStore) -> None:
    append(store, 3)
    note = sealer(store).seal().note
    with pytest.raises(
        UntrustedError,
        match=r"no trusted key signed it \(it names audit\.example\.com/payments/0\)",
    ):
        TRUST.checkpoint(note, "payments/1")
    with pytest.raises(UntrustedError, match="malformed checkpoint"):
        TRUST.checkpoint(
            sign_note("a\nretention 1 never\n", [LogSigner(f"audit.example.com/{CHAIN}", KEY)])
            .encoded()
            .decode(),
            CHAIN,
        )


def test_a_table_that_was_set_back_is_not_sealed(store: SqliteStore, tmp_path: Path) -> None:
    pins = Pins(tmp_path / "pins")
    append(store, 3)
    sealer(store, pins=pins).seal()
    append(store, 3)
    sealer(store, pins=pins).seal()
    tampering.delete(store, {"pk": f"checkpoint#{CHAIN}", "sk": f"{6:020d}"})
    refused(store, "newest checkpoint is of size 3, but one of size 6 is pinned", pins=pins)
    tampering.delete(store, {"pk": f"checkpoint#{CHAIN}", "sk": f"{3:020d}"})
    refused(store, "has no checkpoint", pins=pins)


def test_a_log_that_was_replaced_is_not_sealed(store: SqliteStore, tmp_path: Path) -> None:
    pins = Pins(tmp_path / "pins")
    append(store, 3)
    sealer(store, pins=pins).seal()
    other = SqliteStore(":memory:", LAYOUT, create=True)
    append(other, 5)
    sealer(other).seal()
    refused(other, "does not extend the pinned one of 3", pins=pins)
    other.close()


def test_a_sealer_that_is_killed_at_any_write_goes_on(store: SqliteStore) -> None:
    append(store, 600)
    sealer(store).seal(up_to=100)
    put = store.put_new
    writes = 0
    while True:
        left = writes

        def dying(item: Any) -> None:
            nonlocal left
            if not left:
                raise StoreError("killed", kind="network")
            left -= 1
            put(item)

        store.put_new = dying  # type: ignore[method-assign]
        try:
            seal = sealer(store).seal()
            break
        except StoreError:
            store.put_new = put  # type: ignore[method-assign]
            newest = SealedLog(store, CHAIN).newest()
            assert newest is not None
            checkpoint = TRUST.checkpoint(newest.note, CHAIN)
            assert checkpoint.root == root_of(leaves(store)[: checkpoint.size])
            writes += 1
    assert writes >= 3
    assert TRUST.checkpoint(seal.note, CHAIN).root == root_of(leaves(store))


def test_two_sealers_at_once_agree(tmp_path: Path) -> None:
    path = str(tmp_path / "log.db")
    store = SqliteStore(path, LAYOUT, create=True)
    append(store, 700)
    seals: list[Seal] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            for size in (100, 256, 300, 700):
                seals.append(sealer(store).seal(up_to=size))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    all_leaves = leaves(store)
    for seal in seals:
        assert TRUST.checkpoint(seal.note, CHAIN).root == root_of(all_leaves[: seal.size])
    store.close()


def test_what_has_expired_is_signed_as_prunable(store: SqliteStore) -> None:
    now = 1_800_000_000 * 10**6

    def clock() -> int:
        return now

    append(store, 5, retention=DAY, clock=clock)
    sealer(store, clock=clock).seal()
    append(store, 5, retention=2 * DAY, clock=clock)
    assert sealer(store, clock=clock).seal().below == 0
    now += DAY * 10**6
    assert sealer(store, clock=clock).seal().below == 5
    now += DAY * 10**6
    assert sealer(store, clock=clock).seal().below == 10
    note = SealedLog(store, CHAIN).prune_note()
    assert TRUST.prune(note, CHAIN).below == 10


def test_what_lives_for_ever_is_never_prunable(store: SqliteStore) -> None:
    append(store, 5)
    sealer(store).seal()
    later = sealer(store, clock=lambda: 9_000_000_000 * 10**6)
    assert later.seal().below == 0


def test_an_expiry_that_decreases_is_refused(store: SqliteStore) -> None:
    append(store, 3, retention=2 * DAY)
    item = store.get(LAYOUT.key(CHAIN, 2)).item
    assert item is not None
    until = decode_body(item["body"].encode()).expires_at
    assert until is not None
    overwrite(store, 2, expires_at=until - 1)
    refused(store, "2 expires before its predecessor", sealed=1)


def test_a_forged_prune_record_or_retention_is_refused(store: SqliteStore) -> None:
    append(store, 3, retention=DAY)
    sealer(store).seal()
    other = new_signer_key("audit.example.com")
    key = {"pk": f"checkpoint#{CHAIN}", "sk": f"prune#{3:020d}"}
    forged = (
        sign_note(
            "audit.example.com/payments/0\nprune 3\n",
            [LogSigner(f"audit.example.com/{CHAIN}", other)],
        )
        .encoded()
        .decode()
    )
    tampering.overwrite(store, {**key, "note": forged})
    refused(store, "prune record cannot be trusted")
    tampering.delete(store, key)
    place = {"pk": f"checkpoint#{CHAIN}", "sk": f"{3:020d}"}
    item = store.get(place).item
    assert item is not None
    tampering.overwrite(store, {**item, "retention": item["note"]})
    refused(store, "retention statement of size 3 cannot be trusted")


def test_a_pin_that_cannot_be_read_is_said(store: SqliteStore, tmp_path: Path) -> None:
    pins = Pins(tmp_path)
    append(store, 1)
    pins.path("audit.example.com/payments/0", "payments/0").write_bytes(b"\xff\xfe")
    with pytest.raises(StoreError, match="pinned checkpoint"):
        sealer(store, pins=pins).seal()


def test_a_chain_that_has_expired_goes_on_from_its_signed_tail(store: SqliteStore) -> None:
    now = 1_800_000_000 * 10**6

    def clock() -> int:
        return now

    def tail(after: int = -1) -> Tip | None:
        found = signed_tail(store, CHAIN, TRUST, after)
        return None if found is None else Tip(found.seq, found.hash.hex(), found.expires_at)

    append(store, 256, retention=DAY, clock=clock)
    last = store.get(LAYOUT.key(CHAIN, 255)).item
    assert last is not None
    sealer(store, clock=clock).seal()
    assert tail() is None
    for seq in range(256):
        tampering.delete(store, LAYOUT.key(CHAIN, seq))
    with pytest.raises(StoreError, match="is empty now"):
        append(store, 1, signed_tail=tail)
    now += 2 * DAY * 10**6
    assert sealer(store, clock=clock).seal().below == 256
    with pytest.raises(StoreError, match="is empty now"):
        append(store, 1)
    append(store, 2, retention=DAY, clock=clock, signed_tail=tail)
    entry = store.get(LAYOUT.key(CHAIN, 256)).item
    assert entry is not None
    assert decode_body(entry["body"].encode()).prev_hash == last["hash"].hex()
    assert sealer(store, clock=clock).seal().size == 258
    settings = VerificationSettings(TRUST)
    verdicts = list(verify_chain(store, LAYOUT, CHAIN, settings=settings, clock=clock))
    assert [(one.seq, one.verdict) for one in verdicts] == [
        *((seq, "EXPIRED") for seq in range(256)), (256, "ANCHORED"), (257, "ANCHORED"),
    ]  # fmt: skip


def test_an_expired_entry_that_is_still_there_is_shown_as_such(store: SqliteStore) -> None:
    append(store, 2, retention=1, clock=lambda: 10**15)
    append(store, 1, retention=10**9)
    expired = [one.expired for one in verify_chain(store, LAYOUT, CHAIN)]
    assert expired == [True, True, False]
    assert [verify_entry(store, LAYOUT, CHAIN, seq).expired for seq in range(3)] == expired


def test_a_forged_tail_is_not_built_on(store: SqliteStore) -> None:
    now = 1_800_000_000 * 10**6
    append(store, 3, retention=DAY, clock=lambda: now)
    later = sealer(store, clock=lambda: now + 2 * DAY * 10**6)
    later.seal()
    key = {"pk": f"tile#{CHAIN}", "sk": "tile/0/000.p/3"}
    tampering.overwrite(store, {**key, "hashes": bytes(96)})
    with pytest.raises(IntegrityError, match="do not lead to the root"):
        signed_tail(store, CHAIN, TRUST)
