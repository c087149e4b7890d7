"""The container: a ZIP file with exactly one spelling for the same files.

Members are stored (not compressed), sorted by name, without times. Reading one writes it again and
compares: whatever byte was changed, in a member or around it, is found.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

MAX_BYTES = 2_000_000_000
_MAX_DIRECTORY = 8_000_000
"""Bytes of the list of members: more than the largest bundle needs, and soon read."""
_END = 22
"""Bytes of the end record, which is the last thing in the file."""


class DamagedError(ValueError):
    """Bytes that are not such a container."""


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
    """The files in a container. Raises `DamagedError`; takes no more memory than a few times
    ``data``, whatever that is."""
    if len(data) > MAX_BYTES:
        raise DamagedError("it is too large")
    _demand_end(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            names = [info.filename for info in infos]
            if len(set(names)) != len(names):
                raise DamagedError("a file stands in it twice")
            # Stored members that share no bytes are no longer than the file.
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                raise DamagedError("a file in it is compressed")
            if sum(max(info.file_size, info.compress_size) for info in infos) > len(data):
                raise DamagedError("its files say that they are longer than it is")
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
        raise DamagedError("a byte of it was changed, or another program wrote it")
    return files


def _demand_end(data: bytes) -> None:
    """Refuse what does not end as a container does, before its list of members is gone through."""
    end = data[-_END:]
    if len(end) < _END or not end.startswith(b"PK\x05\x06"):
        raise DamagedError("it is cut off, or no bundle")
    # Beyond 65,535 members a second end record stands before the first.
    if data[-_END - 20 : -_END].startswith(b"PK\x06\x07") or (
        int.from_bytes(end[12:16], "little") > _MAX_DIRECTORY
    ):
        raise DamagedError("it holds too many files")
