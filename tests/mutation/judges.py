"""``tests/mutants.toml``: which tests judge which files, and which mutants are equivalent."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tests" / "mutants.toml"


class Judge(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``files`` (a pattern of paths) are judged by ``tests``, the narrowest first."""

    files: str
    tests: tuple[str, ...]


class Unnoticed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mutant that no test can kill, and the ``reason`` why no user could notice it."""

    file: str
    mutant: str
    reason: str


class Mutants(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The contents of the file."""

    judge: tuple[Judge, ...]
    unnoticed: tuple[Unnoticed, ...] = ()

    def tests_for(self, path: str) -> tuple[str, ...]:
        """The tests that judge a file, by the first pattern that matches it; empty for none."""
        for judge in self.judge:
            if fnmatch(path, judge.files):
                return judge.tests
        return ()

    def files(self) -> list[str]:
        """Every file that is judged, sorted."""
        every = (path.relative_to(ROOT).as_posix() for path in (ROOT / "audittui").rglob("*.py"))
        return sorted(path for path in every if self.tests_for(path))

    def reason(self, path: str, mutant: str) -> str:
        """Why a mutant goes unnoticed; empty if no reason is given."""
        for one in self.unnoticed:
            if (one.file, one.mutant) == (path, mutant):
                return one.reason
        return ""


def read_mutants(file: Path = FILE) -> Mutants:
    """The file, decoded. Raises `msgspec.ValidationError` with the path of the fault."""
    return msgspec.toml.decode(file.read_bytes(), type=Mutants)
