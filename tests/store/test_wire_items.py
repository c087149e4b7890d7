"""Items that stay in the answer's bytes say what botocore's parser and `decoded_item` say."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import timestamp
from audittui.aws.place import Place
from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.dynamodb import answer as answer_module
from audittui.store.dynamodb.answer import WireItems, split, watch_answers
from audittui.store.dynamodb.item import WireItem
from audittui.store.dynamodb.store import DynamoStore
from audittui.store.dynamodb.wire import decoded_item, encoded_item
from audittui.store.port import Query

from .answering import Answer, checked, client_answering, page, wire
from .conftest import make_dynamo_store
from .test_wire import values

NATIVE, TELEPORT = load_layout("native"), load_layout("teleport")
PLACE = Place("audit-log", "eu-west-1", "")
QUERY = Query(index="", partition=("pk", "p"), sort="sk")
CALLS = {
    "Query": ("query", {"TableName": "t", "KeyConditionExpression": "a = b"}),
    "Scan": ("scan", {"TableName": "t"}),
    "GetItem": ("get_item", {"TableName": "t", "Key": {"pk": {"S": "p"}}}),
    "BatchGetItem": ("batch_get_item", {"RequestItems": {"t": {"Keys": [{"pk": {"S": "p"}}]}}}),
}

names = st.text(min_size=1, max_size=5) | st.sampled_from(['"', "\\", "Items", "S", "é\n"])
items = st.dictionaries(names, values, max_size=6)
styles = st.fixed_dictionaries(
    {"ensure_ascii": st.booleans(), "indent": st.none() | st.just(2), "sort_keys": st.booleans()}
)


class Pair:
    """Two clients that get the same answer: one as botocore is, one with the items taken out."""

    def __init__(self) -> None:
        self.answer = Answer(b"")
        self.stock = client_answering(lambda _: self.answer)
        self.ours = client_answering(lambda _: self.answer)
        watch_answers(self.ours)

    def ask(self, operation: str, answer: Answer) -> tuple[Any, Any]:
        self.answer = answer
        method, arguments = CALLS[operation]
        return tuple(getattr(one, method)(**arguments) for one in (self.stock, self.ours))  # type: ignore[return-value]


@pytest.fixture(scope="module")
def pair() -> Pair:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        return Pair()


def plain(found: Any) -> Any:
    """An answer with its items decoded, whichever way they came."""
    if isinstance(found, WireItem):
        return dict(found)
    return decoded_item(found)


def answer_to(operation: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    if operation == "GetItem":
        return {"Item": encoded_item(found[0])} if found else {}
    if operation == "BatchGetItem":
        tagged = [encoded_item(item) for item in found]
        return {"Responses": {"t": tagged, "u": tagged[:1]}, "UnprocessedKeys": {}}
    return page(found, LastEvaluatedKey={"pk": {"S": "é"}, "hash": {"B": b"\x00"}})


@pytest.mark.parametrize("operation", CALLS)
@settings(max_examples=60)
@given(found=st.lists(items, max_size=3), style=styles)
def test_both_parsers_give_the_same_answer(
    pair: Pair, operation: str, found: list[dict[str, Any]], style: dict[str, Any]
) -> None:
    answer = wire(answer_to(operation, found), **style)
    stock, ours = pair.ask(operation, checked(answer))
    if operation == "GetItem":
        assert ("Item" in ours) == bool(found)
        if found:
            assert type(ours["Item"]) is WireItem
            assert plain(stock.pop("Item")) == plain(ours.pop("Item")) == found[0]
    elif operation == "BatchGetItem":
        stock_items, our_items = stock.pop("Responses"), ours.pop("Responses")
        assert all(type(one) is WireItems for one in our_items.values())
        assert {name: list(map(plain, one)) for name, one in stock_items.items()} == {
            name: list(map(plain, one)) for name, one in our_items.items()
        }
        assert list(map(plain, our_items["t"])) == found
    else:
        assert type(ours["Items"]) is WireItems
        assert list(map(plain, stock.pop("Items"))) == list(map(plain, ours.pop("Items"))) == found
    assert stock == ours


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{}", b"[]", b"null", b'"text"', b"<html>", b"{", b'{"Items":', b'{"Items":{}}',
        b'{"Items":null}', b'{"Items":"x"}', b'{"Count":3,"ScannedCount":7}', b'\xff{"Items":[]}',
        b'{"Items":[],"Something":{"new":[1,2]},"Count":0}', b'{"Items":[]} {"Items":[]}',
        b'{"Item":null}', b'{"Responses":[]}', b'{"Responses":{"t":null}}',
    ],
)  # fmt: skip
@pytest.mark.parametrize("operation", CALLS)
def test_what_is_no_page_of_items_is_botocores(pair: Pair, operation: str, body: bytes) -> None:
    outcomes = []
    for client in (pair.stock, pair.ours):
        pair.answer = Answer(body)
        method, arguments = CALLS[operation]
        try:
            outcomes.append(getattr(client, method)(**arguments))
        except Exception as error:
            outcomes.append(type(error))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("status", [400, 500, 503])
def test_an_error_is_botocores(pair: Pair, status: int) -> None:
    assert split("Query", b'{"Items":[{}]}') is not None
    pair.answer = Answer(b'{"__type":"x#SomeException","message":"m","Items":[{}]}', status)
    told = []
    for client in (pair.stock, pair.ours):
        with pytest.raises(Exception) as refused:
            client.query(**CALLS["Query"][1])
        told.append((type(refused.value), refused.value.response))  # type: ignore[attr-defined]
    assert told[0] == told[1]


def item_of(text: bytes | str) -> WireItem:
    return WireItem(msgspec.Raw(text if isinstance(text, bytes) else text.encode()))


def wire_item(item: Mapping[str, Any]) -> WireItem:
    return item_of(wire(encoded_item(item)))


@given(items, st.lists(names, max_size=8))
def test_picked_values_are_the_items(item: dict[str, Any], more: list[str]) -> None:
    once = tuple(dict.fromkeys([*item, *more]))
    for wanted in (once, once[:1], (*once, *once)):
        expected = [item.get(name, "") for name in wanted]
        fresh = wire_item(item)
        values, all_texts = fresh.pick(wanted)
        assert list(values) == expected
        assert not all_texts or all(isinstance(value, str) for value in values)
        assert fresh == item
        assert list(fresh.pick(wanted)[0]) == expected


@pytest.mark.parametrize("wanted", [("a", "b", "c"), ("c", "a", "b"), ("b", "none", "a")])
def test_texts_alone_are_picked_at_once_each_under_its_name(wanted: tuple[str, ...]) -> None:
    item = {"a": "one", "b": "two", "c": "drei ü"}
    fresh = wire_item({**item, "number": 7})
    values, all_texts = fresh.pick(wanted)
    assert list(values) == [item.get(name, "") for name in wanted]
    assert all_texts


@given(items)
def test_an_item_is_a_mapping(item: dict[str, Any]) -> None:
    found = wire_item(item)
    assert len(found) == len(item)
    assert list(found) == list(item)
    assert found == item and item == found
    assert found.get("not there", 7) == 7
    assert "not there" not in found and all(name in found for name in item)
    with pytest.raises(KeyError):
        found["not there"]
    with pytest.raises(TypeError):
        found["a"] = 1  # type: ignore[index]


def test_values_have_pythons_types() -> None:
    item = {
        "whole": 10**38 - 1, "part": Decimal("1.25"), "bytes": b"\x00\xff", "none": None,
        "yes": True, "list": [1, [b"x"], {"a": None}], "texts": {"a"},
        "numbers": {1, Decimal("0.5")}, "binaries": {b"", b"\xff"}, "empty": "", "map": {},
    }  # fmt: skip
    found = wire_item(item)
    assert {name: type(value) for name, value in found.items()} == {
        name: type(value) for name, value in item.items()
    }
    assert found == item


@pytest.mark.parametrize(
    "value", ['{"X":"?"}', "{}", '{"N":"many"}', '{"B":"a"}', '{"L":[{"X":1}]}', "7", "null"]
)
def test_a_value_that_cannot_be_read_is_said_when_it_is_asked_for(value: str) -> None:
    item = item_of(f'{{"good":{{"S":"x"}},"bad":{value}}}')
    assert item.pick(("good", "bad")) == (["x", None], False)
    assert item["good"] == "x"
    assert "bad" in item
    with pytest.raises(StoreError) as told:
        item["bad"]
    assert told.value.kind == "corrupt"
    assert item.pick(("bad", "good")) == ([None, "x"], False)


@pytest.mark.parametrize("text", ["7", "[]", "{", '{"a":', b"\xff", ""])
def test_an_item_that_is_none_is_said(text: Any) -> None:
    item = item_of(text)
    assert item.pick(("a",)) == ([None], False)
    with pytest.raises(StoreError) as told:
        item["a"]
    assert told.value.kind == "corrupt"


def test_what_only_the_stock_parser_takes_is_taken() -> None:
    item = item_of(r'{"a":{"S":"\ud800"},"b":{"S":"x"}}')
    assert item.pick(("b", "a")) == (["x", "\ud800"], False)
    assert item["a"] == "\ud800"


texts = st.text(max_size=6) | st.none() | st.integers() | st.just("")
times = st.integers(0, timestamp.MAX_TIME).map(timestamp.text) | st.text(max_size=4)
native_items = st.fixed_dictionaries(
    {},
    optional={
        "pk": st.text(max_size=5).map("entry#".__add__), "sk": st.from_regex(r"\d{1,20}"),
        "time": times, "actor": texts, "action": texts, "resource": texts, "outcome": texts,
        "request_id": texts, "severity": texts, "source_ip": texts, "reason": values,
        "hash": st.binary(),
    },
)  # fmt: skip
payloads = st.dictionaries(
    st.sampled_from(["time", "user", "login", "success", "server_id", "sid", "error", "addr"]),
    texts | st.booleans() | st.dictionaries(st.just("remote"), texts),
)
teleport_items = st.fixed_dictionaries(
    {},
    optional={
        "SessionID": texts, "EventIndex": st.integers(), "EventType": texts, "FieldsMap": payloads,
        "CreatedAt": st.integers(0, 2**33), "Fields": payloads.map(json.dumps) | texts,
    },
)  # fmt: skip


@given(native_items | teleport_items)
def test_a_row_is_the_same_from_the_wire(item: dict[str, Any]) -> None:
    for layout in (NATIVE, TELEPORT):
        for index in (None, *layout.indexes):
            decoded = decoded_item(encoded_item(item))
            assert layout.row(wire_item(item), index) == layout.row(decoded, index)


def store_answering(answer: Answer) -> DynamoStore:
    return DynamoStore(client_answering(lambda _: answer), PLACE, NATIVE)


def test_a_page_holds_items_that_are_not_decoded_yet() -> None:
    entries = [{"pk": "p", "sk": "1", "body": "x"}, {"pk": "p", "sk": "2", "hash": b"\x01"}]
    last = {"pk": {"S": "p"}, "sk": {"S": "2"}}
    found = store_answering(checked(wire(page(entries, LastEvaluatedKey=last)))).query(QUERY)
    assert all(type(item) is WireItem for item in found.items)
    assert found.items == entries
    assert (found.scanned, found.matched, found.rcu) == (2, 2, 0.5)
    assert found.last_key == {"pk": "p", "sk": "2"}


def test_an_empty_page_and_a_count() -> None:
    found = store_answering(checked(wire(page([])))).query(QUERY)
    assert (list(found.items), found.last_key, found.scanned, found.matched) == ([], None, 0, 0)
    count = {"Count": 3, "ScannedCount": 9, "ConsumedCapacity": {"CapacityUnits": 2.0}}
    request = msgspec.structs.replace(QUERY, count=True)
    found = store_answering(checked(wire(count))).query(request)
    assert (list(found.items), found.scanned, found.matched, found.rcu) == ([], 9, 3, 2.0)


def test_without_the_event_the_stock_parser_does(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [{"pk": "p", "hash": b"\x01", "n": 7}]
    hook = answer_module._before_parse

    def of_an_older_client(operation_model: Any, response_dict: Any, **_: Any) -> None:
        hook(operation_model=operation_model, response_dict=response_dict)

    for handler in (of_an_older_client, lambda **_: None):
        monkeypatch.setattr(answer_module, "_before_parse", handler)
        found = store_answering(checked(wire(page(entries)))).query(QUERY)
        assert [type(item) for item in found.items] == [dict]
        assert found.items == entries


def test_where_units_went() -> None:
    consumed = {
        "TableName": "t", "CapacityUnits": 4.0, "Table": {"CapacityUnits": 1.5},
        "GlobalSecondaryIndexes": {"a": {"CapacityUnits": 2.5}, "b": {"CapacityUnits": 0.0}},
    }  # fmt: skip
    answer = checked(wire(page([], ConsumedCapacity=consumed)))
    found = store_answering(answer).query(QUERY)
    assert (found.rcu, found.by_index) == (4.0, (("", 1.5), ("a", 2.5)))
    by_actor = msgspec.structs.replace(QUERY, index="by-actor")
    assert store_answering(checked(wire(page([])))).query(by_actor).by_index == (("by-actor", 0.5),)


def test_threads_that_share_a_client_get_their_own_items() -> None:
    def echo(request: Any) -> Answer:
        values = json.loads(request.body)["ExpressionAttributeValues"]
        return checked(wire(page([{"pk": values[":0"]["S"]}] * 20)))

    store = DynamoStore(client_answering(echo), PLACE, NATIVE)
    wrong: list[str] = []

    def ask(name: str) -> None:
        request = msgspec.structs.replace(QUERY, partition=("pk", name))
        for _ in range(20):
            if {item["pk"] for item in store.query(request).items} != {name}:
                wrong.append(name)

    threads = [threading.Thread(target=ask, args=(f"p{at}",)) for at in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.dynamodb_local
def test_the_service_reads_the_same_in_both_ways(local_client: Any) -> None:
    store = make_dynamo_store(local_client, NATIVE)
    written = []
    for seq in range(30):
        item = {
            "pk": "entry#app/0", "sk": f"{seq:020d}", "actor": "zoë\u202e\x00\"\\/🙂", "empty": "",
            "time": timestamp.text(1_790_000_000_000_000 + seq), "hash": bytes([seq]) * 32,
            "large": 10**38 - 1 - seq, "tiny": Decimal("-1.5E-100"), "no": False, "nothing": None,
            "list": [seq, "a", None, [b"x", {"deep": [{"er": {seq}}]}]], "texts": {"a", "é"},
            "numbers": {seq, Decimal("0.5")}, "binaries": {b"", b"\xff"}, "map": {}, "none": [],
        }  # fmt: skip
        store.put_new(item)
        written.append(item)
    request = msgspec.structs.replace(QUERY, partition=("pk", "entry#app/0"))
    ours = store.query(request)
    assert all(type(item) is WireItem for item in ours.items)
    events = local_client.meta.events
    events.unregister("before-parse.dynamodb", unique_id="audittui-before-parse")
    stock = DynamoStore.query(store, request)
    assert all(type(item) is dict for item in stock.items)
    assert ours.items == stock.items == written
    assert msgspec.structs.replace(ours, items=()) == msgspec.structs.replace(stock, items=())
    by_actor = Query(index="by-actor", partition=("actor", written[0]["actor"]), sort="time")
    assert store.query(by_actor).by_index == (("by-actor", store.query(by_actor).rcu),)
    count = store.query(msgspec.structs.replace(by_actor, count=True))
    assert (list(count.items), count.matched, count.scanned) == ([], 30, 30)
