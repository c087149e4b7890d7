"""The source distribution is enough for ``make test``."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = ("audittui", "runbooks", "tests", "docs", "benchmarks", ".ci", ".github")
LEFT_OUT = re.compile(r"__pycache__|\.pyc$|_cache/|snapshot_report\.html$|\.db(-wal|-shm)?$")


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files in the archive, without its own folder."""
    folder = tmp_path_factory.mktemp("sdist")
    code = f"import hatchling.build; hatchling.build.build_sdist({str(folder)!r})"
    built = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        return {name.partition("/")[2] for name in tar.getnames()}


def test_it_holds_whatever_the_tests_read(names: set[str]) -> None:
    wanted = {
        str(path.relative_to(ROOT))
        for folder in NEEDED
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not LEFT_OUT.search(str(path))
    }
    wanted |= {"Makefile", "constraints.txt", "pyproject.toml", ".pre-commit-config.yaml"}
    wanted |= {path.name for path in ROOT.glob("*.md")}
    assert not wanted - names


def test_it_holds_whatever_the_makefile_names(names: set[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\s((?:[\w.]+/)*[\w.]+\.(?:py|txt|toml))\b", makefile))
    assert {"constraints.txt", "pyproject.toml", ".ci/bundle.py"} <= named
    assert named <= names


def test_click_is_as_new_as_its_use() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "click>=8.2" in project["dependencies"]
