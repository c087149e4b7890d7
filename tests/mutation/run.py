"""Tries mutants, each in its own process, in which one module is the mutant.

``python -m tests.mutation.run`` tries them all, ``--sample N --seed TEXT`` some, ``FILE...`` those
of some files, ``--rotate`` those of one group of files, another one for another ``--seed``. A
mutant is killed when a test fails, or runs far longer than it should. What survives is printed,
with the reason from ``tests/mutants.toml`` where one is given; the exit code is 1 when less than
``--demand`` percent of the others were killed.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from tests.mutation.changes import Mutant, mutants_of
from tests.mutation.judges import ROOT, Mutants, read_mutants
from tests.mutation.reached import Lines, reached_by, reaching

LONGEST_S = 180.0
MOST_TESTS = 40
"""The number of tests tried of those that reach a line, the fastest first."""


@dataclass(frozen=True)
class Tried:
    """The outcome of one mutant; ``reached`` is False if no test runs its line."""

    mutant: Mutant
    killed: bool
    reached: bool
    seconds: float


def main() -> int:
    """Try the mutants named on the command line."""
    options = _options()
    known = read_mutants()
    files = [_path(name) for name in options.files] or known.files()
    if options.rotate:
        # Another seed gives another group of files, judged only by its own tests.
        group = random.Random(options.seed).choice(known.judge)
        files = [file for file in files if known.tests_for(file) == group.tests]
    chosen = [mutant for file in files for mutant in mutants_of(Path(file))]
    if options.sample:
        random.Random(options.seed).shuffle(chosen)
        chosen = chosen[: options.sample]
    lines = reached_by(sorted({test for file in files for test in known.tests_for(file)}), files)
    _import_others()
    survivors: list[Tried] = []
    done = excused = 0
    for tried in _try_all(chosen, known, lines, options.processes):
        done += 1
        if tried.killed:
            continue
        reason = known.reason(str(tried.mutant.path), tried.mutant.name)
        excused += bool(reason)
        if not reason:
            survivors.append(tried)
        where = "" if tried.reached else " (no test runs this line)"
        told = f" [{reason}]" if reason else where
        print(f"survived {tried.mutant}{told}", flush=True)
    judged = done - excused
    killed = judged - len(survivors)
    percent = 100 * killed / judged if judged else 100.0
    print(f"{killed} of {judged} mutants killed ({percent:.0f} %); {excused} listed as unnoticed.")
    return 1 if percent < options.demand else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", help="files to make mutants of; all that are judged")
    parser.add_argument("--sample", type=int, default=0, help="try so many, chosen by --seed")
    parser.add_argument("--seed", default="", help="another text chooses other mutants")
    parser.add_argument("--demand", type=float, default=90, help="percent that must be killed")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rotate", action="store_true", help="one group of files, by --seed")
    return parser.parse_args()


def _path(name: str) -> str:
    return Path(name).resolve().relative_to(ROOT).as_posix()


def _import_others() -> None:
    """Import in advance what every child needs: everything but the code that is judged."""
    import boto3
    import click
    import hypothesis
    import moto
    import msgspec
    import pytest
    import rich.console
    import textual.app

    del boto3, click, hypothesis, moto, msgspec, pytest, rich, textual


def _try_all(
    mutants: Sequence[Mutant], known: Mutants, lines: Lines, processes: int
) -> Iterator[Tried]:
    waiting = list(reversed(mutants))
    running: dict[int, tuple[Mutant, float]] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            mutant = waiting.pop()
            tests = _tests(mutant, known, lines)
            if not tests:
                yield Tried(mutant, False, False, 0.0)
                continue
            running[_start(mutant, tests)] = mutant, time.monotonic()
        pid, status = os.waitpid(-1, os.WNOHANG) if running else (0, 0)
        if pid in running:
            mutant, began = running.pop(pid)
            _end_group(pid)
            code = os.waitstatus_to_exitcode(status)
            yield Tried(mutant, code != 0, True, time.monotonic() - began)
            continue
        for late, (_, began) in running.items():
            if time.monotonic() - began > LONGEST_S:
                _end_group(late)
        time.sleep(0.02)


def _tests(mutant: Mutant, known: Mutants, lines: Lines) -> list[str]:
    path = str(mutant.path)
    return reaching(lines.get(path, {}), mutant.line, known.tests_for(path))[:MOST_TESTS]


def _end_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _start(mutant: Mutant, tests: Sequence[str]) -> int:
    """Start a child that runs the tests on the mutant; returns its process (and group) id."""
    pid = os.fork()
    if not pid:
        _run(mutant, tests)
    return pid


def _run(mutant: Mutant, tests: Sequence[str]) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)
        silent = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(silent, number)
        import pytest

        sys.meta_path.insert(0, _Finder(mutant))
        os.chdir(ROOT)
        code = pytest.main(
            ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0",
             "-p", "no:cov", *tests]
        )  # fmt: skip
    except BaseException:
        code = 1
    finally:
        # Threads that the tests left behind must not keep the process alive.
        os._exit(int(code))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Provides the mutant when its module is imported."""

    def __init__(self, mutant: Mutant) -> None:
        path = mutant.path.with_suffix("")
        parts = path.parts[:-1] if path.name == "__init__" else path.parts
        self._name = ".".join(parts)
        self._package = path.name == "__init__"
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: object = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        origin = ROOT / self._mutant.path
        return importlib.util.spec_from_file_location(
            fullname, origin, loader=self,
            submodule_search_locations=[str(origin.parent)] if self._package else None,
        )  # fmt: skip

    def exec_module(self, module: ModuleType) -> None:
        code = compile(self._mutant.tree(), str(ROOT / self._mutant.path), "exec")
        exec(code, module.__dict__)


if __name__ == "__main__":
    sys.exit(main())
