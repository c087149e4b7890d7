"""What every store promises, on every engine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.layout.model import Layout
from audittui.store.dynamodb import open_table
from audittui.store.port import (
    Condition,
    Key,
    KeyTakenError,
    Query,
    Store,
    TransactionRefusedError,
)
from audittui.store.sqlite import SqliteStore

NATIVE, TELEPORT = load_layout("native"), load_layout("teleport")
MakeStore = Callable[[Layout], Store]
T0 = "2026-11-24T14:00:00.000000Z"


def entry(seq: int, time: str = T0, chain: str = "app/0", **more: Any) -> dict[str, Any]:
    """An item of the native table; None in ``more`` leaves an attribute out."""
    item = {
        "pk": f"entry#{chain}", "sk": f"{seq:020d}", "body": f'{{"seq":{seq}}}',
        "hash": bytes([seq % 256, 0, 255]), "time": time, "actor": "alice", "action": "s3:Get",
        "resource": "b", "outcome": "success", "severity": "info", "bucket": f"{chain}#{time[:10]}",
        **more,
    }  # fmt: skip
    return {name: value for name, value in item.items() if value is not None}


def fill(store: Store, items: Iterable[dict[str, Any]]) -> None:
    for item in items:
        store.put_new(item)


def base(**more: Any) -> Query:
    return Query(**{"index": "", "partition": ("pk", "entry#app/0"), "sort": "sk", **more})


def by_actor(**more: Any) -> Query:
    return Query(**{"index": "by-actor", "partition": ("actor", "alice"), "sort": "time", **more})


def seqs(items: Iterable[Any]) -> list[int]:
    return [int(item["sk"]) for item in items]


def read_all(store: Store, request: Query) -> list[Any]:
    """Every item of a range, page by page."""
    items: list[Any] = []
    start: Key | None = None
    for _ in range(1000):
        values = {name: getattr(request, name) for name in request.__struct_fields__}
        page = store.query(Query(**{**values, "start_key": start}))
        assert request.limit is None or page.scanned <= request.limit
        items += page.items
        start = page.last_key
        if start is None:
            return items
    raise AssertionError("the pages have no end")


def test_an_item_comes_back_as_it_was_put(store: Store) -> None:
    item = {
        "pk": "p", "sk": "s", "text": "zoë\x00\u202e 🙂", "empty": "", "hash": bytes(range(256)),
        "large": 10**38 - 1, "small": -(10**38 - 1), "zero": 0, "fraction": Decimal("1.25"),
        "tiny": Decimal("1E-30"), "true": True, "false": False, "nothing": None,
        "list": [1, "a", None, [b"x"]], "map": {"a": {"b": [Decimal("0.5")]}},
        "texts": {"a", "b"}, "numbers": {1, 2}, "bytes": {b"a", b"b"},
    }  # fmt: skip
    store.put_new(item)
    found = store.get({"pk": "p", "sk": "s"}).item
    assert found == item
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in item.items()
    }


@pytest.mark.parametrize("consistent", [True, False])
def test_get_of_a_free_key_finds_nothing(store: Store, consistent: bool) -> None:
    assert store.get({"pk": "p", "sk": "s"}, consistent=consistent).item is None


def test_a_put_is_seen_at_once_by_a_consistent_get(store: Store) -> None:
    for seq in range(5):
        store.put_new(entry(seq))
        assert store.get({"pk": "entry#app/0", "sk": f"{seq:020d}"}).item == entry(seq)


def test_a_taken_key_is_refused_with_the_item_that_is_there(store: Store) -> None:
    first = entry(0, numbers={1, 2}, expires_at=1_800_000_000)
    store.put_new(first)
    with pytest.raises(KeyTakenError) as taken:
        store.put_new(entry(0, actor="mallory"))
    assert taken.value.existing == first
    assert store.get({"pk": "entry#app/0", "sk": f"{0:020d}"}).item == first


def test_a_transaction_writes_up_to_100_items(store: Store) -> None:
    store.put_new_many([entry(seq) for seq in range(100)])
    assert seqs(read_all(store, base())) == list(range(100))


def test_more_than_100_items_are_refused_whole(store: Store) -> None:
    with pytest.raises(StoreError) as refused:
        store.put_new_many([entry(seq) for seq in range(101)])
    assert refused.value.kind == "invalid"
    assert read_all(store, base()) == []


def test_no_items_are_no_transaction(store: Store) -> None:
    store.put_new_many([])
    assert read_all(store, base()) == []


def test_a_transaction_writes_nothing_when_one_key_is_taken(store: Store) -> None:
    fill(store, [entry(1, actor="bob"), entry(3, actor="carol")])
    with pytest.raises(TransactionRefusedError) as refused:
        store.put_new_many([entry(seq) for seq in range(5)])
    assert refused.value.existing == (
        None, entry(1, actor="bob"), None, entry(3, actor="carol"), None
    )  # fmt: skip
    assert seqs(read_all(store, base())) == [1, 3]


def test_one_key_twice_in_a_transaction_is_refused(store: Store) -> None:
    with pytest.raises(StoreError) as refused:
        store.put_new_many([entry(0), entry(0, actor="bob")])
    assert refused.value.kind == "invalid"
    assert read_all(store, base()) == []


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (None, None, [0, 1, 2, 3, 4]),
        (1, 3, [1, 2, 3]),
        (2, 2, [2]),
        (3, None, [3, 4]),
        (None, 1, [0, 1]),
        (5, 9, []),
        (3, 1, []),
    ],
)
def test_a_range_includes_its_bounds_in_both_orders(
    store: Store, low: int | None, high: int | None, expected: list[int], forward: bool
) -> None:
    fill(store, [entry(seq) for seq in (3, 0, 4, 2, 1)] + [entry(9, chain="app/1")])
    low_key, high_key = (None if at is None else f"{at:020d}" for at in (low, high))
    request = base(low=low_key, high=high_key, forward=forward)
    assert seqs(read_all(store, request)) == (expected if forward else expected[::-1])


def test_an_empty_partition_has_one_empty_page(store: Store) -> None:
    for request in (base(), by_actor(), base(limit=5, forward=False, consistent=True)):
        page = store.query(request)
        assert (list(page.items), page.last_key, page.scanned) == ([], None, 0)


def test_an_item_without_an_index_key_is_not_in_the_index(store: Store) -> None:
    bucket = "app/0#2026-11-24"
    fill(store, [entry(0), entry(1, outcome="denied", failed_bucket=bucket), entry(2, actor=None)])
    failures = Query(index="by-failure", partition=("failed_bucket", bucket), sort="time")
    assert seqs(read_all(store, failures)) == [1]
    assert sorted(seqs(read_all(store, by_actor()))) == [0, 1]


@pytest.mark.parametrize("index", [index.name for index in NATIVE.indexes])
def test_an_index_gives_its_keys_and_its_projection_and_nothing_else(
    store: Store, index: str
) -> None:
    bucket = "app/0#2026-11-24"
    item = entry(0, failed_bucket=bucket, request_id="r", source_ip="::1", reason="x", extra="e")
    store.put_new(item)
    found = next(one for one in NATIVE.indexes if one.name == index)
    attribute = found.partition.attribute
    page = store.query(Query(index=index, partition=(attribute, item[attribute]), sort="time"))
    held = {"pk", "sk", attribute, "time", *found.projection}
    assert page.items == [{name: value for name, value in item.items() if name in held}]
    assert not {"body", "extra"} & set(page.items[0])


def test_a_projection_gives_the_attributes_that_are_there(store: Store) -> None:
    store.put_new(entry(0))
    names = ("sk", "hash", "outcome", "reason", "sk")
    expected = [{"sk": f"{0:020d}", "hash": entry(0)["hash"], "outcome": "success"}]
    assert store.query(base(attributes=names)).items == expected
    assert store.query(by_actor(attributes=names)).items == expected


def test_an_attribute_that_the_index_lacks_cannot_be_asked_for(engine: str, store: Store) -> None:
    if engine == "moto":
        pytest.skip("moto leaves such attributes out without a word")
    with pytest.raises(StoreError) as refused:
        store.query(by_actor(attributes=("sk", "body")))
    assert refused.value.kind == "invalid"


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9])
def test_paging_reaches_every_item_once(store: Store, limit: int, forward: bool) -> None:
    times = [f"2026-11-24T14:00:0{second}.000000Z" for second in (0, 1, 1, 1, 2, 2, 3, 3)]
    fill(store, [entry(seq, time) for seq, time in enumerate(times)])
    in_order = list(range(8)) if forward else list(range(7, -1, -1))
    assert seqs(read_all(store, base(limit=limit, forward=forward))) == in_order
    found = read_all(store, by_actor(limit=limit, forward=forward))
    assert sorted(seqs(found)) == list(range(8))
    assert [item["time"] for item in found] == sorted(times, reverse=not forward)
    middle = by_actor(limit=limit, forward=forward, low=times[1], high=times[5])
    assert sorted(seqs(read_all(store, middle))) == [1, 2, 3, 4, 5]


@settings(max_examples=60)
@given(
    seconds=st.lists(st.integers(0, 4), max_size=25),
    bounds=st.tuples(st.none() | st.integers(0, 4), st.none() | st.integers(0, 4)),
    limit=st.none() | st.integers(1, 27),
    page_bytes=st.sampled_from([200, 900, 1_048_576]),
    forward=st.booleans(),
)
def test_any_paging_of_the_embedded_store_reaches_every_item_once(
    seconds: list[int],
    bounds: tuple[int | None, int | None],
    limit: int | None,
    page_bytes: int,
    forward: bool,
) -> None:
    store = SqliteStore(":memory:", NATIVE, page_bytes=page_bytes)
    times = [f"2026-11-24T14:00:0{second}.000000Z" for second in range(5)]
    store.put_new_many([entry(seq, times[second]) for seq, second in enumerate(seconds)])
    low, high = (None if at is None else times[at] for at in bounds)
    found = read_all(store, by_actor(low=low, high=high, limit=limit, forward=forward))
    expected = [
        seq
        for seq, second in enumerate(seconds)
        if (low is None or low <= times[second]) and (high is None or times[second] <= high)
    ]
    assert sorted(seqs(found)) == expected
    assert [item["time"] for item in found] == sorted(
        (times[seconds[seq]] for seq in expected), reverse=not forward
    )
    store.close()


@pytest.mark.parametrize("forward", [True, False])
def test_110_equal_sort_keys_paged_by_7_lose_nothing(store: Store, forward: bool) -> None:
    fill(store, [entry(seq) for seq in range(110)])
    found = read_all(store, by_actor(limit=7, forward=forward, low=T0, high=T0))
    assert sorted(seqs(found)) == list(range(110))


def test_a_filter_runs_after_the_limit(store: Store) -> None:
    fill(store, [entry(seq, outcome="denied" if seq == 5 else "success") for seq in range(8)])
    denied = (Condition("outcome", "in", ("denied",)),)
    first = store.query(base(limit=4, filters=denied))
    assert (list(first.items), first.scanned) == ([], 4)
    second = store.query(base(limit=4, filters=denied, start_key=first.last_key))
    assert (seqs(second.items), second.scanned) == ([5], 4)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([("in", ("a", "b"))], [0, 1]),
        ([("not_in", ("a",))], [1, 2, 3]),
        ([("in", ())], []),
        ([("not_in", ())], [0, 1, 2, 3]),
        ([("in", ("a", "b")), ("not_in", ("a",))], [1]),
        ([("not_in", ("a",)), ("not_in", ("b", "c"))], [3]),
        ([("in", ("b", "b", "x"))], [1]),
        ([("in", tuple(f"x{n}" for n in range(150)))], []),
        ([("in", (*(f"x{n}" for n in range(250)), "c"))], [2]),
        ([("not_in", (*(f"x{n}" for n in range(250)), "c"))], [0, 1, 3]),
    ],
)
def test_filters(store: Store, filters: list[tuple[Any, Any]], expected: list[int]) -> None:
    fill(store, [entry(seq, reason=reason) for seq, reason in enumerate(["a", "b", "c", None])])
    conditions = tuple(Condition("reason", operator, values) for operator, values in filters)
    for request in (base(filters=conditions), by_actor(filters=conditions)):
        page = store.query(request)
        assert (sorted(seqs(page.items)), page.scanned) == (expected, 4)


def test_nothing_in_a_value_is_an_expression(store: Store) -> None:
    hostile = "a) OR attribute_exists(pk) --"
    fill(store, [entry(0, reason="a"), entry(1, reason=hostile)])
    assert seqs(store.query(base(filters=(Condition("reason", "in", (hostile,)),))).items) == [1]
    assert store.query(by_actor(partition=("actor", hostile))).items in ([], ())


def test_a_page_ends_at_one_megabyte(engine: str, store: Store) -> None:
    fill(store, [entry(seq, body="x" * 50_000) for seq in range(40)])
    first = store.query(base())
    assert first.last_key is not None
    # moto and DynamoDB Local are an item off, here and there.
    assert 19 <= first.scanned == len(first.items) <= 22
    assert seqs(read_all(store, base())) == list(range(40))
    assert sorted(seqs(read_all(store, by_actor()))) == list(range(40))
    if engine.startswith("sqlite"):
        # The index holds no bodies, so that one page takes them all. The emulators count whole
        # items here, the service does not.
        assert store.query(by_actor()).scanned == 40


def test_numbers_sort_as_numbers(make_store: MakeStore) -> None:
    store = make_store(TELEPORT)
    order = [0, 2, 10, 100, 1_700_000_000]
    fill(
        store,
        [
            {
                "SessionID": "s", "EventIndex": at, "EventType": "exec",
                "CreatedAtDate": "2023-11-14", "CreatedAt": 1_700_000_000 + at % 3,
                "Fields": "{}", "Expires": 1_800_000_000,
            }
            for at in reversed(order)
        ],
    )  # fmt: skip
    request = Query(index="", partition=("SessionID", "s"), sort="EventIndex", limit=2)
    found = read_all(store, request)
    assert [item["EventIndex"] for item in found] == order
    assert all(type(item["EventIndex"]) is int for item in found)
    between = Query(index="", partition=("SessionID", "s"), sort="EventIndex", low=2, high=10)
    assert [item["EventIndex"] for item in read_all(store, between)] == [2, 10]
    by_time = Query(
        index="timesearchV2", partition=("CreatedAtDate", "2023-11-14"), sort="CreatedAt",
        low=1_700_000_001, high=1_700_000_002, limit=1, forward=False,
    )  # fmt: skip
    found = read_all(store, by_time)
    assert [item["CreatedAt"] for item in found] == sorted(
        (1_700_000_000 + at % 3 for at in order if at % 3), reverse=True
    )
    assert all(item["Fields"] == "{}" for item in found)


def test_indexes_are_not_read_consistently(store: Store) -> None:
    with pytest.raises(StoreError) as refused:
        store.query(by_actor(consistent=True))
    assert refused.value.kind == "invalid"


def test_an_index_that_is_not_there_is_refused(engine: str, store: Store) -> None:
    with pytest.raises(StoreError) as refused:
        store.query(by_actor(index="by-colour"))
    # moto answers as for a table that is not there.
    assert refused.value.kind == ("missing_table" if engine == "moto" else "invalid")


def test_describe_lists_the_indexes_and_names_the_place(store: Store) -> None:
    fill(store, [entry(0), entry(1)])
    described = store.describe()
    assert {index.name for index in described.indexes} == {one.name for one in NATIVE.indexes}
    assert described.place == store.place
    assert described.region == store.region


def test_the_lag_of_indexes_is_that_of_the_service(engine: str, store: Store) -> None:
    assert store.index_lag == (0 if engine.startswith("sqlite") else 10_000_000)


def test_a_missing_table_is_said(engine: str, store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError) as missing:
        if engine.startswith("sqlite"):
            SqliteStore(str(tmp_path / "absent.db"), NATIVE)
        else:
            endpoint = os.environ["AUDITTUI_TEST_ENDPOINT"] if "local" in engine else None
            other = open_table("absent", NATIVE, region="eu-west-1", endpoint_url=endpoint)
            other.query(base())
    assert missing.value.kind == "missing_table"
    assert "absent" in missing.value.message
    assert missing.value.hint


def test_a_tile_alone_is_written_over(store: Store) -> None:
    tile = {"pk": "tile#app/0", "sk": "tile/0/000", "hashes": b"1" * 32}
    store.put_new(tile)
    store.replace_tile({**tile, "hashes": b"2" * 32})
    assert store.get(tile).item == {**tile, "hashes": b"2" * 32}
    store.put_new(entry(0))
    for item in (entry(0, actor="mallory"), {"pk": "chains", "sk": "app/0"}):
        with pytest.raises(StoreError, match="Only a tile can be overwritten"):
            store.replace_tile(item)
    assert read_all(store, base())[0]["actor"] == "alice"


def test_a_reader_writes_no_tile_over(tmp_path: Path) -> None:
    tile = {"pk": "tile#app/0", "sk": "tile/0/000", "hashes": b"2" * 32}
    path = str(tmp_path / "case.db")
    SqliteStore(path, NATIVE, create=True).close()
    table = open_table(
        "audit-log", NATIVE, region="eu-west-1", read_only=True,
        endpoint_url="http://127.0.0.1:9",
    )  # fmt: skip
    for reader in (SqliteStore(path, NATIVE, read_only=True), table):
        with pytest.raises(StoreError) as refused:
            reader.replace_tile(tile)
        assert refused.value.kind == "permission"
        reader.close()


def test_a_read_only_file_is_read_and_not_written(tmp_path: Path) -> None:
    path = str(tmp_path / "case.db")
    writable = SqliteStore(path, NATIVE, create=True)
    writable.put_new(entry(0))
    reader = SqliteStore(path, NATIVE, read_only=True)
    for write in (reader.put_new, lambda item: reader.put_new_many([item])):
        with pytest.raises(StoreError) as refused:
            write(entry(1))
        assert refused.value.kind == "permission"
    assert seqs(read_all(reader, base())) == [0]
    reader.close()
    writable.close()
