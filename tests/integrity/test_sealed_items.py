"""Tiles and checkpoints as the table holds them: written once, given as they are."""

from __future__ import annotations

import pytest

from audittui.errors import IntegrityError, StoreError
from audittui.integrity.sealed_log import SealedLog
from audittui.integrity.tlog.tile import Tile
from audittui.layout import load_layout
from audittui.store.port import PATIENT, Page, Patience, Query
from audittui.store.sqlite import SqliteStore

CHAIN = "payments/0"
HASHES = b"h" * 32


class Strict(SqliteStore):
    """Refuses a range that is upside down, as DynamoDB does."""

    def query(self, request: Query, patience: Patience = PATIENT) -> Page:
        if str(request.low or "") > str(request.high or "~"):
            raise StoreError("The BETWEEN operator requires upper bound >= lower bound.")
        return super().query(request, patience)


def sealed_in(page_bytes: int = 1_000_000) -> tuple[Strict, SealedLog]:
    layout = load_layout("native")
    store = Strict(":memory:", layout, create=True, page_bytes=page_bytes)
    return store, SealedLog(store, CHAIN)


def test_a_tile_is_given_as_it_was_written() -> None:
    store, sealed = sealed_in()
    here, absent, odd = Tile(0, 0), Tile(0, 1), Tile(1, 0)
    sealed.put_tile(here, HASHES)
    store.put_new({"pk": f"tile#{CHAIN}", "sk": odd.path, "hashes": "no bytes"})
    assert sealed.tiles([here, absent, odd]) == {here: HASHES, absent: None, odd: b""}
    assert sealed.tile(here) == HASHES and sealed.tile(absent) is None


def test_a_tile_is_never_written_over_by_other_hashes() -> None:
    _, sealed = sealed_in()
    sealed.put_tile(Tile(0, 0), HASHES)
    sealed.put_tile(Tile(0, 0), HASHES)
    with pytest.raises(IntegrityError, match="are not those of the entries"):
        sealed.put_tile(Tile(0, 0), b"x" * 32)
    assert sealed.tile(Tile(0, 0)) == HASHES


def test_replacing_a_tile_says_whether_it_was_wrong() -> None:
    _, sealed = sealed_in()
    assert sealed.replace_tile(Tile(0, 0), b"x" * 32) is True
    assert sealed.replace_tile(Tile(0, 0), HASHES) is True
    assert sealed.replace_tile(Tile(0, 0), HASHES) is False
    assert sealed.tile(Tile(0, 0)) == HASHES


@pytest.mark.parametrize("page_bytes", [100, 1_000_000])
def test_the_tiles_of_a_level_from_one_on(page_bytes: int) -> None:
    store, sealed = sealed_in(page_bytes)
    for level, index in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2)):
        sealed.put_tile(Tile(level, index), bytes([level, index]) * 16)
    store.put_new({"pk": f"tile#{CHAIN}", "sk": "tile/0/malformed", "hashes": HASHES})
    assert [one.index for one, _ in sealed.tiles_from(0, 0)] == [0, 1, 2]
    assert sealed.tiles_from(0, 1) == [
        (Tile(0, 1), bytes([0, 1]) * 16), (Tile(0, 2), bytes([0, 2]) * 16),
    ]  # fmt: skip
    assert [one.index for one, _ in sealed.tiles_from(1, 1)] == [2]


def test_there_is_nothing_before_the_first_checkpoint() -> None:
    _, sealed = sealed_in()
    assert [sealed.before(size, limit=2) for size in (-1, 0, 1)] == [[], [], []]


def test_an_item_that_is_no_checkpoint_has_no_size() -> None:
    store, sealed = sealed_in()
    for sk in ("00000000000000000x", "0000000000000000000²"):
        store.put_new({"pk": f"checkpoint#{CHAIN}", "sk": sk, "note": 7})
    assert [(one.size, one.note) for one in sealed.downwards(10)] == [(-1, ""), (-1, "")]
