"""Texts become typed values, and values become what the planner asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui import timestamp
from audittui.errors import AuditError, UsageError
from audittui.runbook.binding import Bound, ParameterErrors, bind, check_value
from audittui.runbook.load import parse_runbook
from audittui.runbook.model import Parameter, Runbook
from audittui.runbook.parameter import choices_of, parse_value
from audittui.runbook.plan import Correlation, RowFilter, Window
from audittui.runbook.resolved_query import (
    resolved_correlation,
    resolved_equals,
    resolved_where,
    resolved_window,
)

NOW = timestamp.parse("2026-11-24T15:30:00Z")
MINUTE = 60 * timestamp.SECOND

EVERYTHING = parse_runbook(
    Path("everything.yaml"),
    """
name: Everything
description: One parameter of each type.
params:
  actor: {type: actor, required: true, help: "who it was"}
  ticket: {type: text, pattern: "[A-Z]+-[0-9]+", placeholder: SEC-12}
  resource: {type: resource}
  request: {type: request_id}
  action: {type: action}
  code: {type: number, min: 100, max: 599}
  chain: {type: choice, options: [any, payments/0, orders/0], default: any}
  addresses: {type: multi, pattern: "[0-9a-f.:]+"}
  outcome: {type: outcome, default: any}
  severity: {type: severity, default: high}
  mfa: {type: bool}
  from: {type: time, default: "-1h", min: "2020-01-01"}
  to: {type: time}
  within: {type: duration, default: 10m, min: 1m, max: 1d}
query:
  by: actor
  equals: "user:{actor}"
  during: "{from}..{to}"
  where:
    resource: "{resource}"
    request_id: "{request}"
    action: ["{action}", "iam:CreateUser"]
    chain: "{chain}"
    source_ip: {not: "{addresses}"}
    outcome: "{outcome}"
    severity: "{severity}"
    reason: ["{ticket}", "{code}", "{mfa}"]
correlation:
  type: event_count
  group-by: [actor]
  timespan: "{within}"
  condition: {gte: 3}
