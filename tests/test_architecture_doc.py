"""Every file and folder that ARCHITECTURE.md names is there, and its order is the contracts'."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
NAME = re.compile(r"[\w.-]+/(?:[\w.-]+/?)*|[\w-]+\.(?:py|md|toml)")
_DESCRIBED = 34
"""The column of the first diagram at which the descriptions begin."""
NAMES = sorted({name for name in re.findall(r"`([^`\n]+)`", TEXT) if NAME.fullmatch(name)})


@pytest.mark.parametrize("name", NAMES)
def test_what_is_named_is_there(name: str) -> None:
    found = [path for path in (ROOT / "audittui" / name, ROOT / name) if path.exists()]
    assert found, f"ARCHITECTURE.md names {name}"
    if name.endswith("/"):
        assert found[0].is_dir(), f"{name} is not a folder"


def test_names_are_found_at_all() -> None:
    assert {"entry.py", "store/dynamodb/", "docs/formats.md", "pyproject.toml"} <= set(NAMES)


def test_every_room_that_the_diagram_of_the_terminal_names_is_there() -> None:
    part = TEXT[TEXT.index("## The terminal") : TEXT.index("**Threads never touch widgets")]
    diagram = part.split("```")[1]
    names = re.findall(r"(?:^|[ ├└] ?)([a-z_]+(?:/|\.py))", diagram, re.MULTILINE)
    assert {"app.py", "main/", "model/", "jobs.py"} <= set(names)
    rooms = ROOT / "audittui" / "tui"
    for name in names:
        assert (rooms / name).exists() or (rooms / "main" / name).exists(), name


def test_the_order_is_that_of_the_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    (layers,) = (
        one["layers"]
        for one in settings["importlinter"]["contracts"]
        if one["type"] == "layers" and one.get("containers") == ["audittui"]
    )
    enforced = [set(re.findall(r"\w+", layer)) for layer in layers]
    lines = TEXT.split("```")[1].strip("\n").splitlines()
    drawn = [set(re.findall(r"\w+", line[:_DESCRIBED])) for line in lines]
    down_to_entry = enforced.index({"entry", "aws"}) + 1
    assert drawn[:down_to_entry] == enforced[:down_to_entry]
    small = set().union(*enforced[down_to_entry:])
    assert len(drawn) == down_to_entry + 1 and drawn[-1] < small
