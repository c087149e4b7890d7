"""What a runbook file may contain, and how faults in it are reported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.runbook.document import RunbookError
from audittui.runbook.load import load_runbook, parse_runbook
from audittui.runbook.model import NotIn

GOOD = """\
name: Actor activity
description: Everything one actor did.
tags: [triage]
params:
  actor:
    type: actor
    required: true
  window: {type: time_range, default: "-24h..now", max_span: 7d}
  threshold: {type: number, default: 5, min: 2}
  within: {type: duration, default: 10m}
  kind: {type: choice, options: [any, a], default: any}
query:
  by: actor
  equals: "{actor}"
  during: "{window}"
  where:
    outcome: [failure, denied]
    severity: {not: info}
    reason: "{kind}"
  order: oldest
columns: [time, action]
correlation:
  type: event_count
  group-by: [actor, action]
  timespan: "{within}"
  condition: {gte: "{threshold}"}
"""


def test_a_good_file_is_read_whole() -> None:
    runbook = parse_runbook(Path("folder/actor-activity.yaml"), GOOD)
    assert runbook.id == "actor-activity"
    assert runbook.name == "Actor activity"
    assert [one.name for one in runbook.params] == [
        "actor", "window", "threshold", "within", "kind",
    ]  # fmt: skip
    assert runbook.query.where == {
        "outcome": ("failure", "denied"),
        "severity": NotIn("info"),
        "reason": "{kind}",
    }
    assert runbook.columns == ("time", "action")
    assert runbook.correlation is not None
    assert runbook.correlation.group_by == ("actor", "action")


@pytest.mark.parametrize(
    ("old", "new", "line", "where", "says"),
    [
        ("type: actor\n", "type: actr\n", 6, "params.actor.type", "did you mean actor"),
        ("required: true", "requird: true", 7, "params.actor.requird", "did you mean required"),
        ("required: true", "required: maybe", 7, "params.actor.required", "yes or no"),
        ("required: true", "default: ''", 5, "params.actor", "required: true or a default"),
        ("{type: time_range,", "{", 8, "params.window", "the key type is required"),
        ("-24h..now", "-24x..now", 8, "params.window.default", "not a duration"),
        ("-24h..now", "-8d..now", 8, "params.window.default", "at most 7d"),
        ("max_span: 7d", "max_span: week", 8, "params.window.max_span", "write 90s"),
        ("max_span: 7d", "pattern: x", 8, "params.window.pattern", "takes no pattern"),
        ("min: 2", "min: two", 9, "params.threshold.min", "not a number"),
        ("min: 2", "min: 6", 9, "params.threshold.default", "at least 6"),
        ("min: 2", "min: 2, max: 1", 9, "params.threshold.max", "smaller than the minimum"),
        ("default: 10m", "min: 1m", 10, "params.within", "needs its value"),
        ("options: [any, a],", "", 11, "params.kind", "needs options"),
        ("[any, a]", "[any, yes]", 11, "params.kind.options[1]", "put it in quotes"),
        ("[any, a], default: any", "[a], default: b", 11, "params.kind.default", "choose from a"),
        ("by: actor", "by: user", 13, "query.by", "choose from time, failure, actor"),
        ("by: actor", "by: time", 14, "query.equals", "does not use equals"),
        ('"{actor}"', "{actor}", 14, "query.equals", "in quotes"),
        ('"{actor}"', '"{acto}"', 14, "query.equals", "did you mean actor"),
        ('"{actor}"', '"{actor}{Oh no}"', 14, "query.equals", "written {name}"),
        ('"{actor}"', '"{window}"', 14, "query.equals", "of type time_range"),
        ('"{window}"', '"{within}"', 15, "query.during", "of type duration"),
        ('"{window}"', '"{window}..now"', 15, "query.during", "and nothing else"),
        ('"{window}"', "last week", 15, "query.during", "not a time range"),
        ("outcome: [", "outcom: [", 17, "query.where.outcom", "did you mean outcome"),
        ("denied]", "refused]", 17, "query.where.outcome", "'refused' is not a valid outcome"),
        ("{not: info}", "{no: info}", 18, "query.where.severity", "{not: …}"),
        ('"{kind}"', "404", 19, "query.where.reason", "put it in quotes"),
        ('"{kind}"', '"x{kind}"', 19, "query.where.reason", "whole value"),
        ('"{kind}"', "[]", 19, "query.where.reason", "this is empty"),
        ('"{kind}"', "x", 11, "params.kind", "nothing uses this parameter"),
        ("oldest", "older", 20, "query.order", "did you mean oldest"),
        ("[time, action]", "[time, acton]", 21, "columns[1]", "did you mean action"),
        ("[time, action]", "[time, time]", 21, "columns[1]", "twice"),
        ("[time, action]", "time", 21, "columns", "write [a, b]"),
        ("event_count", "temporal", 23, "correlation.type", "not supported yet"),
        ("event_count", "temporal_ordered", 23, "correlation.type", "not supported yet"),
        ("event_count", "value_count", 26, "correlation.condition.field", "needs the field"),
        ("[actor, action]\n", "[actor, time]\n", 24, "correlation.group-by[1]", "no field"),
        ("group-by:", "group_by:", 24, "correlation.group_by", "did you mean group-by"),
        ('"{within}"', "ten", 25, "correlation.timespan", "write 90s"),
        ('"{within}"', "0s", 25, "correlation.timespan", "longer than zero"),
        ('"{within}"', '"{threshold}"', 25, "correlation.timespan", "needs duration"),
        ("{gte:", "{ge:", 26, "correlation.condition.ge", "did you mean gte"),
        ('{gte: "{threshold}"}', "{}", 26, "correlation.condition", "{gte: 5}"),
        ('{gte: "{threshold}"}', "{gte: many}", 26, "correlation.condition.gte", "whole number"),
        ("tags: [triage]", "tag: [triage]", 3, "tag", "did you mean tags"),
        ("tags: [triage]", "name: Again", 3, "name", "line 1 has it already"),
        ("    required: true", "    type: text", 7, "params.actor.type", "line 6 has it already"),
        ("  window: {", "  Window: {", 8, "params.Window", "lowercase letters"),
        ("name: Actor activity", "x-name: y", 1, "x-name", "no such key"),
        ("description: Everything one actor did.", "", 1, "description", "is required"),
    ],
)
def test_a_fault_is_told_with_line_and_path(
    old: str, new: str, line: int, where: str, says: str
) -> None:
    assert old in GOOD
    with pytest.raises(RunbookError) as caught:
        parse_runbook(Path("team/mine.yaml"), GOOD.replace(old, new, 1))
    error = caught.value
    assert (error.line, error.where) == (line, where)
    assert says in error.reason
    assert str(error) == f"{Path('team/mine.yaml')}:{line}: {where}: {error.reason}"
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 1, "a runbook is a mapping"),
        ("- a\n- b\n", 1, "a runbook is a mapping"),
        ("name: [a\n", 2, "not YAML"),
        ("name: a\n---\nname: b\n", 2, "not YAML"),
        ("name: !secret a\n", 1, "quote a text"),
        ("name: %a\n", 1, "put the text in quotes"),
        ("name: *nobody\n", 1, "not YAML"),
        ("? [a, b]\n: c\n", 1, "unhashable key"),
        ("name: !!python/object/apply:os.system [id]\n", 1, "not YAML"),
        ("a: &a [*a]\n", 1, "nested too deeply"),
        ("[" * 200_000, 1, "nested too deeply"),
        ("- " * 100_000, 1, "nested too deeply"),
        ("? " * 100_000, 1, "nested too deeply"),
        ("name: x\na: " + "{a: " * 50_000, 2, "nested too deeply"),
    ],
)
def test_what_is_no_runbook_at_all(text: str, line: int, says: str) -> None:
    with pytest.raises(RunbookError) as caught:
        parse_runbook(Path("x.yaml"), text)
    assert says in caught.value.reason
    assert caught.value.line == line


def test_aliases_cannot_explode() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 15):
        aliases = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{aliases}]")
    with pytest.raises(RunbookError, match="nested too deeply"):
        parse_runbook(Path("bomb.yaml"), "\n".join(lines))


def test_a_date_is_text_as_a_user_would_type_it() -> None:
    runbook = parse_runbook(
        Path("x.yaml"), GOOD.replace('"-24h..now", max_span: 7d', "2026-11-24", 1)
    )
    window = runbook.param("window")
    assert window is not None
    assert window.default_text == "2026-11-24"


def test_defaults_may_be_written_as_yaml_has_them() -> None:
    runbook = parse_runbook(
        Path("x.yaml"),
        """
