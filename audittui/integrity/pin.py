"""The newest checkpoint that was seen of each log, kept on this machine.

A file a log, named by a hash of its origin: the signed note, verbatim. It is replaced as a whole,
so that a crash leaves the old one.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from audittui.errors import StoreError
from audittui.whole_file import replace


class Pins:
    """The pinned checkpoints in ``folder``, which is made when the first is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, origin: str) -> Path:
        """Where the pin of a log is kept."""
        return self.folder / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.note"

    def load(self, origin: str) -> str:
        """The note that is pinned for ``origin``; empty where there is none.

        Raises `StoreError` when there is one that cannot be read: then nothing can be demanded,
        and that must be said.
        """
        try:
            return self.path(origin).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except (OSError, ValueError) as error:
            raise StoreError(
                f"The pinned checkpoint {self.path(origin)} cannot be read: "
                f"{getattr(error, 'strerror', None) or 'it is not text'}.",
                "Mend or remove the file, then import a checkpoint that you trust.",
                kind="disk",
            ) from None

    def save(self, origin: str, note: str) -> None:
        """Pin ``note`` for ``origin``. Raises `StoreError` when it cannot be kept."""
        try:
            replace(self.path(origin), note.encode())
        except OSError as error:
            raise StoreError(
                f"The checkpoint cannot be pinned in {self.folder}: {error.strerror}.",
                "Set AUDITTUI_STATE to a folder that can be written.",
                kind="disk",
            ) from None
