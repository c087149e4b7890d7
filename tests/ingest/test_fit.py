"""What would not fit into an entry is made to fit and says so; what never can is refused."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui.entry import MAX_PARTITION_KEY_BYTES, Draft
from audittui.ingest.fit import fitted, refusal

KEY_FIELDS = ("actor", "action", "resource", "request_id", "reason")


def draft(**fields: Any) -> Draft:
    return Draft(**{"actor": "ann", "action": "door.open", **fields})


@pytest.mark.parametrize("key", ["", "k" * 2037, "ü" * 1019, "\ud800"])
def test_a_key_that_cannot_be_stored_is_a_reason(key: str) -> None:
    assert refusal(draft(idempotency_key=key)) is not None
    with pytest.raises(ValueError, match="key"):
        fitted(draft(idempotency_key=key))
    assert refusal(draft(idempotency_key="k" * 2036)) is None


def test_many_small_parts_go_as_the_whole_that_holds_them() -> None:
    request = {f"k{at}": "v" * 90 for at in range(1500)}
    smaller = fitted(draft(details={"cloudtrail": {"requestParameters": request, "a": "kept"}}))
    (omitted,) = smaller.details["_omitted"]
    assert omitted["path"] == "cloudtrail.requestParameters"
    assert smaller.details["cloudtrail"] == {"a": "kept"}


def test_only_the_large_part_goes() -> None:
    inner = {"small": "kept", "one": "x" * 40_000, "two": "y" * 40_000}
    smaller = fitted(draft(details={"a": {"b": inner}, "c": ["kept"]}))
    assert [one["path"] for one in smaller.details["_omitted"]] == ["a.b.one"]
    assert smaller.details["a"]["b"] == {"small": "kept", "two": "y" * 40_000}
    assert smaller.details["c"] == ["kept"] and "one" in inner


def test_what_was_left_out_before_stays_listed() -> None:
    before = [{"path": "x", "bytes": 1, "sha256": "0"}]
    smaller = fitted(draft(details={"_omitted": before, "large": "x" * 70_000}))
    assert [one["path"] for one in smaller.details["_omitted"]] == ["x", "large"]


@pytest.mark.parametrize("field", KEY_FIELDS)
def test_a_key_field_that_is_too_long_is_shortened_and_kept_whole_in_details(field: str) -> None:
    long = "ü" * 2000
    smaller = fitted(draft(**{field: long}))
    short = getattr(smaller, field)
    assert len(short.encode()) <= MAX_PARTITION_KEY_BYTES
    assert short.endswith("…sha256:" + hashlib.sha256(long.encode()).hexdigest())
    assert long.startswith(short.partition("…")[0])
    assert smaller.details == {"_shortened": {field: long}}
    assert getattr(fitted(draft(**{field: long})), field) == short
    assert getattr(fitted(draft(**{field: long + "x"})), field) != short


def test_a_key_field_that_is_longer_than_a_body_still_fits() -> None:
    smaller = fitted(draft(resource="r" * 100_000, details={"a": 1}))
    assert smaller.resource is not None and smaller.details["a"] == 1
    assert smaller.details["_omitted"][0]["path"] == "_shortened.resource"


values = st.recursive(
    st.integers() | st.text(max_size=4).map(lambda text: text * 4000) | st.just("x" * 400),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.dictionaries(st.text(max_size=3), values), st.integers(1, 30))
def test_any_details_are_made_to_fit(details: dict[str, Any], times: int) -> None:
    wide = {"wide": {f"{at}": details for at in range(times)}, **details}
    assert refusal(fitted(draft(details=wide))) is None


def test_a_key_of_an_object_may_be_too_long_itself() -> None:
    smaller = fitted(draft(details={"k" * 70_000: 1, "b": 2}))
    assert smaller.details["b"] == 2 and len(smaller.details["_omitted"][0]["path"]) < 200
