"""Which tests run which lines, and how long each takes: a mutant is tried only on those.

One run of the judging tests under coverage, kept in ``.cache/`` until a file changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.mutation.judges import ROOT

CACHE = ROOT / ".cache" / "mutants"
Lines = dict[str, dict[str, list[str]]]
"""File -> line -> tests, the fastest first."""


def reached_by(tests: list[str], files: list[str]) -> Lines:
    """The lines of ``files`` that ``tests`` run, and which of them run each."""
    seen = hashlib.sha256()
    for folder in ("audittui", "tests", "runbooks"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".py", ".toml", ".yaml") and path.name != "mutants.toml":
                seen.update(path.read_bytes())
    seen.update(repr(tests).encode())
    kept = CACHE / f"{seen.hexdigest()[:16]}.json"
    if kept.exists():
        found: Lines = json.loads(kept.read_text())
        return found
    CACHE.mkdir(parents=True, exist_ok=True)
    data, times = CACHE / "coverage", CACHE / "times.json"
    _record(tests, data, times)
    found = _lines(data, json.loads(times.read_text()), files)
    kept.write_text(json.dumps(found))
    return found


def reaching(lines: dict[str, list[str]], line: int, judging: tuple[str, ...]) -> list[str]:
    """The tests among ``judging`` that run a line of a file, the fastest first, but one case of
    every test before the second one of any.

    A statement over several lines is known by its first. What runs when the module is imported is
    run by every test of the file.
    """
    for first in range(line, max(line - 20, 0), -1):
        tests = lines.get(str(first))
        if tests is not None:
            break
    else:
        return []
    if not tests:
        tests = sorted({test for others in lines.values() for test in others})
    tests = [test for test in tests if test.startswith(judging)]
    # One case of each test before further cases: a hundred of one would crowd out the others.
    functions: set[str] = set()
    first_cases = []
    for test in tests:
        function = test.partition("[")[0]
        if function not in functions:
            functions.add(function)
            first_cases.append(test)
    first = set(first_cases)
    return [*first_cases, *(test for test in tests if test not in first)]


def _record(tests: list[str], data: Path, times: Path) -> None:
    settings = CACHE / "coveragerc"
    settings.write_text(f"[run]\nsource = {ROOT / 'audittui'}\ndata_file = {data}\n")
    for old in CACHE.glob("coverage*"):
        if old != settings:
            old.unlink()
    command = [
        sys.executable, "-m", "pytest", "-q", "-n", "auto", "-p", "no:cacheprovider",
        "-p", "tests.mutation.timing", "--cov", f"--cov-config={settings}", "--cov-context=test",
        "--cov-report=", *tests,
    ]  # fmt: skip
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "MUTANTS_TIMES": str(times)}, check=False
    )
    if done.returncode > 1:
        sys.exit("The tests cannot be run; no mutant was tried.")
    if done.returncode:
        print("What fails without a mutant judges none.")


def _lines(data: Path, times: dict[str, float], files: list[str]) -> Lines:
    import coverage

    stored = coverage.CoverageData(str(data))
    stored.read()
    found: Lines = {}
    for file in files:
        contexts = stored.contexts_by_lineno(str(ROOT / file))
        found[file] = {
            str(line): sorted(
                times.keys() & {name.split("|")[0] for name in names},
                key=lambda name: (times[name], name),
            )
            for line, names in contexts.items()
        }
    return found
