"""A file that is whole under its name, or called partial: nothing is ever overwritten."""

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
    """A UTF-8 text file at ``path``, which must be free.

    It is written beside it as ``path`` + `PARTIAL`, readable by its owner alone, and takes its name
    at `keep`. What ends early stays under the partial name, which is free for the next try only
    once somebody has moved it away. Raises `UsageError` where a name is taken or cannot be,
    `AuditError` where the folder may not be written to or writing fails (a full disk, say).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(path.name + PARTIAL)
        demand_free(path)
        try:
            handle = os.open(self.partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise UsageError(
                f"{_told(self.partial)} exists already: an earlier try that ended early.",
                "Give another name, or move it away.",
            ) from None
        except (OSError, ValueError) as error:
            raise cannot_write(path, error) from None
        self._stream: TextIO = os.fdopen(handle, "w", encoding="utf-8", newline="")

    def write(self, text: str) -> None:
        """Write on."""
        try:
            self._stream.write(text)
        except OSError as error:
            raise self._failed(error) from None

    def keep(self) -> None:
        """All is written: give the file its name. Raises `UsageError` if it was taken meanwhile."""
        self.close()
        try:
            take_name(self.partial, self.path)
        except FileExistsError:
            raise UsageError(
                f"{_told(self.path)} was made by somebody else meanwhile.",
                f"Everything is in {_told(self.partial)}.",
            ) from None
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Leave the file under its partial name, on the disk."""
        if self._stream.closed:
            return
        try:
            self._stream.flush()
            os.fsync(self._stream.fileno())
            self._stream.close()
        except OSError as error:
            raise self._failed(error) from None

    def _failed(self, error: OSError) -> AuditError:
        # Closing tries to flush once more, which fails once more.
        with contextlib.suppress(OSError):
            self._stream.close()
        why = "The disk is full" if is_full(error) else f"Writing failed ({error.strerror})"
        return AuditError(
            f"{why}: what was written so far is in {_told(self.partial)}, without an end.",
            "Nothing that was read is lost; export it to another place.",
        )


def _told(path: Path) -> str:
    return escaped(str(path))
