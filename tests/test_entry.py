"""The entry's encoding: canonical, verbatim, bounded, and its hash."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.entry import (
    MAX_BODY_BYTES,
    MAX_DEPTH,
    NO_HASH,
    Draft,
    Entry,
    complete,
    decode_body,
    decode_strict,
    encode_body,
    hash_body,
)
from audittui.errors import EntryRefusedError

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def entry(**fields: Any) -> Entry:
    draft = Draft(**{"actor": "ann", "action": "door.open", **fields})
    return complete(draft, chain="doors/0", seq=0, prev_hash=NO_HASH, recorded_at=0, entry_id="e1")


@given(texts.filter(bool), json_values, json_values)
def test_a_body_says_the_entry_back_and_is_canonical(actor: str, after: Any, details: Any) -> None:
    made = entry(actor=actor, after=after, details=details)
    body = encode_body(made)
    assert decode_body(body) == made
    # Canonical: the same value written again by the rules is the same bytes.
    said = decode_strict(body)
    assert encode_body(made) == body
    assert (
        body == json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    )


@given(st.integers(-(10**40), 10**40))
def test_integers_stay_verbatim(number: int) -> None:
    body = encode_body(entry(details={"n": number}))
    assert f'"n":{number}}}'.encode() in body
    decoded = decode_body(body).details
    assert decoded == {"n": number} and isinstance(decoded["n"], int)


def test_keys_are_sorted_by_code_point_not_by_utf16() -> None:
    body = encode_body(entry(details={"\U0001f600": 1, "\uffee": 2}))
    assert body.index("\uffee".encode()) < body.index("\U0001f600".encode())


def test_absent_fields_are_left_out() -> None:
    said = json.loads(encode_body(entry()))
    assert sorted(said) == [
        "action", "actor", "chain", "id", "outcome", "prev_hash", "recorded_at", "seq",
        "severity", "time", "v",
    ]  # fmt: skip


def test_the_hash_is_the_merkle_leaf_hash() -> None:
    body = encode_body(entry())
    assert hash_body(body) == hashlib.sha256(b"\x00" + body).digest()
    # RFC 6962's leaf hash of the empty string.
    assert hash_body(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"details": {"x": float("nan")}}, {"details": {"x": float("inf")}},
        {"details": {"x": "\ud800"}}, {"details": {1: "x"}}, {"details": {"x": {None: 1}}},
        {"details": {"x": {1, 2}}}, {"details": "x" * MAX_BODY_BYTES}, {"actor": ""},
        {"action": ""}, {"outcome": "maybe"}, {"severity": "awful"}, {"time": "noon"},
        {"actor": "x" * 2049}, {"resource": "é" * 1025}, {"actor": 5}, {"actor": "\udfff"},
    ],
)  # fmt: skip
def test_what_cannot_be_an_entry_is_refused_in_a_sentence(fields: dict[str, Any]) -> None:
    with pytest.raises(EntryRefusedError) as refused:
        encode_body(entry(**fields))
    assert str(refused.value).endswith(".") and "Traceback" not in str(refused.value)


def test_deep_nesting_is_refused_not_a_crash() -> None:
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(EntryRefusedError, match="nested too deeply"):
        encode_body(entry(details=value))


def test_a_body_of_exactly_the_limit_is_taken() -> None:
    room = MAX_BODY_BYTES - len(encode_body(entry(details="")))
    assert len(encode_body(entry(details="x" * room))) == MAX_BODY_BYTES
    with pytest.raises(EntryRefusedError, match="60,001 bytes; the limit is 60,000"):
        encode_body(entry(details="x" * (room + 1)))


@pytest.mark.parametrize(
    "text",
    ['{"a":1,"a":2}', '{"a":NaN}', '{"a":"\\ud800"}', "[1,", '{"x":{"b":1,"b":1}}', "[" * 9999],
)
def test_strict_json_refuses_what_is_ambiguous(text: str) -> None:
    with pytest.raises(ValueError):
        decode_strict(text)


@given(st.binary(max_size=80))
def test_any_bytes_are_an_entry_or_a_value_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        decode_body(data)


def test_an_entry_says_all_that_its_draft_says() -> None:
    said: dict[str, Any] = {
        "actor": "ann", "action": "door.open", "resource": "door/1", "outcome": "denied",
        "time": "2026-11-20T00:00:00.000000Z", "request_id": "r-1", "severity": "high",
        "source_ip": "192.0.2.7", "reason": "NoBadge", "before": {"open": False},
        "after": {"open": True}, "details": [1],
    }  # fmt: skip
    made = json.loads(encode_body(entry(**said)))
    assert {name: made[name] for name in said} == said


@pytest.mark.parametrize("name", ["resource", "request_id", "source_ip", "reason"])
def test_an_empty_text_is_no_value(name: str) -> None:
    assert name not in json.loads(encode_body(entry(**{name: ""})))


@pytest.mark.parametrize("name", ["actor", "action", "resource", "request_id", "reason"])
def test_an_index_key_of_exactly_the_limit_is_taken(name: str) -> None:
    assert getattr(entry(**{name: "é" * 1024}), name) == "é" * 1024
    with pytest.raises(EntryRefusedError, match=f"The field {name} is longer than 2,048 bytes"):
        entry(**{name: "é" * 1024 + "x"})


def test_a_source_that_no_index_holds_may_be_longer() -> None:
    assert entry(source_ip="x" * 2049).source_ip == "x" * 2049


@pytest.mark.parametrize("key", [None, "x"])
def test_as_deep_as_every_reader_follows_and_no_deeper(key: str | None) -> None:
    def inside(value: Any) -> Any:
        return [value] if key is None else {key: value}

    value = inside(1)
    for _ in range(MAX_DEPTH):
        value = inside(value)
    assert decode_body(encode_body(entry(details=value))).details == value
    with pytest.raises(EntryRefusedError, match="nested too deeply"):
        encode_body(entry(details=inside(value)))
