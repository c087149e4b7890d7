"""The index that answers: the cheapest, with the same rows as through every other that can."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audittui import entry as entries
from audittui import timestamp
from audittui.aws.place import Place
from audittui.entry import Draft, hash_body
from audittui.errors import UsageError
from audittui.layout import load_layout
from audittui.layout.native import REGISTRY, item_of
from audittui.query.execution import Execution
from audittui.query.index_probe import probed_plan
from audittui.runbook.describe import describe_plan
from audittui.runbook.model import NotIn, Runbook, RunbookQuery
from audittui.runbook.plan import Facts, RowFilter
from audittui.runbook.planner import make_plan
from audittui.runbook.ternary import truth
from audittui.store.dynamodb.store import DynamoStore
from audittui.store.port import IndexDescription
from audittui.store.sqlite import SqliteStore
from tests.query.logs import CATALOGUE, DAY0, NATIVE, names, run, window

END = DAY0 + 3 * timestamp.DAY
WINDOW = window(DAY0, END)
ACTORS, ACTIONS, RESOURCES = ("alice", "bob"), ("read", "drop"), ("", "door", "safe")
OUTCOMES = ("success", "failure", "denied", "unknown")
entry_lists = st.lists(
    st.tuples(
        st.sampled_from(("app/0", "web/0")),
        st.integers(0, 40).map(lambda at: DAY0 - 2 * timestamp.DAY + at * timestamp.DAY // 6),
        st.sampled_from(ACTORS), st.sampled_from(ACTIONS), st.sampled_from(RESOURCES),
        st.sampled_from(OUTCOMES),
    ),
    max_size=50,
)  # fmt: skip


def filled(rows: list[Any], layout: Any = NATIVE) -> SqliteStore:
    store = SqliteStore(":memory:", layout, create=True, page_bytes=2048)
    lengths: dict[str, int] = {}
    items: list[Any] = []
    for chain, time, actor, action, resource, outcome in rows:
        seq = lengths.get(chain, 0)
        lengths[chain] = seq + 1
        draft = Draft(actor=actor, action=action, resource=resource, outcome=outcome,
                      time=timestamp.text(time))  # fmt: skip
        made = entries.complete(draft, chain=chain, seq=seq, prev_hash=entries.NO_HASH,
                                recorded_at=time, entry_id="x")  # fmt: skip
        body = entries.encode_body(made)
        items.append(item_of(made, body, hash_body(body)))
    items += [{"pk": REGISTRY, "sk": chain, "created": "-"} for chain in lengths]
    for start in range(0, len(items), 100):
        store.put_new_many(items[start : start + 100])
    return store


def known(store: SqliteStore) -> Facts:
    table = store.describe()
    return Facts(("app/0", "web/0"), table.indexes, END + timestamp.DAY)


def asked(by: str, equals: str = "", order: str = "newest", **where: Any) -> Runbook:
    query = RunbookQuery(by=by, equals=equals, during=WINDOW, where=where, order=order)  # type: ignore[arg-type]
    return Runbook(id="q", name="Q", description="", query=query, columns=("time",))


conditions = st.fixed_dictionaries(
    {},
    optional={
        "outcome": st.one_of(
            st.sampled_from(OUTCOMES),
            st.sampled_from([("failure", "denied"), ("success", "denied")]),
            st.sampled_from(OUTCOMES).map(NotIn),
        ),
        "actor": st.one_of(st.sampled_from(ACTORS), st.just(ACTORS), st.just(NotIn("bob"))),
        "action": st.one_of(st.sampled_from(ACTIONS), st.just(("drop", "other"))),
        "resource": st.sampled_from(["door", ("door", "safe"), NotIn("door")]),
    },
)
questions = st.sampled_from(
    [("time", ""), ("failure", ""), ("actor", "alice"), ("action", "drop"), ("resource", "door")]
)


@settings(max_examples=150)
@given(entry_lists, questions, conditions, st.sampled_from(["newest", "oldest"]))
def test_the_rows_are_the_same_through_every_index_that_can_answer(
    rows: list[Any], question: tuple[str, str], where: dict[str, Any], order: str
) -> None:
    store = filled(rows)
    book = asked(*question, order, **where)
    plan = make_plan(book, {}, NATIVE, known(store))
    truth_rows = brute_force(rows, question, where, order == "newest")
    seen = set()
    for name in ["by-time", *(index.name for index in NATIVE.indexes)]:
        try:
            other = make_plan(book, {}, NATIVE, known(store), through=name)
        except UsageError:
            continue
        seen.add(other.index.label)
        got, last = run(other, store)
        assert names(got) == truth_rows, name
        assert last.coverage.complete
    assert seen == {plan.index.label, *(one.label for one in plan.not_taken)}
    assert "by-time" in seen


def brute_force(
    rows: list[Any], question: tuple[str, str], where: dict[str, Any], newest: bool
) -> list[tuple[int, str, int]]:
    lengths: dict[str, int] = {}
    found = []
    for chain, time, *values in rows:
        seq = lengths.get(chain, 0)
        lengths[chain] = seq + 1
        fields = dict(zip(("actor", "action", "resource", "outcome"), values, strict=True))
        by, equals = question
        if by == "failure" and fields["outcome"] == "success":
            continue
        if by in fields and fields[by] != equals:
            continue
        if DAY0 <= time < END and all(_meets(fields[name], said) for name, said in where.items()):
            found.append((time, chain, seq))
    return sorted(found, reverse=newest)


def _meets(value: str, said: Any) -> bool:
    if isinstance(said, NotIn):
        return value != said.values
    return value in ((said,) if isinstance(said, str) else said)


def test_an_index_left_out_of_the_table_is_not_taken_and_failures_are_the_same_without_theirs() -> (
    None
):
    rows = [("app/0", DAY0 + at, "alice", "read", "", OUTCOMES[at % 4]) for at in range(40)]
    store = filled(rows)
    facts = known(store)
    assert facts.indexes is not None
    without = msgspec.structs.replace(
        facts, indexes=tuple(one for one in facts.indexes if one.name != "by-failure")
    )
    got, _ = run(make_plan(asked("failure"), {}, NATIVE, facts), store)
    plan = make_plan(asked("failure"), {}, NATIVE, without)
    assert plan.index.name == "by-time"
    again, _ = run(plan, store)
    assert names(again) == names(got) and len(got) == 30
    assert {row.outcome for row in got} == {"failure", "denied", "unknown"}


def sizes(**units: float) -> tuple[IndexDescription, ...]:
    names_of = [index.name for index in NATIVE.indexes]
    return tuple(
        IndexDescription(name, int(units.get(name.replace("-", "_"), 20_000) * 20),
                         int(units.get(name.replace("-", "_"), 20_000) * 8192))
        for name in names_of
    )  # fmt: skip


def test_equalities_in_where_choose_the_index() -> None:
    facts = Facts(("app/0",), sizes(by_failure=878.0), END)
    plan = make_plan(CATALOGUE.find("time-window"), {"window": WINDOW, "outcome": "denied"},
                     NATIVE, facts)  # fmt: skip
    assert plan.index.name == "by-failure"
    assert [one.label for one in plan.not_taken] == ["by-time"]
    shown = describe_plan(plan)
    assert "Alternative   by-time: 1.5 to about " in shown
    success = make_plan(CATALOGUE.find("time-window"), {"window": WINDOW, "outcome": "success"},
                        NATIVE, facts)  # fmt: skip
    assert success.index.name == "by-time" and not success.not_taken


def many() -> SqliteStore:
    """An actor with few entries among many failures."""
    rows = [
        ("app/0", DAY0 + at * timestamp.SECOND, "rare" if at % 600 == 0 else f"user{at % 7}",
         "read", "door", "denied")
        for at in range(3000)
    ]  # fmt: skip
    return filled(rows)


def test_a_look_at_both_ends_finds_the_cheaper_index_and_is_told() -> None:
    store = many()
    book, texts = CATALOGUE.find("denied-actions"), {"window": WINDOW, "actor": "rare"}
    facts = known(store)
    plan = probed_plan(book, texts, NATIVE, facts, store)
    assert plan.index.name == "by-actor"
    assert 0 < plan.spent_rcu <= 3.0 and plan.spent_requests <= 6
    assert any("a few items of by-" in note for note in plan.notes)
    got, last = run(plan, store)
    assert len(got) == 5 and last.meter.rcu == plan.spent_rcu + 0.5
    busy = probed_plan(book, {**texts, "actor": "user1"}, NATIVE, facts, store)
    assert run(busy, store)[1].coverage.complete


def test_explaining_looks_at_nothing_and_says_that_a_run_would() -> None:
    store = many()
    book, texts = CATALOGUE.find("denied-actions"), {"window": WINDOW, "actor": "rare"}
    plan = make_plan(book, texts, NATIVE, known(store))
    assert plan.probes and plan.spent_rcu == 0.0
    assert "The run first samples " in describe_plan(plan)


def test_a_small_budget_is_not_spent_on_looking() -> None:
    store = many()
    book, texts = CATALOGUE.find("denied-actions"), {"window": WINDOW, "actor": "rare"}
    plan = probed_plan(book, texts, NATIVE, known(store), store, budget=2.0)
    assert plan.spent_rcu == 0.0


def test_little_at_stake_is_not_looked_into() -> None:
    rows = [("app/0", DAY0 + at, "alice", "read", "", "denied") for at in range(9)]
    store = filled(rows)
    plan = make_plan(asked("failure", actor="alice"), {}, NATIVE, known(store))
    assert plan.probes == ()


def test_where_nobody_knows_the_indexes_the_one_made_for_the_question_is_taken() -> None:
    facts = Facts(("app/0",), None, END)
    plan = make_plan(asked("failure", actor="alice"), {}, NATIVE, facts)
    assert plan.index.name == "by-failure" and not plan.not_taken and not plan.probes


def projecting(index: str, *held: str) -> Any:
    """The native layout with an index that holds no more than ``held``."""
    changed = tuple(
        msgspec.structs.replace(one, projection=held) if one.name == index else one
        for one in NATIVE.indexes
    )
    return msgspec.structs.replace(NATIVE, indexes=changed)


def test_an_index_that_lacks_what_is_filtered_by_does_not_answer() -> None:
    layout = projecting("by-actor", "action")
    rows = [("app/0", DAY0 + at, "alice", "read", "door", OUTCOMES[at % 4]) for at in range(8)]
    store = filled(rows, layout)
    facts = known(store)
    plan = make_plan(asked("actor", "alice", outcome="denied"), {}, layout, facts)
    assert plan.index.name != "by-actor"
    got, _ = run(plan, store)
    assert len(got) == 2
    alone = Facts(("app/0",), tuple(one for one in facts.indexes or () if one.name == "by-actor"),
                  END)  # fmt: skip
    with pytest.raises(UsageError, match="By-actor does not hold outcome"):
        make_plan(asked("actor", "alice", outcome="denied"), {}, layout, alone)


def test_an_index_whose_rows_show_less_is_taken_only_for_its_own_question() -> None:
    layout = projecting("by-actor", "outcome")
    store = filled([], layout)
    plan = make_plan(asked("failure", actor="alice"), {}, layout, known(store))
    assert plan.index.name == "by-failure"
    assert "by-actor" not in [one.label for one in plan.not_taken]


def test_a_key_that_is_another_thing_than_the_field_answers_only_its_own_question() -> None:
    teleport = load_layout("teleport")
    facts = Facts((), (IndexDescription("timesearchV2", 9, 9000),), END)
    plan = make_plan(asked("time", request_id="s-1"), {}, teleport, facts)
    assert plan.index.name == "timesearchV2" and not plan.not_taken
    own = make_plan(asked("request_id", "s-1"), {}, teleport, facts)
    assert own.index.name == "" and not own.not_taken


@given(
    st.lists(
        st.builds(
            RowFilter, st.sampled_from(["a", "b"]), st.sampled_from(["in", "not_in"]),
            st.lists(st.sampled_from("xyz"), max_size=2).map(tuple),
        ),
        max_size=3,
    ),
    st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from("xyz")),
)  # fmt: skip
def test_what_is_said_of_a_part_holds_for_every_whole(
    wanted: list[RowFilter], part: dict[str, str]
) -> None:
    said = truth(wanted, part)
    wholes = [{"a": a, "b": b, **part} for a in "xyz" for b in "xyz"]
    if said is not None:
        assert {truth(wanted, whole) for whole in wholes} == {said}
    assert all(truth(wanted, whole) is not None for whole in wholes)


def test_an_execution_through_several_partitions_of_one_index_is_in_order() -> None:
    rows = [("app/0", DAY0 + at, ACTORS[at % 2], "read", "", "success") for at in range(20)]
    store = filled(rows)
    plan = make_plan(asked("time", actor=ACTORS), {}, NATIVE, known(store))
    assert plan.index.name == "by-actor" and len(plan.shards) == 2
    (*_, last) = Execution(plan, store, page_rows=3).pages()
    assert last.meter.returned == 20


def test_entries_dated_ahead_are_in_a_window_that_is_open() -> None:
    now = DAY0 + timestamp.DAY - 1
    rows = [("app/0", now + 5, "alice", "read", "", "success")]
    store = filled(rows)
    query = RunbookQuery(by="time", during=f"{timestamp.text(DAY0)}..")
    book = Runbook(id="q", name="Q", description="", query=query, columns=("time",))
    plan = make_plan(book, {}, NATIVE, msgspec.structs.replace(known(store), now=now))
    assert len(run(plan, store, now=now)[0]) == 1


@pytest.mark.parametrize("off", [1, 7, 999_999])
def test_a_window_that_begins_and_ends_inside_a_tick_is_exact(off: int) -> None:
    rows = [("app/0", DAY0 + at, "alice", "read", "", "success") for at in range(9)]
    store = filled(rows)
    start, end = DAY0 + 2, DAY0 + 2 + off
    query = RunbookQuery(by="time", during=window(start, end))
    book = Runbook(id="q", name="Q", description="", query=query, columns=("time",))
    got, _ = run(make_plan(book, {}, NATIVE, known(store)), store)
    assert [row.time for row in got] == [
        time for _, time, *_ in reversed(rows) if start <= time < end
    ]


def test_an_index_that_is_being_created_is_not_taken() -> None:
    names_of = [index.name for index in NATIVE.indexes]
    described = {
        "Table": {
            "GlobalSecondaryIndexes": [
                {"IndexName": name, "ItemCount": 9, "IndexSizeBytes": 9000,
                 "IndexStatus": "CREATING" if name == "by-failure" else "ACTIVE"}
                for name in names_of
            ]
        }
    }  # fmt: skip
    client: Any = SimpleNamespace(
        describe_table=lambda **_: described,
        meta=SimpleNamespace(events=SimpleNamespace(register=lambda *_, **__: None)),
    )
    table = DynamoStore(client, Place("log", "eu-west-1", ""), NATIVE).describe()
    facts = Facts(("app/0",), table.indexes, END)
    plan = make_plan(asked("failure"), {}, NATIVE, facts)
    assert plan.index.name == "by-time"
    assert "by-failure" not in [one.label for one in plan.not_taken]
