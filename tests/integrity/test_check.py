"""What is said quickly of an entry that is as it should be is what a careful look says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

import msgspec
import pytest

from audittui.entry import NO_HASH, Draft, complete, decode_body, encode_body, hash_body
from audittui.integrity.stored_entry import COPIES, StoredEntry, read_stored
from audittui.integrity.verifying.links import links_hold, verify_links
from audittui.layout import load_layout
from audittui.layout.native import copies_of, item_of
from audittui.store.dynamodb.item import WireItem
from audittui.store.dynamodb.wire import encoded_item

NATIVE = load_layout("native")
CHAIN = "payments/0"
SPARSE = Draft(actor="a", action="b", outcome="success")
FULL = Draft(
    actor="a", action="b", resource="c", request_id="d", source_ip="e", reason="f",
    outcome="denied", details={"a": {"b": [1, "x"]}},
)  # fmt: skip
IN_BODIES = (
    ('"actor":"a"', '"actor":"c"'),
    ('"actor":"a"', '"actor":""'),
    ('"seq":.', '"seq":7'),
    ("payments/0", "payments/1"),
    ('"prev_hash":"..', '"prev_hash":"zz'),
    ('"prev_hash":"[^"]*', '"prev_hash":"'),
    ("{", '{"v":1,'),
    ('"id"', '"if"'),
    ("{", "["),
)
"""What is put in place of what in a body."""
VALUES = (None, "", "a", "payments/0#1970-01-01", 5, True, b"")

Items = list[dict[str, Any]]


def written(draft: Draft, expires_at: int | None, unlinked: int = -1) -> Items:
    """The items of four entries in a row; the one at ``unlinked`` names no predecessor."""
    items: Items = []
    previous = NO_HASH
    for seq in range(4):
        entry = complete(
            draft, chain=CHAIN, seq=seq, prev_hash="" if seq == unlinked else previous,
            recorded_at=seq, entry_id=str(seq), expires_at=expires_at,
        )  # fmt: skip
        body = encode_body(entry)
        digest = hash_body(body)
        items.append(item_of(entry, body, digest))
        previous = digest.hex()
    return items


def tampered() -> Iterator[Items]:
    """Four entries in a row, one of them changed: its body, its hash, a copy, or all of them."""
    for draft, expires_at, at in product((SPARSE, FULL), (None, 5), range(4)):
        for (old, new), rehashed, copied in product(IN_BODIES, (False, True), ("", "all", "raw")):
            items = written(draft, expires_at)
            one = items[at]
            one["body"] = re.sub(old, new, one["body"], count=1)
            if rehashed:
                one["hash"] = hash_body(one["body"].encode())
            if copied and new not in ("[", '"if"'):
                entry = decode_body(one["body"].encode())
                one.update(copies_of(entry))
                if copied == "raw":
                    one["actor"] = entry.actor
            yield items
            if at:
                yield [*items[: at - 1], {**items[at - 1], "body": None}, *items[at:]]
        for name, value in product((*COPIES, "hash", "body", "sk"), VALUES):
            items = written(draft, expires_at)
            items[at][name] = value
            yield items


@pytest.fixture(scope="module")
def cases() -> list[Items]:
    return list(tampered())


def beside(items: Items) -> Iterator[tuple[StoredEntry | None, StoredEntry, StoredEntry | None]]:
    """Each entry between its neighbours."""
    places = [read_stored(one, NATIVE, CHAIN) for one in items]
    yield from zip([None, *places], places, [*places[1:], None], strict=False)


def test_what_holds_quickly_holds_with_every_step(cases: list[Items]) -> None:
    for before, place, after in (three for items in cases for three in beside(items)):
        quick, told = (verify_links(place, before, after, steps=steps) for steps in (False, True))
        assert (quick.verdict, quick.summary) == (told.verdict, told.summary)
        if links_hold(place, before, after):
            assert told.verdict == "CHAINED"
            assert all(step.result == "holds" for step in told.steps)


def test_what_agrees_is_sound_and_has_the_copies_of_its_body(cases: list[Items]) -> None:
    for place in (read_stored(item, NATIVE, CHAIN) for items in cases for item in items):
        if place.agrees:
            assert place.sound and place.entry is not None
            copies = copies_of(place.entry)
            assert [place.item.get(name) for name in COPIES] == list(map(copies.get, COPIES))
        else:
            told = verify_links(place, None, None, steps=True)
            assert any(step.result == "fails" for step in told.steps)


@pytest.mark.parametrize("draft", [SPARSE, FULL])
def test_what_is_as_it_was_written_holds_quickly(draft: Draft) -> None:
    found = [links_hold(place, before, after) for before, place, after in beside(written(draft, 5))]
    assert found == [False, True, True, False]


def test_no_link_leads_to_an_entry_without_a_body() -> None:
    items = written(FULL, None, unlinked=2)
    del items[1]["body"]
    place = read_stored(items[2], NATIVE, CHAIN)
    before, after = read_stored(items[1], NATIVE, CHAIN), read_stored(items[3], NATIVE, CHAIN)
    assert place.agrees and not links_hold(place, before, after)
    assert verify_links(place, before, after).verdict == "BROKEN LINK"


def test_an_item_in_the_bytes_of_an_answer_is_examined_alike(cases: list[Items]) -> None:
    for item in (item for items in cases[::7] for item in items):
        raw = msgspec.Raw(msgspec.json.encode(encoded_item(item)))
        assert read_stored(WireItem(raw), NATIVE, CHAIN) == read_stored(item, NATIVE, CHAIN)


def test_every_comparison_is_told_of_an_entry_that_is_as_it_was_written() -> None:
    before, place, after = list(beside(written(FULL, 5)))[1]
    steps = verify_links(place, before, after, steps=True).steps
    assert {step.result for step in steps} == {"holds"}
    assert [step.name for step in steps] == [
        "hash of body", "body", "key", "index copies", "previous link", "next link",
    ]  # fmt: skip
