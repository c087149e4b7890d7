"""What one entry changed compared with the previous version, and the cost of finding out."""

from __future__ import annotations

from typing import Any

import pytest

from audittui.entry import Draft
from audittui.investigate.diff import DiffLine
from audittui.investigate.version import Version, compare
from audittui.layout import load_layout
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering

LAYOUT = load_layout("native")
Event = tuple[str, dict[str, Any]]


def changed(*events: Event, unread: int = -1, gone: int = -1) -> Version:
    """The comparison of the last of these events (action, states); the one at ``gone`` was
    deleted."""
    store = SqliteStore(":memory:", LAYOUT, create=True)
    AuditLog(store, "c/0").append_many(
        [
            Draft(**{"actor": "a", "resource": "r", "outcome": "success", **told}, action=action)
            for action, told in events
        ]
    )
    page = store.query(Query(index="", partition=("pk", "entry#c/0"), sort="sk"))
    rows = [LAYOUT.row(item) for item in page.items]
    if gone >= 0:
        tampering.delete(store, LAYOUT.key("c/0", gone))
    return compare(store, LAYOUT, rows, len(rows) - 1, unread)


def lines(version: Version) -> list[tuple[str, Any, Any]] | None:
    if version.lines is None:
        return None
    return [(line.path, line.before, line.after) for line in version.lines]


def test_against_what_the_entry_before_left() -> None:
    version = changed(
        ("x.create", {"after": {"n": 1, "m": 1}}),
        ("x.update", {"after": {"n": 2, "m": 1}}),
        ("x.read", {}),
        ("x.update", {"after": {"n": 9}, "outcome": "denied"}),
        ("x.update", {"after": {"n": 3, "m": 1}}),
    )
    assert lines(version) == [("n", 2, 3)]
    assert version.since is not None
    assert version.since.seq == 1
    assert version.reads == 2
    assert version.rcu > 0


def test_by_its_own_states_and_what_nobody_told() -> None:
    first: Event = ("x.create", {"after": {"n": 1, "m": 1}})
    version = changed(first, ("x.update", {"before": {"n": 5}, "after": {"n": 6}}))
    assert lines(version) == [("n", 5, 6)]
    assert version.unseen == (DiffLine("n", "changed", 1, 5),)
    assert changed(first, ("x.update", {"before": {"n": 1}, "after": {"n": 2}})).unseen == ()


def test_where_some_were_not_read_nothing_is_said_to_be_unseen() -> None:
    first: Event = ("x.create", {"after": {"n": 1}})
    own: Event = ("x.update", {"before": {"n": 5}, "after": {"n": 6}})
    assert changed(first, own, unread=1).unseen == ()
    version = changed(first, ("x.update", {"after": {"n": 2}}), unread=1)
    assert version.lines is None
    assert "were not read" in version.told


def test_the_first_version_and_the_first_after_a_deletion_are_all_new() -> None:
    assert lines(changed(("x.create", {"after": {"n": 1}}))) == [("n", None, 1)]
    again = changed(
        ("x.create", {"after": {"m": 1}}), ("x.delete", {}), ("x.create", {"after": {"n": 1}})
    )
    assert lines(again) == [("n", None, 1)]
    assert "since its deletion" in again.told


def test_what_changed_nothing_says_so() -> None:
    first: Event = ("x.create", {"after": {"n": 1}})
    refused = changed(first, ("x.update", {"after": {"n": 2}, "outcome": "denied"}))
    assert (refused.lines, refused.reads) == (None, 0)
    assert "refused" in refused.told
    assert "records no state" in changed(first, ("x.read", {})).told


def test_what_failed_says_why_and_changes_nothing() -> None:
    first: Event = ("x.create", {"after": {"n": 1}})
    failed: dict[str, Any] = {"after": {"n": 2}, "outcome": "failure", "reason": "TooMany"}
    version = changed(first, ("x.update", failed))
    assert (version.lines, version.told) == (None, "It failed (TooMany), so it changed nothing.")


def test_nothing_is_told_across_a_change_that_tells_no_state() -> None:
    first: Event = ("x.create", {"after": {"admin": False}})
    version = changed(first, ("x.update", {}), ("x.update", {"after": {"admin": True}}))
    assert (version.lines, version.reads) == (None, 2)
    assert "x.update by a at " in version.told and "records no state" in version.told


def test_nothing_is_told_across_an_entry_that_cannot_be_read() -> None:
    events: list[Event] = [("x.create", {"after": {"n": 0}})]
    events += [("x.update", {"after": {"n": n}}) for n in (1, 2)]
    version = changed(*events, gone=1)
    assert version.lines is None and "could not be read" in version.told
    events[2] = ("x.update", {"before": {"n": 1}, "after": {"n": 2}})
    assert lines(changed(*events, gone=1)) == [("n", 1, 2)]


def test_the_first_version_known_is_no_ones_work_unless_it_made_the_resource() -> None:
    version = changed(("x.update", {"after": {"admin": True}}))
    assert version.lines is None and "no earlier entry records a state" in version.told


def test_an_entry_that_is_gone_says_so() -> None:
    version = changed(("x.create", {"after": {"n": 1}}), gone=0)
    assert (version.lines, version.reads) == (None, 1)
    assert version.told == "The entry is no longer in the table."


@pytest.mark.parametrize(
    ("left", "before"),
    [(["n"], {"n": 1}), ({"n": 1}, ["n"]), ({"n": 1}, 7), ("on", "off"), (7, 8)],
)
def test_states_that_are_no_objects_are_not_held_against_each_other(left: Any, before: Any) -> None:
    first: Event = ("x.create", {"after": left})
    version = changed(first, ("x.update", {"before": before, "after": {"n": 2}}))
    assert version.lines is not None and version.since is not None
    assert version.unseen == ()
