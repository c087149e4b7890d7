"""What an importer reads: drafts, and the places where there was none to be had."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from audittui.entry import Draft
from audittui.errors import UsageError


class Rejected(msgspec.Struct, frozen=True):
    """A record that could not become an entry. ``position`` is a line or a record number."""

    file: str
    position: str
    reason: str

    @property
    def text(self) -> str:
        """The rejection in one line."""
        place = f"{self.file}, {self.position}" if self.position else self.file
        return f"{place}: {self.reason}"


class Read(msgspec.Struct, frozen=True):
    """One record read: a draft or a rejection. ``bytes_done`` counts the bytes read so far."""

    made: Draft | Rejected
    bytes_done: int


def files_in(paths: Sequence[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """The files that ``paths`` name, folders searched through, in a fixed order.

    Raises `UsageError` for a path that does not exist.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (one for one in path.rglob("*") if one.is_file())
            files += sorted(one for one in inside if one.name.endswith(suffixes))
        elif path.exists():
            files.append(path)
        else:
            raise UsageError(f"There is no file {path}.", "Check the path.")
    return files


def open_bytes(path: Path) -> tuple[IO[bytes], IO[bytes]]:
    """The file's text as bytes, unpacked where it is gzip, and the raw file to ask how far it is.

    Gzip is told by its first two bytes, not by the name.
    """
    raw = path.open("rb")
    magic = raw.read(2)
    raw.seek(0)
    if magic == b"\x1f\x8b":
        return io.BufferedReader(gzip.GzipFile(fileobj=raw)), raw
    return raw, raw


def numbered_lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, with their numbers from 1; endings stripped."""
    for number, line in enumerate(stream, 1):
        stripped = line.strip()
        if stripped:
            yield number, stripped
