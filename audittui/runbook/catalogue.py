"""The catalogue: the runbooks that ship, and those of the team's folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from audittui.errors import UsageError
from audittui.escape import escaped, shortened

if TYPE_CHECKING:
    from audittui.runbook.model import Runbook

SUFFIXES = (".yaml", ".yml")


class BrokenRunbook(msgspec.Struct, frozen=True):
    """A file that is not a runbook, or a folder that cannot be read, and why.

    ``line`` is 0 if it is not known; ``where`` is the path inside the file, or empty.
    """

    path: Path
    line: int
    where: str
    message: str

    @property
    def text(self) -> str:
        """The fault in one line: ``mine.yaml:7: params.window.type: what is wrong``."""
        from audittui.runbook.document import place_text

        return place_text(self.path, self.line, self.where, self.message)


class Catalogue(msgspec.Struct, frozen=True):
    """Every runbook that can run, sorted by name, and every file that cannot."""

    runbooks: tuple[Runbook, ...]
    broken: tuple[BrokenRunbook, ...] = ()

    def find(self, name: str) -> Runbook:
        """The runbook with the id ``name``. Raises `UsageError` that suggests or explains."""
        import difflib

        for runbook in self.runbooks:
            if runbook.id == name:
                return runbook
        for broken in self.broken:
            if broken.path.stem == name:
                raise UsageError(f"The runbook {escaped(name)} is invalid: {broken.text}.")
        ids = [runbook.id for runbook in self.runbooks]
        close = difflib.get_close_matches(name[:80].lower(), ids, 3, 0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else "See audittui runbooks list."
        shown = escaped(shortened(name, 60))
        raise UsageError(f"There is no runbook called {shown!r}.", hint)


def shipped_folder() -> Path:
    """The folder of the runbooks that ship: in the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "runbooks"
    return inside if inside.is_dir() else package.parent / "runbooks"


def load_catalogue(folders: Sequence[Path] = ()) -> Catalogue:
    """The shipped runbooks and those of ``folders``.

    A file overrides one with the same id in an earlier folder. An invalid file is listed in
    ``broken`` and hides nothing, not even the runbook that it was meant to override.
    """
    found: dict[str, Runbook] = {}
    broken: dict[Path, BrokenRunbook] = {}
    for folder in dict.fromkeys((shipped_folder(), *folders)):
        here: set[str] = set()
        for result in _read_folder(folder):
            if isinstance(result, BrokenRunbook):
                broken[result.path] = result
            elif result.id in here:
                broken[result.path] = BrokenRunbook(
                    result.path,
                    0,
                    "",
                    f"another runbook in the folder has the id {escaped(result.id)}",
                )
            else:
                here.add(result.id)
                found[result.id] = result
    runbooks = sorted(found.values(), key=lambda runbook: (runbook.name.casefold(), runbook.id))
    return Catalogue(tuple(runbooks), tuple(broken.values()))


def check(paths: Sequence[Path]) -> list[Runbook | BrokenRunbook]:
    """Each file of ``paths`` as a runbook, or as what is wrong with it.

    A folder stands for the runbook files directly in it; a folder without any is reported as
    broken.
    """
    results: list[Runbook | BrokenRunbook] = []
    for path in paths:
        if not path.is_dir():
            results.append(_read(path))
            continue
        inside = _read_folder(path)
        results += inside or [BrokenRunbook(path, 0, "", "the folder has no .yaml files")]
    return results


def _read(path: Path) -> Runbook | BrokenRunbook:
    # Importing the YAML reader takes longer than reading; the terminal's first frame needs neither.
    from audittui.runbook.document import RunbookError
    from audittui.runbook.load import load_runbook

    try:
        return load_runbook(path)
    except RunbookError as error:
        return BrokenRunbook(path, error.line, error.where, error.reason)


def _read_folder(folder: Path) -> list[Runbook | BrokenRunbook]:
    try:
        # Editors leave hidden files beside the file being edited.
        paths = sorted(
            path
            for path in folder.expanduser().iterdir()
            if path.suffix in SUFFIXES and not path.name.startswith(".")
        )
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return [BrokenRunbook(folder, 0, "", f"the folder cannot be read: {reason}")]
    return [_read(path) for path in paths]
