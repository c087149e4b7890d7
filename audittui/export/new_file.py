"""A new file that gets its name only when complete; nothing is ever overwritten."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TextIO

from audittui.errors import AuditError, UsageError
from audittui.escape import escaped
from audittui.whole_file import cannot_write, demand_free, is_full, take_name

PARTIAL = ".partial"


class NewFile:
    """A UTF-8 text file at ``path``, which must not exist.

    It is written as ``path`` + `PARTIAL`, readable only by its owner, and renamed by `keep`. An
    unfinished file keeps the partial name, and must be moved away before the next try. Raises
    `UsageError` if a name is taken or invalid, `AuditError` if the folder is not writable or
    writing fails (on a full disk, for example).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(path.name + PARTIAL)
        demand_free(path)
        try:
            handle = os.open(self.partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise UsageError(
                f"{_told(self.partial)} already exists, left by an unfinished export.",
                "Choose another name, or move it away.",
            ) from None
        except (OSError, ValueError) as error:
            raise cannot_write(path, error) from None
        self._stream: TextIO = os.fdopen(handle, "w", encoding="utf-8", newline="")

    def write(self, text: str) -> None:
        """Append ``text``."""
        try:
            self._stream.write(text)
        except OSError as error:
            raise self._failed(error) from None

    def keep(self) -> None:
        """Finish the file and give it its name. Raises `UsageError` if it was taken meanwhile."""
        self.close()
        try:
            take_name(self.partial, self.path)
        except FileExistsError:
            raise UsageError(
                f"{_told(self.path)} was created by another program meanwhile.",
                f"The complete export is in {_told(self.partial)}.",
            ) from None
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Close the file under its partial name."""
        if self._stream.closed:
            return
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> AuditError:
        # Closing flushes again, which fails again.
        with contextlib.suppress(OSError):
            self._stream.close()
        why = "The disk is full" if is_full(error) else f"Writing failed ({error.strerror})"
        return AuditError(
            f"{why}: the incomplete file is {_told(self.partial)}.",
            "The loaded rows are kept; export them to another place.",
        )


def _told(path: Path) -> str:
    return escaped(str(path))
