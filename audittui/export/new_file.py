"""A file that is whole under its name, or called partial: nothing is ever overwritten."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TextIO

from audittui.errors import AuditError, UsageError
from audittui.escape import escaped

PARTIAL = ".partial"


class NewFile:
    """A UTF-8 text file at ``path``, which must be free.

    It is written beside it as ``path`` + `PARTIAL`, readable by its owner alone, and takes its name
    at `keep`. What ends early stays under the partial name, which is free for the next try only
    once somebody has moved it away. Raises `UsageError` where a name is taken or no file can be
    made, `AuditError` when writing fails (a full disk, say).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(path.name + PARTIAL)
        if os.path.lexists(path):
            raise UsageError(f"{_told(path)} exists already.", "Give another name.")
        try:
            handle = os.open(self.partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise UsageError(
                f"{_told(self.partial)} exists already: an earlier try that ended early.",
                "Give another name, or move it away.",
            ) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "the name is not valid"
            raise UsageError(
                f"{_told(path)} cannot be written: {reason}.", "Give another name or folder."
            ) from None
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
            try:
                os.link(self.partial, self.path)
            except FileExistsError:
                raise
            except OSError:
                # No links on this file system.
                if os.path.lexists(self.path):
                    raise FileExistsError from None
                self.partial.rename(self.path)
            else:
                self.partial.unlink()
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
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "The disk is full" if full else f"Writing failed ({error.strerror})"
        return AuditError(
            f"{why}: what was written so far is in {_told(self.partial)}, without an end.",
            "Nothing that was read is lost; export it to another place.",
        )


def _told(path: Path) -> str:
    return escaped(str(path))
