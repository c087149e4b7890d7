"""What an importer reads: drafts and rejections, from files, folders and pipes."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from audittui.entry import Draft
from audittui.errors import UsageError
from audittui.escape import shortened

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""The byte order mark that some tools write before UTF-8 text."""
_LONGEST_REASON = 300
_GZIP = b"\x1f\x8b"


class Rejected(msgspec.Struct, frozen=True):
    """A record that could not become an entry. ``position`` is a line or a record number.

    ``reason`` is cut to 300 characters, as it may quote the file. ``conflict``: the record is
    valid but its idempotency key belongs to an entry with different content.
    """

    file: str
    position: str
    reason: str
    conflict: bool = False

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "reason", shortened(self.reason, _LONGEST_REASON))

    @property
    def text(self) -> str:
        """The rejection as one line."""
        place = f"{self.file}, {self.position}" if self.position else self.file
        return f"{place}: {self.reason}"


class Read(msgspec.Struct, frozen=True):
    """One record read: a draft or a rejection.

    ``bytes_done`` is the progress in bytes of the files on disk. ``shortened`` is True if something
    was removed from the draft to make it fit (`audittui.ingest.fit`). ``file`` and ``position``
    locate the record; ``size`` is the maximum size of the draft's body in bytes, 0 if unchecked.
    """

    made: Draft | Rejected
    bytes_done: int
    shortened: bool = False
    file: str = ""
    position: str = ""
    size: int = 0


class Source(io.RawIOBase):
    """The bytes of a file or a pipe, decompressed if gzip (detected by the first two bytes).

    Damaged or truncated data ends the bytes like the end of a file, so that everything before it is
    read; ``fault`` then says why, in words. ``taken`` counts the bytes read from the file.
    """

    def __init__(self, raw: IO[bytes]) -> None:
        super().__init__()
        self.fault = ""
        self._head = raw.read(2)
        self._raw = raw
        self.taken = len(self._head)
        self._unpacked: gzip.GzipFile | None = None
        if self._head == _GZIP:
            self._unpacked = gzip.GzipFile(fileobj=io.BufferedReader(_Packed(self)))

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill ``buffer`` with the bytes available; 0 at the end or at damaged data."""
        room = memoryview(buffer)
        if self.fault or not room:
            return 0
        try:
            data = self._unpacked.read1(len(room)) if self._unpacked else self.take(len(room))
        except (OSError, EOFError, zlib.error) as error:
            self.fault = fault_of(error)
            return 0
        room[: len(data)] = data
        return len(data)

    def take(self, size: int) -> bytes:
        """At most ``size`` bytes of the file, undecoded. Raises ``OSError``."""
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        data = self._raw.read(size)
        self.taken += len(data)
        return data


class _Packed(io.RawIOBase):
    """The bytes of a source before decompression."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer)
        data = self._source.take(len(room))
        room[: len(data)] = data
        return len(data)


def fault_of(error: Exception) -> str:
    """Why reading a file failed, in words."""
    if isinstance(error, EOFError):
        return "the gzip data is cut off"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return "the gzip data is damaged"
    return f"cannot be read: {getattr(error, 'strerror', None) or error}"


def files_in(paths: Sequence[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """The files that ``paths`` name, including those in folders, in a fixed order.

    Raises `UsageError` for a path that does not exist and for a folder with no file to read.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (one for one in path.rglob("*") if one.is_file())
            found = sorted(one for one in inside if one.name.endswith(suffixes))
            if not found:
                raise UsageError(
                    f"There is no {', '.join(suffixes[:-1])} or {suffixes[-1]} file in the folder "
                    f"{path}.",
                    "Name another folder, or the files themselves.",
                )
            files += found
        elif path.exists():
            files.append(path)
        else:
            raise UsageError(f"There is no file {path}.", "Check the path.")
    return files


def numbered_lines(stream: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The lines that are not blank, numbered from 1, without line endings."""
    for number, line in enumerate(stream, 1):
        stripped = (line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line).strip()
        if stripped:
            yield number, stripped
