"""The catalogue: the runbooks that ship, and those of the team's folders."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from audittui.errors import UsageError
from audittui.runbook.load import RunbookError, load_runbook
from audittui.runbook.model import Runbook

SUFFIXES = (".yaml", ".yml")


class BrokenRunbook(msgspec.Struct, frozen=True):
    """A file that is not a runbook, and why. ``line`` is 0 where none can be told."""

    path: Path
    line: int
    where: str
    message: str

    @property
    def text(self) -> str:
        """The fault in one line."""
        place = f"{self.path.name}:{self.line}" if self.line else str(self.path)
        return (
            f"{place}: {self.where}: {self.message}" if self.where else f"{place}: {self.message}"
        )


class Catalogue(msgspec.Struct, frozen=True):
    """Every runbook that can run, sorted by name, and every file that cannot."""

    runbooks: tuple[Runbook, ...]
    broken: tuple[BrokenRunbook, ...] = ()

    def find(self, name: str) -> Runbook:
        """The runbook with the id ``name``. Raises `UsageError` that suggests or explains."""
        for runbook in self.runbooks:
            if runbook.id == name:
                return runbook
        for broken in self.broken:
            if broken.path.stem == name:
                raise UsageError(f"The runbook {name} is broken: {broken.text}.")
        close = difflib.get_close_matches(name, [runbook.id for runbook in self.runbooks], 3, 0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else "See audittui runbooks list."
        raise UsageError(f"There is no runbook {name!r}.", hint)


def shipped_folder() -> Path:
    """The folder of the runbooks that ship: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "runbooks"
    return inside if inside.is_dir() else package.parent / "runbooks"


def load_catalogue(folders: Sequence[Path] = ()) -> Catalogue:
    """The shipped runbooks and those of ``folders``; a later file overrides an id before it."""
    found: dict[str, Runbook] = {}
    broken: dict[str, BrokenRunbook] = {}
    for folder in (shipped_folder(), *folders):
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)
        except OSError as error:
            reason = f"the folder cannot be read: {error.strerror}"
            broken[str(folder)] = BrokenRunbook(folder, 0, "", reason)
            continue
        for path in paths:
            try:
                runbook = load_runbook(path)
            except RunbookError as error:
                broken[str(path)] = BrokenRunbook(path, error.line, error.where, error.reason)
            else:
                found[runbook.id] = runbook
    runbooks = sorted(found.values(), key=lambda runbook: runbook.name.casefold())
    return Catalogue(tuple(runbooks), tuple(broken.values()))


def check_files(paths: Sequence[Path]) -> tuple[list[Runbook], list[BrokenRunbook]]:
    """The runbooks in files and folders, and the files that are none."""
    good: list[Runbook] = []
    bad: list[BrokenRunbook] = []
    for given in paths:
        files = [given]
        if given.is_dir():
            files = sorted(path for path in given.rglob("*") if path.suffix in SUFFIXES)
        for path in files:
            try:
                good.append(load_runbook(path))
            except RunbookError as error:
                bad.append(BrokenRunbook(path, error.line, error.where, error.reason))
    return good, bad
