"""Correlations against brute force; differences; what happened to a resource."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.entry import Draft
from audittui.investigate.bodies import Body, BodyReader
from audittui.investigate.correlations import Correlator
from audittui.investigate.diff import DiffLine, diff
from audittui.investigate.document import fetch_entry
from audittui.investigate.lifecycle import change_of
from audittui.investigate.steps import steps_of
from audittui.layout import Row, load_layout
from audittui.runbook.plan import Correlation
from audittui.store.port import Query
from audittui.store.sqlite import SqliteStore
from audittui.writer import AuditLog
from tests import tampering

LAYOUT = load_layout("native")


def row(seq: int, time: int, **fields: str) -> Row:
    return Row(tick=time, time=time, key=("p", seq), chain="c/0", seq=seq, **fields)


def draft(action: str, **states: Any) -> Draft:
    return Draft(actor="a", action=action, resource="r", outcome="success", **states)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from("ab"), st.sampled_from(["", "1", "2"]))),
    st.sampled_from(["event_count", "value_count"]),
    st.integers(0, 10),
    st.integers(1, 4),
    st.randoms(),
)
def test_groups_are_those_of_brute_force(
    events: list[tuple[int, str, str]], kind: Any, timespan: int, least: int, random: Any
) -> None:
    rows = [row(n, t, actor=a, source_ip=ip) for n, (t, a, ip) in enumerate(events)]
    expected: dict[str, tuple[set[int], int]] = {}
    for actor in "ab":
        mine = [one for one in rows if one.actor == actor]
        for start in mine:
            window = [one for one in mine if 0 <= one.time - start.time <= timespan]
            distinct = len({one.source_ip for one in window} - {""})
            size = len(window) if kind == "event_count" else distinct
            if size >= least:
                seqs, peak = expected.get(actor, (set(), 0))
                expected[actor] = (seqs | {one.seq for one in window}, max(peak, size))
    correlator = Correlator(
        Correlation(kind, ("actor",), timespan, (("gte", least),), field="source_ip")
    )
    random.shuffle(rows)
    correlator.add(rows[: len(rows) // 2])
    correlator.groups()
    correlator.add(rows[len(rows) // 2 :])
    groups = correlator.groups()
    found = {g.key[0][1]: ({one.seq for one in g.rows}, g.peak) for g in groups}
    assert found == expected
    assert [g.count for g in groups] == sorted((len(g.rows) for g in groups), reverse=True)


def test_a_difference_names_each_path() -> None:
    before = {"a": 1, "b": {"x.y": [1, 2]}, "gone": None, "flag": True}
    after = {"a": 1, "b": {"x.y": [1, 3, 4]}, "flag": 1, "new": {}}
    assert diff(before, after) == (
        DiffLine('b["x.y"][1]', "changed", 2, 3),
        DiffLine('b["x.y"][2]', "added", None, 4),
        DiffLine("gone", "removed", None, None),
        DiffLine("flag", "changed", True, 1),
        DiffLine("new", "added", None, {}),
    )
    assert diff(None, {"a": 1}) == (DiffLine("a", "added", None, 1),)
    assert diff(after, after) == ()


@pytest.mark.parametrize(
    ("action", "outcome", "resource", "change"),
    [
        ("s3:CreateBucket", "success", "arn:aws:s3:::b", "created"),
        ("s3:DeleteBucketPolicy", "success", "arn:aws:s3:::b", "changed"),
        ("s3:DeleteBucket", "success", "arn:aws:s3:::b", "deleted"),
        ("s3:DeleteBucket", "denied", "arn:aws:s3:::b", "refused"),
        ("s3:DeleteBucket", "failure", "arn:aws:s3:::b", "failed"),
        ("sts:AssumeRole", "success", "arn:aws:iam::1:role/r", "used"),
        ("sts:AssumeRoleWithSAML", "success", "arn:aws:iam::1:role/r", "used"),
        ("signin:ConsoleLogin", "success", "arn:aws:iam::1:user/u", "used"),
        ("iam:CreateAccessKey", "success", "arn:aws:iam::1:user/u", "changed"),
        ("iam:CreatePolicy", "success", "arn:aws:iam::1:policy/p", "created"),
        ("ec2:RunInstances", "success", "arn:aws:ec2:r:1:instance/i", "created"),
        ("s3:GetObject", "success", "arn:aws:s3:::b/k", "read"),
        ("user.deleted", "success", "user/1", "deleted"),
        ("disk.attached", "success", "disk/1", "changed"),
        ("app.setup", "success", "app/1", "other"),
        ("card.reader", "success", "door/1", "other"),
        ("session.blip", "success", "x", "other"),
        ("s3:DeleteObject", "success", "arn:aws:s3:::b/k", "deleted"),
        ("s3:DeleteObject", "success", "arn:aws:s3:::b", "changed"),
        ("ec2:DeleteRoute", "success", "arn:aws:ec2:r:1:route-table/rtb-1", "changed"),
        ("ec2:DeleteRouteTable", "success", "arn:aws:ec2:r:1:route-table/rtb-1", "deleted"),
        ("ec2:SharedSnapshotVolumeCreated", "success", "arn:aws:ec2:r::snapshot/s-1", "other"),
        ("kms:ScheduleKeyDeletion", "success", "arn:aws:kms:r:1:key/k", "changed"),
    ],
)
def test_what_an_event_did(action: str, outcome: str, resource: str, change: str) -> None:
    assert change_of(row(0, 0, action=action, outcome=outcome, resource=resource)) == change


def test_a_trace_tells_what_each_event_changed() -> None:
    store = SqliteStore(":memory:", LAYOUT, create=True)
    AuditLog(store, "c/0").append_many(
        [
            draft("x:CreateThing", after={"n": 1}),
            draft("x:UpdateThing", after={"n": 2}),
            draft("x:UpdateThing", before={"n": 5}, after={"n": 6}),
        ]
    )
    page = store.query(Query(index="by-resource", partition=("resource", "r"), sort="time"))
    rows = sorted((LAYOUT.row(item) for item in page.items), key=lambda one: one.seq)
    steps = list(steps_of(BodyReader(store, LAYOUT).read(rows)))
    changes = [(one.change, line.before, line.after) for one in steps for line in one.lines or ()]
    assert changes == [("created", None, 1), ("changed", 1, 2), ("changed", 5, 6)]
    fetched = fetch_entry(store, LAYOUT, "c/0", 0)
    assert fetched.item is not None
    assert fetched.document == steps[0].document == fetched.item["body"]
    tampering.delete(store, fetched.key)
    assert next(steps_of(BodyReader(store, LAYOUT).read(rows))).fault


ACTIONS = ("x.create", "x.update", "x.delete", "x.read", "x.restore", "x.odd")
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS),
        st.sampled_from(["success", "denied", "failure"]),
        st.sampled_from([None, {"n": 1}, {"n": 2}]),
        st.sampled_from([None, {"n": 1}, {"n": 2}, {"n": 1, "m": 1}]),
        st.booleans(),
    ),
    max_size=8,
)


@given(EVENTS)
def test_no_change_is_laid_to_anyone_across_what_was_not_read(
    events: list[tuple[str, str, Any, Any, bool]],
) -> None:
    bodies = [
        Body(
            row(at, at, actor="a", action=action, outcome=outcome),
            "" if unread else json.dumps({"before": before, "after": after}),
            "fault" if unread else "",
        )
        for at, (action, outcome, before, after, unread) in enumerate(events)
    ]
    certain = False
    for step, (action, outcome, before, after, unread) in zip(
        steps_of(bodies), events, strict=True
    ):
        happened = outcome == "success"
        if unread:
            assert step.lines is None
            certain = False
            continue
        if not happened:
            assert step.lines == ()
            continue
        if step.lines and before is None and action != "x.create":
            assert certain
        if action == "x.read":
            certain = certain or after is not None
        else:
            certain = after is not None or action == "x.delete"
