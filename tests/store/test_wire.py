"""Wire values: the same as boto3's own (de)serialisers, but plain Python types."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from audittui.errors import StoreError
from audittui.store.dynamodb.wire import decoded_item, encoded, encoded_item

integers = st.integers(-(10**38) + 1, 10**38 - 1)
fractions = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-(10**37), 10**37),
    st.integers(-80, 60),
)
leaves = (
    st.none() | st.booleans() | integers | fractions | st.text(max_size=20)
    | st.binary(max_size=20) | st.sets(st.text(max_size=5), min_size=1, max_size=4)
    | st.sets(integers, min_size=1, max_size=4)
    | st.sets(st.binary(max_size=5), min_size=1, max_size=4)
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


def comparable(value: Any) -> Any:
    """boto3's answer in plain types."""
    if isinstance(value, Binary):
        return bytes(value.value)
    if isinstance(value, set):
        return {comparable(inner) for inner in value}
    if isinstance(value, list):
        return [comparable(inner) for inner in value]
    if isinstance(value, dict):
        return {name: comparable(inner) for name, inner in value.items()}
    return value


def sorted_sets(tagged: Any) -> Any:
    """A tagged value whose sets are in one order, and numbers in one notation."""
    tag, value = next(iter(tagged.items()))
    if tag == "N":
        return {tag: Decimal(value)}
    if tag in ("SS", "BS"):
        return {tag: sorted(value)}
    if tag == "NS":
        return {tag: sorted(map(Decimal, value))}
    if tag == "L":
        return {tag: [sorted_sets(inner) for inner in value]}
    if tag == "M":
        return {tag: {name: sorted_sets(inner) for name, inner in value.items()}}
    return tagged


def decoded(value: Any) -> Any:
    """The Python value of one tagged value."""
    return decoded_item({"value": value})["value"]


@given(values)
def test_a_value_comes_back(value: Any) -> None:
    assert decoded(encoded(value)) == value


@given(values)
def test_the_tagged_form_is_boto3s(value: Any) -> None:
    assert sorted_sets(encoded(value)) == sorted_sets(TypeSerializer().serialize(value))


@given(values)
def test_boto3s_tagged_form_reads_as_boto3_reads_it(value: Any) -> None:
    tagged = TypeSerializer().serialize(value)
    assert decoded(tagged) == comparable(TypeDeserializer().deserialize(tagged))


@given(st.dictionaries(st.text(min_size=1, max_size=5), values, max_size=5))
def test_items_come_back(item: dict[str, Any]) -> None:
    assert decoded_item(encoded_item(item)) == item


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("-7", -7), ("1.5", Decimal("1.5")), ("9" * 38, int("9" * 38)), ("007", 7)],
)
def test_integral_numbers_are_int(text: str, expected: Any) -> None:
    found = decoded({"N": text})
    assert found == expected
    assert type(found) is type(expected)


def test_empty_texts_and_bytes_are_values() -> None:
    assert decoded_item(encoded_item({"a": "", "b": b""})) == {"a": "", "b": b""}


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), float("inf"), Decimal("NaN"), 10**38 + 1, Decimal("1E+126"), set(), {1, "a"},
        {True}, object(),
    ],
)  # fmt: skip
def test_what_the_service_cannot_store_is_refused(value: Any) -> None:
    with pytest.raises(StoreError) as refused:
        encoded(value)
    assert refused.value.kind == "invalid"


def test_a_float_is_stored_as_it_is_written() -> None:
    assert encoded(0.1) == {"N": "0.1"}


def test_an_unknown_type_is_said() -> None:
    with pytest.raises(StoreError) as refused:
        decoded({"X": "?"})
    assert refused.value.kind == "corrupt"
