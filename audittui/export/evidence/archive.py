"""The container: a ZIP file with exactly one encoding of the same files.

Members are stored uncompressed, sorted by name, without times. Reading a container re-encodes it
and compares, so any changed byte is found, inside a member or around it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MAX_BYTES = 2_000_000_000
_MAX_DIRECTORY = 8_000_000
"""Maximum bytes of the central directory: more than the largest bundle needs, and quick to read."""
_END = 22
"""Bytes of the end record, which comes last in the file."""


class DamagedError(ValueError):
    """The bytes are not a valid container."""


def pack(files: Mapping[str, bytes]) -> bytes:
    """The container of ``files`` (ASCII names)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = 0o600 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The files in a container. Raises `DamagedError`. Uses at most a few times the memory of
    ``data``, even for hostile input."""
    if len(data) > MAX_BYTES:
        raise DamagedError("it is too large")
    _demand_end(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(set(names)) != len(names):
                raise DamagedError("it contains a file twice")
            # Stored members that share no bytes are together no longer than the file.
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                raise DamagedError("it contains a compressed file")
            if sum(max(info.file_size, info.compress_size) for info in infos) > len(data):
                raise DamagedError("its files claim to be longer than the bundle")
            files = {name: archive.read(name) for name in names}
    except DamagedError:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError,
            KeyError, OverflowError, MemoryError) as error:  # fmt: skip
        raise DamagedError(f"it cannot be read ({error})") from None
    try:
        same = pack(files) == data
    except (ValueError, UnicodeError):
        same = False
    if not same:
        raise DamagedError("a byte was changed, or another program wrote it")
    return files


def _demand_end(data: bytes) -> None:
    """Refuse data without a valid end record before the central directory is read."""
    end = data[-_END:]
    if len(end) < _END or not end.startswith(b"PK\x05\x06"):
        raise DamagedError("it is truncated, or not a bundle")
    # Beyond 65,535 members a ZIP64 end record precedes this one.
    if data[-_END - 20 : -_END].startswith(b"PK\x06\x07") or (
        int.from_bytes(end[12:16], "little") > _MAX_DIRECTORY
    ):
        raise DamagedError("it contains too many files")
