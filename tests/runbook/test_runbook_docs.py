"""The examples in docs/runbooks.md are valid runbooks, and its tables match the parser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from audittui import timestamp
from audittui.runbook.load import parse_runbook
from audittui.runbook.timerange import parse_duration, parse_time, parse_window

PAGE = (Path(__file__).parents[2] / "docs" / "runbooks.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
NOW = timestamp.parse("2026-11-24T15:30:00Z")

FRAME = """
name: N
description: D
params: {actor: {type: actor}, action: {type: action}, known: {type: multi}}
query:
  by: failure
  during: all
"""


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_a_runbook(text: str) -> None:
    if text.startswith("where:"):
        text = FRAME + "".join(f"  {line}\n" for line in text.splitlines())
    runbook = parse_runbook(Path("example.yaml"), text)
    said = yaml.safe_load(text)["query"].get("where", {})
    assert set(runbook.query.where) == set(said)


def cells(heading: str, column: int) -> list[str]:
    """The code words of one column of the table whose header starts with ``heading``."""
    table = PAGE[PAGE.index(f"| {heading} |") :].split("\n\n")[0]
    rows = [line.split("|") for line in table.splitlines()[2:]]
    return [word for row in rows for word in re.findall(r"`([^`]+)`", row[column])]


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 3


def test_every_time_range_of_the_page_is_one() -> None:
    ranges = cells("text", 1)
    assert len(ranges) > 8
    for text in ranges:
        parse_window(text, NOW)


def test_every_duration_and_time_of_the_page_is_one() -> None:
    kinds = {row[1]: row for line in PAGE.splitlines() if len(row := line.split("|")) > 3}
    for text in re.findall(r"`([^`]+)`", kinds[" `duration` "][2]):
        parse_duration(text)
    for text in re.findall(r"`([^`]+)`", kinds[" `time` "][2]):
        parse_time(text, NOW)
