"""The records that an import rejected, as JSON Lines."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from audittui.errors import AuditError
from audittui.ingest.source import Rejected
from audittui.whole_file import cannot_write, demand_free

_PLACE = re.compile(r"(line|record) (\d+)")


def as_object(rejected: Rejected) -> dict[str, Any]:
    """``file``, ``line`` or ``record`` (else ``position`` in words), ``reason``, ``conflict``."""
    place = _PLACE.fullmatch(rejected.position)
    where: dict[str, Any] = (
        {place.group(1): int(place.group(2))} if place else {"position": rejected.position}
    )
    return {
        "file": rejected.file, **where, "reason": rejected.reason, "conflict": rejected.conflict,
    }  # fmt: skip


class RejectsFile:
    """A new file at ``path``, readable only by its owner: one JSON object per rejection, written
    as it occurs. The file is empty if nothing was rejected.

    Raises `UsageError` if the file exists, `AuditError` if it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        demand_free(path)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except (OSError, ValueError) as error:
            raise cannot_write(path, error) from None
        self._stream = os.fdopen(handle, "w", encoding="ascii")

    def add(self, rejected: Rejected) -> None:
        """Write one rejection."""
        try:
            self._stream.write(json.dumps(as_object(rejected)) + "\n")
            self._stream.flush()
        except OSError as error:
            raise AuditError(
                f"{self._path} cannot be written: {error.strerror}.",
                "Free some space, move it away, and run the import again.",
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
