"""``audittui runbooks``: listed, shown and checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.bench import Bench

GOOD = """\
name: Doors
description: Who opened doors.
params:
  door: {type: text, required: true, help: which door, placeholder: front}
  window: {type: time_range, default: "-24h..now", help: when}
query: {by: action, equals: "{door}", during: "{window}", order: newest}
columns: [time, actor]
"""


@pytest.fixture
def books(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = bench.folder / "books"
    folder.mkdir()
    (folder / "doors.yaml").write_text(GOOD)
    (folder / "bad.yaml").write_text("name: x\ndescription: d\nquery: {by: tme}\n")
    monkeypatch.setenv("AUDITTUI_RUNBOOKS", str(folder))
    return folder


def test_one_is_shown_with_its_parameters_and_how_to_run_it(bench: Bench, books: Path) -> None:
    out, _ = bench("runbooks", "show", "doors")
    assert out.splitlines()[:3] == [
        "Doors (doors)", "Who opened doors.", f"File: {books / 'doors.yaml'}"
    ]  # fmt: skip
    assert "  door    text, required. which door" in out
    assert "  window  time_range, default -24h..now. when" in out
    assert out.endswith("Run it: audittui run doors -p door=front\n")


def test_a_check_names_the_line_and_ends_with_1_where_one_is_broken(
    bench: Bench, books: Path
) -> None:
    out, err = bench("runbooks", "check", "books", code=1)
    assert f"{Path('books/bad.yaml')}:3: query.by: " in out
    assert f"{Path('books/doors.yaml')}: good" in out
    assert "1 good, 1 broken." in err
    assert "1 good, 0 broken." in bench("runbooks", "check", "books/doors.yaml")[1]


def test_a_list_with_a_broken_one_is_not_all(bench: Bench, books: Path) -> None:
    out, err = bench("runbooks", "list", code=3)
    assert "doors" in out
    assert "bad.yaml:3" in err
    found = json.loads(bench("runbooks", "list", "--format", "json", code=3)[0])
    (broken,) = (one for one in found if one["broken"])
    assert (broken["id"], broken["broken"]["line"]) == ("bad", 3)
    assert sum(one["id"] == "doors" for one in found) == 1


def test_a_broken_one_is_not_run_but_named(bench: Bench, books: Path) -> None:
    for words in (("run", "bad"), ("runbooks", "show", "bad")):
        _, err = bench(*words, code=2)
        assert "bad" in err
