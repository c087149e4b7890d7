"""A JSON text as lines: nothing is lost, nothing that hides passes, whatever is folded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audittui.entry import decode_strict
from audittui.escape import escaped_lines
from audittui.tui.model.json_lines import JsonLines, ascii_spread
from tests.tui.json_values import VALUES, spread

TEXTS = st.builds(
    lambda value, indent, plain: json.dumps(value, indent=indent, ensure_ascii=plain),
    VALUES, st.sampled_from([None, 0, 3]), st.booleans(),
)  # fmt: skip


def tokens(text: str) -> list[str]:
    """What a JSON text is made of, by a scanner of its own."""
    found, at = [], 0
    while at < len(text):
        start, one = at, text[at]
        at += 1
        if one == '"':
            while text[at] != '"':
                at += 2 if text[at] == "\\" else 1
            at += 1
        elif one not in "[]{},: \n":
            while at < len(text) and text[at] not in "[]{},: \n":
                at += 1
        if not text[start:at].isspace():
            found.append(text[start:at])
    return found


@given(TEXTS)
def test_all_unfolded_the_lines_spell_the_tokens_in_their_order(raw: str) -> None:
    lines = JsonLines(raw)
    shown = [lines.text(at) for at in lines.visible]
    usual = json.dumps(json.loads(raw), ensure_ascii=False, separators=(",", ":"))
    assert tokens("\n".join(shown)) == tokens(escaped_lines(usual))


@given(VALUES)
def test_a_text_is_spread_as_usual(value: Any) -> None:
    usual = json.dumps(value, indent=2, ensure_ascii=False)
    assert spread(json.dumps(value)) == escaped_lines(usual)


@given(TEXTS, st.data())
def test_what_is_folded_is_hidden_and_nothing_else(raw: str, data: st.DataObject) -> None:
    lines = JsonLines(raw)
    opened = [at for at, one in enumerate(lines.lines) if one.kind == "open"]
    folded = data.draw(st.sets(st.sampled_from(opened)) if opened else st.just(set()))
    for at in folded:
        lines.fold(at)
    hidden = {
        line for at in folded for line in range(at + 1, lines.lines[at].mate + 1)
    }  # fmt: skip
    assert lines.visible == [at for at in range(len(lines.lines)) if at not in hidden]
    one = data.draw(st.sampled_from(range(len(lines.lines))))
    lines.reveal(one)
    assert one in lines.visible
    lines.fold_all(folded=True)
    assert all(lines.lines[at].depth <= 1 for at in lines.visible)
    lines.fold_all(folded=False)
    assert len(lines.visible) == len(lines.lines)


@given(st.text('{}[]",:0-1.eE+truefalsn \\u\x00d', max_size=12) | TEXTS.map(lambda one: one[:-1]))
def test_what_is_no_json_for_the_writer_is_none_here(raw: str) -> None:
    def holds(read: Any) -> bool:
        try:
            read(raw)
        except ValueError:
            return False
        return True

    assert holds(JsonLines) == holds(decode_strict)


@pytest.mark.parametrize(
    "raw",
    [
        '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '["\\ud800"]', "NaN", "[1,]", '{"a":1,}', "", "[1",
        '{"a" 1}', "1 2", "01", '"a\nb"', "[}", "]", '{"x":{"a":1,"b":2,"a":3}}',
    ],
)  # fmt: skip
def test_what_hides_or_is_broken_is_refused(raw: str) -> None:
    with pytest.raises(ValueError):
        JsonLines(raw)


@pytest.mark.parametrize("number", ["1.0e5", "1E400", "0.10", "-0.0", "12345678901234567890.5"])
def test_a_number_is_shown_and_taken_as_it_is_stored(number: str) -> None:
    lines = JsonLines(f'{{"a":[{number}]}}')
    assert lines.text(2) == lines.value(2) == number
    assert lines.value(1) == f"[{number}]"


def test_it_may_be_nested_without_end() -> None:
    depth = 20_000
    lines = JsonLines('{"a":' * depth + "[]" + "}" * depth)
    assert len(lines.lines) == 2 * depth + 1
    assert lines.path(depth) == ".".join("a" * depth)
    lines.fold_all(folded=True)
    assert [lines.text(at) for at in lines.visible] == ["{", '"a": { 1 key }', "}"]
    lines.reveal(depth)
    assert len(lines.visible) == 2 * depth + 1


def test_a_value_is_taken_whole_and_harmless() -> None:
    raw = '{"a b":["x\\u00e9\\n\x7f\u202e",{"k":[1,2]}],"long":"' + "x" * 5000 + '"}'
    lines = JsonLines(raw)
    paths = [lines.path(at) for at in lines.visible]
    assert paths[1:4] == ['["a b"]', '["a b"][0]', '["a b"][1]']
    assert lines.value(2) == "xé\n\x7f\u202e"
    assert lines.value(1) == '["x\\u00e9\\n\\u007f\\u202e",{"k":[1,2]}]'
    long = len(lines.lines) - 2
    assert lines.value(long) == "x" * 5000
    shown = "".join(piece.text for piece in lines.pieces(long, 50))
    assert shown == '"long": "' + "x" * 50 + '…" (5,000 characters)'


@given(TEXTS)
def test_what_is_copied_is_the_same_json_in_ascii(raw: str) -> None:
    copied = ascii_spread(raw)
    assert json.loads(copied) == json.loads(raw)
    assert all(" " <= one <= "~" or one == "\n" for one in copied)


def test_what_is_copied_keeps_the_letters_of_numbers() -> None:
    assert ascii_spread('{"a":[0.10,1E400, [ ]]}') == (
        '{\n  "a": [\n    0.10,\n    1E400,\n    []\n  ]\n}'
    )