""",
)


def make(params: str, query: str, rest: str = "") -> Runbook:
    text = f"name: N\ndescription: D\nparams: {params}\nquery: {query}\n{rest}"
    return parse_runbook(Path("made.yaml"), text)


def errors_of(runbook: Runbook, **texts: str) -> dict[str, str]:
    with pytest.raises(ParameterErrors) as caught:
        bind(runbook, texts, NOW)
    return caught.value.errors


def parameter(kind: Any, **more: Any) -> Parameter:
    return Parameter(name="p", type=kind, **more)


def test_each_type_has_its_value() -> None:
    bound = bind(
        EVERYTHING,
        {
            "actor": "alice",
            "ticket": "SEC-7",
            "code": "404",
            "addresses": "10.0.0.1, ::1",
            "severity": "critical",
            "mfa": "Yes",
            "from": "2026-11-24T14:00",
            "to": "now",
            "within": "1h",
        },
        NOW,
    )
    assert bound.values == {
        "actor": "alice",
        "ticket": "SEC-7",
        "code": 404,
        "chain": "any",
        "addresses": ("10.0.0.1", "::1"),
        "outcome": "any",
        "severity": "critical",
        "mfa": True,
        "from": timestamp.parse("2026-11-24T14:00Z"),
        "to": NOW,
        "within": 60 * MINUTE,
    }


def test_blank_texts_stand_for_the_default_and_else_for_nothing() -> None:
    bound = bind(EVERYTHING, {"actor": "alice", "severity": "  ", "ticket": ""}, NOW)
    assert bound.values["severity"] == "high"
    assert "ticket" not in bound.values
    assert bound.texts["within"] == "10m"


def test_texts_are_taken_exactly_because_a_log_may_hold_lookalikes() -> None:
    bound = bind(EVERYTHING, {"actor": "root ", "to": " now "}, NOW)
    assert resolved_equals(EVERYTHING, bound) == "user:root "
    assert bound.values["to"] == NOW


def test_every_fault_is_told_at_once() -> None:
    errors = errors_of(
        EVERYTHING,
        ticket="nope",
        code="99",
        chain="payment/0",
        outcome="failed",
        mfa="perhaps",
        within="2d",
        to="@5",
        acton="s3:GetObject",
    )
    assert errors == {
        "acton": "there is no such parameter; did you mean action",
        "actor": "a value is required; write who it was",
        "ticket": "'nope' does not match the pattern [A-Z]+-[0-9]+, such as SEC-12",
        "code": "too small; write at least 100",
        "chain": "'payment/0' is not a choice; did you mean payments/0",
        "outcome": "'failed' is not a choice; did you mean failure",
        "mfa": "'perhaps' is not a boolean; write yes or no",
        "to": errors["to"],
        "within": "too large; write at most 1d",
    }
    assert "earlier time first" in errors["to"]


def test_the_message_names_the_runbook_and_every_parameter() -> None:
    with pytest.raises(ParameterErrors) as caught:
        bind(EVERYTHING, {"code": "x", "\x1b[31m": "1"}, NOW)
    message = str(caught.value)
    assert message.isprintable()
    for part in ("everything", "actor:", "code:", "\\x1b[31m:"):
        assert part in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("kind", "more", "text", "says"),
    [
        ("number", {}, "five", "write a number such as 5"),
        ("number", {}, "nan", "write a number such as 5"),
        ("number", {}, "1e999", "write a number such as 5"),
        ("number", {}, "1_000", "write a number such as 5"),
        ("number", {"max": 3}, "3.5", "at most 3"),
        ("choice", {"options": ("a", "b")}, "c", "choose from a, b"),
        ("multi", {"options": ("one", "two")}, "one,too", "did you mean two"),
        ("multi", {}, " , ", "between the commas"),
        ("outcome", {}, "succes", "did you mean success"),
        ("severity", {}, "urgent", "choose from any, info"),
        ("time", {"max": "2026-01-01"}, "now", "at most 2026-01-01"),
        ("duration", {}, "soon", "write 90s"),
        ("time_range", {"max_span": "1d"}, "-2d..now", "at most 1d"),
        ("time_range", {"max_span": "1d"}, "all", "a start and an end"),
        ("text", {"pattern": "[0-9]+"}, "12x", "match the pattern [0-9]+"),
        ("text", {"pattern": "a|b"}, "ab", "match the pattern a|b"),
        ("actor", {}, "x" * 2049, "2,048 bytes"),
        ("actor", {}, "\udcff", "not UTF-8"),
        ("resource", {"required": True}, "", "a value is required"),
    ],
)
def test_a_wrong_value_says_what_to_write(
    kind: str, more: dict[str, Any], text: str, says: str
) -> None:
    fault = check_value(parameter(kind, **more), text, NOW)
    assert fault is not None
    assert says in fault


@pytest.mark.parametrize(
    ("kind", "more", "text"),
    [
        ("number", {}, "-2.5"),
        ("number", {"min": 5, "max": 5}, "5"),
        ("text", {"pattern": "a|b"}, "b"),
        ("time_range", {"max_span": "1d"}, "-1d..now"),
        ("time_range", {}, "all"),
        ("outcome", {}, "any"),
        ("multi", {"options": ("one", "two")}, "two, one"),
        ("actor", {}, "x" * 2048),
        ("actor", {"required": True, "default": "alice"}, ""),
        ("resource", {}, ""),
    ],
)
def test_a_right_value_is_left_in_peace(kind: str, more: dict[str, Any], text: str) -> None:
    assert check_value(parameter(kind, **more), text, NOW) is None


def test_numbers_keep_every_digit() -> None:
    runbook = make("{n: {type: number}}", "{by: time, during: all, where: {reason: '{n}'}}")
    bound = bind(runbook, {"n": "9007199254740993"}, NOW)
    assert resolved_where(runbook, bound) == (RowFilter("reason", "in", ("9007199254740993",)),)


def test_a_decimal_that_may_have_been_rounded_is_no_whole_number() -> None:
    number = parameter("number")
    exact = parse_value(number, "9007199254740991.0", NOW)
    assert type(exact) is int and exact == 2**53 - 1
    # From here on two whole numbers share one decimal.
    for text in ("9007199254740992.0", "9007199254740993.0"):
        assert type(parse_value(number, text, NOW)) is float


def test_forms_know_what_can_be_chosen() -> None:
    assert choices_of(parameter("outcome"))[0] == "any"
    assert "critical" in choices_of(parameter("severity"))
    assert choices_of(parameter("choice", options=("a",))) == ("a",)
    assert choices_of(parameter("bool")) == ("yes", "no")
    assert choices_of(parameter("actor")) == ()


def test_conditions_that_say_nothing_are_dropped() -> None:
    bound = bind(EVERYTHING, {"actor": "alice"}, NOW)
    assert resolved_where(EVERYTHING, bound) == (
        RowFilter("action", "in", ("iam:CreateUser",)),
        RowFilter("severity", "in", ("high",)),
    )


def test_conditions_hold_values_lists_and_their_opposite() -> None:
    bound = bind(
        EVERYTHING,
        {
            "actor": "alice",
            "action": "iam:CreateUser",
            "chain": "orders/0",
            "addresses": "::1,10.0.0.1",
            "severity": "any",
            "mfa": "no",
            "code": "404",
            "resource": "!{actor}",
        },
        NOW,
    )
    assert resolved_where(EVERYTHING, bound) == (
        RowFilter("resource", "in", ("!{actor}",)),
        RowFilter("action", "in", ("iam:CreateUser",)),
        RowFilter("chain", "in", ("orders/0",)),
        RowFilter("source_ip", "not_in", ("::1", "10.0.0.1")),
        RowFilter("reason", "in", ("404", "false")),
    )


def test_values_are_not_templates() -> None:
    bound = bind(EVERYTHING, {"actor": "{ticket}", "ticket": "SEC-1"}, NOW)
    assert resolved_equals(EVERYTHING, bound) == "user:{ticket}"


def test_two_times_make_a_window_open_where_one_is_missing() -> None:
    start = NOW - 60 * MINUTE
    bound = bind(EVERYTHING, {"actor": "alice"}, NOW)
    assert resolved_window(EVERYTHING, bound) == Window(start, None)
    bound = bind(EVERYTHING, {"actor": "alice", "to": "-30m"}, NOW)
    assert resolved_window(EVERYTHING, bound) == Window(start, NOW - 30 * MINUTE)


def test_the_texts_of_times_say_the_same_later() -> None:
    bound = bind(EVERYTHING, {"actor": "alice", "to": "now"}, NOW)
    later = bind(EVERYTHING, bound.texts, NOW + 10**12)
    assert resolved_window(EVERYTHING, later) == resolved_window(EVERYTHING, bound)


def test_a_window_may_be_written_into_the_runbook() -> None:
    runbook = make("{}", "{by: failure, during: -2h..now}")
    bound = bind(runbook, {}, NOW)
    assert resolved_window(runbook, bound) == Window(NOW - 120 * MINUTE, NOW)


def test_no_window_is_all_of_time() -> None:
    runbook = make("{who: {type: actor, required: true}}", "{by: actor, equals: '{who}'}")
    bound = bind(runbook, {"who": "alice"}, NOW)
    assert resolved_window(runbook, bound) == Window(None, None)


def test_an_unset_range_is_all_of_time() -> None:
    runbook = make(
        "{who: {type: actor, default: bob}, when: {type: time_range}}",
        "{by: actor, equals: '{who}', during: '{when}'}",
    )
    assert resolved_window(runbook, bind(runbook, {}, NOW)) == Window(None, None)


COUNTED = """
correlation:
  type: value_count
  group-by: [source_ip]
  timespan: "{within}"
  condition: {field: actor, gt: "{count}", lte: 1000}
