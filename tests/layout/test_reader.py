"""Times and texts of rows: fast where logs are plain, and never other than the plain way says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui import timestamp
from audittui.layout import Field, Layout, Row, load_layout
from audittui.layout.parts import Index, KeyAttribute
from audittui.layout.value import micros

NATIVE = load_layout("native")

nearly_times = st.from_regex(
    r"[0-9]{4}[-W][0-9W][0-9][-0-9][0-9]{2}[Tt x][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]{0,10})?"
    r"(Z|z|\+00:00|)",
    fullmatch=True,
)
edges = st.sampled_from(
    [
        "2026-W48-2T14:00:00.000000Z", "2026-11-24T24:00:00.000000Z", "2026-11-24T23:59:60Z",
        "2026-11-24T23:59:61Z", "2026-11-24T14:00:00.123456789Z", "0000-01-01T00:00:00Z",
        "2026-11-24T14:00:00.Z", "2026-11-24T14:00:00.٣Z", "2026-11-24T14:00.000000Z",
    ]
)  # fmt: skip
times = st.integers(timestamp.MIN_TIME, timestamp.MAX_TIME).map(timestamp.text)


@given(times | nearly_times | edges | st.text(max_size=30))
def test_a_time_is_what_the_parser_says(text: str) -> None:
    try:
        expected = timestamp.parse(text)
    except ValueError:
        expected = None
    assert micros(text, "rfc3339") == expected


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (7, "seconds", 7_000_000), (Decimal("1.5"), "seconds", 1_500_000),
        (7, "milliseconds", 7_000), (7, "microseconds", 7), (True, "seconds", None),
        ("7", "seconds", None), (7, "rfc3339", None), (None, "seconds", None),
        (Decimal("Infinity"), "seconds", None), (10**30 + 1, "microseconds", 10**30 + 1),
    ],
)  # fmt: skip
def test_numbers_are_times_of_their_format(value: Any, form: Any, expected: int | None) -> None:
    assert micros(value, form) == expected


def layout(**fields: Field) -> tuple[Layout, Index]:
    index = Index(
        answers="time", partition=KeyAttribute("day"), sort=KeyAttribute("at", type="N"),
        time_format="milliseconds",
    )  # fmt: skip
    made = Layout(
        name="mine", description="", partition=KeyAttribute("id", template="a#{chain}"),
        sort=KeyAttribute("n", type="N"), payload=("doc", "map"), indexes=(index,),
        fields={"time": Field(("at",)), **fields},
    )  # fmt: skip
    return made, index


def test_fields_come_from_the_first_source_that_says_something() -> None:
    mine, index = layout(
        actor=Field(("who", "payload.user.name", "payload.user")),
        action=Field(("what",), default="none"),
        outcome=Field(("payload.code",), values={"0": "success", "true": "success"}, default="?"),
        reason=Field(("code",)),
    )

    def row(**item: Any) -> Row:
        return mine.row({"id": "a#app/0", "n": 7, "at": 1500, **item}, index)

    bare = row()
    assert (bare.chain, bare.seq, bare.key, bare.tick) == ("app/0", 7, ("a#app/0", 7), 1_500_000)
    assert (bare.actor, bare.action, bare.outcome, bare.reason) == ("", "none", "?", "")
    assert (bare.request_id, bare.severity) == ("", "")
    assert row(who="", what="", doc='{"user":"eve"}').actor == "eve"
    assert row(what="").action == "none"
    assert row(doc='{"user":{"name":"eve"}}').actor == "eve"
    assert row(doc='{"user.name":"eve","user":{"name":"bob"}}').actor == "eve"
    assert row(who="bob", map={"user": "eve"}).actor == "bob"
    assert row(doc="no JSON", map={"code": 0}).outcome == "success"
    assert row(doc='{"code":true}').outcome == "success"
    assert row(doc='{"code":1}').outcome == "?"
    assert row(code=7).reason == "7"
    assert row(code=[1, None]).reason == "[1, null]"
    assert row(code=b"\x01\xff").reason == "01ff"


def test_rows_with_many_names_keep_them_apart() -> None:
    for at in range(10_000):
        item = {"pk": f"entry#c{at}/0", "sk": "7", "actor": f"a{at}", "request_id": f"r{at}"}
        row = NATIVE.row(item)
        assert (row.chain, row.actor, row.request_id) == (f"c{at}/0", f"a{at}", f"r{at}")


def test_teleport_keeps_the_address_under_a_name_with_a_dot() -> None:
    item = {"SessionID": "s", "EventIndex": 1, "Fields": '{"addr.remote":"192.0.2.1:35194"}'}
    assert load_layout("teleport").row(item).source_ip == "192.0.2.1:35194"