name: N
description: D
params:
  flag: {type: bool, default: true}
  many: {type: multi, options: [a, b, c], default: [a, c]}
query:
  by: failure
  during: all
  where: {reason: "{flag}", action: "{many}"}
""",
    )
    assert [one.default_text for one in runbook.params] == ["yes", "a,c"]


def test_a_default_in_the_past_or_future_does_not_depend_on_when_it_is_read() -> None:
    for default in ("2026-11-24T14:00", "2150-01-01..", "now..2150-01-01", "1999-01-01..now"):
        parse_runbook(Path("x.yaml"), GOOD.replace('"-24h..now", max_span: 7d', f'"{default}"', 1))


def test_bad_patterns_are_found_at_once() -> None:
    for pattern in ("[", "(?P<x", "a{99999999999999999999}"):
        with pytest.raises(RunbookError) as caught:
            parse_runbook(
                Path("x.yaml"), GOOD.replace("required: true", f"pattern: '{pattern}'", 1)
            )
        assert caught.value.where == "params.actor.pattern"


def test_faults_are_shown_harmless() -> None:
    with pytest.raises(RunbookError) as caught:
        parse_runbook(Path("x.yaml"), '"\\e]52;c;aGk=\\a\\u202e": 1\n')
    assert str(caught.value).isprintable()


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"name: ok\nname2: caf\xe9\n")
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * 250_001)
    folder = tmp_path / "folder.yaml"
    folder.mkdir()
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    zero = tmp_path / "zero.yaml"
    zero.write_bytes(b"name: \x00\n")
    for path, line, says in (
        (missing, 0, "cannot be read"),
        (latin, 2, "not UTF-8"),
        (huge, 0, "larger than"),
        (folder, 0, "not a file"),
        (pipe, 0, "not a file"),
        (zero, 0, "not YAML"),
    ):
        with pytest.raises(RunbookError) as caught:
            load_runbook(path)
        assert caught.value.line == line
        assert says in caught.value.reason
        assert str(path) in str(caught.value)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf-8-sig")
    assert load_runbook(path).name == "Actor activity"


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["{actor}", "any", "-1h..now", "time"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(["type", "not", "by"]), inner)
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(
        [
            "name",
            "tags",
            "params",
            "params.actor",
            "params.within.default",
            "query",
            "query.by",
            "query.during",
            "query.where",
            "columns",
            "correlation",
            "correlation.condition",
        ]
    ),
    values,
)
def test_any_value_anywhere_is_a_runbook_or_a_told_fault(where: str, value: object) -> None:
    import yaml

    data = yaml.safe_load(GOOD)
    *outer, last = where.split(".")
    place = data
    for key in outer:
        place = place[key]
    place[last] = value
    try:
        parse_runbook(Path("x.yaml"), yaml.safe_dump(data, allow_unicode=True))
    except RunbookError as error:
        assert error.reason


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_any_text_is_a_runbook_or_a_told_fault(text: str) -> None:
    with pytest.raises(RunbookError) as caught:
        parse_runbook(Path("x.yaml"), text)
    assert str(caught.value).isprintable()