"""


def test_a_correlation_takes_its_numbers_from_parameters() -> None:
    runbook = make(
        "{within: {type: duration, default: 10m}, count: {type: number, default: 5}}",
        "{by: failure, during: -2h..now}",
        COUNTED,
    )
    assert resolved_correlation(runbook, bind(runbook, {"count": "7"}, NOW)) == Correlation(
        type="value_count",
        group_by=("source_ip",),
        timespan=10 * MINUTE,
        condition=(("gt", 7), ("lte", 1000)),
        field="actor",
    )
    errors = errors_of(runbook, count="2.5", within="0s")
    assert "whole number" in errors["count"]
    assert "10m" in errors["within"]


def test_a_missing_value_of_the_question_is_an_error_for_people() -> None:
    with pytest.raises(UsageError, match="needs the parameter actor"):
        resolved_equals(EVERYTHING, Bound({}, {}, NOW))


@given(
    st.dictionaries(
        st.sampled_from([one.name for one in EVERYTHING.params]) | st.text(max_size=5),
        st.text()
        | st.sampled_from(["any", "-1h", "now", "yes", "1e5", "9" * 5000, "a,,b", "\udc80", "{x}"]),
        max_size=8,
    ),
    st.integers(timestamp.MIN_TIME, timestamp.MAX_TIME),
)
def test_any_texts_are_bound_or_refused_in_words(texts: dict[str, str], now: int) -> None:
    try:
        bound = bind(EVERYTHING, texts, now)
    except ParameterErrors as error:
        assert error.errors
        assert all(error.errors.values())
        assert set(error.errors) <= {one.name for one in EVERYTHING.params} | set(texts)
        return
    try:
        resolved_equals(EVERYTHING, bound)
        resolved_where(EVERYTHING, bound)
        resolved_window(EVERYTHING, bound)
        resolved_correlation(EVERYTHING, bound)
    except AuditError as error:
        pytest.fail(f"what was bound cannot be asked: {error}")
    # A reproducible command gives the same values.
    assert bind(EVERYTHING, bound.texts, now).values == bound.values


@given(st.text(), st.sampled_from(EVERYTHING.params))
def test_a_form_and_a_run_agree_on_what_is_wrong(text: str, one: Parameter) -> None:
    fault = check_value(one, text, NOW)
    try:
        bind(EVERYTHING, {"actor": "alice", one.name: text}, NOW)
    except ParameterErrors as error:
        # Two times may each be valid and yet not fit together.
        assert one.name in ("from", "to") or error.errors.get(one.name) == fault
    else:
        # A required parameter that is blank is refused; everything else must agree.
        assert fault is None
