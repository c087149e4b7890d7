"""CONTRIBUTING.md, SECURITY.md and the decisions only mention things that exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from audittui.cli.group import COMMANDS
from audittui.integrity.verifying.verdict import FAILURES, VerdictName

ROOT = Path(__file__).parents[1]
DECISIONS = ROOT / "docs" / "decisions"
PAGES = [
    ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md",
    *sorted(DECISIONS.glob("*.md")),
]  # fmt: skip
PATH = re.compile(r"(?:audittui|tests|docs|\.ci|\.github)/[\w./-]+|[\w-]+\.(?:md|toml|txt)")
MADE = {"help.svg", "snapshot_report.html"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_paths_targets_and_commands_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)", text):
        if not link.startswith("https://"):
            assert (page.parent / link).exists(), link
    # ARCHITECTURE.md names places inside the package and has its own test.
    if page.name != "ARCHITECTURE.md":
        for quoted in re.findall(r"`([^`\n]+)`", text):
            if PATH.fullmatch(quoted):
                assert (ROOT / quoted).exists(), quoted
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    for line in re.findall(r"(?:^|`)make ([a-z]+(?: [a-z]+)*)", text, re.MULTILINE):
        assert set(line.split()) <= targets, line
    for command in re.findall(r"`audittui ([a-z]+)", text):
        assert command in COMMANDS, command


def test_the_screen_is_drawn_as_it_is_told(tmp_path: Path) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (program,) = (
        block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "pilot" in block
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"HOME": str(tmp_path), "PATH": "", "AUDITTUI_STATE": str(tmp_path / "state")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "<svg" in (tmp_path / "help.svg").read_text(encoding="utf-8")


def test_the_threat_model_names_every_failure_and_no_other_verdict() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = {name for name in re.findall(r"`([A-Z][^`]+)`", text) if name.split(" (")[0].isupper()}
    verdicts = set(get_args(VerdictName))
    # Names of AWS and of variables are not verdicts.
    assert {name for name in named if "_" not in name} <= verdicts
    assert named >= FAILURES


def test_every_decision_is_listed_in_order() -> None:
    text = (DECISIONS / "README.md").read_text(encoding="utf-8")
    pages = sorted(page.name for page in DECISIONS.glob("[0-9]*.md"))
    assert re.findall(r"^\d+\. \[[^]]+\]\(([^)]+)\)$", text, re.MULTILINE) == pages
    assert len(pages) >= 10
    for number, page in enumerate(pages, start=1):
        first = (DECISIONS / page).read_text(encoding="utf-8").splitlines()[0]
        assert page.startswith(f"{number:02d}-")
        title = first.removeprefix(f"# {number}. ")
        assert f"{number}. [{title}]({page})" in text
