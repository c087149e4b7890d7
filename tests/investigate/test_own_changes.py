"""What an entry itself records about its change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audittui.investigate.attribution import own_changes
from audittui.investigate.diff import DiffLine
from audittui.layout.row import Row

CHANGED = (DiffLine("n", "changed", 1, 2),)
ADDED = (DiffLine("n", "added", None, 2),)
REMOVED = (DiffLine("n", "removed", 1, None),)
BOTH = {"before": {"n": 1}, "after": {"n": 2}}


def row(action: str, outcome: str = "success") -> Row:
    return Row(0, 0, ("p", 0), "c/0", 0, action=action, resource="door/1", outcome=outcome)


@pytest.mark.parametrize(
    ("action", "states", "lines"),
    [
        ("door.update", BOTH, CHANGED),
        ("door.create", {"after": {"n": 2}}, ADDED),
        ("door.create", BOTH, CHANGED),
        # The state before is not known, so neither is the change.
        ("door.update", {"after": {"n": 2}}, None),
        ("door.update", {"before": {"n": 1}}, None),
        ("door.create", {"before": {"n": 1}}, None),
        ("door.update", {}, None),
        # A deletion leaves nothing, whatever state it records after it.
        ("door.delete", {"before": {"n": 1}}, REMOVED),
        ("door.delete", {"before": {"n": 1}, "after": {"n": 1}}, REMOVED),
        ("door.delete", {}, None),
        ("door.blip", BOTH, CHANGED),
    ],
)
def test_what_an_entry_tells_itself(
    action: str, states: dict[str, Any], lines: tuple[DiffLine, ...] | None
) -> None:
    assert own_changes(row(action), json.dumps(states)) == lines


@pytest.mark.parametrize("outcome", ["denied", "failure"])
@pytest.mark.parametrize("action", ["door.update", "door.delete"])
def test_what_did_not_happen_changed_nothing(action: str, outcome: str) -> None:
    assert own_changes(row(action, outcome), json.dumps(BOTH)) is None


def test_without_its_row_only_both_states_tell_a_change() -> None:
    assert own_changes(None, json.dumps(BOTH)) == CHANGED
    assert own_changes(None, json.dumps({"after": {"n": 2}})) is None


@pytest.mark.parametrize("document", ["", "[]", "{", '{"before": 1, "before": 2, "after": 3}'])
def test_what_is_no_entry_tells_nothing(document: str) -> None:
    assert own_changes(row("door.update"), document) is None
