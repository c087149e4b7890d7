"""Where the last good sweep of each chain ended, stored on this machine for ``--since last``."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from audittui.config import state_folder
from audittui.errors import StoreError
from audittui.integrity.verifying.progress_mark import Mark
from audittui.store.identity import TableIdentity
from audittui.whole_file import replace

_SUFFIX = ".mark"


def load_mark(table: TableIdentity, chain: str) -> Mark | None:
    """The mark of a chain; None if no sweep is recorded. Raises `StoreError`."""
    for mark in _marks(f"{_digest(chain)}-"):
        if mark.chain == chain and mark.table.same(table):
            return mark
    return None


def marks_of(table: TableIdentity) -> tuple[Mark, ...]:
    """The marks of all chains of a table. Raises `StoreError`."""
    return tuple(mark for mark in _marks("") if mark.table.same(table))


def marks_on(chain: str) -> tuple[Mark, ...]:
    """The marks of a chain, in every table that has a chain of this name.

    Raises `StoreError`.
    """
    return tuple(mark for mark in _marks(f"{_digest(chain)}-") if mark.chain == chain)


def save_mark(mark: Mark) -> None:
    """Record that everything below ``mark`` was verified; a failed write is ignored."""
    with contextlib.suppress(OSError):
        path = _path(mark)
        for other in marks_on(mark.chain):
            if other.table.same(mark.table) and _path(other) != path:
                _path(other).unlink(missing_ok=True)
        replace(path, msgspec.json.encode(mark) + b"\n")


def forget_mark(mark: Mark) -> None:
    """Retire a mark. Raises `OSError`."""
    _path(mark).unlink(missing_ok=True)


def _marks(beginning: str) -> Iterator[Mark]:
    folder = _folder()
    try:
        paths = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise _unreadable(folder, error) from None
    for path in paths:
        if not path.match(f"{beginning}*{_SUFFIX}"):
            continue
        try:
            yield msgspec.json.decode(path.read_bytes(), type=Mark)
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError | ValueError) -> StoreError:
    why = error.strerror if isinstance(error, OSError) else "it is not a mark"
    return StoreError(
        f"The record of the last sweep cannot be read from {path}: {why}.",
        "Fix its permissions, or remove it and verify whole chains again.",
        kind="disk",
    )


def _path(mark: Mark) -> Path:
    table = mark.table
    name = f"{_digest(mark.chain)}-{_digest(table.id or table.place or table.label)}"
    return _folder() / f"{name}{_SUFFIX}"


def _folder() -> Path:
    return state_folder() / "verified"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]
