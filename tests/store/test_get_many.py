"""Several items at once: the same as one by one, on every engine."""

from __future__ import annotations

from typing import Any

import pytest

from audittui.errors import StoreError
from audittui.layout import load_layout
from audittui.store.dynamodb.batch import batch_answers
from tests.store.conftest import MakeStore

LAYOUT = load_layout("native")


def key(number: int) -> dict[str, str]:
    return {"pk": "tile#a/0", "sk": f"{number:03d}"}


def test_items_come_in_the_order_of_their_keys(make_store: MakeStore) -> None:
    store = make_store(LAYOUT)
    for number in range(0, 130, 2):
        store.put_new({**key(number), "hashes": bytes([number]) * 5000})
    keys = [key(number) for number in (*range(129, -1, -1), 4, 4)]
    found = store.get_many(keys)
    for asked, item in zip(keys, found.items, strict=True):
        number = int(asked["sk"])
        if number % 2:
            assert item is None
        else:
            assert item is not None
            assert item["hashes"] == bytes([number]) * 5000
    assert store.get_many([]).items == ()


def test_what_was_left_is_asked_again() -> None:
    keys = [{"sk": {"S": str(number)}} for number in range(150)]
    asked: list[int] = []

    def ask(left: list[Any]) -> dict[str, Any]:
        asked.append(len(left))
        rest = left[60:]
        return {"UnprocessedKeys": {"t": {"Keys": rest}} if rest else {}}

    assert len(list(batch_answers(ask, "t", keys))) == len(asked)
    assert asked == [100, 40, 50]


def test_a_table_that_gives_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audittui.store.dynamodb.batch.delay", lambda *_: 0.0)

    def ask(left: list[Any]) -> dict[str, Any]:
        return {"UnprocessedKeys": {"t": {"Keys": left}}}

    with pytest.raises(StoreError, match="throttled"):
        list(batch_answers(ask, "t", [{"sk": {"S": "1"}}]))
